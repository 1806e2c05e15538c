"""The scorer's line on the human rating in two languages, from sums over items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mhx.stats.anchors.severity import Rated
from mhx.stats.resample import Floats

COLUMNS = 8  # what an item adds to the sums of one language


@dataclass(frozen=True, kw_only=True)
class Lines:
    """s = intercept + slope * (h - center) in two languages; every array is (..., 2).

    `variance` is that of the human ratings without their error, `error` that of an item's mean
    rating. The slope is corrected for the error (Fuller 1987, Measurement Error Models, 1.2).
    """

    intercept: Floats
    slope: Floats
    variance: Floats
    error: Floats
    human: Floats


def item_rows(scores: Floats, human: Floats, here: NDArray[np.bool_],
              rated: tuple[Rated, Rated]) -> Floats:
    """(items, 2 * COLUMNS): what each item adds to the sums of both languages."""
    parts = []
    for side, one in enumerate(rated):
        on = here[:, side]
        s, h = np.where(on, scores[:, side], 0.0), np.where(on, human[:, side], 0.0)
        share = np.where(on, 1 / np.maximum(one.seen.sum(1), 1), 0.0)
        parts += [on.astype(float), s, h, h * h, s * h, share, one.squares * on, one.free * on]
    return np.stack(parts, axis=1)


def lines(sums: Floats) -> Lines:
    """Both lines from sums (..., 2 * COLUMNS), human ratings measured from the center."""
    each = sums.reshape(*sums.shape[:-1], 2, COLUMNS)
    n, s, h, hh, sh, share, squares, free = np.moveaxis(each, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = share / n * squares / free
        variance = n / (n - 1) * (hh / n - (h / n) ** 2) - error
        slope = n / (n - 1) * (sh / n - s * h / n**2) / variance
        return Lines(intercept=s / n - slope * h / n, slope=slope, variance=variance, error=error,
                     human=h / n)


def residuals(scores: Floats, human: Floats, here: NDArray[np.bool_],
              whole: Lines) -> tuple[float, float | None]:
    """SD of the scores given the human rating, and its correlation between an item's versions."""
    away = np.where(here, scores - whole.intercept - whole.slope * human, np.nan)
    sd = float(np.sqrt(np.nanvar(away, axis=0, ddof=1).mean()))
    both = away[here.all(1)]
    if len(both) < 3 or not (both.std(0) > 1e-12).all():
        return sd, None
    return sd, float(np.corrcoef(both.T)[0, 1])
