"""parity: the groups of any table of scores compared, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mhx.cli import common


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(parity)


def parity(
    table: common.Table,
    score: Annotated[
        list[str] | None, typer.Option("--score", help="Column of a score; repeat for several.")
    ] = None,
    measure: Annotated[
        str | None, typer.Option(help="Column that names the measure of a long table.")
    ] = None,
    value: Annotated[str, typer.Option(help="Column of the score in a long table.")] = "score",
    group: Annotated[
        list[str] | None, typer.Option("--group", help="Column of a group; repeat for several.")
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option("--reference", help="COL=VALUE every other group is compared with."),
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option("--unit", help="Column of what is paired; repeat for several."),
    ] = None,
    cluster: Annotated[
        list[str] | None, typer.Option("--cluster", help="Column of what is resampled.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Column of the language; across languages only with anchors.")
    ] = None,
    anchors: Annotated[
        Path | None, typer.Option(help="Certificate of human-rated anchors.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="COL=VALUE whose gaps stand beside the others'.")
    ] = None,
    composite: Annotated[
        str | None, typer.Option(help="Name of an added score: the row mean of the given ones.")
    ] = None,
    margin: Annotated[
        str | None, typer.Option(help="Equivalence margin: raw points, 0.3sd or 0.3dz.")
    ] = None,
    floor: Annotated[float | None, typer.Option(help="Raw points every group must reach.")] = None,
    plan: Annotated[
        Path | None, typer.Option(help="analysis.yaml with scores, groups, margin; options win.")
    ] = None,
    seed: common.Seed = 0,
    json_: common.Json = False,
) -> None:
    """Parity of scores across groups: gaps with intervals, equivalence verdicts, coverage, floors.

    Example: mhx parity scores.csv --score empathy --group gender --reference gender=male
    --unit scenario --margin 0.25
    """
    from mhx.errors import MhxError, Problem, UsageError
    from mhx.files import load_model, read_table
    from mhx.schema import AnalysisPlan
    from mhx.stats import tables
    from mhx.stats.parity import parity as run_parity

    if anchors is not None:
        raise MhxError(
            Problem(
                "this version cannot read anchor certificates yet",
                "without --anchors the within-language results are printed",
                path=anchors,
            )
        )
    frozen = load_model(plan, AnalysisPlan) if plan is not None else None
    frame = read_table(table)
    scores = list(score or (frozen.scores if frozen else []))
    if measure is not None:
        frame, scores = _pivot(frame, table, measure, value, scores)
    groups = list(group or (frozen.groups if frozen else []))
    if not scores or not groups:
        raise UsageError(
            "what to compare is missing",
            "give --score COL (or --measure COL) and --group COL, or --plan FILE",
        )
    named = _assignments(reference or [], "--reference") or (
        dict(frozen.reference) if frozen else {}
    )
    lacking = [name for name in groups if name not in named]
    if lacking:
        raise UsageError(
            f"no reference for {', '.join(lacking)}", f"add --reference {lacking[0]}=VALUE"
        )
    chosen: str | float | None = (
        margin if margin is not None else (frozen.margin if frozen else None)
    )
    result = run_parity(
        frame,
        scores=scores,
        groups=groups,
        reference=named,
        unit=unit or ([name for name in frozen.unit if name in frame.columns] if frozen else None),
        cluster=cluster,
        language=language,
        margin=chosen,
        floor=floor if floor is not None else (frozen.floor if frozen else None),
        composite=composite or (frozen.composite if frozen else None),
        baseline=_assignments([baseline] if baseline else [], "--baseline") or None,
        alpha=frozen.alpha if frozen else 0.05,
        resamples=frozen.resamples if frozen else 2000,
        adjust=frozen.adjust if frozen else "holm",
        seed=seed,
    )
    if json_:
        common.emit(result.to_dict())
        return
    common.table(tables.group_rows(result), title="groups")
    common.table(
        tables.summary_rows(result),
        title="gaps: group minus reference, 95 % intervals",
        caption=f"{'Planned: ' + str(plan) if plan else 'No frozen plan: exploratory.'}",
    )
    common.table(
        tables.largest_rows(result), title="largest gap, calibrated for having been picked"
    )
    common.table(tables.worst_rows(result), title="worst group")
    common.table(tables.language_rows(result), title="across languages")
    for note in result.notes:
        common.say(f"note: {note}")


def _pivot(
    frame: Any, path: Path, measure: str, value: str, wanted: list[str]
) -> tuple[Any, list[str]]:
    """A long table with a column a measure; the rest of the columns name the row."""
    from mhx.errors import MhxError, Problem

    missing = [name for name in (measure, value) if name not in frame.columns]
    if missing:
        columns = ", ".join(frame.columns)
        raise MhxError(
            [Problem(f"no column {name!r}", f"columns: {columns}", path=path) for name in missing]
        )
    names = [str(name) for name in frame[measure].unique(maintain_order=True).to_list()]
    index = [name for name in frame.columns if name not in (measure, value, "status", "scorer")]
    return frame.pivot(on=measure, index=index, values=value), wanted or names


def _assignments(items: list[str], option: str) -> dict[str, str]:
    from mhx.errors import UsageError

    out = {}
    for item in items:
        name, equals, text = item.partition("=")
        if not equals:
            raise UsageError(f"{option} {item!r}", f"write {option} COL=VALUE")
        out[name] = text
    return out
