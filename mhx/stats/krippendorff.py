"""Krippendorff's alpha (2004; Computing Krippendorff's Alpha-Reliability, 2011), any missing."""

from __future__ import annotations

import numpy as np

from mhx.stats.intervals import TINY
from mhx.stats.resample import Floats


def alpha_nominal(observed: Floats, counts: Floats) -> Floats:
    """Alpha of B resamples. `observed` (B,): sum over items of the ordered pairs of unequal
    ratings over ratings - 1; `counts` (B, K): pairable ratings of each category."""
    n = counts.sum(1)
    return _alpha(observed, n * n - (counts**2).sum(1), n)


def alpha_interval(observed: Floats, n: Floats, total: Floats, squares: Floats) -> Floats:
    """Alpha of B resamples. `observed` (B,): sum over items of squared differences of ordered
    pairs over ratings - 1; then the pairable ratings' number, sum and sum of squares."""
    return _alpha(observed, 2 * (n * squares - total**2), n)


def alpha_ordinal(coincidences: Floats, counts: Floats) -> Floats:
    """Alpha of B resamples with the ordinal metric: squared differences of mid-ranks.

    `coincidences` (B, K(K-1)/2) are those of the category pairs above the diagonal, row by row
    (one triangle), `counts` (B, K) the pairable ratings of each category.
    """
    rank = counts.cumsum(1) - counts / 2
    first, second = np.triu_indices(counts.shape[1], 1)
    observed = 2 * np.einsum("bp,bp->b", coincidences, (rank[:, first] - rank[:, second]) ** 2)
    n = counts.sum(1)
    expected = 2 * (n * (counts * rank**2).sum(1) - (counts * rank).sum(1) ** 2)
    return _alpha(observed, expected, n)


def _alpha(observed: Floats, expected: Floats, n: Floats) -> Floats:
    """1 - D_o / D_e, where D_e draws two ratings without replacement."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > TINY * n * n, 1 - (n - 1) * observed / expected, np.nan)
