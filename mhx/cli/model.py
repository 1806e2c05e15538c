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
    objective: Annotated[
        str, typer.Option(help="sft: conversations; dpo: preference pairs.")
    ] = "sft",
    pairs: Annotated[
        list[str] | None,
        typer.Option(
            help="FILE or LANG=FILE of pairs for dpo (prompt, chosen, rejected); default: "
            "compiled from the card, as mhx pairs writes them."
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="small, medium or large: an open base and its settings, for a GPU."),
    ] = None,
    gpu: Annotated[
        str | None,
        typer.Option(help="24 or 80: the GPU's GB, for --recipe; default: the GPU at hand."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would be trained and the memory it needs."),
    ] = False,
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
    log: Annotated[
        list[str] | None,
        typer.Option(help="tensorboard, wandb, mlflow or trackio; nothing is sent unless named."),
    ] = None,
    shard: Annotated[
        bool,
        typer.Option("--shard", help="Spread a large base over the processes that accelerate "
                     "launch or torchrun started (FSDP2)."),
    ] = False,
    merge: Annotated[
        bool, typer.Option("--merge", help="Also write base and adapter as one model: merged/.")
    ] = False,
    push_to_hub: Annotated[
        list[str] | None,
        typer.Option(help="USER/NAME or LANG=USER/NAME: send adapter and card to the Hugging Face "
                     "hub; a new repository is private."),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="With --push-to-hub: for everybody to see.")
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
    from mhx.errors import UsageError
    from mhx.language import load_language
    from mhx.training.adapter import install_adapter
    from mhx.training.command import train_languages
    from mhx.training.hub import hub_for, push
    from mhx.training.launching import processes
    from mhx.training.merging import NAME
    from mhx.training.merging import merge as merged

    if recipe and base_model:
        raise UsageError("--recipe names its base", "give --recipe or --base-model")
    with processes(device) as group:
        shelves = common.shelves_of(plugins, shadow, allow_code)
        languages = [load_language(tag, shelves=shelves) for tag in lang]
        base = base_model or languages[0].recipe.base
        hub = None if dry_run else hub_for(push_to_hub or (), lang, base, public=public)
        rows = train_languages(
            languages,
            base=base,
            runs=out,
            device=device,
            reporter=common.progress(json_),
            data=data or (),
            valid=valid or (),
            weights=weight or (),
            caps=cap or (),
            settings=set_ or (),
            into=into,
            objective=objective,
            pairs=pairs or (),
            source=load_language("en", shelves=shelves) if objective == "dpo" else None,
            size=recipe,
            gpu=gpu,
            dry=dry_run,
            log=log or (),
            shard=shard,
        )
    if not group.leads:
        return
    if merge and not dry_run:
        for row in rows:
            folder = Path(str(row["adapter"]))
            row["merged"] = str(merged(str(row["base"]), folder, folder / NAME, device=device))
    if install and not dry_run:
        for language, row in zip(languages, rows, strict=True):
            row["installed"] = str(install_adapter(language, Path(str(row["adapter"])), row))
    if hub is not None:
        for row in rows:
            row["pushed"] = push(hub, str(row["lang"]), Path(str(row["adapter"])),
                                 common.progress(json_).say)
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
    system: Annotated[
        list[str] | None,
        typer.Option("--system", help="base or adapter, side by side; default with --out: both."),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="JSONL or Parquet with the answers, services as slots; the same "
            "command goes on after a kill."
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="With --out: answers at once.", min=1)] = 16,
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

    With --out, base and adapter answer side by side into a file that keeps the slots; what is
    printed is what a person would be shown.

    Example: mhx generate --lang pl --probes --system base --system adapter --out answers.jsonl
    """
    from mhx.errors import UsageError
    from mhx.talking import Talker, probe_prompts

    if bool(prompt) == probes:
        raise UsageError("give --prompt TEXT or --probes", "one of the two")
    if system and store is None:
        raise UsageError("--system stores its answers", "--out FILE.jsonl")
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
        load=store is None,
    )
    asked = probe_prompts(talker.language) if probes else list(prompt or [])
    sys.stderr.write(talker.language.prompts.notice.strip() + "\n")
    if store is not None:
        from mhx.evaluation.side_by_side import Sampling

        rows = talker.compare(
            asked, system or ["base", "adapter"], store, device=device,
            sampling=Sampling(max_new_tokens, temperature, seed, batch_size),
            reporter=common.progress(json_),
        )
        if json_:
            common.emit(rows)
            return
        common.table(rows)
        common.say(f"written: {store}")
        return
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

    Example: mhx chat --lang pl --age 30
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
    common.say(f"({talker.name}; an empty line ends)")
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
