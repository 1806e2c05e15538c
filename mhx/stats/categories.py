"""The values a rating may take, and which coefficients they allow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mhx.stats.raters import Source
from mhx.stats.resample import Floats, Ints

MOST_CATEGORIES = 101  # a 0-100 slider; coefficients on categories are not given for more
ON_CATEGORIES = frozenset({"kappa", "kappa_linear", "fleiss_kappa", "ac1", "ac2", "alpha.nominal",
                           "alpha.ordinal"})
ON_DISTANCES = frozenset({"kappa_linear", "kappa_quadratic", "ac2", "mae", "rmse", "within_one",
                          "bias", "ccc", "alpha.ordinal", "alpha.interval", "icc"})


@dataclass(frozen=True)
class Categories:
    """Sorted `values` (of words: their places among `labels`) and where they come from.

    Cohen's kappas, Fleiss' kappa and alpha do not change with categories nobody used; Gwet's AC1
    and AC2 count them.
    """

    values: Floats
    source: Source
    labels: tuple[str, ...] | None = None

    @property
    def numeric(self) -> bool:
        """Whether distances between values mean anything."""
        return self.labels is None

    @property
    def few(self) -> bool:
        """Whether coefficients on categories are given."""
        return 0 < len(self.values) <= MOST_CATEGORIES

    @property
    def width(self) -> float:
        """Highest minus lowest value; 1 where they are the same."""
        return float(np.ptp(self.values)) or 1.0 if len(self.values) else 1.0

    @property
    def names(self) -> tuple[float | str, ...]:
        """The categories as plain values; () for more than are given."""
        if not self.few:
            return ()
        if self.labels is not None:
            return self.labels
        return tuple(int(one) if float(one).is_integer() else float(one) for one in self.values)

    @cached_property
    def distance(self) -> Floats:
        """(K, K) distances of the values (not of their positions) as shares of the range."""
        apart: Floats = abs(self.values[:, None] - self.values[None, :]) / self.width
        return apart

    def scaled(self, ratings: Floats) -> Floats:
        """Ratings from 0 (lowest value) to 1 (highest): their sums stay exact enough."""
        return (ratings - (self.values[0] if len(self.values) else 0.0)) / self.width

    def coded(self, ratings: Floats) -> Ints:
        """Places of ratings among the values."""
        return np.searchsorted(self.values, ratings).astype(np.int64)

    def why_not(self, name: str) -> str:
        """Why coefficient `name` cannot be given for such ratings; "" if it can."""
        if not len(self.values):
            return "no rating"
        if self.labels is not None and name in ON_DISTANCES:
            return f"the ratings are words, for example {self.labels[0]!r}: no distances"
        if not self.few and name in ON_CATEGORIES:
            return f"{len(self.values)} distinct values; at most {MOST_CATEGORIES} are categories"
        return ""


def find_categories(ratings: Floats, labels: tuple[str, ...] | None,
                    legal: tuple[float, float] | None) -> Categories:
    """All integers of a legal range that is of integers, as the ratings are; else what was used."""
    used = np.unique(ratings)
    if labels is not None:
        given = tuple(labels[int(code)] for code in used)
        return Categories(used, "observed values", given)
    if legal is not None and all(float(end).is_integer() for end in legal) and bool(
            (used == np.round(used)).all()) and legal[1] - legal[0] < MOST_CATEGORIES:
        return Categories(np.arange(legal[0], legal[1] + 1), "legal range")
    return Categories(used, "observed values")
