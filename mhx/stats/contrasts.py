"""The contrast record of a group against the reference: effects, intervals, tests, margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from mhx.stats.columns import Margin
from mhx.stats.effects import (
    benjamini_hochberg,
    cliffs_delta,
    detectable,
    hedges_g,
    holm,
    smallest_margin,
)
from mhx.stats.largest import decide
from mhx.stats.pairs import Gap
from mhx.stats.results import Contrast, CorrectedGap, number

TestedGap = TypeVar("TestedGap", Contrast, CorrectedGap)
KINDS = ("main", "intersection", "language")


@dataclass(frozen=True)
class Tested:
    """A gap with the two-sided p of a zero gap and the name of its test."""

    gap: Gap
    p: float | None
    test: str


def contrast(tested: Tested, *, margin: Margin | None, alpha: float, floored: bool, note: str,
             where: dict[str, Any]) -> Contrast:
    """The record of one contrast; p values are not adjusted yet (see `adjusted`)."""
    gap, estimate = tested.gap, tested.gap.estimate
    base = Contrast(
        **where, test=tested.test, n_group=len(gap.group), n_reference=len(gap.reference),
        pairs=gap.pairs, clusters=estimate.clusters, gap=number(estimate.value),
        relative_gap=_relative(gap), hedges_g=hedges_g(gap.group, gap.reference),
        cliffs_delta=cliffs_delta(gap.group, gap.reference), note=note,
    )
    if floored:
        return replace(base, verdict="inconclusive: floor")
    wide, narrow = estimate.limits(alpha / 2), estimate.limits(alpha)
    if wide is None or narrow is None:
        note = "; ".join(filter(None, [note, "fewer than two units: nothing can be tested"]))
        return replace(base, note=note)
    points, dz = margin_points(margin, gap), _dz(gap)
    if estimate.constant and gap.pairs and estimate.value == 0:
        note = "; ".join(filter(None, [note, f"identical in all {gap.pairs} pairs: copied scores, "
                                             "or a control"]))
    spread = not estimate.constant
    return replace(
        base, dz=dz, se=estimate.se, low=wide[0], high=wide[1], tost_low=narrow[0],
        tost_high=narrow[1], p=tested.p, margin=points, note=note,
        margin_from_data=points is not None and margin is not None and margin.unit != "raw",
        tost_p=None if points is None else estimate.p_equivalent(points),
        mde=number(detectable(estimate.se, estimate.df, alpha)) if spread else None,
        smallest_margin=number(smallest_margin(estimate.se, estimate.df, alpha))
        if spread else None,
    )


def margin_points(margin: Margin | None, gap: Gap) -> float | None:
    """The margin in raw points for this gap; None where its SD does not exist (dz, unpaired)."""
    if margin is None or margin.unit == "raw":
        return None if margin is None else margin.value
    if margin.unit == "dz":
        if gap.pairs is None or gap.pairs < 2:
            return None
        return number(margin.value * float((gap.group - gap.reference).std(ddof=1))) or None
    if len(gap.reference) < 2:
        return None
    return number(margin.value * float(gap.reference.std(ddof=1))) or None


def adjusted(gaps: Sequence[TestedGap], *, alpha: float,
             adjust: Literal["holm", "bh"]) -> list[TestedGap]:
    """Contrasts, or corrected gaps, with adjusted p values and verdicts.

    There are three families: the attributes' contrasts (all scores, languages and systems) and,
    apart from them, the intersections' and those between languages. Difference and equivalence p
    are adjusted separately.
    """
    method = holm if adjust == "holm" else benjamini_hochberg
    out = list(gaps)
    for kind in KINDS:
        for source, target in (("p", "p_adjusted"), ("tost_p", "tost_p_adjusted")):
            family = [k for k, one in enumerate(out)
                      if one.kind == kind and getattr(one, source) is not None]
            for k, value in zip(family, method([getattr(out[k], source) for k in family]),
                                strict=True):
                changed: dict[str, Any] = {target: value}
                out[k] = replace(out[k], **changed)
    return [
        replace(one, verdict=decide(one.p_adjusted, one.tost_p_adjusted, alpha,
                                    one.verdict == "inconclusive: floor"))
        for one in out
    ]


def _relative(gap: Gap) -> float | None:
    if not len(gap.group) or not len(gap.reference):
        return None
    home = float(gap.reference.mean())
    return None if home <= 1e-12 else 100 * gap.estimate.value / home


def _dz(gap: Gap) -> float | None:
    if gap.pairs is None or gap.pairs < 2:
        return None
    spread = float((gap.group - gap.reference).std(ddof=1))
    return None if spread <= 1e-12 else gap.estimate.value / spread

