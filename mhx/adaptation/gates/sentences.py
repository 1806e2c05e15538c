"""Gate: the number of sentences is about the source's."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

from mhx.adaptation.conservation import Found
from mhx.adaptation.gates.records import Code, Gate, GateContext, Segment
from mhx.schema import Plan

ELLIPSIS = re.compile(r"\.{2,}|…")


def check(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """A sentence that came or went, by end marks; the manifests' abbreviations end none."""
    texts = (
        (segment.source, context.source),
        (segment.faithful or "", context.target),
        (segment.adapted or "", context.target),
    )
    counts = [_ends(text, tuple(manifest.abbreviations)) for text, manifest in texts]
    for (least, most), (fewest, found) in pairwise(counts):
        if fewest > most + 1 or found < least:
            yield "conservation.sentences", "review", f"{most} sentence ends became {found}"


def _ends(text: str, abbreviations: tuple[str, ...]) -> tuple[int, int]:
    """(least, most) end marks: an ellipsis within a text may be a pause ("well… you see")."""
    found = list(_end_marks(abbreviations).finditer(text))
    pauses = sum(
        bool(ELLIPSIS.fullmatch(match.group()) and text[match.end() :].strip()) for match in found
    )
    return max(len(found) - pauses, 1), max(len(found), 1)


@cache
def _end_marks(abbreviations: tuple[str, ...]) -> re.Pattern[str]:
    no_end = "".join(rf"(?<!\b{re.escape(word)})" for word in abbreviations)
    return re.compile(rf"{no_end}[.!?؟…]+(?=\s|$|[\"”»])")


GATE = Gate(
    name="sentences",
    holds="the number of sentences; one more is allowed, one less is not",
    codes=(Code("conservation.sentences", ("review",), "a sentence was lost, or several came"),),
    segment=check,
)
