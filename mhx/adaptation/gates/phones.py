"""Gate: no digits that read as a phone number outside a service slot."""

from __future__ import annotations

from mhx.adaptation.conservation import Found
from mhx.adaptation.gates.digits import DIGIT
from mhx.adaptation.gates.records import Code, Gate, GateContext, Segment
from mhx.adaptation.hotlines import service_spans
from mhx.adaptation.resolver import SLOT
from mhx.corpus.privacy import latin_digits, phones
from mhx.schema import Plan


def check(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """Phone-like digits, and the number of any territory's crisis service."""
    if not DIGIT.search(segment.adapted or ""):
        return
    text = latin_digits(SLOT.sub("", segment.adapted or ""))
    if any(phones(text)):
        yield "phone_like", "block", "digits that look like a phone number: use a service slot"
    if any(service_spans(context.service_numbers, text)):
        yield "phone_like", "review", "the number of a crisis service: use a service slot"


GATE = Gate(
    name="phones",
    holds="no number to call outside a service slot",
    codes=(
        Code("phone_like", ("block", "review"),
             "digits like a phone number block; a crisis service's own number asks"),
    ),
    segment=check,
)
