"""adapt, doctor, purge: whole runs and what they leave."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mhx.cli import common

if TYPE_CHECKING:
    from mhx.run import Run


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(adapt)
    app.command()(doctor)
    app.command()(purge)


def adapt(
    lang: Annotated[str, typer.Option("--lang", help="Target language (mhx langs lists them).")],
    territory: Annotated[
        str | None, typer.Option(help="Territory of services and law, such as PL.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            help="Your dialogues: CSV, JSON(L), Parquet, XLSX, hf:NAME; default: shipped corpus."
        ),
    ] = None,
    map_: Annotated[
        str | None, typer.Option("--map", help="Columns: seeker=COL,supporter=COL.")
    ] = None,
    translator: Annotated[
        str | None,
        typer.Option(
            help="NAME[:MODEL]: memory, apertium, hf:MODEL, ct2:MODEL, openai:MODEL@URL; several, "
            "with commas, stand in for each other."
        ),
    ] = None,
    back_translator: Annotated[
        str | None,
        typer.Option(help="NAME[:MODEL] that translates back, as a screen; not the translator."),
    ] = None,
    request_budget: common.RequestBudget = None,
    token_budget: common.TokenBudget = None,
    memory: Annotated[list[Path] | None, typer.Option(help="A TMX memory to use as well.")] = None,
    memory_threshold: Annotated[
        int,
        typer.Option(
            help="Least score of a memory's fuzzy match, in percent; 100 for none.", min=1, max=100
        ),
    ] = 90,
    quality: Annotated[
        str | None,
        typer.Option(help="MEASURE:MODEL that estimates translations without a reference for the "
                     "gate, such as comet:PATH_OR_NAME."),
    ] = None,
    quality_floor: Annotated[
        float | None,
        typer.Option(help="With --quality: a lower estimate sends the dialogue to review; none is "
                     "assumed, as every checkpoint's scores lie elsewhere."),
    ] = None,
    editor: Annotated[
        str | None,
        typer.Option(help="openai:MODEL@URL that proposes edits; each is checked first."),
    ] = None,
    base_model: Annotated[
        str | None, typer.Option(help="Any Hugging Face causal LM, by name or folder.")
    ] = None,
    card: Annotated[
        str | None, typer.Option(help="Another culture card of the language, such as fa-AF.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="First stage to do (again).")] = None,
    until: Annotated[str | None, typer.Option(help="Last stage to do.")] = None,
    out: common.Out = Path("runs"),
    suite: Annotated[
        str, typer.Option(help="Suite of measures with its frozen analysis plan.")
    ] = "empathy",
    all_probes: Annotated[
        bool, typer.Option("--all-probes", help="All probes, not the seeded subset.")
    ] = False,
    judge: Annotated[
        list[str] | None,
        typer.Option(help="openai:MODEL@URL or hf:FOLDER that rates the answers; again for more."),
    ] = None,
    rubric: Annotated[
        list[str] | None,
        typer.Option(help="What judges rate by, such as psychocounsel; again, or with commas."),
    ] = None,
    classifier: Annotated[
        str | None,
        typer.Option(help="FOLDER of an EPITOME classifier (or MECHANISM=FOLDER,…) beside cues."),
    ] = None,
    cases: Annotated[
        bool, typer.Option("--cases", help="Play scripted cases and stimuli at risk as well.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(help="Only the first N records of the source.", min=1)
    ] = None,
    seed: common.Seed = 0,
    today: common.Today = None,
    device: common.Device = "auto",
    engine: Annotated[
        str, typer.Option(help="local, or ray: workers of Ray Data on this machine.")
    ] = "local",
    workers: Annotated[
        int | None, typer.Option(help="Workers of --engine ray; default one a core.", min=1)
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and stop.")
    ] = False,
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Do the whole job for one language: from source dialogues to the fairness report.

    Example: mhx adapt --lang pl
    """
    from mhx.api import open_run
    from mhx.errors import MhxError
    from mhx.evaluation.wanted import Wanted, listed
    from mhx.pipeline import chosen, execute
    from mhx.rayengine import executor_of

    stages = chosen(first, until)
    run = open_run(
        lang,
        shelves=common.shelves_of(plugins, shadow, allow_code),
        territory=territory,
        card=card,
        source=source,
        mapping=common.pairs(map_),
        translator=translator,
        back_translator=back_translator,
        request_budget=request_budget,
        token_budget=token_budget,
        memories=memory or [],
        fuzzy=memory_threshold,
        quality=quality,
        quality_floor=quality_floor,
        editor=editor,
        base_model=base_model,
        suite=suite,
        all_probes=all_probes,
        wanted=Wanted(tuple(judge or ()), listed(rubric or ()), classifier, cases),
        seed=seed,
        today=common.day(today),
        limit=limit,
        device=device,
        out=out,
        reporter=common.progress(json_),
    )
    if dry_run:
        _dry(run, stages, json_)
        return
    run.reporter.say(
        f"mhx adapt: {run.language.manifest.name} ({lang}), territory {run.settings.territory}, "
        f"translator {run.settings.translator}, base {run.settings.base_model} → {run.folder}"
    )
    try:
        with executor_of(engine, workers) as run.executor:
            execute(run, first=first, last=until)
    except MhxError:
        if not json_ and run.records():
            _show(run)  # what is done so far, and the ways on, before the problem
        raise
    if json_:
        common.emit(_summary(run))
    else:
        _show(run)


def _dry(run: Run, stages: list[str], json_: bool) -> None:
    from mhx.pipeline import stage_key

    rows: list[dict[str, Any]] = []
    known = True
    previous: str | None = None
    for name in stages:
        key = (
            stage_key(run, name, previous)
            if known and (previous is None or previous in run.records())
            else ""
        )
        known = known and bool(key) and run.is_done(name, key)
        rows.append({"stage": name, "would": "reuse" if known else "run"})
        previous = name
    if json_:
        common.emit(
            {
                "run": str(run.folder),
                "settings": run.settings.model_dump(mode="json"),
                "stages": rows,
            }
        )
    else:
        common.table(rows, title=f"would use {run.folder}")


def _summary(run: Run) -> dict[str, Any]:
    records = run.records()
    return {
        "run": str(run.folder),
        "settings": run.settings.model_dump(mode="json"),
        "stages": {name: record.model_dump(mode="json") for name, record in records.items()},
        "report": str(run.path("report/index.html")) if "report" in records else None,
    }


def _show(run: Run) -> None:
    """The account of every stage, the headline numbers, and where to look."""
    rows, notes = [], []
    for name, record in run.records().items():
        counts = record.counts
        row: dict[str, Any] = {"stage": name, "seconds": round(record.seconds, 1)}
        if counts is not None:
            row |= {
                "dialogues in": counts.rows_in,
                "accepted": counts.accepted,
                "review": counts.review,
                "rejected": counts.rejected,
            }
            reasons = ", ".join(f"{code} {number}" for code, number in counts.reasons.items())
            notes += [f"{name}: not accepted: {reasons}"] if reasons else []
            notes += [f"{name}: {note}" for note in counts.notes]
        rows.append(row)
    common.table(
        rows, title=f"{run.language.manifest.name}: rows in = accepted + review + rejected"
    )
    for note in notes:
        common.say(f"  {note}")
    _advice(run)
    headline = run.path("report/headline.txt")
    if headline.is_file():
        common.say("\n" + headline.read_text(encoding="utf-8").rstrip())
    if run.path("report/index.html").is_file():
        common.say(f"\nreport: {run.path('report/index.html')}")
    else:
        common.say(f"\nrun folder: {run.folder}")


def _advice(run: Run) -> None:
    """One clear line where the translator left text untranslated, with the ways on."""
    record = run.records().get("translate")
    if record is None or record.counts is None:
        return
    missing = record.counts.reasons.get("not_in_memory", 0)
    if missing:
        common.say(
            f"  {missing} of {record.counts.rows_in} dialogues hold text that no memory has: they "
            f"went to review ({run.path('review.jsonl')}), nothing was invented.\n"
            "  Ways on: --translator hf:facebook/nllb-200-distilled-600M (neural), "
            "--translator apertium (rules, where it has the pair), --memory FILE.tmx (your own)."
        )


def doctor(
    install: Annotated[
        list[str] | None,
        typer.Option("--install", help="Build or mend a private environment first, such as comet."),
    ] = None,
    json_: common.Json = False,
) -> None:
    """Show what works on this machine and, for what does not, the command that installs it.

    Example: mhx doctor --install comet
    """
    from mhx import environments
    from mhx.doctor import examine

    for place in [environments.environment(name) for name in install or ()]:
        environments.install(place, reporter=common.progress(json_))
    rows = examine()
    if json_:
        common.emit(rows)
    else:
        common.table(rows, title="mhx doctor")


def purge(
    out: common.Out = Path("runs"),
    cache: Annotated[
        bool, typer.Option("--cache", help="Delete caches of translations and answers.")
    ] = False,
    runs: Annotated[
        bool, typer.Option("--runs", help="Delete run folders (they hold the corpus).")
    ] = False,
    memories: Annotated[
        bool, typer.Option("--memories", help="Delete what reviewers accepted (memories/*.tmx).")
    ] = False,
    lang: Annotated[str | None, typer.Option("--lang", help="Only of this language.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without it, only show what would go.")
    ] = False,
    json_: common.Json = False,
) -> None:
    """Delete what holds text: --cache, --runs, --memories. Shows what would go; --yes does it."""
    from mhx.errors import UsageError
    from mhx.purge import delete, targets

    if not (cache or runs or memories):
        raise UsageError("nothing chosen", "add --cache, --runs or --memories")
    found = targets(out, cache=cache, runs=runs, lang=lang, memories=memories)
    rows = [{"path": str(path), "MiB": round(size / 2**20, 2)} for path, size in found]
    if yes:
        delete([path for path, _ in found])
    if json_:
        common.emit({"deleted": yes, "found": rows})
        return
    common.table(rows, title="deleted" if yes else "would delete (add --yes)")
    if not rows:
        common.say(f"nothing to delete in {out}")
