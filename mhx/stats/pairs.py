"""A group against the reference: which scores pair, and the estimate of their gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np

from mhx.stats.distributions import log_arrangements, two_sided
from mhx.stats.estimate import Estimate, small_sample
from mhx.stats.layout import MOSTLY
from mhx.stats.resample import Floats, Seed, bootstrap_ratios
from mhx.stats.sample import Sample
from mhx.stats.signflip import cluster_sums

FLOOR_SHARE = 0.95  # share of both groups' scores at one end of the scale that hides any gap


@dataclass(frozen=True)
class Gap:
    """A gap with the scores it compares (`group`, `reference`); `pairs` is None if unpaired."""

    estimate: Estimate
    group: Floats
    reference: Floats
    pairs: int | None = None


def is_paired(sample: Sample, group: int, reference: int) -> bool:
    """Whether at least half of the smaller group's units (and two) occur in both groups."""
    if sample.grid is None:
        return False
    first, second = np.isfinite(sample.grid[:, group]), np.isfinite(sample.grid[:, reference])
    shared = int((first & second).sum())
    return shared >= max(2, MOSTLY * min(int(first.sum()), int(second.sum())))


def paired_estimates(differences: Floats, top: Floats, bottom: Floats, *, reach: float,
                     resamples: int, seed: Seed) -> list[Estimate]:
    """Estimates of K mean paired differences from their cluster sums and counts.

    All K share the resampled clusters. The standard error is cluster-robust; with one unit a
    cluster it is that of the paired t test.
    """
    draws = bootstrap_ratios(top, bottom, resamples=resamples, seed=seed)[0]
    means, errors, clusters = paired_errors(top, bottom)
    return [
        Estimate(float(means[k]), float(errors[k]), float(clusters[k] - 1), int(clusters[k]),
                 reach + abs(float(means[k])), small_sample(clusters[k]), draws[:, k])
        for k in range(differences.shape[1])
    ]


def paired_errors(top: Floats, bottom: Floats) -> tuple[Floats, Floats, Floats]:
    """Means, standard errors and cluster counts of K paired differences."""
    total, clusters = bottom.sum(0), (bottom > 0).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = top.sum(0) / total
        spread = ((top - means * bottom) ** 2).sum(0) / total**2
        errors = np.sqrt(spread * clusters / (clusters - 1))
    return means, errors, clusters.astype(float)


def paired_gaps(sample: Sample, groups: Sequence[int], *, resamples: int,
                seed: Seed) -> dict[int, Gap]:
    """Gaps of the paired groups against the reference, over the units both have."""
    if not groups or sample.grid is None or sample.grid_cluster is None:
        return {}
    home = sample.grid[:, sample.layout.reference]
    columns = list(groups)
    differences = sample.grid[:, columns] - home[:, None]
    top, bottom = cluster_sums(differences, sample.grid_cluster)
    estimates = paired_estimates(differences, top, bottom, reach=sample.highest - sample.lowest,
                                 resamples=resamples, seed=seed)
    out = {}
    for k, group in enumerate(columns):
        both = np.isfinite(differences[:, k])
        out[group] = Gap(estimates[k], sample.grid[both, group], home[both], int(both.sum()))
    return out


def unpaired_gap(sample: Sample, group: int, cov: Floats, means: Sequence[Estimate],
                 joint: Floats | None) -> Gap:
    """Gap of two groups' means; the covariance of shared clusters is kept.

    Degrees of freedom: see `welch_df`. The draws are the difference of the groups' own. `joint`
    is that of `joint_df`.
    """
    home = sample.layout.reference
    one, two = means[group], means[home]
    v_one, v_two = one.se**2, two.se**2
    variance = max(cov[group, group] + cov[home, home] - 2 * cov[group, home], 0.0)
    df = welch_df((one, two), None if joint is None else float(joint[group, home]))
    plug = v_one / small_sample(one.clusters) ** 2 + v_two / small_sample(two.clusters) ** 2
    enough = min(one.clusters, two.clusters)
    draws = None if one.draws is None or two.draws is None else one.draws - two.draws
    estimate = Estimate(
        one.value - two.value, sqrt(variance) if np.isfinite(variance) else float("nan"), df,
        enough, one.reach, sqrt((v_one + v_two) / plug) if plug > 0 else 1.0, draws,
    )
    return Gap(estimate, sample.of(group), sample.of(home))


def welch_df(means: tuple[Estimate, Estimate], most: float | None) -> float:
    """Degrees of freedom of the difference of two groups' means: Welch (1947), from each group's
    clusters, but not above `most`, which clusters in both groups allow (see `joint_df`)."""
    one, two = means
    bottom = one.se**4 / max(one.df, 1e-9) + two.se**4 / max(two.df, 1e-9)
    df = (one.se**2 + two.se**2) ** 2 / bottom if bottom > 0 else one.df + two.df
    return df if most is None else min(df, most)


def unpaired_p(gap: Gap, clusters: tuple[int, int]) -> float | None:
    """Two-sided p of an unpaired gap (Welch's t).

    Two groups that are constant at different values have no spread for a t: p is then that of
    the permutation test, 2 / (ways to split the two groups' `clusters`).
    """
    estimate = gap.estimate
    if not estimate.known:
        return None
    if not estimate.constant:
        return two_sided(estimate.value / estimate.se, estimate.df)
    if estimate.value == 0:
        return 1.0
    return min(1.0, exp(log(2) - log_arrangements(*clusters)))


def at_floor(gap: Gap, lowest: float, highest: float) -> bool:
    """Whether the scores are constant, or 95 % of both groups sit at one end of the scale."""
    if not len(gap.group) or not len(gap.reference):
        return False
    both = np.concatenate([gap.group, gap.reference])
    if float(np.ptp(both)) == 0:
        return True
    return any(
        min(float((scores == end).mean()) for scores in (gap.group, gap.reference)) >= FLOOR_SHARE
        for end in (lowest, highest)
    )
