"""Cues of a flag in a text: windows of a sentence, vetoes, and whether the examples hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mhx.adaptation.rules import compiled, finds
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


def flagged(text: str, cues: FlagCues) -> bool:
    """Whether any sentence holds a cue of the flag and no veto."""
    patterns = [cue.pattern for cue in cues.cues]
    return any(finds(patterns, part) and not finds(cues.veto, part) for part in sentences(text))


def example_problems(cues: FlagCues | None, *, path: Path, field: str) -> list[Problem]:
    """Examples that a flag's cues do not treat as they say; a bad or slow pattern."""
    try:
        return [
            Problem(what, FIX_EXAMPLE, path=path, field=field) for what in _wrong_examples(cues)
        ]
    except MhxError as error:
        return [replace(item, path=path, field=field) for item in error.problems]


def _wrong_examples(cues: FlagCues | None) -> Iterator[str]:
    if cues is None:
        return
    for cue in cues.cues:
        alone = cues.model_copy(update={"cues": [cue]})
        for text in cue.positive:
            if not flagged(text, alone):
                yield f"{cue.pattern!r} does not match {text!r}"
        for text in cue.negative:
            if flagged(text, cues):
                yield f"{text!r} is flagged, wanted the contrary"
