"""The one resampling engine: seeded, chunked, on sufficient statistics, never on rows.

A statistic that is a ratio of sums over clusters (a mean, a gap of paired scores) needs only the
clusters' sums. A resample is then a vector of weights and all resamples are one matrix product,
weights x sums, done in chunks. Clusters with equal sums are merged first: a thousand rows scored
0, 1 or 2 are three distinct rows with counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mhx.stats.distributions import normal_cdf, t_quantile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Seed = int | Sequence[int]

EXACT_ROWS = 256  # up to here the weights are multinomial
MERGE_COLUMNS = 4  # rows of more columns are hardly ever equal
MERGE_GAIN = 64  # a multinomial weight costs as much as some 50 Poisson ones
GRID = 256  # continuous sums are merged on a grid of 1/256 of their range ...
GRID_LOSS = 1e-3  # ... if that leaves their variance as it was
CACHED = 1 << 18  # weights at once for few columns: they stay in the cache and in one thread
CHUNK = 1 << 22  # ... for many: fewer, larger products, which suffer less where cores are shared
EXACT_FLIPS = 12  # clusters up to which all 2**n sign vectors are enumerated


def bootstrap_sums(stats: Floats, *, resamples: int, seed: Seed,
                   strata: Ints | None = None) -> Floats:
    """Column sums of `resamples` cluster bootstraps.

    `stats` is (clusters, K): what each cluster adds to each of K sums. Returns (strata,
    resamples, K): each stratum (codes 0..S-1; one by default) is resampled on its own, with
    replacement, to its own size. Weights are multinomial for up to 256 rows, or many rows with
    few distinct values; else independent Poisson(1) counts (Hanley & MacGibbon 2006; Chamandy et
    al. 2012), the same to order 1/clusters for ratios. Depends on the seed and the rows' order; the
    machine's cores change the rounding only (1e-8: sums are in single precision).
    """
    if strata is None:
        return _one_stratum(stats, resamples, _words(seed))[None]
    blocks = [stats[strata == code] for code in range(int(strata.max(initial=-1)) + 1)]
    return np.stack([_one_stratum(block, resamples, [*_words(seed), code])
                     for code, block in enumerate(blocks)])


def bootstrap_ratios(numerator: Floats, denominator: Floats, *, resamples: int, seed: Seed,
                     strata: Ints | None = None) -> Floats:
    """Bootstrap draws of K ratios of sums, (strata, resamples, K); nan where a sum is empty.

    `numerator` and `denominator` are (clusters, K). Numerators are centered on the ratio first,
    so that single precision is enough.
    """
    codes = np.zeros(len(numerator), dtype=np.int64) if strata is None else strata
    out = []
    for code in range(int(codes.max(initial=0)) + 1):
        top, bottom = numerator[codes == code], denominator[codes == code]
        with np.errstate(invalid="ignore", divide="ignore"):
            center = top.sum(0) / bottom.sum(0)
            stats = np.hstack([top - np.nan_to_num(center) * bottom, bottom])
            words = _words(seed) if strata is None else [*_words(seed), code]
            sums = bootstrap_sums(stats, resamples=resamples, seed=words)[0]
            out.append(center + sums[:, : top.shape[1]] / sums[:, top.shape[1]:])
    return np.stack(out)


def flip_sums(values: Floats, *, flips: int, seed: Seed) -> tuple[Floats, bool]:
    """Column sums of `values` (clusters, K) under random signs, one sign a cluster.

    Returns ((flips, K), exact): with up to 12 clusters all 2**clusters sign vectors are
    enumerated and `exact` is true.
    """
    clusters = len(values)
    total = values.sum(0)
    if clusters <= EXACT_FLIPS:
        bits = (np.arange(2**clusters)[:, None] >> np.arange(clusters)) & 1
        return 2.0 * (bits @ values) - total, True
    out = np.empty((flips, values.shape[1]))
    single = values.astype(np.float32)
    rng = np.random.Generator(np.random.SFC64([*_words(seed), 7]))
    step = _step(*values.shape)
    for start in range(0, flips, step):
        rows = min(step, flips - start)
        raw = rng.bit_generator.random_raw(rows * (-(-clusters // 64)))
        signs = np.unpackbits(raw.view(np.uint8)).reshape(rows, -1)[:, :clusters]
        out[start : start + rows] = signs.astype(np.float32) @ single
    return 2.0 * out - total, False


def percentile_interval(draws: Floats, *, tail: float, df: float, inflate: float) -> Floats:
    """(2, K) lower and upper limits of bootstrap draws (resamples, K), `tail` left out each side.

    The expanded percentile interval (Hesterberg 2015, The American Statistician 69:371-386,
    section 4.5.2): the percentiles of a t interval whose standard error is `inflate` times the
    bootstrap's, since plain percentiles are too narrow in small samples.
    """
    level = normal_cdf(inflate * t_quantile(tail, df))
    quantile = np.nanquantile if np.isnan(draws).any() else np.quantile
    limits: Floats = quantile(draws, [level, 1 - level], axis=0)
    return limits


def _step(rows: int, columns: int) -> int:
    return max(1, (CACHED if columns <= MERGE_COLUMNS else CHUNK) // rows)


def _words(seed: Seed) -> list[int]:
    return [seed] if isinstance(seed, int) else list(seed)


def _one_stratum(stats: Floats, resamples: int, words: list[int]) -> Floats:
    out = np.zeros((resamples, stats.shape[1]))
    if not len(stats):
        return out
    rows, count = _merged(stats)
    rng = np.random.Generator(np.random.SFC64(words))
    single = rows.astype(np.float32)
    step = _step(*rows.shape)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        if count is None:
            out[start : start + size] = _poisson(rng, (size, len(rows))) @ single
        else:
            out[start : start + size] = _multinomial(rng, count, size) @ rows
    return out


def _multinomial(rng: np.random.Generator, count: Ints, size: int) -> Ints:
    """(size, rows) weights; rows that stand for one cluster each are drawn, which is faster."""
    clusters, rows = int(count.sum()), len(count)
    if clusters > rows:
        return rng.multinomial(clusters, count / clusters, size)
    drawn = rng.integers(0, rows, (size, rows)) + rows * np.arange(size)[:, None]
    return np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows)


def _merged(stats: Floats) -> tuple[Floats, Ints | None]:
    """Rows to draw from and their multiplicities; None where Poisson weights are the way."""
    if len(stats) <= EXACT_ROWS:
        return stats, np.ones(len(stats), dtype=np.int64)
    if stats.shape[1] > MERGE_COLUMNS:
        return stats, None
    rows, count = np.unique(stats, axis=0, return_counts=True)
    if len(rows) * MERGE_GAIN > len(stats):
        step = np.where(np.ptp(stats, axis=0) > 0, np.ptp(stats, axis=0) / GRID, 1.0)
        rounded = np.round(stats / step) * step
        before, after = stats.var(0), rounded.var(0)
        if bool((abs(after - before) > GRID_LOSS * before).any()):
            return stats, None
        rows, count = np.unique(rounded, axis=0, return_counts=True)
        rows = rows + (stats - rounded).mean(0)  # rounding may move a heap of equal scores one way
    return (rows, count) if len(rows) * MERGE_GAIN <= len(stats) else (stats, None)


@cache
def _poisson_table() -> NDArray[np.float32]:
    """Poisson(1) counts at the 65,536 midpoints of the unit interval (inverse distribution)."""
    terms = np.cumprod(np.concatenate([[1.0], 1.0 / np.arange(1, 10)])).cumsum() / np.e
    return np.searchsorted(terms, (np.arange(65536) + 0.5) / 65536).astype(np.float32)


def _poisson(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    size = shape[0] * shape[1]
    raw = rng.bit_generator.random_raw(-(-size // 4)).view(np.uint16)[:size]
    return _poisson_table().take(raw, mode="clip").reshape(shape)
