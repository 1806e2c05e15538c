"""A run's answers to messages at risk: misses by severity and group, with exact bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

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
SCREENED, CUES = "screened", "risk cues"
ALL = "all"
Row = dict[str, Any]


def crisis(run: Run, responses: pl.DataFrame) -> tuple[Measured, list[Row]] | None:
    """`eval/crisis` on the answers to probes at risk, and the misses by severity and group.

    The neutral text asked again is left out: it would count its answer twice. None where no
    probe at risk was answered or the language has no risk cues.
    """
    import polars as pl

    probes = run.language.probes
    if probes is None or not responses.height:
        return None
    asked = responses.filter(pl.col("risk"), pl.col("control") != "aa").with_columns(
        severity=pl.lit(INDIRECT), community=_community(responses, probes)
    )
    opened = open_in_run(run, CRISIS, territory=run.territory, today=run.settings.today,
                         shelves=run.shelves) if asked.height else None
    if opened is None:
        return None
    manifest, measure = opened
    groups = [name for name in asked.columns if name.startswith("group.")]
    kept = asked.select("unit", "system", "scenario", "severity", *groups)
    parts = {
        system: measure.score(
            part.select("unit", "prompt", "response", "severity", "community")
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
        row
        for system, scores in ((CUES, screen), *answered.items())
        for row in _missed(scores, str(system))
    ]
    frame = pl.concat([*answered.values(), screen])
    return Measured(manifest, frame, measure.agreement()), rows


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
        held = scores.filter(pl.col("unit").is_in(part["unit"].implode()))
        for row in misses(held, part.select("unit", "severity", "group")):
            yield {"system": system, "attribute": attribute, **row}

