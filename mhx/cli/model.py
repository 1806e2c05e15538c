"""train, generate, chat: adapters and their answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mhx.cli import common

BaseModel = Annotated[
    str | None, typer.Option(help="Any Hugging Face causal LM, by name or folder.")
]
Adapter = Annotated[
    str | None,
    typer.Option(help="Adapter folder; 'none' for the base alone; default: the plugin's."),
]
Length = Annotated[int, typer.Option(help="Length of an answer, in tokens.", min=1)]
Place = Annotated[str | None, typer.Option(help="Territory of the services shown.")]
Age = Annotated[int | None, typer.Option(help="Age of the person, for the right service.")]
Group = Annotated[
    str | None,
    typer.Option(help="A group the territory must not route to police, state or family."),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(train)
    app.command()(generate)
    app.command()(chat)


def train(
    lang: Annotated[
        list[str], typer.Option("--lang", help="Language of the adapter; repeat for several.")
    ],
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="FILE or LANG=FILE: JSONL, JSON, Parquet, a data set's folder or hf:NAME, with "
            "messages or ShareGPT conversations; default: the corpus of the newest run."
        ),
    ] = None,
    valid: Annotated[
        list[str] | None, typer.Option(help="FILE or LANG=FILE for validation.")
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(help="LANG=NUMBER: passes over its data, relative to the recipe's epochs."),
    ] = None,
    cap: Annotated[
        list[str] | None, typer.Option(help="LANG=NUMBER: at most so many conversations.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="KEY=VALUE of train.yaml, such as epochs=1 or lora.r=16."),
    ] = None,
    base_model: Annotated[
        str | None, typer.Option(help="Any Hugging Face causal LM, by name or folder.")
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(help="Folder of the adapter; of several languages, one folder each in it."),
    ] = None,
    install: Annotated[
        bool, typer.Option("--install", help="Put it into the language's adapters/ folder.")
    ] = False,
    out: common.Out = Path("runs"),
    device: common.Device = "auto",
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Train LoRA adapters, several languages in one pass; the same command resumes after a kill.

    Example: mhx train --lang pl --lang fa --weight pl=2 --base-model Qwen/Qwen3-0.6B
    """
    from mhx.language import load_language
    from mhx.training.adapter import install_adapter
    from mhx.training.command import train_languages

    shelves = common.shelves_of(plugins, shadow, allow_code)
    languages = [load_language(tag, shelves=shelves) for tag in lang]
    rows = train_languages(
        languages,
        base=base_model or languages[0].recipe.base,
        runs=out,
        device=device,
        reporter=common.progress(json_),
        data=data or (),
        valid=valid or (),
        weights=weight or (),
        caps=cap or (),
        settings=set_ or (),
        into=into,
    )
    if install:
        for language, row in zip(languages, rows, strict=True):
            row["installed"] = str(install_adapter(language, Path(str(row["adapter"])), row))
    if json_:
        common.emit(rows[0] if len(rows) == 1 else rows)
        return
    for row in rows:
        common.table([{"field": key, "value": common.shown(value)} for key, value in row.items()])


def generate(
    lang: Annotated[str, typer.Option("--lang", help="Language.")],
    prompt: Annotated[
        list[str] | None, typer.Option(help="What the seeker says; repeat for several.")
    ] = None,
    probes: Annotated[
        bool, typer.Option("--probes", help="The language's probes instead of prompts.")
    ] = False,
    base_model: BaseModel = None,
    adapter: Adapter = None,
    max_new_tokens: Length = 64,
    temperature: Annotated[float, typer.Option(help="0 is greedy.", min=0.0)] = 0.0,
    seed: common.Seed = 0,
    territory: Place = None,
    age: Age = None,
    group: Group = None,
    today: common.Today = None,
    device: common.Device = "auto",
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Answers of the adapter (or the base: --adapter none), services resolved by territory and day.

    Example: mhx generate --lang pl --prompt "Nie śpię od tygodnia."
    """
    from mhx.errors import UsageError
    from mhx.talking import Talker, probe_prompts

    if bool(prompt) == probes:
        raise UsageError("give --prompt TEXT or --probes", "one of the two")
    talker = Talker.open(
        lang,
        shelves=common.shelves_of(plugins, shadow, allow_code),
        base=base_model,
        adapter=adapter,
        territory=territory,
        today=common.day(today),
        group=group,
        age=age,
        device=device,
    )
    asked = probe_prompts(talker.language) if probes else list(prompt or [])
    answers = list(
        talker.answer(
            [[text] for text in asked],
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            seed=seed,
        )
    )
    rows = [
        {"system": talker.name, "prompt": text, "answer": answer}
        for text, answer in zip(asked, answers, strict=True)
    ]
    sys.stderr.write(talker.language.prompts.notice.strip() + "\n")
    if json_:
        common.emit(rows)
    else:
        common.table(rows)


def chat(
    lang: Annotated[str, typer.Option("--lang", help="Language.")],
    base_model: BaseModel = None,
    adapter: Adapter = None,
    territory: Place = None,
    age: Age = None,
    max_new_tokens: Length = 64,
    seed: common.Seed = 0,
    group: Group = None,
    today: common.Today = None,
    device: common.Device = "auto",
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
) -> None:
    """Talk to base and adapter in the terminal; an empty line ends. Nothing is stored.

    Research software, not a therapist.
    """
    from mhx.talking import Talker

    talker = Talker.open(
        lang,
        shelves=common.shelves_of(plugins, shadow, allow_code),
        base=base_model,
        adapter=adapter,
        territory=territory,
        today=common.day(today),
        group=group,
        age=age,
        device=device,
    )
    common.say(talker.language.prompts.notice.strip())
    common.say(f"({talker.name})")
    said: list[str] = []
    for line in iter(_ask, ""):
        said.append(line)
        answer = next(
            iter(talker.answer([said], max_new_tokens=max_new_tokens, temperature=0.7, seed=seed))
        )
        said.append(answer)
        common.say(f"< {answer}")
        if talker.is_risk(line) and answer != talker.handover():
            common.say(f"! {talker.handover()}")


def _ask() -> str:
    sys.stdout.write("> ")
    sys.stdout.flush()
    return sys.stdin.readline().strip()
