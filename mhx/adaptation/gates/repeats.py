"""Gate: the text says nothing over and over that its source does not."""

from __future__ import annotations

import re
from collections import Counter

from mhx.adaptation.conservation import Found
from mhx.adaptation.gates.records import Code, Gate, GateContext, Segment
from mhx.schema import Plan
from mhx.seq2seq.checks import CYCLE_TIMES, NGRAM_TIMES, repeats


def check(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """A loop of words, or a run of words far more often than in the source."""
    said = Counter(re.findall(r"\w+", (segment.adapted or "").casefold()))
    if max(said.values(), default=0) < min(CYCLE_TIMES, NGRAM_TIMES):
        return  # no word is there as often as a loop has rounds
    if repeats(segment.source, segment.adapted or ""):
        yield "repeats", "review", "words go round in a loop that the source does not have"


GATE = Gate(
    name="repeats",
    holds="no loop of one to eight words that the source does not have",
    codes=(Code("repeats", ("review",), "a loop of words, as engines fall into"),),
    segment=check,
)
