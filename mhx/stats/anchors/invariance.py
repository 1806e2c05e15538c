"""Does a scorer mean the same in two languages? Its intercepts and slopes against people's ratings.

At the human level h it gives s = a + b (h - center) + e. Ratings hold error, which flattens the
slopes and, where the languages' levels differ, passes for bias; the error variance is known from
items rated twice and is taken out. Both versions of an item are one cluster of a delete-one
jackknife, which is where a paired design gets its power.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from mhx.stats.anchors.lines import Lines, item_rows, lines, residuals
from mhx.stats.anchors.severity import Drift, Rated, drift, load_variance
from mhx.stats.estimate import Estimate
from mhx.stats.resample import Floats


@dataclass(frozen=True, kw_only=True)
class Invariance:
    """Differences, language minus reference, in raw points.

    `bias` at the pooled human mean `center`; `slope` is the slopes' difference times `spread`, one
    SD of the human ratings (their error removed). `bias.se` squared is `item_se` squared plus
    `rater_se` squared; the slopes' interval holds for these raters. `slopes` are the two slopes,
    `drift` is that of the raters' severity, times `steep`, the mean slope, in the score's points.
    `residual_sd` and `correlation` are those of the scores given the human rating.
    """

    bias: Estimate
    slope: Estimate
    slopes: tuple[Estimate, Estimate]
    lines: Lines
    center: float
    spread: float
    item_se: float
    rater_se: float
    drift: Drift
    steep: float
    residual_sd: float
    correlation: float | None


def invariance(scores: Floats, rated: tuple[Rated, Rated], *, reach: float) -> Invariance | None:
    """Both differences with t intervals; None where the ratings vary no more than their error.

    scores: (items, 2), language and reference, nan where an item has no such version.
    reach: width of the score's scale.

    Items: delete-one jackknife. Raters: the variance between them of the severity's difference
    between the languages is added to that of the bias, with Satterthwaite's (1946) df.
    """
    human = np.stack([one.mean for one in rated], axis=1)
    here = np.isfinite(scores) & np.isfinite(human)
    kept = here.any(1)
    center = float(np.mean([human[here[:, side], side].mean() for side in (0, 1)]))
    rows = item_rows(scores, human - center, here, rated)[kept]
    whole, left = lines(rows.sum(0)), lines(rows.sum(0) - rows)
    if not (np.isfinite(left.slope).all() and (left.variance > 0).all()):
        return None
    used, spread = here[kept], sqrt(float(whole.variance.mean()))
    found, away = _differences(whole, spread), _differences(left, spread)
    shift, variance, df = _jackknife(away - found, used)
    found = found - shift
    steep = float(whole.slope.mean()) ** 2
    items = float(variance[0]) + steep * sum(load_variance(one, here[:, side])
                                             for side, one in enumerate(rated))
    between = drift(*rated)
    raters = steep * between.variance / len(rated[0].severity)
    total = items + raters
    total_df = total**2 / (items**2 / df[0] + raters**2 / between.df) if total > 0 else df[0]
    sd, correlation = residuals(scores[kept], human[kept] - center, used, whole)

    def estimate(value: float, squared: float, free: float, size: int) -> Estimate:
        return Estimate(float(value), sqrt(squared), float(free), size, reach)

    return Invariance(
        bias=estimate(found[0], total, total_df, len(rows)),
        slope=estimate(found[1], float(variance[1]), df[1], len(rows)),
        slopes=(_own_slope(left, whole, used, 0, reach), _own_slope(left, whole, used, 1, reach)),
        lines=whole, center=center, spread=spread, item_se=sqrt(items), rater_se=sqrt(raters),
        drift=between, steep=sqrt(steep), residual_sd=sd, correlation=correlation)


def _own_slope(left: Lines, whole: Lines, used: NDArray[np.bool_], side: int,
               reach: float) -> Estimate:
    away = (left.slope - whole.slope)[used[:, side], side]
    n = len(away)
    return Estimate(float(whole.slope[side]), sqrt((n - 1) / n * float((away**2).sum())),
                    float(n - 2), n, reach)


def _differences(found: Lines, spread: float) -> Floats:
    """(..., 2): the intercepts' difference, the slopes' times `spread`."""
    return np.stack([found.intercept[..., 0] - found.intercept[..., 1],
                     spread * (found.slope[..., 0] - found.slope[..., 1])], axis=-1)


def _jackknife(away: Floats, used: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Bias of order 1/n, variance and df, each (K,), from leave-one-out changes (items, K).

    Items with both versions, with the first and with the second are strata of fixed size.
    """
    strata = used @ (1 << np.arange(used.shape[1]))
    shifts, parts, frees = [], [], []
    for code in np.unique(strata):
        own = away[strata == code]
        shifts.append((len(own) - 1) * own.mean(0))
        parts.append((len(own) - 1) / len(own) * (own**2).sum(0))
        frees.append(max(1, len(own) - 2))
    part = np.stack(parts)
    total = part.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        df = total**2 / (part**2 / np.array(frees)[:, None]).sum(0)
    return np.stack(shifts).sum(0), total, np.where(total > 0, df, float(len(away) - 2))
