"""Score differences at equal human rating: what of a gap is the scorer's own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import isfinite, sqrt

import numpy as np

from mhx.stats.analysis import Analysis
from mhx.stats.columns import Margin
from mhx.stats.contrasts import margin_points
from mhx.stats.effects import ANCHOR_MARGIN_SHARE
from mhx.stats.jackknife import Statistic, jackknife, two_sided_p
from mhx.stats.measurement_error import (
    LEAST_RELIABILITY,
    gap_on_slope,
    rater_error,
    slope_sums,
)
from mhx.stats.problems import stop
from mhx.stats.rated import Rated, inclusion_problems, rated_rows
from mhx.stats.resample import Floats, Ints
from mhx.stats.results import ConditionalGap, number

MOST_LEVELS = 10  # ratings of more distinct values are taken as a scale, of fewer as categories
ROWS_A_LEVEL = 10  # rated rows a category, on average, below which they are taken as a scale


def conditional_gaps(own: Analysis, scores: Floats, ratings: Floats, *,
                     inclusion: Floats | None = None, margin: Margin | None = None,
                     bound: float | None = None, reliability: float | None = None,
                     alpha: float) -> list[ConditionalGap]:
    """Each group's score difference to the reference among rows that people rated the same.

    `scores`, `inclusion` (rows,) and `ratings` (rows,) or (rows, raters) are the table's columns;
    the raters' mean is taken. The conditional score difference of Loukina, Madnani & Zechner
    (2019; RSMTool): score = group + rating, with one rater's ratings of few distinct values as
    categories, else with one slope for both groups. Rows are weighted by 1 / `inclusion` where it
    is given; standard errors are delete-one-cluster jackknife, t intervals. `bound` (by default
    half the `margin`) is what the difference must be shown to be within.

    Error in the ratings flattens the slope, and (1 - reliability) x slope x the true gap leaks
    into the difference: groups that truly differ look like a biased scorer. With two or more
    raters their error is estimated from rows that several rated and taken out of the slope
    (Fuller 1987, errors in variables), and its own uncertainty is in the interval. A given
    `reliability` of the (mean) ratings within groups, 0 to 1, is taken as known instead. With
    one rater and none given, nothing is taken out.
    """
    if inclusion is not None:
        stop(inclusion_problems(ratings, inclusion, "inclusion"))
    rated = rated_rows(own, scores, ratings, inclusion)
    home = own.sample.layout.reference
    return [_one(own, rated, group, margin, bound, reliability, alpha)
            for group in range(own.sample.size) if group != home]


def _one(own: Analysis, rated: Rated, group: int, margin: Margin | None, bound: float | None,
         reliability: float | None, alpha: float) -> ConditionalGap:
    sample, home, gap = own.sample, own.sample.layout.reference, own.gaps.get(group)
    chosen = rated.compared(group, home, False) & rated.known
    points = None if gap is None else margin_points(margin, gap)
    if bound is None and points is not None:
        bound = ANCHOR_MARGIN_SHARE * points
    record = ConditionalGap(
        **own.where, group=sample.layout.labels[group], reference=sample.layout.labels[home],
        n=int(chosen.sum()), bound=bound,
    )
    strata = (rated.group[chosen] == home).astype(np.int64)
    if np.bincount(strata, minlength=2).min() < 2:
        return replace(record, note="fewer than two rated rows a group")
    y, rating = rated.score[chosen], rated.rating[chosen]
    if np.ptp(y) == 0:
        return replace(record, note="the scores are constant")
    weight = np.where(np.isfinite(rated.inclusion[chosen]), 1 / rated.inclusion[chosen], 1.0)
    levels, place = np.unique(rating, return_inverse=True)
    error = rater_error(rated.ratings[chosen])
    exact = reliability is None and not error.any()
    if exact and len(levels) <= min(MOST_LEVELS, len(rating) / ROWS_A_LEVEL):
        how, sums = "ratings as categories", _level_sums(y - y.mean(), weight, place, len(levels))
        statistic: Statistic = _within_levels
    else:
        how, sums = "one slope of the ratings", slope_sums(y, rating, weight, error)
        statistic = partial(gap_on_slope, reliability=reliability)
    clusters = [codes[chosen] for codes in rated.clusters]
    estimate, trust = jackknife(sums, strata, clusters, statistic,
                                reach=(sample.highest - sample.lowest, 1.0))
    spread = _spread(y, strata)
    if not exact:
        how += f" with reliability {trust.value:.2f}"
    limits = estimate.limits(alpha / 2) if isfinite(estimate.value) else None
    if not isfinite(estimate.value):
        how = (f"the ratings' reliability within groups is {trust.value:.2f}: they order nothing"
               if trust.value <= LEAST_RELIABILITY else "no rating is shared by the two groups")
    elif limits is None:
        how += "; too few clusters for an interval"
    return replace(
        record, note=how, difference=number(estimate.value),
        standardized=number(estimate.value / spread) if spread > 0 else None,
        low=number(limits[0]) if limits else None, high=number(limits[1]) if limits else None,
        p=two_sided_p(estimate),
        tost_p=estimate.p_equivalent(bound) if bound is not None and limits else None,
    )


def _level_sums(y: Floats, weight: Floats, place: Ints, levels: int) -> Floats:
    """(E, 2 x levels): weights, then weighted scores, each in its rating's column."""
    out = np.zeros((len(y), 2 * levels))
    rows = np.arange(len(y))
    out[rows, place], out[rows, levels + place] = weight, weight * y
    return out


def _within_levels(blocks: Floats) -> Floats:
    """The group's coefficient beside one dummy a rating: differences weighted by n1 n0 / n."""
    weight, total = np.split(blocks, 2, axis=-1)
    one, two = weight[..., 0, :], weight[..., 1, :]
    both = (one > 1e-9) & (two > 1e-9)
    trust = np.where(both, one * two / np.where(both, one + two, 1.0), 0.0)
    mean = total / np.where(weight > 1e-9, weight, 1.0)
    gap = (trust * (mean[..., 0, :] - mean[..., 1, :])).sum(-1) / trust.sum(-1)
    out: Floats = np.stack([gap, np.ones_like(gap)], axis=-1)
    return out


def _spread(y: Floats, strata: Ints) -> float:
    """Pooled SD of the scores within the two groups."""
    squares = sum(float(((part := y[strata == side]) - part.mean()).var()) * len(part)
                  for side in (0, 1))
    return sqrt(squares / (len(y) - 2)) if len(y) > 2 else 0.0
