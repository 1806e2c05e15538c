"""Does a scorer mean the same in two languages? Intercepts and slopes against human ratings.

In language l the scorer gives s = a_l + b_l (h - h0) + e at the human level h. People's ratings
hold error, which would flatten the slopes and, where the languages' levels differ, pass for bias:
the error variance, known from items with two ratings, is taken out of the ratings' variance
(method of moments, Fuller 1987, ch. 1). Items are the clusters: both versions of an item stay
together in a jackknife, which is where a paired design gets its power.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np

from mhx.stats.anchors.severity import Rated, drift
from mhx.stats.estimate import Estimate
from mhx.stats.resample import Floats

ITEM_COLUMNS = 8  # what an item adds to the sums of one language
LEAST_RELIABILITY = 0.3  # of item means: below, the corrected slope has no usable interval


@dataclass(frozen=True, kw_only=True)
class Line:
    """The scorer on the human rating in one language: `intercept` at the pooled human mean."""

    items: int
    intercept: float
    slope: float
    slope_se: float
    human_mean: float
    human_variance: float
    error_variance: float

    @property
    def reliability(self) -> float:
        """Share of the item means' variance that is not rating error."""
        return self.human_variance / (self.human_variance + self.error_variance)


@dataclass(frozen=True, kw_only=True)
class Invariance:
    """Differences language minus reference in raw points, with what their errors are made of.

    `bias` at the pooled human mean `center`; `slope` is the slopes' difference times `spread`, one
    SD of the human ratings (rating error removed). The squares of `item_se` (bias, slope) and
    `rater_se` (bias) add up. `residual_sd` and `correlation` describe s given h on these anchors.
    """

    bias: Estimate
    slope: Estimate
    lines: tuple[Line, Line]
    center: float
    spread: float
    item_se: tuple[float, float]
    rater_se: float
    residual_sd: float
    correlation: float | None


def compare_lines(scores: Floats, rated: tuple[Rated, Rated], *, reach: float) -> Invariance | None:
    """Both differences with cluster-robust t intervals.

    scores: (items, 2), language and reference, nan where an item has no such version.
    reach: width of the score's scale.

    Over items: delete-one jackknife. Over raters: between-rater variance of the severity's
    language difference, added with Satterthwaite's df (the slopes hold for these raters). None
    where the ratings' variance is all error.
    """
    human = np.stack([one.mean for one in rated], axis=1)
    here = np.isfinite(scores) & np.isfinite(human)
    kept = here.any(1)
    center = float(np.mean([human[here[:, side], side].mean() for side in (0, 1)]))
    rows = _item_rows(scores, human - center, here, rated)[kept]
    here = here[kept]
    total = rows.sum(0)
    whole = _lines(total)
    if not np.isfinite(whole).all() or (whole[2] <= 0).any():
        return None
    spread = sqrt(float(whole[2].mean()))
    left = _lines(total - rows)
    differences = _differences(left, spread)
    estimates = _differences(whole, spread)
    slopes_se = _jackknife(left[1], whole[1], here)
    (bias_var, slope_var), df = _variances(differences, estimates, here)
    drifting, drift_df = drift(*rated)
    rater_var = float(whole[1].mean()) ** 2 * drifting / len(rated[0].severity)
    severity_var = _severity_variance(rated, human, scores, float(whole[1].mean()))
    bias_var += severity_var
    both = bias_var + rater_var
    bias_df = both**2 / (bias_var**2 / df[0] + rater_var**2 / drift_df)
    clusters = len(rows)
    residual_sd, correlation = _residuals(scores[kept], human[kept] - center, here, whole)
    return Invariance(
        bias=Estimate(float(estimates[0]), sqrt(both), bias_df, clusters, reach),
        slope=Estimate(float(estimates[1]), sqrt(slope_var), df[1], clusters, reach),
        lines=tuple(  # type: ignore[arg-type]
            Line(items=int(here[:, side].sum()), intercept=float(whole[0, side]),
                 slope=float(whole[1, side]), slope_se=float(slopes_se[side]),
                 human_mean=center + float(whole[3, side]),
                 human_variance=float(whole[2, side]), error_variance=float(whole[4, side]))
            for side in (0, 1)),
        center=center, spread=spread, item_se=(sqrt(bias_var), sqrt(slope_var)),
        rater_se=sqrt(rater_var), residual_sd=residual_sd, correlation=correlation)


def _item_rows(scores: Floats, human: Floats, here: Floats, rated: tuple[Rated, Rated]) -> Floats:
    """(items, 2 x ITEM_COLUMNS): each item's part of the sums of both languages."""
    parts = []
    for side in (0, 1):
        one = rated[side]
        s, h = (np.where(here[:, side], array[:, side], 0.0) for array in (scores, human))
        share = np.divide(1.0, one.count, out=np.zeros(len(s)), where=here[:, side])
        parts += [here[:, side].astype(float), s, h, h * h, s * h, share,
                  one.squares * here[:, side], one.free * here[:, side]]
    return np.stack(parts, axis=1)


def _lines(sums: Floats) -> Floats:
    """(5, ..., 2) from sums (..., 16): intercept, slope, human variance, human mean, error."""
    each = sums.reshape(*sums.shape[:-1], 2, ITEM_COLUMNS)
    n, s, h, hh, sh, share, squares, free = np.moveaxis(each, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = n / (n - 1)
        error = share / n * squares / free
        variance = factor * (hh / n - (h / n) ** 2) - error
        slope = factor * (sh / n - s * h / n**2) / variance
        return np.stack([s / n - slope * h / n, slope, variance, h / n, error])


def _differences(lines: Floats, spread: float) -> Floats:
    """(2, ...): intercepts' difference, slopes' difference x spread."""
    return np.stack([lines[0, ..., 0] - lines[0, ..., 1],
                     (lines[1, ..., 0] - lines[1, ..., 1]) * spread])


def _variances(left: Floats, whole: Floats, here: Floats) -> tuple[Floats, Floats]:
    """Jackknife variances (2,) and df of the differences; strata are which versions items have."""
    strata = here @ np.array([1, 2])
    total, inverse = np.zeros(2), np.zeros(2)
    for code in np.unique(strata):
        away = left[:, strata == code] - whole[:, None]
        size = away.shape[1]
        part = (size - 1) / size * (away**2).sum(1)
        total += part
        inverse += part**2 / max(1, size - 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return total, np.where(inverse > 0, total**2 / inverse, float(len(strata) - 2))


def _jackknife(left: Floats, whole: Floats, here: Floats) -> Floats:
    """Standard errors (2,) of a statistic of each language, `left` (items, 2)."""
    n = here.sum(0)
    out: Floats = np.sqrt((n - 1) / n * ((left - whole) ** 2).sum(0))
    return out


def _severity_variance(rated: tuple[Rated, Rated], human: Floats, scores: Floats,
                       slope: float) -> float:
    """What unequal loads let the estimated severities add to the human means' difference."""
    out = 0.0
    for side, one in enumerate(rated):
        used = np.isfinite(scores[:, side]) & np.isfinite(human[:, side])
        seen = np.einsum("ikk->ik", one.centering) + 0.0
        rows = one.count[used]
        load = np.zeros(len(one.severity))
        mask = (seen[used] > 0) | (rows[:, None] == 1) & _single(one, used)
        load = (mask / np.maximum(mask.sum(1, keepdims=True), 1)).mean(0)
        out += slope**2 * one.error * float(load @ one.inverse @ load)
    return out if isfinite(out) else 0.0
