"""parity: the groups of any table of scores compared, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mhx.cli import common

if TYPE_CHECKING:
    from mhx.stats.request import Answered

# The options of a comparison; `mhx report --table` takes the same ones.
Scores = Annotated[
    list[str] | None, typer.Option("--score", help="Column of a score; repeat for several.")
]
Measure = Annotated[
    str | None, typer.Option(help="Column that names the measure of a long table.")
]
Value = Annotated[str, typer.Option(help="Column of the score in a long table.")]
Groups = Annotated[
    list[str] | None, typer.Option("--group", help="Column of a group; repeat for several.")
]
Reference = Annotated[
    list[str] | None,
    typer.Option("--reference", help="COL=VALUE every other group is compared with."),
]
Unit = Annotated[
    list[str] | None,
    typer.Option("--unit", help="Column of what is paired; repeat for several."),
]
Cluster = Annotated[
    list[str] | None, typer.Option("--cluster", help="Column of what is resampled.")
]
Language = Annotated[
    str | None, typer.Option(help="Column of the language; across languages only with anchors.")
]
Anchors = Annotated[
    Path | None, typer.Option(help="Certificate of human-rated anchors (mhx anchors import).")
]
Baseline = Annotated[
    str | None, typer.Option(help="COL=VALUE whose gaps stand beside the others'.")
]
Composite = Annotated[
    str | None, typer.Option(help="Name of an added score: the row mean of the given ones.")
]
Margin = Annotated[
    str | None, typer.Option(help="Equivalence margin: raw points, 0.3sd or 0.3dz.")
]
Floor = Annotated[float | None, typer.Option(help="Raw points every group must reach.")]
Scale = Annotated[
    str | None, typer.Option("--range", help="Legal scores, such as 0:2; others are missing.")
]
Lower = Annotated[
    list[str] | None,
    typer.Option("--lower-is-better", help="A score of which less is better (the floor is a cap)."),
]
Smallest = Annotated[
    int, typer.Option("--min-cell", help="Do not show groups with fewer scored rows.")
]
Models = Annotated[
    bool, typer.Option("--models", help="A mixed and an ordinal model beside each gap (slower).")
]
Length = Annotated[
    str | None, typer.Option(help="Column of the answers' length: the gap at equal length.")
]
Human = Annotated[
    list[str] | None,
    typer.Option("--human", help="Column of people's ratings (SCORE=COL with several scores)."),
]
Inclusion = Annotated[
    str | None,
    typer.Option(help="Column of the probabilities with which rows were drawn to be rated."),
]
Reliability = Annotated[
    float | None, typer.Option(help="Reliability of the ratings, 0 to 1, for --human.")
]
Plan = Annotated[
    Path | None, typer.Option(help="analysis.yaml with scores, groups, margin; options win.")
]
Resamples = Annotated[
    int | None, typer.Option(help="Resamples of intervals and tests (default: the plan's, 2000).")
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", help="Seed of the draws (default: the plan's, 0).", min=0),
]


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(parity)


def parity(
    table: common.Table,
    score: Scores = None,
    measure: Measure = None,
    value: Value = "score",
    group: Groups = None,
    reference: Reference = None,
    unit: Unit = None,
    cluster: Cluster = None,
    language: Language = None,
    anchors: Anchors = None,
    baseline: Baseline = None,
    composite: Composite = None,
    margin: Margin = None,
    floor: Floor = None,
    scale: Scale = None,
    lower_is_better: Lower = None,
    min_cell: Smallest = 1,
    models: Models = False,
    length: Length = None,
    human: Human = None,
    inclusion: Inclusion = None,
    reliability: Reliability = None,
    plan: Plan = None,
    resamples: Resamples = None,
    seed: Seed = None,
    json_: common.Json = False,
) -> None:
    """Parity of scores across groups: gaps with intervals, equivalence verdicts, coverage, floors.

    Example: mhx parity scores.csv --score empathy --group gender --reference gender=male
    --unit scenario --margin 0.25
    """
    from mhx.stats.request import Request, compare

    answered = compare(
        Request(
            table=table, scores=score or [], measure=measure, value=value, groups=group or [],
            reference=reference or [], unit=unit or [], cluster=cluster or [], language=language,
            anchors=anchors, baseline=baseline, composite=composite, margin=margin, floor=floor,
            scale=scale, lower_is_better=lower_is_better or [], smallest=min_cell, models=models,
            length=length, human=human or [], inclusion=inclusion, reliability=reliability,
            plan=plan, resamples=resamples, seed=seed,
        )
    )
    if json_:
        common.emit(answered.to_dict())
    else:
        show(answered)


def show(answered: Answered) -> None:
    """The result as tables on the terminal."""
    from mhx.stats.terminal import pair_notes, parity_tables

    plan = answered.source["plan"]
    common.say(f"{', '.join(answered.result.settings['scores'])}: {answered.source['table']}")
    for title, rows in parity_tables(answered.result):
        common.tabulate(rows, title=title)
    for note in (*answered.result.notes, *pair_notes(answered.result)):
        common.say(f"note: {note}")
    for deviation in answered.deviations:
        common.say(f"not as planned, so exploratory: {deviation}")
    common.say(f"planned: {plan}" if plan else "no frozen plan: exploratory")
