"""What agree() answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from mhx.stats.results import to_plain

STATISTICS = ("percent", "kappa", "kappa_linear", "kappa_quadratic")


@dataclass(frozen=True, kw_only=True)
class Statistic:
    """A value with its bootstrap interval; None where it is undefined (no rater varies).

    `undefined` is the share of resamples without a value; they are left out of the interval.
    """

    value: float | None
    low: float | None
    high: float | None
    undefined: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PairAgreement:
    """Two raters on the `n` items both rated; `system` is None for all systems together."""

    first: str
    second: str
    n: int
    system: str | None
    statistics: dict[str, Statistic]


@dataclass(frozen=True, kw_only=True)
class SystemAgreement:
    """Two raters' means per system: a handful of means can hide disagreement on items.

    `bias` is the mean of second minus first, `mae` the mean absolute difference, `concordance`
    Lin's (1989) coefficient; all in the rating's points, over `systems` means.
    """

    first: str
    second: str
    systems: int
    bias: float | None
    mae: float | None
    concordance: float | None


@dataclass(frozen=True, kw_only=True)
class AgreementResult:
    """All of agree(). `mean` is over the pairs of raters, item level; `counts` how often each
    value was given; `single_items` have fewer than two ratings and enter no pair."""

    level: str
    headline: str
    items: int
    raters: tuple[str, ...]
    ratings: int
    missing: int
    legal_range: tuple[float, float] | None
    outside_range: int
    single_items: int
    counts: dict[str, int]
    pairs: tuple[PairAgreement, ...]
    mean: dict[str, Statistic]
    mean_by_system: dict[str, dict[str, Statistic]] = field(default_factory=dict)
    systems: tuple[SystemAgreement, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data (no nan, no infinity: null instead)."""
        plain: dict[str, Any] = to_plain(asdict(self))
        return plain
