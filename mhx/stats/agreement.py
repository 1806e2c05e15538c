"""Agreement of raters on a table of ratings: legal values, pairs, all raters, systems."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mhx.errors import Problem, unknown
from mhx.stats import columns, problems
from mhx.stats.categories import MOST_CATEGORIES, find_categories
from mhx.stats.icc import intra_class
from mhx.stats.joint import joint_agreement
from mhx.stats.kappa import pair_agreements
from mhx.stats.raters import AgreementResult
from mhx.stats.resample import Floats, Ints
from mhx.stats.systems import system_level

if TYPE_CHECKING:
    import polars as pl

HEADLINE = {"nominal": "kappa", "ordinal": "kappa_linear", "interval": "kappa_quadratic"}
MOST_RATERS = 30  # 435 pairs; more are compared jointly only


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
    """Agreement of every pair of raters on the items both rated, and of all raters together.

    frame: one row a rating (item, rater, rating); missing ratings are left out, not imputed.
    level: which kappa is the headline: unweighted for nominal, linear for ordinal, quadratic for
        interval ratings. AC2 has linear weights for ordinal ratings, else quadratic ones. Weights
        are distances of the values themselves, so a value nobody used still counts as a step.
    range_: lowest and highest legal rating. Ratings outside are counted and left out: a zero on
        a 1-5 scale is a missing rating. Of integer ratings all legal integers are categories.
    by: a column of systems: pairs also within each system, and the agreement of system means.
        An item of several systems is one cluster: it is resampled with all its systems.
    Intervals (1 - alpha) are bootstraps over items, all raters together (see `statistic`); of an
    ICC from F. What cannot be computed is None with a reason.

    Raises MhxError with every problem: an empty table, unknown columns, a rater who rated an item
    twice, infinity, words where the level needs numbers.
    """
    names = [item, rater, *([by] if by else [])]
    problems.stop(_problems(frame, [*names, rating], rating, level, range_))
    values, legend = _ratings(frame, rating, not problems.score_problems(frame, [rating]))
    coded = {name: columns.code(frame, name) for name in names}
    raters, people = coded[rater].labels, coded[rater].codes
    unit = columns.cross([coded[name] for name in ([by, item] if by else [item])])
    known = np.isfinite(values) & (unit >= 0) & (people >= 0)
    outside = np.zeros(len(values), dtype=bool)
    if range_ is not None:
        outside[known] = (values[known] < range_[0]) | (values[known] > range_[1])
    kept = known & ~outside
    problems.stop(_twice(unit[kept], people[kept], {
        "item": item, "rater": rater, **({"by": by} if by else {})}))
    unit, people, given = columns.compact(unit[kept]), people[kept], values[kept]
    system = coded[by].codes[kept] if by else np.zeros(len(unit), dtype=np.int64)
    categories = find_categories(given, legend, range_)
    draw: dict[str, Any] = {"alpha": alpha, "resamples": resamples, "seed": seed}
    weights = "linear" if level == "ordinal" else "quadratic"
    many = len(raters) > MOST_RATERS
    clusters = columns.compact(coded[item].codes[kept][np.unique(unit, return_index=True)[1]])
    pairs, means, tables = [], {}, []
    for name in () if many else (None, *(coded[by].labels if by else ())):
        rows = np.ones(len(unit), dtype=bool) if name is None or by is None else (
            system == coded[by].labels.index(name))
        table = _matrix(unit[rows], people[rows], given[rows], len(raters))
        found, means[name] = pair_agreements(
            table, columns.compact(clusters[np.unique(unit[rows])]), raters, categories,
            ac2_weights=weights, system=name, **draw)
        pairs += found
        tables += [table] if name is not None else []
    sizes = np.bincount(unit)
    rows = sizes[unit] == len(raters)
    complete = _matrix(unit[rows], people[rows], given[rows], len(raters))
    whose = system[rows][np.unique(unit[rows], return_index=True)[1]]
    return AgreementResult(
        level=level, headline=HEADLINE[level], ac2_weights=weights, items=len(sizes),
        raters=raters, ratings=len(given), missing=int((~known).sum()), legal_range=range_,
        outside_range=int(outside.sum()), single_items=int((sizes == 1).sum()),
        counts=_counts(values[known], legend), categories=categories.names,
        categories_from=categories.source, pairs=tuple(pairs), mean=means.get(None, {}),
        mean_by_system={name: mean for name, mean in means.items() if name is not None},
        joint=joint_agreement(unit, given, clusters, categories, ac2_weights=weights, **draw),
        icc=intra_class(complete, categories, **draw, cluster=columns.compact(
            clusters[np.unique(unit[rows])])), complete_items=len(complete),
        system=system_level(tables, complete, whose, raters, categories, **draw) if by else None,
        no_pairs=_no_pairs(raters),
        settings={"item": item, "rater": rater, "rating": rating, "level": level,
                  "range": range_, "by": by, **draw, "resampled": int(clusters.max(initial=-1)) + 1,
                  "numpy": np.__version__},
    )


def _problems(frame: pl.DataFrame, names: Sequence[str], rating: str, level: str,
              range_: tuple[float, float] | None) -> list[Problem]:
    out = problems.missing_columns(frame, {"columns": names})
    if not out and not len(frame):
        out.append(Problem("the table has no rows", "one row a rating"))
    if level not in HEADLINE:
        out += unknown("level", level, HEADLINE).problems
    if range_ is not None and not range_[0] < range_[1]:
        out.append(Problem(f"{range_} is no range", "lowest:highest, such as 1:5", field="range"))
    if rating in frame.columns and (level in ("ordinal", "interval") or range_ is not None
                                    or frame.get_column(rating).dtype.is_float()):
        out += problems.score_problems(frame, [rating])
    return out


def _twice(unit: Ints, people: Ints, named: dict[str, str]) -> list[Problem]:
    repeated = len(unit) - len(np.unique(unit * (people.max(initial=0) + 1) + people))
    if not repeated:
        return []
    fix = "keep one rating an item and rater, or average them"
    if "by" not in named:
        fix += "; where items are rated once a system, name that column (--by)"
    return [Problem(f"{repeated} ratings repeat an item and rater", fix,
                    field=", ".join(named.values()))]


def _ratings(frame: pl.DataFrame, rating: str,
             numeric: bool) -> tuple[Floats, tuple[str, ...] | None]:
    if numeric:
        return columns.values(frame, rating), None
    factor = columns.code(frame, rating)
    return np.where(factor.codes < 0, np.nan, factor.codes.astype(np.float64)), factor.labels


def _counts(values: Floats, legend: tuple[str, ...] | None) -> dict[str, int]:
    found, count = np.unique(values, return_counts=True)
    if len(found) > MOST_CATEGORIES:
        return {}
    names = [legend[int(value)] if legend else f"{value:g}" for value in found]
    return {name: int(number) for name, number in zip(names, count, strict=True)}


def _matrix(unit: Ints, people: Ints, values: Floats, raters: int) -> Floats:
    items, place = np.unique(unit, return_inverse=True)
    out: NDArray[np.float64] = np.full((len(items), raters), np.nan)
    out[place, people] = values
    return out


def _no_pairs(raters: Sequence[str]) -> str:
    if len(raters) < 2:
        return "agreement needs two raters"
    if len(raters) > MOST_RATERS:
        return f"{len(raters)} raters: pairs of at most {MOST_RATERS} are compared"
    return ""
