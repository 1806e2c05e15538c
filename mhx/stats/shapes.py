"""The shape of paired differences, small enough for a report: a histogram around zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from mhx.stats.pairs import Gap
from mhx.stats.resample import Floats, Ints

MOST = 25  # bars; more distinct differences than that are binned
TIE = 1e-9  # differences closer to zero than this are ties


def difference_shape(gap: Gap) -> dict[str, Any] | None:
    """Plain data on the paired differences (group minus reference, raw points) of a gap.

    `n` pairs with their `mean`, `median`, `sd` (None for one pair) and 5 % and 95 % quantiles
    `low`, `high`; the shares `below`, `zero` and `above` zero; and a histogram: `counts` at
    `values`. `width` is 0 where values are the differences themselves (up to 25 distinct ones),
    else the width of the bins, one of which is centered on zero.

    None for an unpaired gap, or one without a pair: there are no differences.
    """
    if gap.pairs is None or not len(gap.group):
        return None
    found = gap.group - gap.reference
    found = np.where(np.abs(found) < TIE, 0.0, found)
    values, counts, width = _histogram(found)
    low, median, high = np.quantile(found, (0.05, 0.5, 0.95))
    return {
        "n": len(found), "mean": float(found.mean()), "median": float(median),
        "sd": float(found.std(ddof=1)) if len(found) > 1 else None,
        "low": float(low), "high": float(high), "below": float((found < 0).mean()),
        "zero": float((found == 0).mean()), "above": float((found > 0).mean()), "width": width,
        "values": [float(value) for value in values], "counts": [int(count) for count in counts],
    }


def _histogram(found: Floats) -> tuple[Floats, Ints, float]:
    """Values, counts and width. Means of thirds differ in the last bits, hence the rounding."""
    values, counts = np.unique(np.round(found, 9), return_counts=True)
    if len(values) <= MOST:
        return values, counts.astype(np.int64), 0.0
    width = 2 * float(np.abs(found).max()) / (MOST - 2)
    first = int(np.floor(found.min() / width + 0.5))
    counts = np.bincount(np.floor(found / width + 0.5).astype(int) - first)
    centers: Floats = width * np.arange(first, first + len(counts), dtype=np.float64)
    return centers, counts.astype(np.int64), width
