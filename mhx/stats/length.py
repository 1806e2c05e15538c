"""The gap in length beside the gap in scores, and the score gap at equal length."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite, nan

import numpy as np

from mhx.errors import Problem
from mhx.stats.analysis import Analysis
from mhx.stats.jackknife import jackknife, two_sided_p
from mhx.stats.layout import Layout
from mhx.stats.problems import stop
from mhx.stats.resample import Floats, Ints
from mhx.stats.results import LengthGap, number

SPREAD = 1e-9  # variance of standardized length below which it does not vary


@dataclass(frozen=True)
class Cells:
    """Elements as in a Sample, with length: score, length and its logarithm, (E,) each."""

    score: Floats
    length: Floats
    log: Floats
    group: Ints
    unit: Ints | None
    clusters: tuple[Ints, ...]
    rows: Ints


def length_problems(lengths: Floats, field: str) -> list[Problem]:
    """Lengths that are none: below zero."""
    below = int((lengths < 0).sum())
    return [Problem(f"{below} rows are below zero", "give a count of words or characters",
                    field=field)] if below else []


def length_gaps(own: Analysis, scores: Floats, lengths: Floats, *,
                alpha: float) -> list[LengthGap]:
    """Each group's gap in length and its score gap with length held equal, against the reference.

    `scores` and `lengths` are the table's columns, nan where missing; rows with both are used.
    The score is regressed on log(1 + length), since scorers reward length concavely (a maximum
    over n windows grows like log n) and lengths are skewed. Where the gap is paired: differences
    within units on differences within units; else a common slope within the two groups (analysis
    of covariance). The adjusted gap is the one that is left at equal length. Standard errors:
    delete-one-cluster jackknife, t intervals.

    Length is a mediator: a group that gets shorter answers gets less, and the raw gap says so.
    The adjusted gap is the part of it that does not run through length (a controlled direct
    effect, given no other cause of both length and score), so it stands beside the raw gap and
    never replaces it. It assumes that length matters alike in both groups.

    Raises MhxError for lengths below zero.
    """
    stop(length_problems(lengths, "length"))
    sample, layout = own.sample, own.sample.layout
    cells = _cells(layout, scores, lengths, sample.n)
    spread = float(cells.log.std()) if len(cells.log) else 0.0
    scaled = (cells.log - cells.log.mean()) / spread if spread > 0 else np.zeros_like(cells.log)
    lacking = np.isfinite(scores[layout.rows]) & ~np.isfinite(lengths[layout.rows])
    missing = np.bincount(layout.group[lacking], minlength=sample.size)
    home = layout.reference
    return [_one(own, cells, scaled, group, alpha, int(missing[group] + missing[home]))
            for group in range(sample.size) if group != home]


def _one(own: Analysis, cells: Cells, scaled: Floats, group: int, alpha: float,
         missing: int) -> LengthGap:
    sample, home, gap = own.sample, own.sample.layout.reference, own.gaps.get(group)
    labels, reach = sample.layout.labels, sample.highest - sample.lowest
    take = _pairs if gap is not None and gap.pairs is not None else _groups
    elements, strata, clusters = take(cells, scaled, group, home)
    record = LengthGap(
        **own.where, group=labels[group], reference=labels[home],
        n=int(cells.rows[(cells.group == group) | (cells.group == home)].sum()),
        note=f"{missing} scored rows have no length" if missing else "",
    )
    if not len(strata) or np.bincount(strata).min() < 2:
        return replace(record, note=_join(record.note, "fewer than two units a group have both a "
                                                       "score and a length"))
    x, y, length = elements.T
    sums = np.stack([np.ones_like(x), x, y, x * x, x * y, length], axis=1)
    adjusted, slope, raw, longer = jackknife(
        sums, strata, clusters, _adjust, reach=(reach, reach, reach, float(np.ptp(cells.length))))
    limits, lengths = adjusted.limits(alpha / 2), longer.limits(alpha / 2)
    note = record.note
    if not isfinite(adjusted.value):
        note = _join(note, "length does not vary beside the group: nothing to adjust with")
    elif np.ptp(cells.score) == 0:
        adjusted, limits, note = replace(adjusted, value=nan), None, _join(
            note, "the scores are constant")
    elif limits is None:
        note = _join(note, "too few clusters for an interval")
    return replace(
        record, note=note, length_gap=number(longer.value), gap=number(raw.value),
        length_low=number(lengths[0]) if lengths else None,
        length_high=number(lengths[1]) if lengths else None,
        adjusted=number(adjusted.value), slope=number(slope.value),
        low=number(limits[0]) if limits else None, high=number(limits[1]) if limits else None,
        p=two_sided_p(adjusted),
    )


def _adjust(sums: Floats) -> Floats:
    """Adjusted gap, slope, raw gap and gap in length from sums (..., strata, 6)."""
    n, x, y, xx, xy, length = np.moveaxis(sums, -1, 0)
    sign = np.array([1.0, -1.0])[: sums.shape[-2]]
    within = (xx - x * x / n).sum(-1)
    slope = np.where(within > SPREAD * n.sum(-1), (xy - x * y / n).sum(-1) / within, np.nan)
    raw = (sign * y / n).sum(-1)
    out: Floats = np.stack([raw - slope * (sign * x / n).sum(-1), slope, raw,
                            (sign * length / n).sum(-1)], axis=-1)
    return out


def _cells(layout: Layout, scores: Floats, lengths: Floats, scored: Ints) -> Cells:
    """Rows with both numbers, averaged over each unit x group cell where the Sample does so."""
    both = np.isfinite(scores[layout.rows]) & np.isfinite(lengths[layout.rows])
    kept = np.flatnonzero(both & (scored[layout.group] > 0))
    group, rows = layout.group[kept], layout.rows[kept]
    unit = layout.unit[kept] if layout.unit is not None and layout.within_unit else None
    values = np.stack([scores[rows], lengths[rows], np.log1p(lengths[rows])], axis=1)
    clusters = tuple(codes[kept] for codes in layout.clusters)
    count = np.ones(len(kept), dtype=np.int64)
    if unit is not None:
        size = len(layout.labels)
        key, first, place, count = np.unique(unit * size + group, return_index=True,
                                             return_inverse=True, return_counts=True)
        values = np.stack([np.bincount(place, weights=column, minlength=len(key)) / count
                           for column in values.T], axis=1)
        unit, group = key // size, key % size
        clusters = tuple(codes[first] for codes in clusters)
    return Cells(values[:, 0], values[:, 1], values[:, 2], group, unit, clusters,
                 count.astype(np.int64))


def _groups(cells: Cells, scaled: Floats, group: int,
            home: int) -> tuple[Floats, Ints, tuple[Ints, ...]]:
    """The elements of both groups; stratum 1 is the reference."""
    chosen = (cells.group == group) | (cells.group == home)
    strata = (cells.group[chosen] == home).astype(np.int64)
    if len(np.unique(strata)) < 2:
        strata = strata[:0]
    columns = np.stack([scaled, cells.score, cells.length], axis=1)
    return columns[chosen], strata, tuple(codes[chosen] for codes in cells.clusters)


def _pairs(cells: Cells, scaled: Floats, group: int,
           home: int) -> tuple[Floats, Ints, tuple[Ints, ...]]:
    """Differences within the units that both groups have."""
    assert cells.unit is not None
    one, two = np.flatnonzero(cells.group == group), np.flatnonzero(cells.group == home)
    _, here, there = np.intersect1d(cells.unit[one], cells.unit[two], return_indices=True)
    columns = np.stack([scaled, cells.score, cells.length], axis=1)
    return (columns[one[here]] - columns[two[there]], np.zeros(len(here), dtype=np.int64),
            tuple(codes[one[here]] for codes in cells.clusters))


def _join(*notes: str) -> str:
    return "; ".join(filter(None, notes))
