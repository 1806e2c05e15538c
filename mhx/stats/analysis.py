"""One score of one attribute in one slice, estimated: means, gaps, coverage."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from mhx.stats.columns import Margin
from mhx.stats.design import Attribute, Design, Slice
from mhx.stats.effects import shrink
from mhx.stats.estimate import Estimate
from mhx.stats.layout import lay_out
from mhx.stats.means import covariance, group_draws, group_estimates, joint_df, lent, mean_limits
from mhx.stats.pairs import Gap, at_floor, is_paired, paired_gaps, unpaired_gap
from mhx.stats.resample import Floats
from mhx.stats.results import GroupResult, number
from mhx.stats.sample import Sample, take_sample

UNEVEN = 0.05  # coverage that differs by this much between groups is said


@dataclass(frozen=True)
class Options:
    """What every analysis of one call shares. `smallest` is the cell size below which a group is
    not shown, `lower` the scores of which less is better."""

    margin: Margin | None
    floor: float | None
    alpha: float
    resamples: int
    seed: int
    scale: tuple[float, float] | None = None
    smallest: int = 1
    models: bool = False
    reliability: float | None = None
    lower: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Analysis:
    """One score of one attribute in one slice, estimated."""

    sample: Sample
    where: dict[str, Any]
    estimates: list[Estimate]
    cov: Floats
    joint: Floats | None
    draws: Floats | None
    gaps: dict[int, Gap]
    floored: bool


def analyze(design: Design, attribute: Attribute, score: str, part: Slice,
            options: Options) -> Analysis:
    """Means and gaps of a slice; random streams 1 (means) and 2 (paired gaps) of the seed."""
    sample = take_sample(lay_out(design, attribute, part), design.scores[score],
                         smallest=options.smallest, scale=options.scale)
    cov = covariance(sample)
    joint = joint_df(sample, cov)
    draws = group_draws(sample, resamples=options.resamples, seed=[options.seed, 1])
    estimates = group_estimates(sample, cov, draws)
    home = sample.layout.reference
    others = [group for group in range(sample.size) if group != home]
    paired = [group for group in others if is_paired(sample, group, home)]
    gaps = paired_gaps(sample, paired, resamples=options.resamples, seed=[options.seed, 2])
    for group in others:
        if group not in gaps and sample.n[group] and sample.n[home]:
            gaps[group] = unpaired_gap(sample, group, cov, estimates, joint)
    where = {"score": score, "attribute": attribute.name, "kind": attribute.kind,
             "language": part.language, "system": part.system}
    floored = bool(gaps) and all(at_floor(gap, sample.lowest, sample.highest)
                                 for gap in gaps.values())
    return Analysis(sample, where, estimates, cov, joint, draws, gaps, floored)


def named(own: Analysis) -> str:
    """The score, attribute, language and system of an analysis, in words."""
    place = ", ".join(part for part in (own.where["language"], own.where["system"]) if part)
    return f"{own.where['score']} by {own.where['attribute']}{' in ' + place if place else ''}"


def suppression_note(own: Analysis, smallest: int) -> str:
    """A sentence that names the groups too small to be shown, else nothing."""
    sample = own.sample
    small = [f"{sample.layout.labels[group]} ({int(sample.found[group])})"
             for group in range(sample.size) if 0 < sample.found[group] < smallest]
    head = f"{named(own)}: fewer than {smallest} rows, not shown: "
    return head + ", ".join(small) if small else ""


def coverage_note(own: Analysis) -> str:
    """A sentence where the groups of an attribute are covered unevenly, else nothing."""
    sample = own.sample
    shares = sample.found / np.maximum(sample.layout.expected, 1)
    low, high = int(shares.argmin()), int(shares.argmax())
    if own.where["kind"] != "main" or shares[high] - shares[low] < UNEVEN:
        return ""
    return (f"{named(own)}: coverage runs from {shares[low]:.0%} ({sample.layout.labels[low]}) to "
            f"{shares[high]:.0%} ({sample.layout.labels[high]}); gaps are those of what was scored")


def group_results(own: Analysis, alpha: float) -> list[GroupResult]:
    """One record a group, empty ones too."""
    sample = own.sample
    variances = lent(sample, np.diag(own.cov))
    means = np.array([estimate.value for estimate in own.estimates])
    shrunk = shrink(means, variances) if own.where["kind"] == "intersection" else None
    out = []
    for group, estimate in enumerate(own.estimates):
        limits = mean_limits(sample, estimate, alpha / 2)
        expected, n = int(sample.layout.expected[group]), int(sample.found[group])
        scores = sample.of(group)
        out.append(GroupResult(
            **own.where, group=sample.layout.labels[group], n=n, expected=expected,
            coverage=n / expected if expected else None, units=estimate.clusters,
            mean=number(estimate.value), sd=float(scores.std(ddof=1)) if len(scores) > 1 else None,
            low=None if limits is None else limits[0], high=None if limits is None else limits[1],
            shrunk=None if shrunk is None or not isfinite(shrunk[group]) else float(shrunk[group]),
        ))
    return out
