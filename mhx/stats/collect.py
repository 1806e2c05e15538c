"""All slices of a score and attribute: test every gap and collect the records."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mhx.stats.analysis import (
    Analysis,
    Options,
    analyze,
    coverage_note,
    group_results,
    named,
    suppression_note,
)
from mhx.stats.baseline import beside_baseline
from mhx.stats.calibration import Calibration, calibrate
from mhx.stats.conditional import conditional_gaps
from mhx.stats.contrasts import Tested, contrast
from mhx.stats.design import Attribute, Design
from mhx.stats.estimate import Estimate
from mhx.stats.floor import worst_group
from mhx.stats.largest import largest_gap
from mhx.stats.length import length_gaps
from mhx.stats.pairs import Gap, at_floor, unpaired_p
from mhx.stats.powered import corrected_gaps
from mhx.stats.resample import Floats
from mhx.stats.results import (
    ConditionalGap,
    Contrast,
    CorrectedGap,
    DifferenceShape,
    GroupResult,
    LargestGap,
    LengthGap,
    ModelCheck,
    Overlap,
    WorstGroup,
)
from mhx.stats.sample import Sample
from mhx.stats.shapes import difference_shape
from mhx.stats.signflip import cluster_sums, flip_test

COPIED_ROWS = 10  # equal sequences shorter than this are common among scores of few levels


@dataclass
class Records:
    """The records found so far."""

    groups: list[GroupResult] = field(default_factory=list)
    contrasts: list[Contrast] = field(default_factory=list)
    largest: list[LargestGap] = field(default_factory=list)
    worst: list[WorstGroup] = field(default_factory=list)
    overlap: list[Overlap] = field(default_factory=list)
    models: list[ModelCheck] = field(default_factory=list)
    lengths: list[LengthGap] = field(default_factory=list)
    conditional: list[ConditionalGap] = field(default_factory=list)
    corrected: list[CorrectedGap] = field(default_factory=list)
    differences: list[DifferenceShape] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def collect(design: Design, attribute: Attribute, score: str, options: Options,
            records: Records) -> None:
    """All slices of one score and attribute; the baseline's slices first, beside the others."""
    bases: dict[str | None, Analysis] = {}
    for part in sorted(design.slices, key=lambda part: not part.baseline):
        if not part.rows.any():
            continue
        analysis = analyze(design, attribute, score, part, options)
        records.groups += group_results(analysis, options.alpha)
        if part.baseline:
            bases[part.language] = analysis
            continue
        records.overlap += _overlaps(analysis)
        records.notes += filter(None, [
            suppression_note(analysis, options.smallest), coverage_note(analysis),
            *_copied(analysis, design.scores[score])])
        contrasts = _judge(analysis, bases.get(part.language), options, records)
        records.contrasts += contrasts
        _check(design, analysis, contrasts, options, records)


def _check(design: Design, own: Analysis, contrasts: list[Contrast], options: Options,
           records: Records) -> None:
    """The checks beside the gaps, as far as the table has what they need."""
    name, alpha = own.where["score"], options.alpha
    scores, ratings = design.scores[name], design.ratings.get(name)
    if options.models:
        from mhx.stats.models import model_checks

        records.models += model_checks(own, scores, contrasts, alpha=alpha)
    if design.length is not None:
        records.lengths += length_gaps(own, scores, design.length, alpha=alpha)
    if ratings is not None:
        records.conditional += conditional_gaps(
            own, scores, ratings, inclusion=design.inclusion, margin=options.margin,
            reliability=options.reliability, alpha=alpha)
        records.corrected += corrections(design, own, options)


def corrections(design: Design, own: Analysis, options: Options) -> list[CorrectedGap]:
    """Gaps on the human scale; none without ratings of a probability sample."""
    name = own.where["score"]
    if name not in design.ratings or design.inclusion is None:
        return []
    return corrected_gaps(own, design.scores[name], design.ratings[name], design.inclusion,
                          margin=options.margin, alpha=options.alpha)


def _judge(own: Analysis, base: Analysis | None, options: Options,
           records: Records) -> list[Contrast]:
    sample, alpha = own.sample, options.alpha
    found = calibrate(sample, own.estimates, own.cov, own.joint, alpha=alpha,
                      resamples=options.resamples, seed=[options.seed, 3])
    contrasts = []
    for tested, group in _tests(own, found, options):
        floored = at_floor(tested.gap, sample.lowest, sample.highest)
        where = {**own.where, "group": sample.layout.labels[group],
                 "reference": sample.layout.labels[sample.layout.reference]}
        record = contrast(tested, margin=options.margin, alpha=alpha, floored=floored,
                          note=_pairing_note(sample, group, tested.gap), where=where)
        label = sample.layout.labels[group]
        if base is not None and not floored and label in base.sample.layout.labels:
            there = base.sample.layout.labels.index(label)
            if there in base.gaps:
                record = beside_baseline(
                    record, tested.gap, base.gaps[there], samples=(sample, base.sample),
                    groups=(group, there), alpha=alpha, resamples=options.resamples,
                    seed=[options.seed, 4])
        contrasts.append(record)
        shape = difference_shape(tested.gap) if own.where["kind"] != "intersection" else None
        records.differences += [DifferenceShape(**where, **shape)] if shape else []
    largest = largest_gap(sample, own.estimates, own.draws, found, margin=options.margin,
                          alpha=alpha, floored=own.floored, where=own.where)
    worst = worst_group(sample, own.estimates, floor=options.floor, alpha=alpha, where=own.where,
                        lower=own.where["score"] in options.lower)
    records.largest += [largest] if largest else []
    records.worst += [worst] if worst else []
    return contrasts


def _overlaps(own: Analysis) -> list[Overlap]:
    layout, where = own.sample.layout, own.where
    return [
        Overlap(attribute=where["attribute"], language=where["language"], system=where["system"],
                first=layout.labels[one], second=layout.labels[two], shared=count,
                n_first=int(layout.units[one]), n_second=int(layout.units[two]))
        for one, two, count in layout.shared
    ]


def _copied(own: Analysis, scores: Floats) -> list[str]:
    """Groups whose scores are the same in the same order: one is likely a copy of the other."""
    layout = own.sample.layout
    found: dict[bytes, list[int]] = {}
    for group in range(own.sample.size):
        values = scores[layout.rows[layout.group == group]]
        if len(values) >= COPIED_ROWS and len(np.unique(values[np.isfinite(values)])) > 1:
            found.setdefault(values.tobytes(), []).append(group)
    return [
        f"{named(own)}: {' and '.join(layout.labels[group] for group in same)} hold the same "
        "scores row by row: copied, or a control; their parity is by construction"
        for same in found.values() if len(same) > 1
    ]


def _tests(own: Analysis, found: Calibration | None,
           options: Options) -> list[tuple[Tested, int]]:
    """Every group's gap with its p: sign-flip where units pair, else Welch; empty groups too."""
    sample, home = own.sample, own.sample.layout.reference
    flips: dict[int, tuple[float, bool]] = {}
    paired = [group for group, gap in own.gaps.items() if gap.pairs is not None]
    if found is not None and found.by_pair:
        flips = {g: (found.by_pair[(min(g, home), max(g, home))], found.exact) for g in paired
                 if (min(g, home), max(g, home)) in found.by_pair}
    elif paired and sample.grid is not None and sample.grid_cluster is not None:
        differences = sample.grid[:, paired] - sample.grid[:, [home]]
        test = flip_test(*cluster_sums(differences, sample.grid_cluster), alpha=options.alpha,
                         flips=options.resamples, seed=[options.seed, 3])
        flips = {g: (float(test.p[k]), test.exact) for k, g in enumerate(paired)}
    out = []
    for group in range(sample.size):
        if group == home:
            continue
        gap = own.gaps.get(group) or _no_gap(sample, group)
        if group in flips:
            p, exact = flips[group]
            out.append((Tested(gap, p, "sign-flip, exact" if exact else "sign-flip"), group))
        else:
            name = "cluster t" if len(sample.clusters) > 1 or not sample.independent else "welch"
            counts = int(sample.cluster_counts[group]), int(sample.cluster_counts[home])
            out.append((Tested(gap, unpaired_p(gap, counts), name), group))
    return out


def _no_gap(sample: Sample, group: int) -> Gap:
    nothing = Estimate(float("nan"), float("nan"), 0.0, 0, 0.0)
    return Gap(nothing, sample.of(group), sample.of(sample.layout.reference))


def _pairing_note(sample: Sample, group: int, gap: Gap) -> str:
    if sample.grid is None or gap.pairs is not None or not sample.n[group]:
        return ""
    both = np.isfinite(sample.grid[:, [group, sample.layout.reference]]).all(1).sum()
    return f"only {int(both)} units pair: unpaired test"
