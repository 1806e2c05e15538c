"""Gate: service slots and placeholders of personal data are kept."""

from __future__ import annotations

from collections import Counter

from mhx.adaptation.conservation import Found
from mhx.adaptation.gates.records import Code, Gate, GateContext, Segment
from mhx.adaptation.resolver import SLOT
from mhx.corpus.privacy import PLACEHOLDER
from mhx.schema import Plan


def check(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """A slot or a placeholder that came, went or became another."""
    texts = segment.source, segment.adapted or ""
    if not any(mark in text for mark in "{[" for text in texts):
        return  # neither can stand there
    for code, pattern in (("slots", SLOT), ("placeholders", PLACEHOLDER)):
        before, after = (Counter(pattern.findall(text)) for text in texts)
        if before != after:
            yield f"conservation.{code}", "block", f"{dict(before)} became {dict(after)}"


GATE = Gate(
    name="protected",
    holds="service slots and placeholders",
    codes=(
        Code("conservation.slots", ("block",), "a service slot came, went or became another"),
        Code("conservation.placeholders", ("block",),
             "a placeholder of personal data came, went or became another"),
    ),
    segment=check,
)
