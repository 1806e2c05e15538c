"""The delete-one-cluster jackknife for gaps that are functions of sums: nothing is drawn.

An adjusted gap is a smooth function of sums over rows. Leaving one cluster out subtracts its
sums, so that all leave-one-out values are one call of the function on one array. For a mean it
is the standard error of the t test, for two independent groups that of Welch's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from mhx.stats.columns import compact
from mhx.stats.estimate import Estimate
from mhx.stats.resample import Floats, Ints

Statistic = Callable[[Floats], Floats]  # sums (..., strata, K) -> values (..., M)


def jackknife(sums: Floats, strata: Ints, clusters: Sequence[Ints], statistic: Statistic, *,
              reach: Sequence[float]) -> list[Estimate]:
    """Estimates of the M values of `statistic` (Efron & Stein 1981; Cameron & Miller 2015, CR3).

    `sums` (E, K) is what each element adds to its stratum's sums, `strata` (E,) are codes 0..S-1
    (the two groups, or one stratum of paired differences), `clusters` one code array a random
    factor (none: every element is its own). Variances: cluster by cluster inside each stratum
    where no cluster spans two, else jointly; with several factors after Cameron, Gelbach & Miller
    (2011). Degrees of freedom after Welch (1947) from the strata, at most joint clusters - 1.
    """
    factors = [compact(codes) for codes in clusters] or [np.arange(len(sums), dtype=np.int64)]
    size = int(strata.max(initial=0)) + 1
    total = _blocks(sums, np.zeros_like(strata), strata, 1, size)[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        values = statistic(total)
        apart = [_apart(sums, strata, codes, statistic, total) for codes in factors]
        variance = np.diag(covariance(sums, strata, clusters, statistic))
    df = np.min([_welch(parts, counts) for parts, counts in apart], axis=0)
    if len(factors) > 1 or not _independent(factors[0], strata):
        df = np.minimum(df, min(int(codes.max(initial=0)) for codes in factors))
    fewest = int(min(counts.min() for _, counts in apart))
    return [
        Estimate(float(values[k]), float(np.sqrt(variance[k])), float(df[k]), fewest, reach[k])
        for k in range(len(values))
    ]


def covariance(sums: Floats, strata: Ints, clusters: Sequence[Ints],
               statistic: Statistic) -> Floats:
    """Jackknife covariance matrix (M, M) of the values of `statistic`; see `jackknife`."""
    factors = [compact(codes) for codes in clusters] or [np.arange(len(sums), dtype=np.int64)]
    size = int(strata.max(initial=0)) + 1
    total = _blocks(sums, np.zeros_like(strata), strata, 1, size)[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        if len(factors) == 1 and _independent(factors[0], strata):
            parts, _ = _apart(sums, strata, factors[0], statistic, total)
            independent: Floats = parts.sum(0)
            return independent
        singles, out = [], np.zeros(())
        for many in range(1, len(factors) + 1):
            for chosen in combinations(factors, many):
                part = _joint(sums, strata, _crossed(chosen), statistic, total)
                out = out + (part if many % 2 else -part)
                singles += [np.diag(part)] if many == 1 else []
    matrix: Floats = out
    np.fill_diagonal(matrix, np.maximum(np.diag(matrix), np.max(singles, axis=0))
                     if len(singles) > 1 else np.diag(matrix))
    return matrix


def two_sided_p(estimate: Estimate) -> float | None:
    """p of "the true value is zero", the inversion of the estimate's limits; None if unknowable."""
    if not (estimate.known and np.isfinite(estimate.value)):
        return None
    return min(1.0, 2 * min(estimate.p_below(0.0), estimate.p_above(0.0)))


def _blocks(sums: Floats, codes: Ints, strata: Ints, many: int, size: int) -> Floats:
    """(clusters, strata, K) sums."""
    cell = codes * size + strata
    out = np.empty((many * size, sums.shape[1]))
    for k in range(sums.shape[1]):
        out[:, k] = np.bincount(cell, weights=sums[:, k], minlength=many * size)
    return out.reshape(many, size, sums.shape[1])


def _joint(sums: Floats, strata: Ints, codes: Ints, statistic: Statistic, total: Floats) -> Floats:
    many = int(codes.max(initial=-1)) + 1
    left = statistic(total - _blocks(sums, codes, strata, many, len(total)))
    return _spread(left)


def _apart(sums: Floats, strata: Ints, codes: Ints, statistic: Statistic,
           total: Floats) -> tuple[Floats, Ints]:
    """Each stratum's share of the covariance, (S, M, M), as if no cluster spanned two; counts."""
    parts, counts = [], []
    for stratum in range(len(total)):
        inside = strata == stratum
        own = compact(codes[inside])
        many = int(own.max(initial=-1)) + 1
        left = np.repeat(total[None], many, axis=0)
        left[:, stratum] -= _blocks(sums[inside], own, np.zeros_like(own), many, 1)[:, 0]
        parts.append(_spread(statistic(left)))
        counts.append(many)
    return np.stack(parts), np.array(counts)


def _spread(left: Floats) -> Floats:
    many = len(left)
    away = (left - left.mean(0)) * np.sqrt((many - 1) / many)
    out: Floats = away.T @ away
    return out


def _welch(parts: Floats, counts: Ints) -> Floats:
    shares = np.diagonal(parts, axis1=1, axis2=2)
    bottom = (shares**2 / np.maximum(counts - 1, 1)[:, None]).sum(0)
    df: Floats = np.where(bottom > 0, shares.sum(0) ** 2 / np.where(bottom > 0, bottom, 1.0),
                          float((counts - 1).sum()))
    return df


def _independent(codes: Ints, strata: Ints) -> bool:
    cells = len(np.unique(codes * (int(strata.max(initial=0)) + 1) + strata))
    return cells == len(np.unique(codes))


def _crossed(factors: Sequence[Ints]) -> Ints:
    out = factors[0]
    for codes in factors[1:]:
        out = compact(out * (int(codes.max(initial=0)) + 1) + codes)
    return out
