"""Group means: their covariance under clustering and their bootstrap draws."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import sqrt

import numpy as np

from mhx.stats.estimate import Estimate, small_sample
from mhx.stats.resample import Floats, Ints, Seed, bootstrap_ratios
from mhx.stats.sample import Sample


def group_means(sample: Sample) -> Floats:
    """Mean of the elements of each group, nan for an empty one."""
    start = float(sample.y.min(initial=np.inf))  # large scores that are all the same stay so
    total = np.bincount(sample.group, weights=sample.y - start, minlength=sample.size)
    count = np.bincount(sample.group, minlength=sample.size)
    with np.errstate(invalid="ignore"):
        means: Floats = start + total / count
    return means


def covariance(sample: Sample) -> Floats:
    """Covariance matrix of the group means, (groups, groups), from the clusters' influence.

    One random factor: the cluster-robust (sandwich) estimate with the factor C / (C - 1) of each
    group, which for rows of independent groups is s**2 / n. Several crossed factors: sums and
    differences over their combinations (Cameron, Gelbach & Miller 2011, eq. 2.14); no mean and no
    difference of two has less variance than the largest single factor gives it.
    """
    count, influence = _influence(sample)
    singles, total = [], np.zeros((sample.size, sample.size))
    for many in range(1, len(sample.clusters) + 1):
        for chosen in combinations(sample.clusters, many):
            part = _one_way(sample, influence, chosen)
            total += part if many % 2 else -part
            if many == 1:
                singles.append(part)
    if len(singles) > 1:
        total = _at_least(total, singles)
    total[:, count == 0] = np.nan
    total[count == 0] = np.nan
    return total


def joint_df(sample: Sample, cov: Floats) -> Floats | None:
    """Degrees of freedom (groups, groups) of the differences of means, as far as clusters are in
    both groups or random factors cross; None where no cluster spans two groups.

    After Satterthwaite (1946) from each factor's part of the variance, with one less than the
    clusters that the two groups have together.
    """
    if sample.independent:
        return None
    _, influence = _influence(sample)
    bottom = np.zeros_like(cov)
    for factor in sample.clusters:
        held = np.zeros((int(factor.max(initial=-1)) + 1, sample.size))
        held[factor, sample.group] = 1
        together = held.sum(0)[:, None] + held.sum(0) - held.T @ held
        part = _apart(_one_way(sample, influence, (factor,)))
        bottom += part**2 / np.maximum(together - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        out: Floats = np.where(bottom > 0, _apart(cov) ** 2 / bottom, np.inf)
    return out


def _influence(sample: Sample) -> tuple[Ints, Floats]:
    """Elements of each group, and what each element adds to its group's mean."""
    count = np.bincount(sample.group, minlength=sample.size)
    return count, (sample.y - group_means(sample)[sample.group]) / count[sample.group]


def _apart(matrix: Floats) -> Floats:
    """Variances of the differences of all pairs from a covariance matrix."""
    own = np.diag(matrix)
    out: Floats = own[:, None] + own - 2 * matrix
    return out


def _at_least(total: Floats, singles: Sequence[Floats]) -> Floats:
    """`total` with variances of means and of their differences not below those of `singles`."""
    own = np.max([np.diag(part) for part in [total, *singles]], axis=0)
    between = np.max([_apart(part) for part in [total, *singles]], axis=0)
    out: Floats = (own[:, None] + own - between) / 2
    return out


def _one_way(sample: Sample, influence: Floats, factors: tuple[np.ndarray, ...]) -> Floats:
    codes = np.zeros(len(influence), dtype=np.int64)
    for factor in factors:
        codes = np.unique(codes * (int(factor.max(initial=0)) + 1) + factor,
                          return_inverse=True)[1]
    size = sample.size
    cell, place = np.unique(codes * size + sample.group, return_inverse=True)
    sums = np.bincount(place, weights=influence)
    clusters = np.bincount(cell % size, minlength=size)
    scale = np.sqrt(clusters / np.maximum(clusters - 1, 1))
    sums = sums * scale[cell % size]
    if len(cell) == len(np.unique(cell // size)):  # independent groups: a diagonal
        out: Floats = np.diag(np.bincount(cell % size, weights=sums**2, minlength=size))
        return out
    matrix = np.zeros((int(codes.max()) + 1, size))
    matrix[cell // size, cell % size] = sums
    product: Floats = matrix.T @ matrix
    return product


def lent(sample: Sample, variances: Floats) -> Floats:
    """Squared errors of the means; a group without spread, or of one cluster, has the pooled
    variance of a cluster in place of its own zero."""
    count = sample.cluster_counts
    free = np.where(np.isfinite(variances), np.maximum(count - 1, 0), 0)
    if not free.sum():
        return variances
    pooled = float((free * count * np.nan_to_num(variances)).sum() / free.sum())
    return np.where(variances == 0, pooled / np.maximum(count, 1), variances)


def group_draws(sample: Sample, *, resamples: int, seed: Seed) -> Floats | None:
    """Bootstrap draws of the group means (resamples, groups); None with several random factors.

    Whole clusters are drawn: inside each group when no cluster spans two, else jointly.
    """
    if len(sample.clusters) > 1:
        return None
    size, codes = sample.size, sample.clusters[0]
    if not sample.independent:
        clusters = int(codes.max(initial=-1)) + 1
        cell = codes * size + sample.group
        top: Floats = np.zeros(clusters * size)
        top += np.bincount(cell, weights=sample.y, minlength=clusters * size)
        bottom = np.bincount(cell, minlength=clusters * size).astype(np.float64)
        joint: Floats = bootstrap_ratios(top.reshape(-1, size), bottom.reshape(-1, size),
                                         resamples=resamples, seed=seed)[0]
        return joint
    cell, place = np.unique(sample.group * (int(codes.max(initial=0)) + 1) + codes,
                            return_inverse=True)
    tops: Floats = np.bincount(place, weights=sample.y).astype(np.float64)
    bottoms = np.bincount(place).astype(np.float64)
    home = cell // (int(codes.max(initial=0)) + 1)
    draws = bootstrap_ratios(tops[:, None], bottoms[:, None], resamples=resamples, seed=seed,
                             strata=home)[:, :, 0].T
    out = np.full((resamples, size), np.nan)
    out[:, : draws.shape[1]] = draws
    return out


def group_estimates(sample: Sample, cov: Floats, draws: Floats | None) -> list[Estimate]:
    """One estimate a group."""
    means, clusters = group_means(sample), sample.cluster_counts
    return [
        Estimate(
            float(means[group]), sqrt(max(cov[group, group], 0.0)), float(clusters[group] - 1),
            int(clusters[group]), sample.highest - sample.lowest,
            small_sample(clusters[group]), None if draws is None else draws[:, group],
        )
        for group in range(sample.size)
    ]


def mean_limits(sample: Sample, estimate: Estimate, tail: float) -> tuple[float, float] | None:
    """Limits of a group's mean; those of a group without spread stay on the observed scale."""
    limits = estimate.limits(tail)
    if limits is None or not estimate.constant:
        return limits
    return max(limits[0], sample.lowest), min(limits[1], sample.highest)
