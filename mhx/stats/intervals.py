"""Intervals of coefficients that are functions of sums over items."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np

from mhx.stats.distributions import (
    normal_cdf,
    normal_quantile,
    share_lower_bound,
    share_upper_bound,
    t_quantile,
)
from mhx.stats.estimate import small_sample
from mhx.stats.resample import Floats, Ints, bootstrap_sums
from mhx.stats.statistic import Statistic

TINY = 1e-12
MOST_LEFT_OUT = 2000  # with more items a coefficient's skewness no longer moves its interval
WHOLE = {"percent_agreement": 100.0, "within_one": 1.0}  # shares of items, and what all of it is
BEYOND_CHANCE = ("ac1", "ac2")
# With fewer items no interval covers: with skewed margins that of a kappa of 10 items .75 of .95.
LEAST_ITEMS, MOST_LEAST = {"bias": 2, "ac1": 10, "ac2": 10}, 20


class Sums(NamedTuple):
    """Column sums over clusters: of all (1, K), of resamples (B, K), without each one in turn
    (clusters, K; no row for very many)."""

    total: Floats
    drawn: Floats
    left_out: Floats


def resampled(blocks: Iterable[Floats], cluster: Ints, *, resamples: int, seed: int) -> Sums:
    """The sums of blocks of columns over the same rows, side by side.

    What is resampled, and left out, are the clusters 0..n-1 of rows. One seed gives one set of
    weights (for blocks of five columns or more), so that the blocks are resampled together
    although only one is in memory at a time.
    """
    parts = []
    order = np.argsort(cluster, kind="stable")
    starts = np.searchsorted(cluster[order], np.arange(cluster.max(initial=-1) + 1))
    for rows in blocks:
        block = rows if len(starts) == len(rows) else np.add.reduceat(rows[order], starts, axis=0)
        total = block.sum(0)[None]
        left = total - block if len(block) <= MOST_LEFT_OUT else np.empty((0, block.shape[1]))
        parts.append((total, bootstrap_sums(block, resamples=resamples, seed=seed)[0], left))
    return Sums(*(np.hstack(part) for part in zip(*parts, strict=True)))


def statistic(name: str, value: float, draws: Floats, left_out: Floats, *, alpha: float,
              items: int, why: str, clustered: bool = False) -> Statistic:
    """A value and its 1 - alpha interval; `why` is the reason where the value is undefined.

    `draws` are bootstrap values, `left_out` those without each item (jackknife); `items` are
    what is resampled, `clustered` where these are several rows each. The interval is exact for a
    share of items that are not clustered (Clopper & Pearson 1934), by t for a mean difference,
    and for AC1 and AC2 by t on the scale log(1 - value), on which their few heavy disagreements
    weigh less; else an expanded BCa bootstrap interval. Plain percentiles cover less in each of
    these cases (simulated at 8 to 40 items).
    """
    if not np.isfinite(value):
        return Statistic(value=None, low=None, high=None, reason=why)
    value, known = float(value), draws[np.isfinite(draws)]
    undefined = 1 - len(known) / max(len(draws), 1)
    whole = WHOLE.get(name)
    limits: tuple[float, float] | None = None
    reason = ""
    if whole is not None and items and not clustered:
        hits = round(value / whole * items)
        limits = (whole * share_lower_bound(hits, items, alpha / 2),
                  whole * share_upper_bound(hits, items, alpha / 2))
    elif items < LEAST_ITEMS.get(name, MOST_LEAST):
        reason = f"{items} items: an interval needs {LEAST_ITEMS.get(name, MOST_LEAST)}"
    elif not len(draws):
        reason = "too many items times categories to resample"
    elif not len(known) or np.ptp(known) <= TINY * max(1.0, abs(value)):
        reason = "the same in every resample: no interval"
    elif name == "bias":
        limits = _by_t(value, left_out, known, alpha, items)
    elif name in BEYOND_CHANCE and len(left_out) and max(value, *left_out) < 1 - TINY:
        low, high = _by_t(log(1 - value), np.log(1 - left_out), known, alpha, items)
        limits = 1 - exp(high), 1 - exp(low)
    else:
        limits = bca_interval(value, known, left_out, alpha=alpha, items=items)
    low_high: tuple[float | None, float | None] = limits or (None, None)
    return Statistic(value=value, low=low_high[0], high=low_high[1], undefined=undefined,
                     reason=reason)


def bca_interval(value: float, draws: Floats, left_out: Floats, *, alpha: float,
                 items: int) -> tuple[float, float]:
    """Bias-corrected and accelerated limits (Efron 1987), expanded for few items (Hesterberg
    2015): the normal quantiles are those of t times the unbiased over the plug-in SE."""
    below = (np.mean(draws < value - TINY) + np.mean(draws <= value + TINY)) / 2
    room = 1 / (2 * len(draws))
    bias = normal_quantile(float(np.clip(below, room, 1 - room)))
    pull = left_out.mean() - left_out[np.isfinite(left_out)] if len(left_out) else left_out
    spread = float((pull**2).sum())
    skew = float((pull**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0
    step = -small_sample(items) * t_quantile(alpha / 2, items - 1)
    levels = [normal_cdf(bias + (bias + z) / max(1 - skew * (bias + z), TINY))
              for z in (-step, step)]
    low, high = np.quantile(draws, levels)
    return float(low), float(high)


def _by_t(value: float, left_out: Floats, draws: Floats, alpha: float,
          items: int) -> tuple[float, float]:
    used = left_out[np.isfinite(left_out)]
    se = (sqrt((items - 1) / items * float(((used - used.mean()) ** 2).sum())) if len(used)
          else small_sample(items) * float(draws.std()))
    half = -t_quantile(alpha / 2, items - 1) * se
    return value - half, value + half
