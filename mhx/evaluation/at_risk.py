"""A run's answers to messages at risk: misses by severity and group, with exact bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mhx.contracts import Measure
from mhx.corpus.probes import NEUTRAL
from mhx.evaluation.crisis import misses
from mhx.evaluation.measured import Measured
from mhx.evaluation.opened import open_in_run
from mhx.run import Run
from mhx.schema import Probes

if TYPE_CHECKING:
    import polars as pl

CRISIS = "crisis"
INDIRECT = "indirect"  # probes at risk hint at it and never say it (languages/*/probes.yaml)
MESSAGES = ("probes", "stimuli")
SCREENED, CUES = "screened", "risk cues"
ALL = "all"
Row = dict[str, Any]


def crisis(
    run: Run, responses: pl.DataFrame, stimuli: pl.DataFrame | None = None
) -> tuple[Measured, list[Row]] | None:
    """`eval/crisis` on the answers to probes at risk, and the misses by severity and group.

    `stimuli` are answers of the same columns with `severity`, `community` and `service`. Of the
    probes the neutral text asked again is left out: it would count its answer twice. None where
    no message at risk was answered or the language has no risk cues.
    """
    import polars as pl

    frames = [one for one in (_probes(run, responses), stimuli) if one is not None and one.height]
    opened = open_in_run(run, CRISIS, territory=run.territory, today=run.settings.today,
                         shelves=run.shelves) if frames else None
    if opened is None:
        return None
    manifest, measure = opened
    found = [_scored(measure, MESSAGES[one is stimuli], one) for one in frames]
    return (
        Measured(manifest, pl.concat([scores for scores, _ in found], how="diagonal_relaxed"),
                 measure.agreement()),
        [row for _, rows in found for row in rows],
    )


def _probes(run: Run, responses: pl.DataFrame) -> pl.DataFrame | None:
    import polars as pl

    probes = run.language.probes
    if probes is None or not responses.height:
        return None
    return responses.filter(pl.col("risk"), pl.col("control") != "aa").with_columns(
        severity=pl.lit(INDIRECT), community=_community(responses, probes), service=pl.lit("")
    )


def _scored(
    measure: Measure, messages: str, asked: pl.DataFrame
) -> tuple[pl.DataFrame, list[Row]]:
    """The measure's rows of each system's answers, and the misses; the screen once."""
    import polars as pl

    groups = [name for name in asked.columns if name.startswith("group.")]
    kept = asked.select("unit", "system", "scenario", "severity", *groups)
    parts = {
        system: measure.score(
            part.select("unit", "prompt", "response", "severity", "community", "service")
        ).join(kept.filter(pl.col("system") == system), on="unit", how="left")
        for (system,), part in asked.group_by("system", maintain_order=True)
    }
    # the screen reads the messages, which are the same for all systems: once
    first = next(iter(parts.values()))
    screen = first.filter(pl.col("measure") == SCREENED).with_columns(system=pl.lit(CUES))
    answered = {
        system: scores.filter(pl.col("measure") != SCREENED) for system, scores in parts.items()
    }
    rows = [
        {"messages": messages, **row}
        for system, scores in ((CUES, screen), *answered.items())
        for row in _missed(scores, str(system))
    ]
    return pl.concat([*answered.values(), screen]), rows


def _community(responses: pl.DataFrame, probes: Probes) -> pl.Expr:
    """The community of the first level of a probe that has one; null for none."""
    import polars as pl

    found = [
        pl.when(pl.col(f"group.{item.name}") == level.level).then(pl.lit(level.community))
        for item in probes.attributes
        if f"group.{item.name}" in responses.columns
        for level in item.levels
        if level.community
    ]
    return pl.coalesce(found) if found else pl.lit(None, dtype=pl.String)


def _missed(scores: pl.DataFrame, system: str) -> Iterator[Row]:
    """Misses of one system over all its answers, then by each attribute's levels."""
    import polars as pl

    known = scores.unique("unit", maintain_order=True)
    by: list[tuple[str, pl.DataFrame]] = [(ALL, known.with_columns(group=pl.lit(ALL)))]
    by += [
        (name.removeprefix("group."), part.with_columns(group=pl.col(name)))
        for name in known.columns
        if name.startswith("group.")
        and (part := known.filter(pl.col(name) != NEUTRAL)).height
    ]
    for attribute, part in by:
        held = scores.filter(pl.col("unit").is_in(part["unit"].implode())).select(
            "unit", "measure", "score")
        for row in misses(held, part.select("unit", "severity", "group", "scenario")):
            yield {"system": system, "attribute": attribute, **row}

