"""A slope on ratings that carry error: classical errors in variables, from sums."""

from __future__ import annotations

import numpy as np

from mhx.stats.resample import Floats

LEAST_RELIABILITY = 0.1  # below this the ratings hardly order the rows and no slope is meant


def rater_error(ratings: Floats) -> Floats:
    """What each row of `ratings` (rows, raters; nan: not rated) tells of the raters' error.

    (rows, 3): 1 / raters, the squares of its ratings about their mean, and their degrees of
    freedom, with each rater's own mean taken out first: severity that is the same in all rows
    shifts no difference. The second column's sum over the third's is the error variance of one
    rating (in complete tables the residual mean square that ICC(C,k) is made of; McGraw & Wong
    1996). Zeros where no row has two ratings to spare.
    """
    known = np.isfinite(ratings)
    count = known.sum(1)
    free = np.maximum(count - 1, 0)
    lost = int(known.any(0).sum()) - 1
    out = np.zeros((len(ratings), 3))
    if int(free.sum()) <= lost or lost < 1:
        return out
    filled = np.where(known, ratings, 0.0)
    level = filled.sum(0) / np.maximum(known.sum(0), 1)
    away = np.where(known, filled - level, 0.0)
    mean = away.sum(1) / np.maximum(count, 1)
    out[:, 0] = 1 / np.maximum(count, 1)
    out[:, 1] = np.where(known, (away - mean[:, None]) ** 2, 0.0).sum(1)
    out[:, 2] = free * (1 - lost / free.sum())
    return out


def slope_sums(y: Floats, rating: Floats, weight: Floats, error: Floats) -> Floats:
    """(E, 9): what each row adds to the sums of `gap_on_slope`; `error` is of `rater_error`."""
    x = rating - rating.mean()
    high = y - y.mean()
    return np.stack([weight, weight * x, weight * high, weight * x * x, weight * x * high,
                     weight * error[:, 0], weight**2 * error[:, 0], error[:, 1], error[:, 2]],
                    axis=1)


def gap_on_slope(sums: Floats, reliability: float | None) -> Floats:
    """Difference of two strata in y at equal true rating, and the reliability used, (..., 2).

    `sums` is (..., 2, 9). The pooled slope within the strata is divided by the share of the
    ratings' variance there that is not error (Fuller 1987, section 1.2): the given
    `reliability`, else the one the raters show, 1 where there is one rater.
    """
    n, x, y, xx, xy, share, square, spread, free = np.moveaxis(sums, -1, 0)
    within = (xx - x * x / n).sum(-1)
    if reliability is None:
        error = spread.sum(-1) / np.maximum(free.sum(-1), 1e-9)
        trust = 1 - error * (share - square / n).sum(-1) / np.where(within > 0, within, 1.0)
    else:
        trust = np.full(within.shape, reliability)
    flat = within <= 1e-9 * n.sum(-1)
    slope = np.where(flat, 0.0, (xy - x * y / n).sum(-1) / np.where(flat, 1.0, within * trust))
    slope = np.where(flat | (trust > LEAST_RELIABILITY), slope, np.nan)
    sign = np.array([1.0, -1.0])
    out: Floats = np.stack([(sign * (y - slope[..., None] * x) / n).sum(-1), trust], axis=-1)
    return out
