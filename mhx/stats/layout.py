"""Where the rows of a slice stand: groups, units, whether they cross, what is expected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mhx.stats.design import Attribute, Design, Slice
from mhx.stats.resample import Ints

MOSTLY = 0.5  # share of units met again elsewhere from which a design counts as crossed


@dataclass(frozen=True)
class Layout:
    """Where the rows of a slice stand, scored or not: the same for every score.

    `expected` is the number of rows each group should have: in a crossed design as many rows a
    unit as its fullest group has (the median unit's, where it has none here). `shared` are the
    pairs of groups with units in common although the design is not crossed: (first, second,
    units in both).
    """

    rows: Ints
    group: Ints
    unit: Ints | None
    clusters: tuple[Ints, ...]
    within_unit: bool
    crossed: bool
    labels: tuple[str, ...]
    reference: int
    expected: Ints
    units: Ints
    shared: tuple[tuple[int, int, int], ...] = ()


def lay_out(design: Design, attribute: Attribute, part: Slice) -> Layout:
    """The layout of an attribute in a slice."""
    rows = np.flatnonzero(part.rows & (attribute.codes >= 0))
    group, size = attribute.codes[rows], len(attribute.labels)
    present = np.bincount(group, minlength=size)
    crossed, expected, held, shared = False, present, present, []
    if design.unit is not None and len(rows):
        units, counts = _grid_counts(design, part, rows, group, size)
        again = (counts > 0).sum(1) > 1
        share = (counts[again] > 0).sum(0)[present > 0] / (counts > 0).sum(0)[present > 0]
        crossed = size > 1 and float(share.mean()) >= MOSTLY
        if crossed:
            most = counts.max(1)
            typical = int(np.median(most[most > 0]))
            full = np.where(most > 0, most, typical)
            expected = full @ _possible(design, attribute, units, size)
        elif again.any() and attribute.kind != "intersection":
            held = (counts > 0).sum(0)
            both = (counts > 0).T.astype(np.int64) @ (counts > 0)
            shared = [(int(a), int(b), int(both[a, b])) for a, b in np.argwhere(np.triu(both, 1))]
    keep = np.ones(size, dtype=bool)
    if attribute.kind == "intersection" and not crossed:
        keep = present > 0
        keep[attribute.reference] = True
    return Layout(
        rows=rows, group=(np.cumsum(keep) - 1)[group],
        unit=None if design.unit is None else design.unit[rows],
        clusters=tuple(codes[rows] for codes in design.clusters),
        within_unit=design.within_unit, crossed=crossed,
        labels=tuple(np.array(attribute.labels, dtype=object)[keep]),
        reference=int(np.cumsum(keep)[attribute.reference] - 1),
        expected=expected[keep].astype(np.int64), units=held[keep].astype(np.int64),
        shared=tuple(shared),
    )


def _possible(design: Design, attribute: Attribute, units: Ints, size: int) -> Ints:
    """Whether a unit can be in a group, (units, groups): in a cell of several attributes only with
    the values it has of those that do not vary within units."""
    out = np.ones((len(units), size), dtype=np.int64)
    if attribute.kind != "intersection" or design.unit is None:
        return out
    mains = [one for one in design.attributes if one.kind == "main"]
    cells, below = np.arange(size), size
    for one in mains:
        below //= len(one.labels)
        inside = (one.codes >= 0) & np.isin(design.unit, units)
        held = np.zeros((len(units), len(one.labels)), dtype=bool)
        held[np.searchsorted(units, design.unit[inside]), one.codes[inside]] = True
        if (held.sum(1) > 1).mean() < MOSTLY:
            out &= held[:, cells // below % len(one.labels)]
    return out


def _grid_counts(design: Design, part: Slice, rows: Ints, group: Ints,
                 size: int) -> tuple[Ints, Ints]:
    """Units, and rows a unit x group cell. Units met in several languages are expected in each."""
    assert design.unit is not None
    unit = design.unit[rows]
    units = np.unique(unit)
    others = [other.rows for other in design.slices
              if other.system == part.system and other.language != part.language]
    if others:
        elsewhere = np.unique(design.unit[np.any(others, axis=0)])
        if np.isin(units, elsewhere).mean() >= MOSTLY:
            units = np.union1d(units, elsewhere)
    place = np.searchsorted(units, unit)
    counts = np.bincount(place * size + group, minlength=len(units) * size)
    return units, counts.reshape(len(units), size).astype(np.int64)
