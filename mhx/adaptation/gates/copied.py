"""Gate: the target is no copy of the source, whole or in large part."""

from __future__ import annotations

import re

from mhx.adaptation.conservation import Found
from mhx.adaptation.gates.records import Code, Gate, GateContext, Segment
from mhx.adaptation.resolver import SLOT
from mhx.corpus.privacy import PLACEHOLDER
from mhx.schema import Plan

RESIDUE_SHARE = 0.5  # of a segment's words of four letters or more, taken over unchanged
CAPITALIZED = re.compile(r"(?<=[\w,;:] )[^\W\d_a-z]\w{2,}(?=\W|$)")  # not what opens a sentence
RESIDUE_WORDS = 3  # such words a segment needs for a share of them to mean anything


def check(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """The whole source as it was, or over half of its longer words."""
    names = {entity.src.lower() for entity in plan.entities}
    names |= {str(person.name).lower() for person in (plan.seeker, plan.supporter)}
    names |= {word.lower() for word in CAPITALIZED.findall(segment.source)}
    if _copied(segment, names):
        yield "source_copied", "review", "the target is the source"
        return
    source = [word for word in _words(segment.source) if word not in names]
    target = set(_words(segment.adapted or ""))
    kept = [word for word in source if word in target]
    if len(source) >= RESIDUE_WORDS and len(kept) / len(source) > RESIDUE_SHARE:
        yield "residue", "review", f"source words left: {', '.join(kept[:5])}"


def _copied(segment: Segment, names: set[str]) -> bool:
    """Whether a segment with a word that is no name came through as it was."""
    words = [word.lower() for word in re.findall(r"[^\W\d_]{2,}", segment.source)]
    same = segment.source.strip().lower() == (segment.adapted or "").strip().lower()
    return same and any(word not in names for word in words)


def _words(text: str) -> list[str]:
    """Longer words; what slots and placeholders are called is to stand in the target."""
    text = PLACEHOLDER.sub(" ", SLOT.sub(" ", text))
    return [word.lower() for word in re.findall(r"[^\W\d_]{4,}", text)]


GATE = Gate(
    name="copied",
    holds="words of the target language, not the source's",
    codes=(
        Code("source_copied", ("review",), "the target is the source"),
        Code("residue", ("review",), f"over {RESIDUE_SHARE:.0%} of the source's words of four "
             "letters or more stand in the target"),
    ),
    segment=check,
)
