"""What parity() answers: small frozen records, plain data all the way down."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any, Literal

Verdict = Literal["equivalent", "different", "trivial", "inconclusive", "inconclusive: floor"]
FloorVerdict = Literal["met", "missed", "not shown", "no floor given"]
Kind = Literal["main", "intersection"]


@dataclass(frozen=True, kw_only=True)
class Where:
    """Which part of the table a number is about. `kind` tells attributes from intersections."""

    score: str
    attribute: str
    kind: Kind
    language: str | None = None
    system: str | None = None


@dataclass(frozen=True, kw_only=True)
class GroupResult(Where):
    """One group: `n` scored rows of `expected`, coverage 0-1, mean with its 1 - alpha interval.

    `units` counts what is resampled. `shrunk` (intersections only) is the mean pulled towards
    the grand mean by its unreliability (empirical Bayes, DerSimonian & Laird 1986).
    """

    group: str
    n: int
    expected: int
    coverage: float | None
    units: int
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    shrunk: float | None = None


@dataclass(frozen=True, kw_only=True)
class Contrast(Where):
    """One group against the named reference; `gap` is group minus reference, in raw points.

    `low`, `high` bound the gap at 1 - alpha; `tost_low`, `tost_high` at 1 - 2 alpha, the interval
    the equivalence test uses. `relative_gap` is in percent of the reference's mean. `mde` is the
    smallest gap found with 80 % power at alpha (one contrast), `smallest_margin` the smallest
    margin that equivalence could be shown for with that power if the groups were equal.
    """

    group: str
    reference: str
    test: str
    n_group: int
    n_reference: int
    pairs: int | None = None
    clusters: int | None = None
    gap: float | None = None
    relative_gap: float | None = None
    hedges_g: float | None = None
    cliffs_delta: float | None = None
    dz: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    tost_low: float | None = None
    tost_high: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    margin: float | None = None
    margin_from_data: bool = False
    tost_p: float | None = None
    tost_p_adjusted: float | None = None
    verdict: Verdict = "inconclusive"
    mde: float | None = None
    smallest_margin: float | None = None
    baseline_gap: float | None = None
    did: float | None = None
    did_low: float | None = None
    did_high: float | None = None
    did_p: float | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class LargestGap(Where):
    """The largest gap between any two groups, calibrated for having been picked.

    `low` and `high` come from simultaneous intervals of all pairs, so at true equality `low` is
    0 in 1 - alpha of all tables. `tost_p` tests that every pair of groups is within the margin.
    """

    highest: str
    lowest: str
    gap: float
    low: float | None
    high: float | None
    p: float | None
    p_bootstrap: float | None
    tost_p: float | None
    verdict: Verdict
    method: str


@dataclass(frozen=True, kw_only=True)
class WorstGroup(Where):
    """The group with the lowest mean, its one-sided 1 - alpha lower bound, and the floor.

    `met`: every group's bound is at or above the floor; `missed`: some group's upper bound is
    below it. `weakest` is the group with the lowest bound.
    """

    group: str
    mean: float
    n: int
    bound: float | None
    weakest: str
    weakest_bound: float | None
    floor: float | None
    verdict: FloorVerdict
    method: str


@dataclass(frozen=True, kw_only=True)
class CrossLanguage:
    """The gate before a comparison of two languages: no gap is given without anchors."""

    score: str
    language: str
    reference: str
    verdict: Literal["insufficient anchors"]
    anchors: int
    anchors_needed: int | None
    assumption: str


@dataclass(frozen=True, kw_only=True)
class ParityResult:
    """All of parity(): see each record. `settings` holds every option that made it."""

    groups: tuple[GroupResult, ...]
    contrasts: tuple[Contrast, ...]
    largest: tuple[LargestGap, ...]
    worst: tuple[WorstGroup, ...]
    cross_language: tuple[CrossLanguage, ...] = ()
    notes: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data (no nan, no infinity: null instead)."""
        plain: dict[str, Any] = to_plain(asdict(self))
        return plain


def to_plain(value: Any) -> Any:
    """`value` with tuples as lists and non-finite numbers as None, for JSON."""
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def number(value: Any) -> float | None:
    """A Python float, or None for what is not a finite number."""
    return float(value) if value is not None and isfinite(value) else None
