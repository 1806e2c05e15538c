"""Floors before parity: one-sided bounds of the groups' means and the worst group."""

from __future__ import annotations

from typing import Any

import numpy as np

from mhx.stats.distributions import share_lower_bound, share_upper_bound
from mhx.stats.estimate import Estimate
from mhx.stats.means import mean_limits
from mhx.stats.results import FloorVerdict, WorstGroup
from mhx.stats.sample import Sample


def one_sided(sample: Sample, group: int, estimate: Estimate,
              alpha: float) -> tuple[float | None, float | None, str]:
    """Lower and upper one-sided 1 - alpha bounds of a group's mean, and how they were found.

    Exact (Clopper-Pearson) for independent 0/1 scores. A group without spread is bounded by what
    its clusters allow: all 20 of 20 at the top leave room for 14 % misses.
    """
    scores = sample.of(group)
    hits, n = int(scores.sum()), len(scores)
    yes_no = sample.lowest >= 0 and sample.highest <= 1 and bool(np.isin(scores, (0.0, 1.0)).all())
    if n and yes_no and estimate.clusters == n:
        return share_lower_bound(hits, n, alpha), share_upper_bound(hits, n, alpha), "exact"
    limits = mean_limits(sample, estimate, alpha)
    if limits is None:
        return None, None, "too few units"
    how = "exact" if estimate.constant else "bootstrap" if estimate.resampled else "t"
    return limits[0], limits[1], how


def worst_group(sample: Sample, estimates: list[Estimate], *, floor: float | None, alpha: float,
                where: dict[str, Any], lower: bool = False) -> WorstGroup | None:
    """The worst group and the verdict on the floor over all groups; None without scores.

    Where less is better (`lower`) the worst group is the highest, bounds are upper ones and the
    floor is the most a mean may be. "Met" claims something of every group, so no correction for
    many groups is due (an intersection-union test, Berger 1982).
    """
    filled = [group for group in range(sample.size) if sample.n[group]]
    if not filled:
        return None
    labels, sign = sample.layout.labels, -1.0 if lower else 1.0
    bounds = {group: _turned(one_sided(sample, group, estimates[group], alpha), lower)
              for group in filled}
    worst = min(filled, key=lambda group: (sign * estimates[group].value, labels[group]))
    unknown = [group for group in filled if bounds[group][0] is None]
    weakest = unknown[0] if unknown else min(filled, key=lambda group: bounds[group][0])  # type: ignore[arg-type,return-value]
    verdict: FloorVerdict = "no floor given"
    if floor is not None:
        lows = [bounds[group][0] for group in filled]
        highs = [bounds[group][1] for group in filled]
        missed = any(high is not None and high < sign * floor for high in highs)
        met = all(low is not None and low >= sign * floor for low in lows)
        verdict = "missed" if missed else "met" if met else "not shown"
    return WorstGroup(
        **where, group=labels[worst], mean=estimates[worst].value,
        n=int(sample.n[worst]), bound=_times(bounds[worst][0], sign), weakest=labels[weakest],
        weakest_bound=_times(bounds[weakest][0], sign), floor=floor, verdict=verdict,
        method=bounds[worst][2],
    )


def _turned(bound: tuple[float | None, float | None, str],
            lower: bool) -> tuple[float | None, float | None, str]:
    """The bounds of the negative mean, so that the worst is always the lowest."""
    low, high, how = bound
    return (_times(high, -1.0), _times(low, -1.0), how) if lower else bound


def _times(value: float | None, sign: float) -> float | None:
    return None if value is None else sign * value
