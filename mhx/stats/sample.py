"""The scored elements of a layout: their clusters and the unit x group grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mhx.stats.columns import compact
from mhx.stats.layout import Layout
from mhx.stats.resample import Floats, Ints


@dataclass(frozen=True)
class Sample:
    """Scored elements: rows, or unit x group cells (the mean of their rows) when units are named.

    `y`, `group` are (E,); `clusters` one (E,) code array per random factor; `n` scored rows a
    group, `found` the same before groups below the smallest cell size are left out; `lowest`,
    `highest` the score's legal range, else the observed one in the whole table. `grid` is units
    x groups with nan for the unscored, `grid_cluster` each unit's cluster; None when not crossed.
    """

    layout: Layout
    y: Floats
    group: Ints
    clusters: tuple[Ints, ...]
    n: Ints
    found: Ints
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
        chosen: Floats = self.y[self.group == group]
        return chosen

    @cached_property
    def cluster_counts(self) -> Ints:
        """Clusters a group (of the factor with the fewest)."""
        counts = [
            np.bincount(np.unique(codes * self.size + self.group) % self.size,
                        minlength=self.size)
            for codes in self.clusters
        ]
        fewest: Ints = np.min(np.stack(counts), axis=0).astype(np.int64)
        return fewest

    @cached_property
    def independent(self) -> bool:
        """Whether no cluster has elements in two groups."""
        if len(self.clusters) > 1:
            return False
        codes = self.clusters[0]
        return len(np.unique(codes * self.size + self.group)) == len(np.unique(codes))


def take_sample(layout: Layout, scores: Floats, *, smallest: int = 1,
                scale: tuple[float, float] | None = None) -> Sample:
    """The scored elements of a layout, in an order that the table's row order cannot change.

    Groups with fewer than `smallest` scored rows are left out; `scale` is the legal range.
    """
    size = len(layout.labels)
    found = np.bincount(layout.group[np.isfinite(scores[layout.rows])], minlength=size)
    large = found >= smallest
    scored = np.flatnonzero(np.isfinite(scores[layout.rows]) & large[layout.group])
    y, group = scores[layout.rows][scored], layout.group[scored]
    n = np.where(large, found, 0)
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
    known = scores[np.isfinite(scores)] if scale is None else np.array(scale, dtype=np.float64)
    return Sample(layout, y, group, tuple(clusters), n.astype(np.int64), found.astype(np.int64),
                  float(known.min(initial=np.inf)), float(known.max(initial=-np.inf)), *grid)


def _grid(y: Floats, group: Ints, unit: Ints, cluster: Ints,
          size: int) -> tuple[Floats, Ints, Ints]:
    units, first, place = np.unique(unit, return_index=True, return_inverse=True)
    grid = np.full((len(units), size), np.nan)
    grid[place, group] = y
    return grid, units.astype(np.int64), cluster[first]
