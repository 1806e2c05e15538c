"""One score of one attribute in one slice: elements, clusters, the unit x group grid, coverage."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mhx.stats.columns import compact
from mhx.stats.design import Attribute, Design, Slice
from mhx.stats.resample import Floats, Ints

MOSTLY = 0.5  # share of units met again elsewhere from which a design counts as crossed


@dataclass(frozen=True)
class Layout:
    """Where the rows of a slice stand, scored or not: the same for every score.

    `expected` is the number of rows each group should have: in a crossed design an absent
    unit x group cell counts with the median number of rows of the others.
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
    note: str


@dataclass(frozen=True)
class Sample:
    """Scored elements: rows, or unit x group cells (the mean of their rows) when units are named.

    `y`, `group` are (E,); `clusters` one (E,) code array per random factor; `n` scored rows a
    group; `lowest`, `highest` the score's observed range in the whole table. `grid` is units x
    groups with nan for the unscored, `grid_cluster` each unit's cluster; None when not crossed.
    """

    layout: Layout
    y: Floats
    group: Ints
    clusters: tuple[Ints, ...]
    n: Ints
    lowest: float
    highest: float
    grid: Floats | None
    grid_unit: Ints | None
    grid_cluster: Ints | None

    @property
    def size(self) -> int:
        """Number of groups, the empty ones too."""
        return len(self.layout.labels)

    def of(self, group: int) -> Floats:
        """The elements of one group."""
        return self.y[self.group == group]

    @cached_property
    def cluster_counts(self) -> Ints:
        """Clusters a group (of the factor with the fewest)."""
        counts = [
            np.bincount(np.unique(codes * self.size + self.group) % self.size,
                        minlength=self.size)
            for codes in self.clusters
        ]
        return np.min(np.stack(counts), axis=0).astype(np.int64)

    @cached_property
    def independent(self) -> bool:
        """Whether no cluster has elements in two groups."""
        if len(self.clusters) > 1:
            return False
        codes = self.clusters[0]
        return len(np.unique(codes * self.size + self.group)) == len(np.unique(codes))


def lay_out(design: Design, attribute: Attribute, part: Slice) -> Layout:
    """The layout of an attribute in a slice."""
    rows = np.flatnonzero(part.rows & (attribute.codes >= 0))
    group, size = attribute.codes[rows], len(attribute.labels)
    present = np.bincount(group, minlength=size)
    crossed, expected, note = False, present, ""
    if design.unit is not None and len(rows):
        counts = _grid_counts(design, part, rows, group, size)
        again = (counts > 0).sum(1) > 1
        share = (counts[again] > 0).sum(0)[present > 0] / (counts > 0).sum(0)[present > 0]
        crossed = size > 1 and float(share.mean()) >= MOSTLY
        if crossed:
            typical = int(np.median(counts[counts > 0]))
            expected = np.where(counts > 0, counts, typical).sum(0)
        elif again.any():
            note = (f"{attribute.name}: {int(again.sum())} of {int((counts > 0).any(1).sum())} "
                    "units are in more than one group; groups overlap")
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
        expected=expected[keep].astype(np.int64), note=note,
    )


def take_sample(layout: Layout, scores: Floats) -> Sample:
    """The scored elements of a layout, in an order that the table's row order cannot change."""
    y = scores[layout.rows]
    scored = np.flatnonzero(np.isfinite(y))
    y, group, size = y[scored], layout.group[scored], len(layout.labels)
    n = np.bincount(group, minlength=size)
    clusters = [codes[scored] for codes in layout.clusters]
    unit = None if layout.unit is None else layout.unit[scored]
    if unit is not None and layout.within_unit:
        key = unit * size + group
        order = np.lexsort((y, key))
        start = np.flatnonzero(np.diff(key[order], prepend=-1))
        count = np.diff(start, append=len(order))
        y = np.add.reduceat(y[order], start) / count if len(order) else y
        clusters = [codes[order][start] for codes in clusters]
        unit, group = key[order][start] // size, key[order][start] % size
    else:
        order = np.lexsort((y, group, *clusters))
        y, group, clusters = y[order], group[order], [codes[order] for codes in clusters]
        unit = None
    clusters = [compact(codes) for codes in clusters] or [np.arange(len(y), dtype=np.int64)]
    grid = _grid(y, group, unit, clusters[0], size) if (
        unit is not None and layout.crossed and len(clusters) == 1) else (None, None, None)
    known = scores[np.isfinite(scores)]
    return Sample(layout, y, group, tuple(clusters), n.astype(np.int64),
                  float(known.min(initial=np.inf)), float(known.max(initial=-np.inf)), *grid)


def _grid_counts(design: Design, part: Slice, rows: Ints, group: Ints, size: int) -> Ints:
    """Rows a unit x group cell. Units met in several languages are expected in each."""
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
    return counts.reshape(len(units), size).astype(np.int64)


def _grid(y: Floats, group: Ints, unit: Ints, cluster: Ints,
          size: int) -> tuple[Floats, Ints, Ints]:
    units, first, place = np.unique(unit, return_index=True, return_inverse=True)
    grid = np.full((len(units), size), np.nan)
    grid[place, group] = y
    return grid, units.astype(np.int64), cluster[first]
