"""Gate: numbers are kept, in any digits and any notation."""

from __future__ import annotations

import re
from collections import Counter

from mhx.adaptation.conservation import Found
from mhx.adaptation.gates.records import Code, Gate, GateContext, Segment
from mhx.adaptation.resolver import SLOT
from mhx.corpus.privacy import latin_digits
from mhx.schema import Plan

DIGIT = re.compile(r"\d")
NUMBER = re.compile(r"\d+(?:[.,\u066b\u066c\u00a0\u202f ]\d{3})*(?:[.,\u066b]\d+)?")


def check(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """Numbers the engine changed; numbers adaptation changed that no edit accounts for."""
    faithful, adapted = segment.faithful or "", segment.adapted or ""
    edited = (text for edit in segment.edits for text in (edit.before, edit.after))
    if not any(map(DIGIT.search, (segment.source, faithful, adapted, *edited))):
        return
    if numbers(segment.source) != numbers(faithful):
        message = f"{listed(segment.source)} became {listed(faithful)}"
        yield "conservation.numbers", "review", message
    covered = Counter[str]()
    for edit in segment.edits:
        covered.update(numbers(edit.before))
        covered.subtract(numbers(edit.after))
    difference = Counter(numbers(faithful))
    difference.subtract(numbers(adapted))
    if {k: v for k, v in difference.items() if v} != {k: v for k, v in covered.items() if v}:
        yield "conservation.numbers", "block", "adaptation changed a number without an edit"


def numbers(text: str) -> Counter[str]:
    """Numbers in digits of any script, in one notation."""
    found = NUMBER.findall(SLOT.sub("", latin_digits(text)))
    return Counter(_plain_number(item) for item in found)


def _plain_number(text: str) -> str:
    """``1,234.50`` and ``1 234,50`` as ``1234.50``: groups of three joined, a decimal kept."""
    joined = re.sub(r"(?<=\d)[.,\u066b\u066c\u00a0\u202f ](?=\d{3}(?!\d))", "", text)
    return re.sub(r"[,\u066b]", ".", joined)


def listed(text: str) -> str:
    """The numbers of a text, for a message."""
    return ", ".join(sorted(numbers(text).elements())) or "no number"


GATE = Gate(
    name="numbers",
    holds="numbers in digits; one written as a word is for a person to judge",
    codes=(
        Code("conservation.numbers", ("block", "review"),
             "a number came, went or changed: adaptation without an edit blocks, the engine asks"),
    ),
    segment=check,
)
