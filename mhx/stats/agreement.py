"""Agreement of raters on a table of ratings: legal values, pairs, systems."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from mhx.errors import Problem, unknown
from mhx.stats import columns, problems
from mhx.stats.kappa import pair_agreements
from mhx.stats.raters import AgreementResult, SystemAgreement
from mhx.stats.resample import Floats, Ints

if TYPE_CHECKING:
    import polars as pl

HEADLINE = {"nominal": "kappa", "ordinal": "kappa_linear", "interval": "kappa_quadratic"}


def agree(
    frame: pl.DataFrame,
    *,
    item: str,
    rater: str,
    rating: str,
    level: Literal["nominal", "ordinal", "interval"] = "nominal",
    range_: tuple[float, float] | None = None,
    by: str | None = None,
    alpha: float = 0.05,
    resamples: int = 2000,
    seed: int = 0,
) -> AgreementResult:
    """Agreement of every pair of raters on the items both rated, and the mean over the pairs.

    frame: one row a rating (item, rater, rating); missing ratings are left out, not imputed.
    level: which kappa is the headline: unweighted for nominal, linear for ordinal, quadratic for
        interval ratings. Weights are distances of the values themselves, so a value nobody used
        still counts as a step (Cohen 1960, 1968).
    range_: lowest and highest legal rating. Ratings outside are counted and left out: a zero on
        a 1-5 scale is a missing rating.
    by: a column of systems: pairs also within each system, and the agreement of system means
        (bias, mean absolute error, Lin's 1989 concordance).
    Intervals (1 - alpha) are expanded percentiles of a bootstrap over items, all raters together.

    Raises MhxError with every problem: unknown columns, a rater who rated an item twice, text
    where the level needs numbers.
    """
    names = [item, rater, *([by] if by else [])]
    problems.stop(_problems(frame, [*names, rating], rating, level, range_))
    numeric = not problems.score_problems(frame, [rating])
    values, legend = _ratings(frame, rating, numeric)
    coded = {name: columns.code(frame, name) for name in names}
    raters, people = coded[rater].labels, coded[rater].codes
    unit = columns.cross([coded[name] for name in ([by, item] if by else [item])])
    known = np.isfinite(values) & (unit >= 0) & (people >= 0)
    outside = np.zeros(len(values), dtype=bool)
    if range_ is not None:
        outside[known] = (values[known] < range_[0]) | (values[known] > range_[1])
    kept = known & ~outside
    problems.stop(_twice(unit[kept], people[kept], f"{item}, {rater}"))
    pairs, means, means_of = [], {}, []
    for system in (None, *(coded[by].labels if by else ())):
        rows = kept if by is None or system is None else (
            kept & (coded[by].codes == coded[by].labels.index(system)))
        table = _matrix(unit[rows], people[rows], values[rows], len(raters))
        found, means[system] = pair_agreements(
            table, raters, numeric=numeric, system=system, alpha=alpha, resamples=resamples,
            seed=seed)
        pairs += found
        means_of += [table] if system is not None else []
    overall = _matrix(unit[kept], people[kept], values[kept], len(raters))
    return AgreementResult(
        level=level, headline=HEADLINE[level], items=len(overall), raters=raters,
        ratings=int(kept.sum()), missing=int((~known).sum()), legal_range=range_,
        outside_range=int(outside.sum()), counts=_counts(values[known], legend),
        single_items=int((np.isfinite(overall).sum(1) < 2).sum()),
        pairs=tuple(pairs), mean=means[None],
        mean_by_system={name: mean for name, mean in means.items() if name is not None},
        systems=_systems(means_of, raters) if numeric else (),
        settings={"item": item, "rater": rater, "rating": rating, "level": level,
                  "range": range_, "by": by, "alpha": alpha, "resamples": resamples,
                  "seed": seed, "numpy": np.__version__},
    )


def _problems(frame: pl.DataFrame, names: Sequence[str], rating: str, level: str,
              range_: tuple[float, float] | None) -> list[Problem]:
    out = problems.missing_columns(frame, {"columns": names})
    if level not in HEADLINE:
        out += unknown("level", level, HEADLINE).problems
    if range_ is not None and not range_[0] < range_[1]:
        out.append(Problem(f"{range_} is no range", "lowest:highest, such as 1:5", field="range"))
    if rating in frame.columns and (level in ("ordinal", "interval") or range_ is not None):
        out += problems.score_problems(frame, [rating])
    return out


def _twice(unit: Ints, people: Ints, field: str) -> list[Problem]:
    count = len(unit) - len(np.unique(np.stack([unit, people]), axis=1).T)
    fix = "keep one rating an item and rater, or average them"
    return [Problem(f"{count} ratings repeat an item and rater", fix, field=field)] if count else []


def _ratings(frame: pl.DataFrame, rating: str,
             numeric: bool) -> tuple[Floats, tuple[str, ...] | None]:
    if numeric:
        return columns.values(frame, rating), None
    factor = columns.code(frame, rating)
    return np.where(factor.codes < 0, np.nan, factor.codes.astype(np.float64)), factor.labels


def _counts(values: Floats, legend: tuple[str, ...] | None) -> dict[str, int]:
    found, count = np.unique(values, return_counts=True)
    names = [legend[int(value)] if legend else f"{value:g}" for value in found]
    return {name: int(number) for name, number in zip(names, count, strict=True)}


def _matrix(unit: Ints, people: Ints, values: Floats, raters: int) -> Floats:
    items, place = np.unique(unit, return_inverse=True)
    out: NDArray[np.float64] = np.full((len(items), raters), np.nan)
    out[place, people] = values
    return out


def _systems(tables: Sequence[Floats], raters: Sequence[str]) -> tuple[SystemAgreement, ...]:
    out = []
    for first, second in combinations(range(len(raters)), 2):
        means = []
        for table in tables:
            both = table[np.isfinite(table[:, [first, second]]).all(1)]
            means += [both[:, [first, second]].mean(0)] if len(both) else []
        if not means:
            continue
        one, two = np.stack(means).T
        spread = float(one.var() + two.var() + (one.mean() - two.mean()) ** 2)
        shared = float(((one - one.mean()) * (two - two.mean())).mean())
        out.append(SystemAgreement(
            first=raters[first], second=raters[second], systems=len(means),
            bias=float((two - one).mean()), mae=float(abs(two - one).mean()),
            concordance=2 * shared / spread if spread > 1e-12 and len(means) > 1 else None))
    return tuple(out)
