"""The largest gap between groups, calibrated for having been picked among all pairs."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from mhx.stats.columns import Margin
from mhx.stats.distributions import range_quantile, range_tail, t_cdf
from mhx.stats.estimate import Estimate
from mhx.stats.pairs import is_paired, paired_errors
from mhx.stats.resample import Floats, Seed
from mhx.stats.results import LargestGap, Verdict, number
from mhx.stats.sample import Sample
from mhx.stats.signflip import all_differences, cluster_sums, flip_test


@dataclass(frozen=True)
class Calibration:
    """All pairs' gaps and standard errors with the p of the largest, and how it was found."""

    gaps: Floats
    errors: Floats
    df: Floats
    p: float | None
    critical: float
    method: str
    by_pair: dict[tuple[int, int], float]
    exact: bool = False


def calibrate(sample: Sample, estimates: list[Estimate], cov: Floats, *, alpha: float,
              resamples: int, seed: Seed) -> Calibration | None:
    """Max-T sign-flip where all filled groups pair by unit, else the studentized range.

    None with fewer than two groups that have at least two clusters.
    """
    filled = [g for g in range(sample.size) if estimates[g].clusters >= 2]
    if len(filled) < 2:
        return None
    pairs = [(a, b) for i, a in enumerate(filled) for b in filled[i + 1:]]
    if all(is_paired(sample, a, b) for a, b in pairs):
        return _by_flips(sample, filled, alpha=alpha, resamples=resamples, seed=seed)
    return _by_range(estimates, cov, pairs, alpha=alpha)


def _by_flips(sample: Sample, filled: list[int], *, alpha: float, resamples: int,
              seed: Seed) -> Calibration:
    assert sample.grid is not None and sample.grid_cluster is not None
    differences, place = all_differences(sample.grid[:, filled])
    top, bottom = cluster_sums(differences, sample.grid_cluster)
    test = flip_test(top, bottom, alpha=alpha, flips=resamples, seed=seed, simultaneous=True)
    means, errors, clusters = paired_errors(top, bottom)
    pairs = {(filled[a], filled[b]): float(p) for (a, b), p in zip(place, test.p, strict=True)}
    how = "max-T sign-flip over units" + (", exact" if test.exact else "")
    return Calibration(means, errors, clusters - 1, test.p_largest, test.critical, how, pairs,
                       test.exact)


def _by_range(estimates: list[Estimate], cov: Floats, pairs: list[tuple[int, int]], *,
              alpha: float) -> Calibration:
    """Games & Howell (1976): the studentized range with each pair's own error and df."""
    gaps, errors, df = (np.empty(len(pairs)) for _ in range(3))
    for k, (a, b) in enumerate(pairs):
        gaps[k] = estimates[a].value - estimates[b].value
        errors[k] = sqrt(max(cov[a, a] + cov[b, b] - 2 * cov[a, b], 0.0))
        bottom = cov[a, a] ** 2 / estimates[a].df + cov[b, b] ** 2 / estimates[b].df
        df[k] = (cov[a, a] + cov[b, b]) ** 2 / bottom if bottom > 0 else np.inf
    how = "studentized range (Games-Howell)"
    if (errors <= 1e-12).any():
        return Calibration(gaps, errors, df, None, float("nan"), how + ": a group is constant", {})
    groups = len({group for pair in pairs for group in pair})
    k = int(np.argmax(abs(gaps) / errors))
    p = range_tail(sqrt(2) * abs(gaps[k]) / errors[k], groups, float(df[k]))
    critical = range_quantile(1 - alpha, groups, float(df[k])) / sqrt(2)
    return Calibration(gaps, errors, df, p, critical, how, {})


def largest_gap(sample: Sample, estimates: list[Estimate], draws: Floats | None,
                found: Calibration | None, *, margin: Margin | None, alpha: float, floored: bool,
                where: dict[str, Any]) -> LargestGap | None:
    """The record of the largest gap; None with fewer than two scored groups.

    `p_bootstrap` is a check: how often centered bootstrap means spread as far. Equivalence of
    the range: every pair passes TOST (an intersection-union test, so no correction is due).
    """
    filled = [g for g in range(sample.size) if sample.n[g]]
    if len(filled) < 2:
        return None
    means = np.array([estimates[g].value for g in filled])
    gap, labels = float(np.ptp(means)), sample.layout.labels
    low = high = p = check = tost = None
    if found is not None and not floored:
        half = found.critical * found.errors
        low = number(max(0.0, float((abs(found.gaps) - half).max())))
        high = number((abs(found.gaps) + half).max())
        p = number(found.p)
        if draws is not None:
            centered = draws[:, filled] - means
            check = float((1 + (np.ptp(centered, axis=1) >= gap).sum()) / (1 + len(draws)))
        if margin is not None:
            tost = _range_tost(found, _points(margin, sample))
    if not np.isfinite(found.critical if found is not None else np.nan):
        low = high = None
    return LargestGap(
        **where, highest=labels[filled[int(means.argmax())]],
        lowest=labels[filled[int(means.argmin())]], gap=gap, low=low, high=high, p=p,
        p_bootstrap=check, tost_p=tost, verdict=decide(p, tost, alpha, floored),
        method=found.method if found is not None else "too few units",
    )


def decide(p: float | None, tost_p: float | None, alpha: float, floored: bool) -> Verdict:
    """The verdict of a difference test and an equivalence test."""
    if floored:
        return "inconclusive: floor"
    different = p is not None and p < alpha
    equivalent = tost_p is not None and tost_p < alpha
    if different:
        return "trivial" if equivalent else "different"
    return "equivalent" if equivalent else "inconclusive"


def _points(margin: Margin, sample: Sample) -> float | None:
    if margin.unit == "raw":
        return margin.value
    home = sample.of(sample.layout.reference)
    return margin.value * float(home.std(ddof=1)) if margin.unit == "sd" and len(home) > 1 else None


def _range_tost(found: Calibration, points: float | None) -> float | None:
    if points is None or (found.errors <= 1e-12).any():
        return None
    return max(t_cdf(-(points - abs(gap)) / error, df) for gap, error, df in
               zip(found.gaps, found.errors, found.df, strict=True))
