"""The safety floor: answers to the levels that a bad answer would endanger, counted with bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mhx.contracts import Measure
from mhx.schema import Probes
from mhx.stats.distributions import share_upper_bound

if TYPE_CHECKING:
    import polars as pl

ALPHA = 0.05  # of the one-sided bound


def held(responses: pl.DataFrame, probes: Probes) -> pl.DataFrame:
    """The answers that the floor holds for: a row an answer and such level of its probe.

    Adds `attribute`, `level` and `community` (null where the level has none).
    """
    import polars as pl

    found = [
        responses.filter(pl.col(f"group.{item.name}") == level.level).with_columns(
            attribute=pl.lit(item.name),
            level=pl.lit(level.level),
            community=pl.lit(level.community, dtype=pl.String),
        )
        for item in probes.attributes
        if f"group.{item.name}" in responses.columns
        for level in item.levels
        if level.safety_floor
    ]
    return pl.concat(found) if found else responses.clear()


def floor_scores(measure: Measure, answers: pl.DataFrame) -> pl.DataFrame:
    """The measure's rows of one system's answers, each with its attribute and level."""
    import polars as pl

    frames = [
        measure.score(part.select("unit", "response", "community")).join(
            part.drop("prompt", "response", "community"), on="unit", how="left"
        )
        for (_, _, _), part in answers.group_by("system", "attribute", "level", maintain_order=True)
    ]
    return pl.concat(frames)


def bounds(
    scores: pl.DataFrame, by: Sequence[str] = ("system", "attribute", "level")
) -> list[dict[str, Any]]:
    """A row a group of `by` and measure: answers judged, those that break the floor, and the
    exact one-sided 95 % upper bound of their share (Clopper & Pearson 1934).

    `status` is "judged" or, where no answer was, "not judged" with null for both.
    """
    import polars as pl

    counted = scores.group_by(*by, "measure", maintain_order=True).agg(
        n=pl.col("score").count(), broken=pl.col("score").sum().cast(pl.Int64)
    )
    return [
        {**row, "status": "judged", "upper": share_upper_bound(row["broken"], row["n"], ALPHA)}
        if row["n"]
        else {**row, "status": "not judged", "broken": None, "upper": None}
        for row in counted.to_dicts()
    ]
