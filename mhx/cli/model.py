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
    lang: Annotated[str, typer.Option("--lang", help="Language of the adapter.")],
    data: Annotated[
        Path | None,
        typer.Option(
            help="JSONL with messages; default: the corpus of the language's newest run."
        ),
    ] = None,
    valid: Annotated[Path | None, typer.Option(help="JSONL for validation.")] = None,
    base_model: Annotated[
        str | None, typer.Option(help="Any Hugging Face causal LM, by name or folder.")
    ] = None,
    into: Annotated[Path | None, typer.Option(help="Folder of the adapter.")] = None,
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
    """Train a LoRA adapter; resumes after a kill; --install puts it into the plugin.

    Example: mhx train --lang pl --base-model Qwen/Qwen3-0.6B
    """
    from mhx.language import load_language
    from mhx.training.adapter import install_adapter, train_adapter

    language = load_language(lang, shelves=common.shelves_of(plugins, shadow, allow_code))
    done = train_adapter(
        language,
        data=data,
        valid=valid,
        base=base_model or language.recipe.base,
        runs=out,
        into=into,
        device=device,
        reporter=common.progress(json_),
    )
    if install:
        done["installed"] = str(install_adapter(language, Path(str(done["adapter"])), done))
    if json_:
        common.emit(done)
    else:
        common.table([{"field": key, "value": str(value)} for key, value in done.items()])


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
