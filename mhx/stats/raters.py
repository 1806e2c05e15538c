"""What agree() answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mhx.stats.results import to_plain
from mhx.stats.statistic import ALPHAS, IntraClass, Statistic, reasons

Source = Literal["legal range", "observed values"]


@dataclass(frozen=True, kw_only=True)
class PairAgreement:
    """Two raters on the `n` items both rated; `system` is None for all systems together.

    `dropped` items were rated by one of the two only. `statistics` has the names of PAIRWISE.
    """

    first: str
    second: str
    n: int
    dropped: int
    system: str | None
    statistics: dict[str, Statistic]
    icc: dict[str, IntraClass]

    def to_dict(self) -> dict[str, Any]:
        """The pair as `mhx agree --json` prints it."""
        where = {"a": self.first, "b": self.second, "n": self.n, "dropped": self.dropped}
        return {
            **where, **{name: one.value for name, one in self.statistics.items()},
            "ci": {name: one.ci for name, one in self.statistics.items()},
            "icc": {name: one.to_dict() for name, one in self.icc.items()},
            "reasons": reasons([("", self.statistics), ("icc.", self.icc)]),
        }


@dataclass(frozen=True, kw_only=True)
class SystemAgreement:
    """Two raters' means per system: a handful of means can hide disagreement on items.

    `bias` is the mean of second minus first, `mae` and `rmse` the mean absolute and the root mean
    squared difference, `concordance` Lin's (1989) coefficient; all in the rating's points, over
    `systems` means of the items both rated.
    """

    first: str
    second: str
    systems: int
    bias: float | None
    mae: float | None
    rmse: float | None
    concordance: float | None


@dataclass(frozen=True, kw_only=True)
class SystemLevel:
    """All raters' means per system: `icc` over the `n` systems with an item that all rated."""

    n: int
    icc: dict[str, IntraClass]
    pairs: tuple[SystemAgreement, ...]

    def to_dict(self) -> dict[str, Any]:
        """``{"n", "icc", "bias", "pairs", "reasons"}``; `bias` of two raters, else None."""
        why = reasons([("icc.", self.icc)])
        if len(self.pairs) != 1:
            why["bias"] = ("a bias is between two raters: see pairs" if self.pairs else
                           "no two raters share an item with numbers")
        return {
            "n": self.n, "icc": {name: one.to_dict() for name, one in self.icc.items()},
            "bias": self.pairs[0].bias if len(self.pairs) == 1 else None,
            "pairs": [{"a": one.first, "b": one.second, "n": one.systems, "bias": one.bias,
                       "mae": one.mae, "rmse": one.rmse, "ccc": one.concordance}
                      for one in self.pairs],
            "reasons": why,
        }


@dataclass(frozen=True, kw_only=True)
class AgreementResult:
    """All of agree(). `mean` is over the pairs of raters, item level; `counts` how often each
    value was given, legal or not; `single_items` have one rating and enter no pair.

    `categories` are the values that chance-corrected coefficients count as possible and
    `categories_from` where they come from; they and `counts` are empty for more than 101.
    `joint` (names of JOINT) is over all raters, any ratings missing; `icc` over the
    `complete_items` that every rater rated.
    """

    level: str
    headline: str
    ac2_weights: str
    items: int
    raters: tuple[str, ...]
    ratings: int
    missing: int
    legal_range: tuple[float, float] | None
    outside_range: int
    single_items: int
    counts: dict[str, int]
    categories: tuple[float | str, ...]
    categories_from: Source
    pairs: tuple[PairAgreement, ...]
    mean: dict[str, Statistic]
    joint: dict[str, Statistic]
    icc: dict[str, IntraClass]
    complete_items: int
    mean_by_system: dict[str, dict[str, Statistic]] = field(default_factory=dict)
    system: SystemLevel | None = None
    no_pairs: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def systems(self) -> tuple[SystemAgreement, ...]:
        """Agreement of system means, one record a pair of raters."""
        return self.system.pairs if self.system else ()

    def to_dict(self) -> dict[str, Any]:
        """What `mhx agree --json` prints: plain data, null (with a reason) for what is unknown."""
        why = reasons([("", self.joint), ("icc.", self.icc)])
        if self.no_pairs:
            why["pairs"] = self.no_pairs
        if self.system is None:
            why["system"] = "no column of systems was given"
        alpha = {name: self.joint[f"alpha.{name}"] for name in ALPHAS}
        flat = {name: one for name, one in self.joint.items() if "." not in name}
        plain: dict[str, Any] = to_plain({
            "items": self.items, "ratings": self.ratings, "dropped": self.single_items,
            "out_of_range": self.outside_range, "missing": self.missing,
            "raters": self.raters, "level": self.level, "headline": self.headline,
            "categories": {"values": self.categories, "from": self.categories_from},
            "counts": dict(self.counts), "ac2_weights": self.ac2_weights,
            "pairs": [one.to_dict() for one in self.pairs if one.system is None],
            "mean_of_pairs": _values(self.mean),
            **{name: one.value for name, one in flat.items()},
            "alpha": {name: one.value for name, one in alpha.items()},
            "icc": {name: one.to_dict() for name, one in self.icc.items()},
            "complete_items": self.complete_items,
            "incomplete_items": self.items - self.complete_items,
            "ci": {**{name: one.ci for name, one in flat.items()},
                   "alpha": {name: one.ci for name, one in alpha.items()}},
            "system": self.system.to_dict() if self.system else None,
            "within_systems": [{"system": one.system, **one.to_dict()} for one in self.pairs
                               if one.system is not None],
            "mean_within_systems": {name: _values(mean)
                                    for name, mean in self.mean_by_system.items()},
            "reasons": why, "settings": dict(self.settings),
        })
        return plain


def _values(statistics: Mapping[str, Statistic]) -> dict[str, Any]:
    return {"ci": {name: one.ci for name, one in statistics.items()},
            **{name: one.value for name, one in statistics.items()}} if statistics else {}
