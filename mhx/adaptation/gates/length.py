"""Gate: a text is about as long as its source, by the corpus's own usual ratio."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from mhx.adaptation.conservation import Found
from mhx.adaptation.gates.records import Code, Gate, GateContext, Segment
from mhx.schema import Plan

LENGTH_FACTOR = 3.0  # times the corpus's own median ratio, either way
SHORTEST = 12  # characters: the ratio of a shorter text says nothing


def check(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """A text far longer or shorter than its source, against the usual ratio."""
    source, target = len(segment.source), len(segment.faithful or "")
    if min(source, target) < SHORTEST:
        return
    relative = target / source / context.length_ratio
    if not 1 / LENGTH_FACTOR <= relative <= LENGTH_FACTOR:
        yield "length", "review", f"{relative:.1f} times the usual length ratio"


def median_ratio(pairs: Iterable[tuple[str, str]]) -> float:
    """Median length ratio target / source of a corpus, the yardstick of the length gate."""
    # packed: of a million segments a list takes forty megabytes
    ratios = array("d", (len(target) / len(source) for source, target in pairs
                         if source and target))
    if not ratios:
        return 1.0
    import numpy as np

    return float(np.median(np.frombuffer(ratios)))


GATE = Gate(
    name="length",
    holds=f"length within {LENGTH_FACTOR:g} times the corpus's median ratio, either way",
    codes=(Code("length", ("review",), "far longer or shorter than the source"),),
    segment=check,
)
