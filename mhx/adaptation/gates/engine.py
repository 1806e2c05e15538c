"""Gate: what the translation engine itself says: no answer, a near answer, unknown words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mhx.adaptation.gates.records import Code, Gate, GateContext, Reason, Talk

UNKNOWN_WORDS = re.compile(r"(\d+) unknown words")  # what an engine says in its detail
UNKNOWN_SHARE = 0.03  # of a dialogue's words


def check(talk: Talk, context: GateContext) -> Iterator[Reason]:
    """Segments without text (by the engine's own code), fuzzy matches, unknown words."""
    for number, segment in enumerate(talk.segments):
        if segment.adapted is None or segment.faithful is None:
            yield Reason(segment.failure or "untranslated", number, "review", "no text")
        elif segment.engine.endswith(":fuzzy"):  # another sentence's translation
            yield Reason("fuzzy_match", number, "review", segment.detail)
    yield from _unknown_words(talk)


def _unknown_words(talk: Talk) -> Iterator[Reason]:
    """Source words a rule-based engine did not know and left standing, over a share."""
    found = [
        (number, int(match[1]))
        for number, segment in enumerate(talk.segments)
        if (match := UNKNOWN_WORDS.match(segment.detail))
    ]
    words = sum(len(segment.source.split()) for segment in talk.segments)
    left = sum(count for _, count in found)
    if left > UNKNOWN_SHARE * words:
        yield Reason("unknown_words", found[0][0], "review", f"{left} of {words} words left as is")


GATE = Gate(
    name="engine",
    holds="an answer from the engine, of this very sentence",
    codes=(
        Code("untranslated", ("review",), "no text came; where the engine says why, the code is "
             "the engine's own (`not_in_memory`, `held_out`, `timeout`, `refused` …)"),
        Code("fuzzy_match", ("review",), "the memory answered with a similar sentence's text"),
        Code("unknown_words", ("review",),
             f"words the engine left as they were, over {UNKNOWN_SHARE:.0%} of the dialogue"),
    ),
    dialogue=check,
)
