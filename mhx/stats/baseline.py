"""The model's gap beside the baseline's, usually the humans': difference in differences."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np

from mhx.stats.distributions import two_sided
from mhx.stats.estimate import Estimate, small_sample
from mhx.stats.layout import MOSTLY
from mhx.stats.pairs import Gap, paired_errors
from mhx.stats.resample import Seed, bootstrap_ratios
from mhx.stats.results import Contrast, number
from mhx.stats.sample import Sample
from mhx.stats.signflip import cluster_sums


def beside_baseline(record: Contrast, own: Gap, base: Gap, *, samples: tuple[Sample, Sample],
                    groups: tuple[int, int], alpha: float, resamples: int,
                    seed: Seed) -> Contrast:
    """The contrast with the baseline's gap and the difference in differences.

    Where at least half of the units have all four scores the difference is taken unit by unit
    and bootstrapped over clusters; else the two gaps count as independent.
    """
    estimate = _paired_did(samples, groups, resamples, seed) or _free_did(own, base)
    limits = estimate.limits(alpha / 2)
    if limits is None:
        return replace(record, baseline_gap=number(base.estimate.value))
    p = None if estimate.constant else two_sided(estimate.value / estimate.se, estimate.df)
    return replace(record, baseline_gap=base.estimate.value, did=estimate.value,
                   did_low=limits[0], did_high=limits[1], did_p=p)


def _paired_did(samples: tuple[Sample, Sample], groups: tuple[int, int], resamples: int,
                seed: Seed) -> Estimate | None:
    own, base = samples
    if own.grid is None or base.grid is None or own.grid_unit is None or base.grid_unit is None:
        return None
    _, here, there = np.intersect1d(own.grid_unit, base.grid_unit, return_indices=True)
    first = own.grid[here, groups[0]] - own.grid[here, own.layout.reference]
    second = base.grid[there, groups[1]] - base.grid[there, base.layout.reference]
    differences = (first - second)[:, None]
    shared = int(np.isfinite(differences).sum())
    if own.grid_cluster is None or shared < max(2, MOSTLY * min(len(own.grid), len(base.grid))):
        return None
    top, bottom = cluster_sums(differences, own.grid_cluster[here])
    draws = bootstrap_ratios(top, bottom, resamples=resamples, seed=seed)[0][:, 0]
    means, errors, clusters = paired_errors(top, bottom)
    return Estimate(float(means[0]), float(errors[0]), float(clusters[0] - 1), int(clusters[0]),
                    2 * (own.highest - own.lowest), small_sample(clusters[0]), draws)


def _free_did(own: Gap, base: Gap) -> Estimate:
    one, two = own.estimate, base.estimate
    variance = one.se**2 + two.se**2
    bottom = one.se**4 / max(one.df, 1e-9) + two.se**4 / max(two.df, 1e-9)
    return Estimate(one.value - two.value, sqrt(variance) if variance >= 0 else float("nan"),
                    variance**2 / bottom if bottom > 0 else one.df + two.df,
                    min(one.clusters, two.clusters), one.reach + two.reach)
