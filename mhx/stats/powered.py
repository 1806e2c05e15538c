"""Gaps on the human scale from all scores and a rated random subsample (prediction-powered)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mhx.stats.analysis import Analysis
from mhx.stats.columns import Margin
from mhx.stats.contrasts import margin_points
from mhx.stats.jackknife import covariance, jackknife, two_sided_p
from mhx.stats.problems import stop
from mhx.stats.rated import Rated, inclusion_problems, not_the_sample, rated_rows
from mhx.stats.resample import Floats
from mhx.stats.results import CorrectedGap, number

FEWEST = 10  # rated clusters a group, below which nothing is corrected


def corrected_gaps(own: Analysis, scores: Floats, ratings: Floats, inclusion: Floats, *,
                   margin: Margin | None, alpha: float) -> list[CorrectedGap]:
    """Each group's gap to the reference as people would have rated all scored responses.

    `scores`, `inclusion` (rows,) and `ratings` (rows,) or (rows, raters) are the table's columns.
    Ratings are nan but in a probability subsample of the scored rows; `inclusion` is the chance
    with which a row was drawn for it. Prediction-powered inference (Angelopoulos, Bates,
    Fannjiang, Jordan & Zrnic 2023) for the mean of each group: weight x mean score of all rows +
    the rated rows' mean of (rating - weight x score), weighted by 1 / inclusion (Hajek 1971). The
    weight is the one with the least variance of the gap (PPI++; Angelopoulos, Duchi & Zrnic
    2023), from 0 (ratings only) to 1; standard errors are delete-one-cluster jackknife, so units
    shared by the groups count as pairs. t intervals on the smaller number of rated clusters - 1.

    `margin` is in points of the human scale. Adjusted p values and the verdict are left open.
    Raises MhxError where a rated row has no probability or one that is none. No number but a
    note: fewer than 10 rated clusters in a group, or a count of ratings that contradicts the
    probabilities. A fixed anchor set is not a probability sample of the evaluated responses:
    where its mix differs, these intervals miss, however many anchors there are.
    """
    stop(inclusion_problems(ratings, inclusion, "inclusion"))
    sample, rated = own.sample, rated_rows(own, scores, ratings, inclusion)
    home = sample.layout.reference
    doubt = {group: not_the_sample(rated, group) for group in range(sample.size)}
    return [_one(own, rated, group, margin, alpha,
                 next(filter(None, (_about(own, side, doubt[side]) for side in (group, home))), ""))
            for group in range(sample.size) if group != home]


def _one(own: Analysis, rated: Rated, group: int, margin: Margin | None, alpha: float,
         doubt: str) -> CorrectedGap:
    sample, home, gap = own.sample, own.sample.layout.reference, own.gaps.get(group)
    chosen = rated.compared(group, home, gap is not None and gap.pairs is not None)
    points = None if gap is None else margin_points(margin, gap)
    record = CorrectedGap(
        **own.where, group=sample.layout.labels[group], reference=sample.layout.labels[home],
        n=int((chosen & rated.known).sum()), n_scored=int(chosen.sum()),
        raw=None if gap is None else number(gap.estimate.value), margin=points,
    )
    doubt = _too_few(own, rated, group, chosen) or doubt
    if not doubt and np.ptp(rated.rating[rated.known]) == 0:
        doubt = "the ratings are constant"
    if doubt:
        return replace(record, note=doubt)
    sums, strata = _sums(rated, chosen), (rated.group[chosen] == home).astype(np.int64)
    clusters = [codes[chosen] for codes in rated.clusters]
    spread = covariance(sums, strata, clusters, _parts)
    weight = float(np.clip(-spread[0, 1] / spread[1, 1], 0, 1)) if spread[1, 1] > 0 else 0.0
    reach = float(np.ptp(rated.rating[rated.known]))
    found = jackknife(sums, strata, clusters,
                      lambda block: _parts(block) @ np.array([[1.0], [weight]]), reach=(reach,))[0]
    fewest = int(min(rated.rated_clusters(side, chosen).min() for side in (group, home)))
    estimate = replace(found, df=min(found.df, fewest - 1), clusters=fewest)
    wide, narrow = estimate.limits(alpha / 2), estimate.limits(alpha)
    if wide is None or narrow is None:
        return replace(record, note="too few rated clusters for an interval")
    return replace(
        record, corrected=number(estimate.value), se=number(estimate.se), weight=weight,
        low=number(wide[0]), high=number(wide[1]), tost_low=number(narrow[0]),
        tost_high=number(narrow[1]), p=two_sided_p(estimate),
        tost_p=None if points is None else estimate.p_equivalent(points),
    )


def _sums(rated: Rated, chosen: NDArray[np.bool_]) -> Floats:
    """What each row adds: its share, score, and (rated rows, by 1 / inclusion) weight, rating,
    score."""
    share, score = rated.share[chosen], rated.score[chosen]
    known = rated.known[chosen]
    weight = np.zeros(len(share))
    weight[known] = share[known] / rated.inclusion[chosen][known]
    rating = np.where(known, rated.rating[chosen], 0.0)
    return np.stack([share, share * score, weight, weight * rating, weight * score], axis=1)


def _parts(sums: Floats) -> Floats:
    """The gap of the ratings, and all rows' gap in scores less the rated rows', (..., 2)."""
    share, score, weight, rating, scored = np.moveaxis(sums, -1, 0)
    sign = np.array([1.0, -1.0])
    out: Floats = np.stack([(sign * rating / weight).sum(-1),
                            (sign * (score / share - scored / weight)).sum(-1)], axis=-1)
    return out


def _too_few(own: Analysis, rated: Rated, group: int, chosen: NDArray[np.bool_]) -> str:
    lacking = []
    for side in (group, own.sample.layout.reference):
        found = int(rated.rated_clusters(side, chosen)[0])
        if found < FEWEST:
            lacking.append(f"{own.sample.layout.labels[side]} has {found} rated units, "
                           f"{FEWEST - found} more are needed")
    return "; ".join(lacking)


def _about(own: Analysis, group: int, doubt: str) -> str:
    return f"{own.sample.layout.labels[group]}: {doubt}" if doubt else ""
