"""The contrast record of a group against the reference: effects, intervals, tests, margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, Literal

import numpy as np

from mhx.stats.columns import Margin
from mhx.stats.distributions import two_sided
from mhx.stats.effects import (
    benjamini_hochberg,
    cliffs_delta,
    detectable,
    hedges_g,
    holm,
    smallest_margin,
)
from mhx.stats.estimate import Estimate, small_sample
from mhx.stats.largest import decide
from mhx.stats.pairs import Gap
from mhx.stats.resample import Floats, Seed, bootstrap_ratios
from mhx.stats.results import Contrast, number
from mhx.stats.sample import MOSTLY, Sample
from mhx.stats.signflip import cluster_sums


@dataclass(frozen=True)
class Tested:
    """A gap with the two-sided p of a zero gap and the name of its test."""

    gap: Gap
    p: float | None
    test: str


def contrast(tested: Tested, *, margin: Margin | None, alpha: float, floored: bool, note: str,
             where: dict[str, Any]) -> Contrast:
    """The record of one contrast; p values are not adjusted yet (see `adjusted`)."""
    gap, estimate = tested.gap, tested.gap.estimate
    base = Contrast(
        **where, test=tested.test, n_group=len(gap.group), n_reference=len(gap.reference),
        pairs=gap.pairs, clusters=estimate.clusters, gap=number(estimate.value),
        relative_gap=_relative(gap), hedges_g=hedges_g(gap.group, gap.reference),
        cliffs_delta=cliffs_delta(gap.group, gap.reference), note=note,
    )
    if floored:
        return replace(base, verdict="inconclusive: floor")
    wide, narrow = estimate.limits(alpha / 2), estimate.limits(alpha)
    if wide is None or narrow is None:
        note = "; ".join(filter(None, [note, "fewer than two units: nothing can be tested"]))
        return replace(base, note=note)
    points, dz = margin_points(margin, gap), _dz(gap)
    if estimate.constant and gap.pairs and estimate.value == 0:
        note = "; ".join(filter(None, [note, f"identical in all {gap.pairs} pairs: copied scores, "
                                             "or a control"]))
    spread = not estimate.constant
    return replace(
        base, dz=dz, se=estimate.se, low=wide[0], high=wide[1], tost_low=narrow[0],
        tost_high=narrow[1], p=tested.p, margin=points, note=note,
        margin_from_data=points is not None and margin is not None and margin.unit != "raw",
        tost_p=None if points is None else estimate.p_equivalent(points),
        mde=number(detectable(estimate.se, estimate.df, alpha)) if spread else None,
        smallest_margin=number(smallest_margin(estimate.se, estimate.df, alpha))
        if spread else None,
    )


def margin_points(margin: Margin | None, gap: Gap) -> float | None:
    """The margin in raw points for this gap; None where its SD does not exist (dz, unpaired)."""
    if margin is None or margin.unit == "raw":
        return None if margin is None else margin.value
    if margin.unit == "dz":
        if gap.pairs is None or gap.pairs < 2:
            return None
        return number(margin.value * float((gap.group - gap.reference).std(ddof=1))) or None
    if len(gap.reference) < 2:
        return None
    return number(margin.value * float(gap.reference.std(ddof=1))) or None


def adjusted(contrasts: Sequence[Contrast], *, alpha: float,
             adjust: Literal["holm", "bh"]) -> list[Contrast]:
    """Contrasts with adjusted p values and verdicts.

    There are two families: the attributes' contrasts (all scores, languages and systems) and,
    apart from them, the intersections'. Difference and equivalence p are adjusted separately.
    """
    method = holm if adjust == "holm" else benjamini_hochberg
    out = list(contrasts)
    for kind in ("main", "intersection"):
        for source, target in (("p", "p_adjusted"), ("tost_p", "tost_p_adjusted")):
            family = [k for k, one in enumerate(out)
                      if one.kind == kind and getattr(one, source) is not None]
            for k, value in zip(family, method([getattr(out[k], source) for k in family]),
                                strict=True):
                changed: dict[str, Any] = {target: value}
                out[k] = replace(out[k], **changed)
    return [
        replace(one, verdict=decide(one.p_adjusted, one.tost_p_adjusted, alpha,
                                    one.verdict == "inconclusive: floor"))
        for one in out
    ]


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
    clusters = int((bottom > 0).sum())
    value = float(top.sum() / bottom.sum())
    error = sqrt(float(((top - value * bottom) ** 2).sum()) / float(bottom.sum()) ** 2)
    factor = small_sample(clusters)
    return Estimate(value, error * factor, clusters - 1.0, clusters,
                    2 * (own.highest - own.lowest), factor, draws)


def _free_did(own: Gap, base: Gap) -> Estimate:
    one, two = own.estimate, base.estimate
    variance = one.se**2 + two.se**2
    bottom = one.se**4 / max(one.df, 1e-9) + two.se**4 / max(two.df, 1e-9)
    return Estimate(one.value - two.value, sqrt(variance) if variance >= 0 else float("nan"),
                    variance**2 / bottom if bottom > 0 else one.df + two.df,
                    min(one.clusters, two.clusters), one.reach + two.reach)


def _relative(gap: Gap) -> float | None:
    if not len(gap.group) or not len(gap.reference):
        return None
    home = float(gap.reference.mean())
    return None if abs(home) < 1e-12 else 100 * gap.estimate.value / home


def _dz(gap: Gap) -> float | None:
    if gap.pairs is None or gap.pairs < 2:
        return None
    spread = float((gap.group - gap.reference).std(ddof=1))
    return None if spread <= 1e-12 else gap.estimate.value / spread


def differences_of(sample: Sample, group: int) -> Floats:
    """Paired differences of a group from the reference, (units,), nan where not paired."""
    if sample.grid is None:
        return np.empty(0)
    out: Floats = sample.grid[:, group] - sample.grid[:, sample.layout.reference]
    return out
