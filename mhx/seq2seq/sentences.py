"""Sentences for counting and for the second try: the language's hook, abbreviations held."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mhx.language import Language

Splitter = Callable[[str], list[str]]
_INITIAL = re.compile(r"(?:^|\s)(?!I\.$)[^\W\d_a-z]\.$")


def sentence_splitter(language: Language) -> Splitter:
    """A function from text to its sentences, in order; it needs no package.

    The language's own `split_sentences` (or the default) cuts; a cut after one of the manifest's
    `abbreviations` or after an initial is taken back.
    """
    hooks: Any = language.hooks
    return holding(hooks.split_sentences, tuple(language.manifest.abbreviations))


def holding(split: Splitter, abbreviations: tuple[str, ...]) -> Splitter:
    """`split` with parts that end in an abbreviation or an initial joined to what follows."""
    words = "|".join(re.escape(word.rstrip(".")) for word in abbreviations)
    ending = re.compile(rf"(?:^|[\s(„\"“«'])(?:{words})\.$", re.IGNORECASE) if words else None

    def sentences(text: str) -> list[str]:
        out: list[str] = []
        goes_on = False
        for part in split(text):
            if goes_on:
                out[-1] = f"{out[-1]} {part}"
            else:
                out.append(part)
            goes_on = bool((ending and ending.search(part)) or _INITIAL.search(part))
        return out

    return sentences
