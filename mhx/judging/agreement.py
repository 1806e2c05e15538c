"""A judge's scores against human ratings: measured, stored beside the scores, read back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.errors import MhxError, Problem
from mhx.files import sha256, write_json
from mhx.judging.aggregate import Score
from mhx.schema import MeasureManifest

if TYPE_CHECKING:
    import polars as pl

JUDGE = "judge"
KEPT = ("kappa_quadratic", "mae", "rmse", "within_one", "bias", "ccc")


def human_ratings(
    frame: pl.DataFrame, manifest: MeasureManifest, *, unit: str, path: Path
) -> pl.DataFrame:
    """Human ratings as rows ``unit, score, rater, rating``.

    Either a row a rating (columns `unit`, score, rating, and rater where there are several), or a
    row a unit with a column a score. Raises MhxError for a table that is neither.
    """
    import polars as pl

    names = [*manifest.scores, *manifest.flags]
    if unit not in frame.columns:
        fix = f"--unit COL; columns: {', '.join(frame.columns)}"
        raise MhxError(Problem(f"no column {unit!r}", fix, path=path))
    if {"score", "rating"} <= set(frame.columns):
        rater = pl.col("rater").cast(pl.String) if "rater" in frame.columns else pl.lit("human")
        found = frame.select(pl.col(unit).cast(pl.String).alias("unit"), "score",
                             rater.alias("rater"), pl.col("rating").cast(pl.Float64, strict=False))
        unknown = sorted(set(found["score"].drop_nulls()) - set(names))
        if unknown:
            raise MhxError(Problem(f"no score of {manifest.name}: {', '.join(unknown)}",
                                   f"one of {', '.join(names)}", path=path, field="score"))
        return found
    there = [name for name in names if name in frame.columns]
    if not there:
        fix = f"a column for some of {', '.join(names)}, or the columns score and rating"
        raise MhxError(Problem("no human rating in this table", fix, path=path))
    return frame.select(
        pl.col(unit).cast(pl.String).alias("unit"),
        *(pl.col(name).cast(pl.Float64, strict=False) for name in there),
    ).unpivot(index="unit", variable_name="score", value_name="rating").select(
        "unit", "score", pl.lit("human").alias("rater"), "rating")


def against(
    found: Sequence[Score], human: pl.DataFrame, manifest: MeasureManifest, *, seed: int = 0
) -> list[dict[str, Any]]:
    """A row a score: how the judge agrees with the people, and the people with each other.

    Each statistic with its 95 % interval, items resampled; mean over pairs where several people
    rated. A score nobody rated has ``n`` 0 and no statistic: its agreement is unknown.
    """
    import polars as pl

    from mhx.stats.agreement import agree

    judged = pl.DataFrame(
        [(one.unit, one.score, JUDGE, one.value) for one in found],
        schema=["unit", "score", "rater", "rating"], orient="row",
    ).cast({"rating": pl.Float64})
    rows: list[dict[str, Any]] = []
    for name in (*manifest.scores, *manifest.flags):
        both = [part.filter(pl.col("score") == name) for part in (judged, human)]
        people = both[1]["rater"].unique().to_list()
        shared = set(both[0].drop_nulls("rating")["unit"]) & set(
            both[1].drop_nulls("rating")["unit"])
        if not shared:
            rows.append({"score": name, "n": 0, "raters": len(people)})
            continue
        result = agree(pl.concat(both), item="unit", rater="rater", rating="rating",
                       level="interval", range_=_range(manifest, name), seed=seed)
        pairs = [pair for pair in result.pairs if JUDGE in (pair.first, pair.second)]
        others = [pair for pair in result.pairs if JUDGE not in (pair.first, pair.second)]
        rows.append({
            "score": name, "n": len(shared), "raters": len(people),
            **{key: _mean([pair.statistics[key].value for pair in pairs]) for key in KEPT},
            "interval": {key: pairs[0].statistics[key].ci for key in KEPT} if len(pairs) == 1
            else {},
            "between_people": {
                key: _mean([pair.statistics[key].value for pair in others]) for key in KEPT
            } if others else {},
        })
    return rows


def _range(manifest: MeasureManifest, name: str) -> tuple[float, float] | None:
    if manifest.rubric is None:
        return None
    item = next(item for item in manifest.rubric.items if name in item.scores)
    values = item.values or manifest.rubric.values
    return float(values[0]), float(values[-1])


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def store(folder: Path, signature: str, record: Mapping[str, Any]) -> Path:
    """Write what was measured of a scorer's signature; returns the file."""
    path = folder / f"{sha256(signature)[:16]}.json"
    write_json(path, {"signature": signature, **record})
    return path


def stored(folder: Path | None, signature: str) -> dict[str, Any]:
    """What was measured of exactly this scorer, or ``{}``: then its agreement is unknown."""
    path = folder / f"{sha256(signature)[:16]}.json" if folder else None
    if path is None or not path.is_file():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found if found.get("signature") == signature else {}
