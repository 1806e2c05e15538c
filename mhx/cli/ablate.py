"""ablate: which adaptation changed which outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mhx.cli import common

FLOOR, SAME = "inconclusive: floor", "same text"


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(ablate)


def ablate(
    lang: Annotated[str, typer.Option("--lang", help="Language.")],
    minus: Annotated[
        list[str] | None,
        typer.Option(
            help="Also the full text without these edits: a dimension of the card (persons, "
            "content …), entities, terms, nature=KIND, operation=KIND, depth=KIND, entry=ID, or "
            "each (every dimension there is); repeat for several."
        ),
    ] = None,
    edits: Annotated[
        str,
        typer.Option(help="run: as the run adapted the text; authored: as the author of the "
                     "shipped corpus did."),
    ] = "run",
    seeds: Annotated[int, typer.Option(help="Trainings of each arm.", min=1)] = 2,
    steps: Annotated[
        int | None, typer.Option(help="Optimizer steps of each training; default: the recipe's.",
                                 min=1)
    ] = None,
    answers: Annotated[
        bool, typer.Option("--answers/--no-answers", help="Also score answers to the test prompts.")
    ] = True,
    margin: Annotated[
        float | None, typer.Option(help="Equivalence margin of the losses, nats a token.")
    ] = None,
    base_model: Annotated[
        str | None, typer.Option(help="Any Hugging Face causal LM, by name or folder.")
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(help="Run folder that has the text; default: the run of `mhx adapt` without "
                     "options, made to the gate where there is none."),
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="Folder of the result; default: ablation/ in the run.")
    ] = None,
    out: common.Out = Path("runs"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show arms and edits, and stop.")
    ] = False,
    device: common.Device = "auto",
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Train adapters on faithful, surface-adapted and fully adapted text and compare them.

    Equal steps, the same dialogues in each step, the same first weights; scored on the same test
    dialogues. The same command goes on after a kill and keeps what is trained.

    Example: mhx ablate --lang pl --minus persons --minus content --seeds 3
    """
    from mhx.errors import UsageError
    from mhx.evaluation.ablate import Wanted, prepare
    from mhx.evaluation.ablate import ablate as done
    from mhx.reporting.ablation import write_ablation
    from mhx.training.base import TINY

    shelves = common.shelves_of(plugins, shadow, allow_code)
    reporter = common.progress(json_)
    opened = _run(lang, run, out, shelves, reporter)
    if opened.settings.lang != lang:
        raise UsageError(f"--run {run} is of {opened.settings.lang}", f"not of --lang {lang}")
    base = base_model or opened.settings.base_model
    ablation = prepare(opened, Wanted(tuple(minus or ()), edits, seeds, steps, base, device,
                                      answers, margin))
    if dry_run:
        plan = ablation.described()
        common.emit(plan) if json_ else _arms(plan)
        return
    folder = into or opened.path("ablation")
    found = done(ablation, folder, reporter)
    write_ablation(folder, found.record, found.items, trial=base == TINY)
    if json_:
        common.emit(found.record)
        return
    _arms(found.record)
    _effects(found.record)
    for note in found.record["notes"]:
        common.say(note)
    common.say(f"written: {folder / 'ablation.json'}, .csv, .png, .pdf and items.csv")


def _run(lang: str, folder: Path | None, out: Path, shelves: Any, reporter: Any) -> Any:
    """The run of a folder, or the default one, done to the gate."""
    from mhx.api import open_run, reopen
    from mhx.errors import MhxError, Problem
    from mhx.pipeline import execute

    if folder is None:
        opened = open_run(lang, shelves=shelves, out=out, reporter=reporter)
        execute(opened, last="gate")
        return opened
    opened = reopen(folder, shelves=shelves, reporter=reporter)
    if "gate" not in opened.records():
        fix = "finish it with the command that began it, or leave --run out"
        raise MhxError(Problem("this run is not done to the gate", fix, path=folder))
    return opened


def _arms(record: dict[str, Any]) -> None:
    means = {one["outcome"]: one["arms"] for one in record.get("outcomes", ())}
    losses = [name for name in means if name.startswith("loss_")]
    rows = [{"arm": one["arm"], "edits": one["edits"],
             **{name: means[name].get(one["arm"]) for name in losses}} for one in record["arms"]]
    if means:
        rows.insert(0, {"arm": "base (no adapter)", "edits": None,
                        **{name: means[name].get("base") for name in losses}})
    common.tabulate(rows, title=f"{record['language']}: arms; loss in nats a token")
    first, scored = record["arms"][0], record["scored_on"]
    common.say(f"  trained on {first['dialogues']} dialogues, {record['steps']} steps, seeds "
               f"{', '.join(map(str, record['seeds']))}; scored on {scored['dialogues']} "
               f"{scored['what']}, {scored['edited_turns']} turns of the supporter edited")
    edits = record["text"]["by_dimension"].items()
    common.say("  edits by dimension: " + ", ".join(f"{name} {count}" for name, count in edits))


def _effects(record: dict[str, Any]) -> None:
    for family, title in (("loss", "difference of the held-out loss; below 0: lower"),
                          ("answers", "difference of the answers' scores")):
        rows = [row for row in record["effects"] if row["family"] == family]
        shown = [_line(row) for row in rows if row["verdict"] not in (FLOOR, SAME)]
        common.tabulate(shown, title=title,
                        caption="inconclusive: these items cannot tell the arms apart"
                        + ("; trivial: different, but within the margin" if any(
                            row["verdict"] == "trivial" for row in rows) else ""))
        floored = dict.fromkeys(row["outcome"] for row in rows if row["verdict"] == FLOOR)
        if floored:
            common.say("  nothing to compare (nearly all answers alike): " + ", ".join(floored))


def _line(row: dict[str, Any]) -> dict[str, Any]:
    limits = None if row.get("low") is None else f"[{row['low']:+.4f}, {row['high']:+.4f}]"
    p = row.get("p_adjusted")
    one = row["verdict"] != "inconclusive" and len(row["by_seed"]) == 1
    return {
        "outcome": row["outcome"], "arm − against": f"{row['arm']} − {row['against']}",
        "difference": f"{row['difference']:+.4f}", "95 %": limits,
        "by seed": " / ".join(f"{value:+.3f}" for value in row["by_seed"]),
        "p holm": None if p is None else "<0.001" if p < 0.0005 else f"{p:.3f}",
        "verdict": row["verdict"] + (" (one seed)" if one else ""),
    }
