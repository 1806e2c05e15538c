"""All pairs of groups at once: the p of the largest gap and simultaneous intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np

from mhx.stats.distributions import log_arrangements, range_quantile, range_tail
from mhx.stats.estimate import SAME, Estimate
from mhx.stats.pairs import is_paired, paired_errors, welch_df
from mhx.stats.resample import Floats, Seed
from mhx.stats.sample import Sample
from mhx.stats.signflip import all_differences, cluster_sums, flip_test

MOST_GROUPS = 500  # of which all pairs are compared


@dataclass(frozen=True)
class Calibration:
    """All pairs' gaps and standard errors with the p of the largest, and how it was found."""

    gaps: Floats
    errors: Floats
    df: Floats
    p: float | None
    critical: Floats
    method: str
    by_pair: dict[tuple[int, int], float]
    pairs: list[tuple[int, int]]
    exact: bool = False


def calibrate(sample: Sample, estimates: list[Estimate], cov: Floats, joint: Floats | None, *,
              alpha: float, resamples: int, seed: Seed) -> Calibration | None:
    """Max-T sign-flip where all filled groups pair by unit, else the studentized range.

    None with fewer than two groups that have at least two clusters, and for more pairs than memory
    and patience hold.
    """
    filled = [g for g in range(sample.size) if estimates[g].clusters >= 2]
    if len(filled) < 2 or len(filled) > MOST_GROUPS:
        return None
    pairs = [(a, b) for i, a in enumerate(filled) for b in filled[i + 1:]]
    if all(is_paired(sample, a, b) for a, b in pairs):
        return _by_flips(sample, filled, alpha=alpha, resamples=resamples, seed=seed)
    return _by_range(estimates, cov, joint, pairs, alpha=alpha)


def _by_flips(sample: Sample, filled: list[int], *, alpha: float, resamples: int,
              seed: Seed) -> Calibration:
    assert sample.grid is not None and sample.grid_cluster is not None
    differences, place = all_differences(sample.grid[:, filled])
    top, bottom = cluster_sums(differences, sample.grid_cluster)
    test = flip_test(top, bottom, alpha=alpha, flips=resamples, seed=seed, simultaneous=True)
    means, errors, clusters = paired_errors(top, bottom)
    pairs = [(filled[int(a)], filled[int(b)]) for a, b in place]
    by_pair = {pair: float(p) for pair, p in zip(pairs, test.p, strict=True)}
    how = "max-T sign-flip over units" + (", exact" if test.exact else "")
    return Calibration(means, errors, clusters - 1, test.p_largest,
                       np.full(len(pairs), test.critical), how, by_pair, pairs, test.exact)


def _by_range(estimates: list[Estimate], cov: Floats, joint: Floats | None,
              pairs: list[tuple[int, int]], *, alpha: float) -> Calibration:
    """Games & Howell (1976): the studentized range with each pair's own error and df."""
    gaps, errors, df = (np.empty(len(pairs)) for _ in range(3))
    for k, (a, b) in enumerate(pairs):
        gaps[k] = estimates[a].value - estimates[b].value
        errors[k] = sqrt(max(cov[a, a] + cov[b, b] - 2 * cov[a, b], 0.0))
        df[k] = welch_df((estimates[a], estimates[b]),
                         None if joint is None else float(joint[a, b]))
    how = "studentized range (Games-Howell)"
    least = SAME * (estimates[0].reach or 1.0)
    if (errors <= least).any():
        errors, df = _pooled(estimates, cov, pairs)
        how = "studentized range (Tukey-Kramer: a group is constant)"
        if (errors <= least).any():
            return Calibration(gaps, errors, df, _constant_p(estimates, gaps, pairs),
                               np.full(len(pairs), np.nan),
                               "permutation of constant groups, Bonferroni", {}, pairs)
    groups = len({group for pair in pairs for group in pair})
    k = int(np.argmax(abs(gaps) / errors))
    p = range_tail(sqrt(2) * abs(gaps[k]) / errors[k], groups, float(df[k]))
    return Calibration(gaps, errors, df, p, _criticals(1 - alpha, groups, df), how, {}, pairs)


def _criticals(level: float, groups: int, df: Floats) -> Floats:
    """Quantiles of the studentized range over root 2 for each pair's df; between three nodes in
    1 / df by chords, which lie above the convex curve."""
    inverse = 1 / np.minimum(df, 1e9)
    nodes = np.unique([inverse.min(), (inverse.min() + inverse.max()) / 2, inverse.max()])
    out: Floats = np.interp(inverse, nodes, [
        range_quantile(level, groups, 1 / float(node)) for node in nodes]) / sqrt(2)
    return out


def _constant_p(estimates: list[Estimate], gaps: Floats, pairs: list[tuple[int, int]]) -> float:
    """p where every group is constant: 2 / (ways to split the two groups' clusters) x pairs."""
    k = int(np.argmax(abs(gaps)))
    ways = log_arrangements(*(estimates[group].clusters for group in pairs[k]))
    return min(1.0, len(pairs) * exp(log(2) - ways)) if gaps[k] else 1.0


def _pooled(estimates: list[Estimate], cov: Floats,
            pairs: list[tuple[int, int]]) -> tuple[Floats, Floats]:
    """Errors and df of the pairs from one variance for all groups (Kramer 1956)."""
    filled = sorted({group for pair in pairs for group in pair})
    clusters = {g: estimates[g].clusters for g in filled}
    df = sum(clusters[g] - 1 for g in filled)
    spread = sum((clusters[g] - 1) * cov[g, g] * clusters[g] for g in filled) / df
    errors = np.sqrt([spread * (1 / clusters[a] + 1 / clusters[b]) for a, b in pairs])
    return errors, np.full(len(pairs), float(df))
