"""The largest gap between groups: its record and the verdict on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from mhx.stats.calibration import MOST_GROUPS, Calibration
from mhx.stats.columns import Margin
from mhx.stats.distributions import t_cdf
from mhx.stats.estimate import Estimate
from mhx.stats.resample import Floats
from mhx.stats.results import LargestGap, Verdict, number
from mhx.stats.sample import Sample

SAME = 1e-9
NOTHING = 1e-12  # an error this small is that of differences that are all the same


def largest_gap(sample: Sample, estimates: list[Estimate], draws: Floats | None,
                found: Calibration | None, *, margin: Margin | None, alpha: float, floored: bool,
                where: dict[str, Any]) -> LargestGap | None:
    """The record of the largest gap; None with fewer than two scored groups.

    In paired designs gaps are over the units both groups have, so with missing scores the
    largest is not the difference of the highest and lowest group mean. `p_bootstrap` is a check
    where the two agree: how often centered bootstrap means spread as far. Equivalence of
    the range: every pair passes TOST (an intersection-union test, so no correction is due).
    """
    filled = [g for g in range(sample.size) if sample.n[g]]
    if len(filled) < 2:
        return None
    means = np.array([estimates[g].value for g in filled])
    highest, lowest = filled[int(means.argmax())], filled[int(means.argmin())]
    gap, labels = float(np.ptp(means)), sample.layout.labels
    low = high = p = check = tost = None
    if found is not None:
        k = int(np.argmax(abs(found.gaps)))
        highest, lowest = found.pairs[k] if found.gaps[k] >= 0 else found.pairs[k][::-1]
        gap = float(abs(found.gaps[k]))
    if found is not None and not floored:
        half = found.critical * found.errors
        low = number(max(0.0, float((abs(found.gaps) - half).max())))
        high = number((abs(found.gaps) + half).max())
        p = number(found.p)
        if draws is not None and abs(gap - float(np.ptp(means))) < SAME:
            centered = draws[:, filled] - means
            check = float((1 + (np.ptp(centered, axis=1) >= gap).sum()) / (1 + len(draws)))
        if margin is not None:
            tost = _range_tost(found, _points(margin, sample))
    if found is None or not np.isfinite(found.critical).all() or (found.errors <= NOTHING).all():
        low = high = None
    return LargestGap(
        **where, highest=labels[highest], lowest=labels[lowest], gap=gap, low=low, high=high, p=p,
        p_bootstrap=check, tost_p=tost, verdict=decide(p, tost, alpha, floored),
        method=found.method if found is not None else
        "too many groups" if len(filled) > MOST_GROUPS else "too few units",
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
    if points is None or (found.errors <= NOTHING).any():
        return None
    return max(t_cdf(-(points - abs(gap)) / error, df) for gap, error, df in
               zip(found.gaps, found.errors, found.df, strict=True))
