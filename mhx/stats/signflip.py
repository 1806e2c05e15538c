"""Sign-flip tests of paired differences: one p a pair, and max-T over all pairs of groups."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from mhx.stats.resample import Floats, Ints, Seed, flip_sums

TIE = 2e-5  # statistics closer than this are equal: sums are in single precision


@dataclass(frozen=True)
class FlipTest:
    """Two-sided p of each of K columns, p of the largest |t|, and whether all signs were tried.

    `critical` is the 1 - alpha quantile of the largest |t| when every true difference is zero:
    estimate +- critical * se are simultaneous intervals of all columns.
    """

    p: Floats
    p_largest: float
    exact: bool
    critical: float


def cluster_sums(differences: Floats, clusters: Ints) -> tuple[Floats, Floats]:
    """Sums and counts of paired differences (units, K; nan where not paired) by cluster."""
    present = np.isfinite(differences)
    filled = np.where(present, differences, 0.0)
    if len(np.unique(clusters)) == len(clusters):
        held = present.any(1)
        return filled[held], present[held].astype(float)
    size = int(clusters.max()) + 1
    top, bottom = np.zeros((size, filled.shape[1])), np.zeros((size, filled.shape[1]))
    np.add.at(top, clusters, filled)
    np.add.at(bottom, clusters, present.astype(float))
    held = bottom.any(1)
    return top[held], bottom[held]


def flip_test(top: Floats, bottom: Floats, *, alpha: float, flips: int, seed: Seed,
              simultaneous: bool = False) -> FlipTest:
    """The sign-flip (one-sample permutation) test on cluster sums `top` and counts `bottom`.

    Under the null the sign of a cluster's differences is arbitrary (Fisher 1935); the largest
    |t| over the columns, with one sign a cluster for all of them, keeps their dependence
    (Westfall & Young 1993). Each column is scaled by the root of its sum of squares, which no
    flip changes, so ordering by it is ordering by t. p is (1 + count) / (1 + flips), or exact.
    """
    statistic, flipped, exact = _scaled(top, flips, seed)
    count = (flipped >= statistic - TIE).sum(0)
    largest = int((flipped.max(1) >= statistic.max() - TIE).sum())
    extra = 0 if exact else 1
    p = (count + extra) / (len(flipped) + extra)
    critical = float("nan")
    if simultaneous:
        centered = top - bottom * (top.sum(0) / np.maximum(bottom.sum(0), 1.0))
        largest_centered = _scaled(centered, flips, seed)[1].max(1)
        critical = _as_t(float(np.quantile(largest_centered, 1 - alpha)), len(top))
    return FlipTest(p, (largest + extra) / (len(flipped) + extra), exact, critical)


def all_differences(grid: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Differences of all pairs of groups, (units, K), and the pairs (K, 2), first minus second."""
    first, second = np.triu_indices(grid.shape[1], k=1)
    return grid[:, first] - grid[:, second], np.stack([first, second], axis=1)


def _scaled(top: Floats, flips: int, seed: Seed) -> tuple[Floats, Floats, bool]:
    scale = np.sqrt((top**2).sum(0))
    scale = np.where(scale > 0, scale, 1.0)
    sums, exact = flip_sums(top / scale, flips=flips, seed=seed)
    return abs((top / scale).sum(0)), abs(sums), exact


def _as_t(scaled: float, clusters: int) -> float:
    """|sum| / root sum of squares as the t statistic whose spread is taken around the mean."""
    room = clusters - scaled**2
    return scaled * sqrt((clusters - 1) / room) if room > 0 else float("inf")
