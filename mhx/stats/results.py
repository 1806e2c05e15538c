"""What parity() answers: small frozen records, plain data all the way down."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any, Literal

Verdict = Literal["equivalent", "different", "trivial", "inconclusive", "inconclusive: floor"]
FloorVerdict = Literal["met", "missed", "not shown", "no floor given"]
Kind = Literal["main", "intersection", "language"]
Licence = Literal["comparable", "correctable", "not comparable", "insufficient anchors"]


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
    the grand mean by its unreliability (empirical Bayes, DerSimonian & Laird 1986). `mde` is the
    smallest gap to the reference that is found with 80 % power; None for the reference itself.
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
    mde: float | None = None


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
    """The worst group (the lowest mean, or the highest of a score of which less is better), its
    one-sided 1 - alpha bound on the bad side, and the floor.

    `met`: every group's bound is at or on the good side of the floor; `missed`: some group's
    other bound is on its bad side. `weakest` is the group with the worst bound.
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
class Against(Where):
    """A check of one group against the reference, from `n` rows; `note` says what is missing."""

    group: str
    reference: str
    n: int
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelCheck(Against):
    """A model's estimate of the gap, beside the design-based one: a check, not the result.

    `mixed`: linear with the unit as random intercept, raw points. `ordinal`: cumulative logit
    GEE clustered by unit, log odds of a higher score. `agrees`: the same sign, and significant
    (unadjusted) exactly where the design-based gap is. All None where it could not be fitted.
    """

    model: Literal["mixed", "ordinal"]
    scale: Literal["raw points", "log odds"]
    estimate: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    agrees: bool | None = None


@dataclass(frozen=True, kw_only=True)
class LengthGap(Against):
    """The gap in length and the score's gap at equal length.

    `length_gap` is in the length column's unit; `adjusted` is the score gap with length held
    equal (one slope within groups or units), `slope` raw points per SD of log(1 + length).
    """

    length_gap: float | None = None
    length_low: float | None = None
    length_high: float | None = None
    gap: float | None = None
    adjusted: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    slope: float | None = None


@dataclass(frozen=True, kw_only=True)
class ConditionalGap(Against):
    """Score difference at equal human rating: what of a gap is the scorer's own.

    `difference` is group minus reference in raw points among the `n` rows people rated,
    `standardized` the same in pooled within-group SDs of their scores; `tost_p` tests that it is
    within `bound`. The note names how the rating was taken.
    """

    difference: float | None = None
    standardized: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    bound: float | None = None
    tost_p: float | None = None


@dataclass(frozen=True, kw_only=True)
class CorrectedGap(Against):
    """The gap on the human scale by prediction-powered inference (Angelopoulos et al. 2023).

    `n` rows were rated by people, drawn with recorded inclusion probabilities from `n_scored`
    scored rows; `weight` is the power-tuning factor of the scores (0: only the ratings count).
    """

    n_scored: int = 0
    raw: float | None = None
    corrected: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    tost_low: float | None = None
    tost_high: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    tost_p: float | None = None
    tost_p_adjusted: float | None = None
    margin: float | None = None
    weight: float | None = None
    verdict: Verdict = "inconclusive"


@dataclass(frozen=True, kw_only=True)
class DifferenceShape(Against):
    """The paired differences behind a gap: see `mhx.stats.shapes.difference_shape`."""

    mean: float
    median: float
    sd: float | None
    low: float
    high: float
    below: float
    zero: float
    above: float
    width: float
    values: list[float]
    counts: list[int]


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Two groups of one attribute that share units although the design is not crossed."""

    attribute: str
    language: str | None
    system: str | None
    first: str
    second: str
    shared: int
    n_first: int
    n_second: int


@dataclass(frozen=True, kw_only=True)
class CrossLanguage:
    """The licence to compare two languages: no gap is given without it.

    `bias` is the scorer's intercept in `language` minus that in `reference` at equal human
    rating, `slope` the difference of its slopes times one SD of the human ratings, both in raw
    points with 1 - 2 alpha intervals; both must lie within `bound`. `certificate` is the
    certificate's hash, `why` the reason of a verdict other than ``comparable``.
    """

    score: str
    language: str
    reference: str
    verdict: Licence
    anchors: int
    anchors_needed: int | None
    assumption: str
    bound: float | None = None
    bias: float | None = None
    bias_low: float | None = None
    bias_high: float | None = None
    slope: float | None = None
    slope_low: float | None = None
    slope_high: float | None = None
    certificate: str | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class ParityResult:
    """All of parity(): see each record. `settings` holds every option that made it."""

    groups: tuple[GroupResult, ...]
    contrasts: tuple[Contrast, ...]
    largest: tuple[LargestGap, ...]
    worst: tuple[WorstGroup, ...]
    cross_language: tuple[CrossLanguage, ...] = ()
    models: tuple[ModelCheck, ...] = ()
    lengths: tuple[LengthGap, ...] = ()
    conditional: tuple[ConditionalGap, ...] = ()
    corrected: tuple[CorrectedGap, ...] = ()
    overlap: tuple[Overlap, ...] = ()
    differences: tuple[DifferenceShape, ...] = ()
    notes: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The answer as `mhx parity --json` prints it."""
        from mhx.stats.answer import answer

        return answer(self)

    def records(self) -> dict[str, Any]:
        """Every record as plain JSON data, flat, one list a kind (no nan: null instead)."""
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
