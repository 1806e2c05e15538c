"""Cues of a flag in a text: windows of a sentence, vetoes, and whether the examples hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mhx.adaptation.rules import compiled, finds, without
from mhx.errors import MhxError, Problem
from mhx.schema.language import FlagCues

WINDOW = r"[^.!?؟…\n]+[.!?؟…]*"  # a sentence with its mark: questions need it
# Arabic keyboards in Persian text, curly apostrophes; kashida and direction marks go
LETTERS = str.maketrans("يىك’‘", "ییک''", "\u0640\u200e\u200f")
FIX_EXAMPLE = "fix the cue or the sentence"


def sentences(text: str) -> list[str]:
    """The windows that cues see, in composed characters, Persian letters, straight apostrophes."""
    plain = unicodedata.normalize("NFC", text).translate(LETTERS)
    return [match.group() for match in compiled(WINDOW, ignore_case=True).finditer(plain)]


def flagged(text: str, cues: FlagCues, *, scoped: bool = False) -> bool:
    """Whether any sentence holds a cue of the flag and no veto.

    `scoped`: a veto takes away the words that it matches and the cues read the rest; otherwise
    it cancels the whole sentence.
    """
    patterns = [cue.pattern for cue in cues.cues]
    for part in sentences(text):
        if finds(patterns, part):
            if not finds(cues.veto, part):
                return True
            if scoped and finds(patterns, without(cues.veto, part)):
                return True
    return False


def example_problems(
    cues: FlagCues | None, *, path: Path, field: str, scoped: bool = False
) -> list[Problem]:
    """Examples that a flag's cues do not treat as they say (`scoped` as in flagged); a bad or
    slow pattern."""
    try:
        wrong = list(_wrong_examples(cues, scoped=scoped))
        return [Problem(what, FIX_EXAMPLE, path=path, field=field) for what in wrong]
    except MhxError as error:
        return [replace(item, path=path, field=field) for item in error.problems]


def _wrong_examples(cues: FlagCues | None, *, scoped: bool) -> Iterator[str]:
    if cues is None:
        return
    for cue in cues.cues:
        alone = cues.model_copy(update={"cues": [cue]})
        for text in cue.positive:
            if not flagged(text, alone, scoped=scoped):
                yield f"{cue.pattern!r} does not match {text!r}"
        for text in cue.negative:
            if flagged(text, cues, scoped=scoped):
                yield f"{text!r} is flagged, wanted the contrary"
