"""Gate: each turn is in the target language, by lingua among the pair and English."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from mhx.adaptation.gates.records import Code, Gate, GateContext, Reason, Talk, spoken_by
from mhx.adaptation.resolver import SLOT

LANGUAGE_LETTERS = 25  # a shorter text is too little for language identification
LANGUAGE_MARGIN = 0.2


def check(talk: Talk, context: GateContext) -> Iterator[Reason]:
    """Turns that read as another language; nothing where lingua does not know the target."""
    manifests = (context.source, context.target)
    codes = {manifest.codes.get("lingua") for manifest in manifests} | {"ENGLISH"}
    wanted = context.target.codes.get("lingua")
    if wanted is None or len(codes - {None}) < 2:
        return
    among = frozenset(str(code) for code in codes if code)
    for turn, parts in sorted(spoken_by(talk).items()):
        text = SLOT.sub("", " ".join(segment.adapted or "" for _, segment in parts))
        if sum(letter.isalpha() for letter in text) < LANGUAGE_LETTERS:
            continue
        guess, margin = identify(text, among)
        if guess != wanted and margin > LANGUAGE_MARGIN:
            message = f"turn {turn} reads as {guess.title()}"
            yield Reason("language", parts[0][0], "review", message)


def identify(text: str, codes: frozenset[str]) -> tuple[str, float]:
    """(most probable language, its lead over the second), among `codes` (lingua names)."""
    values = _detector(codes).compute_language_confidence_values(text)
    return values[0].language.name, values[0].value - values[1].value


@cache
def _detector(codes: frozenset[str]) -> Any:
    from lingua import Language, LanguageDetectorBuilder

    languages = [getattr(Language, code) for code in sorted(codes)]
    return LanguageDetectorBuilder.from_languages(*languages).build()


GATE = Gate(
    name="language",
    holds=f"turns of {LANGUAGE_LETTERS} letters or more are in the target language",
    codes=(Code("language", ("review",), "a turn reads as another language"),),
    dialogue=check,
)
