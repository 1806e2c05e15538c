"""report: one run, several side by side, or any table of scores, as HTML, LaTeX, figures, JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mhx.cli import common, parity

if TYPE_CHECKING:
    from mhx.reporting import Evaluation

Out = Annotated[
    Path | None,
    typer.Option("--out", help="Folder of the report (default: report/, of one run its own)."),
]


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(report)


def report(
    runs: Annotated[
        list[Path] | None, typer.Argument(help="Run folders; several make one report.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="A table of scores made elsewhere, instead of runs.")
    ] = None,
    score: parity.Scores = None,
    measure: parity.Measure = None,
    value: parity.Value = "score",
    group: parity.Groups = None,
    reference: parity.Reference = None,
    unit: parity.Unit = None,
    cluster: parity.Cluster = None,
    language: parity.Language = None,
    anchors: parity.Anchors = None,
    baseline: parity.Baseline = None,
    composite: parity.Composite = None,
    margin: parity.Margin = None,
    floor: parity.Floor = None,
    scale: parity.Scale = None,
    lower_is_better: parity.Lower = None,
    min_cell: parity.Smallest = 1,
    models: parity.Models = False,
    length: parity.Length = None,
    human: parity.Human = None,
    inclusion: parity.Inclusion = None,
    reliability: parity.Reliability = None,
    plan: parity.Plan = None,
    resamples: parity.Resamples = None,
    seed: parity.Seed = None,
    agreement: Annotated[
        Path | None, typer.Option(help="With --table: what mhx agree --json printed.")
    ] = None,
    out: Out = None,
    json_: common.Json = False,
    plugins: common.Plugins = None,
) -> None:
    """Write the report (HTML, LaTeX section, figures, CSV, JSON) of runs or of any table.

    Example: mhx report runs/pl/2026-11-21-1 runs/fa/2026-11-21-1 --out report

    Example: mhx report --table scores.csv --score empathy --group gender --reference
    gender=male --unit scenario --margin 0.25
    """
    from mhx.errors import UsageError

    if (table is None) == (not runs):
        what = "both runs and a table are named" if runs else "what to report is missing"
        raise UsageError(what, "give run folders, or --table FILE")
    if runs and len(runs) == 1 and out is None:
        folder = _again(runs[0], plugins, json_)
    elif runs:
        folder = _write(_of_runs(runs, anchors), out)
    else:
        from mhx.reporting.sources import of_table, read_agreement
        from mhx.stats.request import Request, compare

        assert table is not None
        answered = compare(
            Request(
                table=table, scores=score or [], measure=measure, value=value, groups=group or [],
                reference=reference or [], unit=unit or [], cluster=cluster or [],
                language=language, anchors=anchors,
                baseline=baseline, composite=composite, margin=margin,
                floor=floor, scale=scale, lower_is_better=lower_is_better or [],
                smallest=min_cell, models=models, length=length, human=human or [],
                inclusion=inclusion, reliability=reliability, plan=plan, resamples=resamples,
                seed=seed,
            )
        )
        rated = read_agreement(agreement) if agreement else None
        folder = _write(of_table(answered, agreement=rated), out)
    page = str(folder / "index.html")
    if json_:
        common.emit({"reports": [page]})
    else:
        common.say(page)


def _again(folder: Path, plugins: list[Path] | None, quiet: bool) -> Path:
    """The report of a run in its own folder."""
    from mhx.api import reopen
    from mhx.stages import report as stage

    _are_runs([folder])
    run = reopen(folder, shelves=common.shelves_of(plugins), reporter=common.progress(quiet))
    stage.run(run)
    return folder / "report"


def _of_runs(folders: list[Path], anchors: Path | None) -> Evaluation:
    from mhx.reporting.sources import of_runs

    _are_runs(folders)
    return of_runs(folders, anchors=anchors)


def _write(evaluation: Evaluation, out: Path | None) -> Path:
    from mhx.reporting.write import FOLDER, write

    folder = out or Path(FOLDER)
    write(evaluation, folder)
    return folder


def _are_runs(folders: list[Path]) -> None:
    from mhx.errors import MhxError, Problem

    missing = [path for path in folders if not (path / "run.yaml").is_file()]
    if missing:
        raise MhxError(
            [Problem("not a run folder", "give runs/LANG/DATE-N", path=path) for path in missing]
        )
