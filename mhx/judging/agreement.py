"""A judge's scores against human ratings: measured, stored beside the scores, read back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.errors import MhxError, Problem
from mhx.files import sha256, write_json
from mhx.judging.aggregate import Score
from mhx.schema import MeasureManifest

if TYPE_CHECKING:
    import polars as pl

    from mhx.stats.raters import PairAgreement

JUDGE = "judge"
KEPT = ("kappa_quadratic", "mae", "rmse", "within_one", "bias", "ccc")


def human_ratings(
    frame: pl.DataFrame, manifest: MeasureManifest, *, unit: str, path: Path
) -> pl.DataFrame:
    """Human ratings as rows ``unit, score, rater, rating``.

    Either a row a rating (columns `unit`, score, rating, and rater where there are several), or a
    row a unit with a column a score; an empty cell is not rated. Raises MhxError for a table that
    is neither, and for ratings that are no number or outside the rubric's values.
    """
    import polars as pl

    names = [*manifest.scores, *manifest.flags]
    if unit not in frame.columns:
        fix = f"--unit COL; columns: {', '.join(frame.columns)}"
        raise MhxError(Problem(f"no column {unit!r}", fix, path=path))
    if {"score", "rating"} <= set(frame.columns):
        rater = pl.col("rater").cast(pl.String) if "rater" in frame.columns else pl.lit("human")
        found = frame.select(pl.col(unit).cast(pl.String).alias("unit"), "score",
                             rater.alias("rater"), *_given(frame, "rating"))
        unknown = sorted(set(found["score"].drop_nulls()) - set(names))
        if unknown:
            raise MhxError(Problem(f"no score of {manifest.name}: {', '.join(unknown)}",
                                   f"one of {', '.join(names)}", path=path, field="score"))
        return _numbers(found, manifest, path)
    there = [name for name in names if name in frame.columns]
    if not there:
        fix = f"a column for some of {', '.join(names)}, or the columns score and rating"
        raise MhxError(Problem("no human rating in this table", fix, path=path))
    return _numbers(pl.concat([
        frame.select(pl.col(unit).cast(pl.String).alias("unit"), pl.lit(name).alias("score"),
                     pl.lit("human").alias("rater"), *_given(frame, name)) for name in there
    ]), manifest, path)


def _given(frame: pl.DataFrame, name: str) -> tuple[pl.Expr, pl.Expr]:
    """A column as written (`text`, null where empty) and as numbers (`rating`)."""
    import polars as pl

    text = pl.col(name).cast(pl.String).str.strip_chars()
    number = text if frame.schema[name] == pl.String else pl.col(name)
    return (text.replace("", None).alias("text"),
            number.cast(pl.Float64, strict=False).alias("rating"))


def _numbers(found: pl.DataFrame, manifest: MeasureManifest, path: Path) -> pl.DataFrame:
    import polars as pl

    problems = []
    rated = found.drop_nulls(["score", "text"])
    for name in rated["score"].unique(maintain_order=True):
        mine = rated.filter(pl.col("score") == name)
        number = pl.col("rating").is_finite().fill_null(False)
        if (wrong := mine.filter(~number)["text"].to_list()):
            problems.append(Problem(f"{name}: {len(wrong)} ratings are no number, the first "
                                    f"{wrong[0]!r}", "2.5, or empty", path=path, field=name))
        low, high = legal_range(manifest, name) or (-math.inf, math.inf)
        outside = mine.filter(number & ~pl.col("rating").is_between(low, high))["text"].to_list()
        if outside:
            problems.append(Problem(f"{name}: {len(outside)} ratings are not from {low:g} to "
                                    f"{high:g}, the first {outside[0]!r}", "a value of the rubric, "
                                    "or empty", path=path, field=name))
    if problems:
        raise MhxError(problems)
    return found.drop("text")


def against(
    found: Sequence[Score], human: pl.DataFrame, manifest: MeasureManifest, *, seed: int = 0
) -> list[dict[str, Any]]:
    """A row a score: how the judge agrees with the people, and the people with each other.

    Each statistic with its 95 % interval, items resampled; mean over pairs where several people
    rated; `bias` is judge minus person. A score nobody rated has ``n`` 0 and no statistic: its
    agreement is unknown.
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
                       level="interval", range_=legal_range(manifest, name), seed=seed)
        pairs = [pair for pair in result.pairs if JUDGE in (pair.first, pair.second)]
        others = [pair for pair in result.pairs if JUDGE not in (pair.first, pair.second)]
        rows.append({
            "score": name, "n": len(shared), "raters": len(people),
            **{key: _mean([_value(pair, key) for pair in pairs]) for key in KEPT},
            "interval": {key: _interval(pairs[0], key) for key in KEPT} if len(pairs) == 1
            else {},
            "between_people": {
                key: _mean([pair.statistics[key].value for pair in others])
                for key in KEPT if key != "bias"  # between people its sign means nothing
            } if others else {},
        })
    return rows


def _turned(pair: PairAgreement, key: str) -> bool:
    """Whether a bias, second minus first of the sorted names, is person minus judge."""
    return key == "bias" and pair.first == JUDGE


def _value(pair: PairAgreement, key: str) -> float | None:
    value = pair.statistics[key].value
    return -value if value is not None and _turned(pair, key) else value


def _interval(pair: PairAgreement, key: str) -> list[float] | None:
    ci = pair.statistics[key].ci
    return [-ci[1], -ci[0]] if ci is not None and _turned(pair, key) else ci


def legal_range(manifest: MeasureManifest, name: str) -> tuple[float, float] | None:
    """The lowest and highest legal value of a judged score; of a category's share 0 and 1. None
    for a measure without a rubric."""
    if manifest.rubric is None:
        return None
    item = next(item for item in manifest.rubric.items if name in item.scores)
    if item.categories:
        return 0.0, 1.0
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
