"""Which of many things a text may hold, at the cost of one look at the text.

Patterns, names and words are each known by literals of which the text must hold one. The text's
triples of letters are looked up in an index of the literals' triples, so that a hundred patterns
cost hardly more than one where none is there. What is let through is looked for as ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from mhx.adaptation.literals import ODD

GRAM = 3
TEXTS = 64  # texts whose letters are kept: one text is asked about by many lists in a row


class Prefilter:
    """An index of what each of some things demands of a text (None: nothing)."""

    def __init__(self, demands: Iterable[Collection[str] | None]) -> None:
        self._always: list[int] = []
        self._short: list[tuple[str, int]] = []
        self._index: dict[str, list[tuple[str, int]]] = {}
        number = -1
        for number, literals in enumerate(demands):
            if literals is None or any(map(ODD.search, literals)) or "" in literals:
                self._always.append(number)
                continue
            for literal in sorted({literal.lower() for literal in literals}):
                if len(literal) < GRAM:
                    self._short.append((literal, number))
                else:
                    self._index.setdefault(_gram(literal), []).append((literal, number))
        self._grams = frozenset(self._index)
        self._every = range(number + 1)

    def near(self, text: str) -> Sequence[int]:
        """In order, the positions of the things that the text may hold; of no other it can."""
        letters, grams = _letters(text)
        if grams is None:
            return self._every
        found = set(self._always)
        for gram in self._grams & grams:
            found.update(number for literal, number in self._index[gram] if literal in letters)
        found.update(number for literal, number in self._short if literal in letters)
        return sorted(found)


def _gram(literal: str) -> str:
    """The triple that a literal is found by: rather one without a blank, which are common."""
    grams = [literal[at : at + GRAM] for at in range(len(literal) - GRAM + 1)]
    return next((gram for gram in grams if " " not in gram), grams[0])


@lru_cache(maxsize=TEXTS)
def _letters(text: str) -> tuple[str, frozenset[str] | None]:
    """(the text in small letters, its triples; None where small letters cannot be relied on)."""
    if ODD.search(text):
        return text, None
    low = text.lower()
    return low, frozenset(low[at : at + GRAM] for at in range(len(low) - GRAM + 1))
