"""Gwet's AC1 and AC2 (Gwet 2008, 2014): agreement beyond chance that skewed margins leave alone.

Kappa's expected agreement nears 1 where almost all items are of one category; AC1 asks how often
raters would agree by guessing where an item is hard. AC2 is the same with weights.
"""

from __future__ import annotations

import numpy as np

from mhx.stats.categories import Categories
from mhx.stats.intervals import TINY
from mhx.stats.resample import Floats


def weights(categories: Categories, kind: str) -> Floats:
    """(K, K) agreement weights: ``identity``, or 1 - distance of the values over their range
    (``linear``), or 1 - its square (``quadratic``)."""
    if kind == "identity":
        return np.eye(len(categories.values))
    out: Floats = 1 - categories.distance ** (1 if kind == "linear" else 2)
    return out


def expected_agreement(shares: Floats, categories: Categories, kind: str) -> Floats:
    """Chance agreement of B rows of category shares (B, K); nan for a single category."""
    size = len(categories.values)
    if size < 2:
        return np.full(len(shares), np.nan)
    total = float(weights(categories, kind).sum())
    chance: Floats = total / (size * (size - 1)) * (shares * (1 - shares)).sum(1)
    return chance


def chance_corrected(observed: Floats, expected: Floats) -> Floats:
    """(observed - expected) / (1 - expected); nan where chance alone would always agree."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected < 1 - TINY, (observed - expected) / (1 - expected), np.nan)
