"""The rows of a slice that people rated too, and whether they are the sample they claim to be."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from mhx.errors import Problem
from mhx.stats.analysis import Analysis
from mhx.stats.columns import compact
from mhx.stats.resample import Floats, Ints

FAR = 4.0  # standard errors between planned and found ratings: chance gives 6 in 100,000


@dataclass(frozen=True)
class Rated:
    """The scored rows of a slice, (E,) each; `ratings` is (E, raters). `rating` is their mean, nan
    where nobody rated the row.

    `share` is the row's weight in its group's mean: 1, or 1 / (rows of its unit x group cell)
    where the score's mean is one of cells. `inclusion` is nan where it is not recorded.
    """

    score: Floats
    rating: Floats
    ratings: Floats
    inclusion: Floats
    share: Floats
    group: Ints
    unit: Ints | None
    clusters: tuple[Ints, ...]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which rows people rated."""
        known: NDArray[np.bool_] = np.isfinite(self.rating)
        return known

    def compared(self, group: int, home: int, paired: bool) -> NDArray[np.bool_]:
        """The rows of the two groups; of paired groups those of the units in both."""
        chosen: NDArray[np.bool_] = (self.group == group) | (self.group == home)
        if paired and self.unit is not None:
            both = np.intersect1d(self.unit[self.group == group], self.unit[self.group == home])
            chosen &= np.isin(self.unit, both)
        return chosen

    def rated_clusters(self, group: int, among: NDArray[np.bool_]) -> Ints:
        """Clusters with a rated row of the group `among` the rows, one number a random factor."""
        inside = among & self.known & (self.group == group)
        return np.array([len(np.unique(codes[inside])) for codes in self.clusters], dtype=np.int64)


def rated_rows(own: Analysis, scores: Floats, ratings: Floats,
               inclusion: Floats | None = None) -> Rated:
    """The scored rows of an analysis with their ratings (the table's columns).

    `ratings` is (rows,), or (rows, raters), whose mean over the raters that rated a row is taken.
    """
    layout = own.sample.layout
    kept = np.flatnonzero(np.isfinite(scores[layout.rows]) & (own.sample.n[layout.group] > 0))
    rows, group = layout.rows[kept], layout.group[kept]
    unit = layout.unit[kept] if layout.unit is not None and layout.within_unit else None
    share = np.ones(len(kept))
    if unit is not None:
        place, count = np.unique(unit * len(layout.labels) + group, return_inverse=True,
                                 return_counts=True)[1:]
        share = 1 / count[place]
    given = (ratings[:, None] if ratings.ndim == 1 else ratings)[rows]
    return Rated(
        scores[rows], mean_rating(given), given,
        np.full(len(rows), np.nan) if inclusion is None else inclusion[rows], share, group, unit,
        tuple(compact(codes[kept]) for codes in layout.clusters)
        or (np.arange(len(kept), dtype=np.int64),),
    )


def mean_rating(ratings: Floats) -> Floats:
    """The mean over raters, (rows,); nan where nobody rated."""
    if ratings.ndim == 1:
        return ratings
    known = np.isfinite(ratings)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(known, ratings, 0.0).sum(1) / known.sum(1)
    return mean


def inclusion_problems(ratings: Floats, inclusion: Floats, field: str) -> list[Problem]:
    """Rated rows without an inclusion probability, and numbers that are none."""
    fix = "give the probability with which the row was drawn for rating, above 0 and at most 1"
    missing = int((np.isfinite(mean_rating(ratings)) & ~np.isfinite(inclusion)).sum())
    wrong = int(((inclusion <= 0) | (inclusion > 1)).sum())
    return [Problem(what, fix, field=field) for count, what in (
        (missing, f"{missing} rated rows have no inclusion probability"),
        (wrong, f"{wrong} rows are no probability"),
    ) if count]


def not_the_sample(rated: Rated, group: int) -> str:
    """Why the rated rows of a group cannot be the planned random sample, else nothing.

    Where every row has a probability: the number rated against its expectation; else the rows
    that the rated ones stand for, sum of 1 / probability, against the rows there are. The
    variance is that of independent draws of whole clusters, the largest there can be.
    """
    inside = rated.group == group
    known, chance = rated.known[inside], rated.inclusion[inside]
    codes = rated.clusters[0][inside]
    if np.isfinite(chance).all():
        found, expected, what = float(known.sum()), float(chance.sum()), "rated rows"
        errors = np.sqrt(chance * (1 - chance))
    else:
        found, expected = float((1 / chance[known]).sum()), float(len(known))
        what = "rows stood for by the rated ones"
        # rows of small probability make up most of the spread, and are missing when it is too low
        errors, codes = np.sqrt(1 - chance[known]) / chance[known], codes[known]
        errors = errors * max(1.0, expected / max(found, 1.0))
    spread = sqrt(float((np.bincount(codes, weights=errors, minlength=1) ** 2).sum()))
    if abs(found - expected) <= FAR * spread + 0.5:
        return ""
    return (f"{found:.0f} {what}, {expected:.0f} expected from the inclusion probabilities: not "
            "the random sample it says")
