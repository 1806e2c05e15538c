"""Translation memories: an exact match, else the nearest above a threshold, else nothing.

The score of a fuzzy match is rapidfuzz's `ratio` in percent, on text without the differences that
`key` takes away: 100 · (1 - d / (m + n)), d the characters to insert and delete. A fuzzy match
always goes to review. Every answer names its file and unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from itertools import chain

from mhx.contracts import BackendSettings, Reply, Request
from mhx.corpus.fuzzy import FuzzyIndex
from mhx.corpus.tmx import Unit, read_tmx
from mhx.files import hash_file

TYPOGRAPHIC = str.maketrans("’‘“”–—", "''\"\"--")


def open(settings: BackendSettings) -> Memory:
    """Read all memories. Raises MhxError for a file that is not TMX or lacks the pair."""
    units = chain.from_iterable(
        read_tmx(path, settings.source, settings.target) for path in settings.memories
    )
    digests = [hash_file(path)[:12] for path in settings.memories]
    return Memory(units, settings.exclude, digests, threshold=settings.fuzzy)


class Memory:
    """Units by normalized source text: the plan's register and gender choose, then file order."""

    def __init__(
        self,
        units: Iterable[Unit],
        exclude: frozenset[str],
        digests: list[str],
        *,
        threshold: int,
    ) -> None:
        self.exclude = {key(text) for text in exclude}
        self.units: dict[str, list[Unit]] = {}
        for unit in units:
            if (held := key(unit.source)) not in self.exclude:
                self.units.setdefault(held, []).append(unit)
        self.keys = list(self.units)
        self.threshold = threshold
        self.revision = "+".join(digests) or "empty"
        self.signature = f"memory|files:{self.revision}|units:{len(self.units)}|fuzzy:{threshold}"

    @cached_property
    def index(self) -> FuzzyIndex:
        """Made when the first text is not held exactly."""
        return FuzzyIndex(self.keys)

    def translate(self, batch: list[Request]) -> list[Reply]:
        """Exact, then fuzzy; a segment that is not held is not translated."""
        return [self._one(request) for request in batch]

    def _one(self, request: Request) -> Reply:
        wanted = key(request.text)
        if wanted in self.exclude:
            return self._none("held_out", "the test split is not in the memory")
        units = self.units.get(wanted)
        if units is not None:
            unit = fitting(units, request)
            return Reply(unit.target, "memory:exact", self.revision, detail=unit.origin)
        near = self._nearest(wanted, request)
        if near is None:
            return self._none("not_in_memory", "")
        unit, score = near
        detail = f"{unit.origin} at {int(score)} %: {unit.source}"
        return Reply(unit.target, "memory:fuzzy", self.revision, detail=detail)

    def _nearest(self, wanted: str, request: Request) -> tuple[Unit, float] | None:
        if self.threshold >= 100:  # what is the same in letters was an exact match
            return None
        found = self.index.nearest(wanted, self.threshold)
        if found is None:
            return None
        unit = fitting(self.units[self.keys[found[0]]], request)
        # another number is another statement, however near the letters are
        if re.findall(r"\d+", unit.source) != re.findall(r"\d+", wanted):
            return None
        return unit, found[1]

    def _none(self, failure: str, detail: str) -> Reply:
        return Reply(None, "memory", self.revision, failure=failure, detail=detail)

    def close(self) -> None:
        """Nothing is held open."""


def fitting(units: list[Unit], request: Request) -> Unit:
    """The unit whose register, then speaker's gender, is the plan's; the first where none says."""
    return max(
        units,
        key=lambda unit: (unit.register == request.register, unit.gender == request.gender),
    )


def key(text: str) -> str:
    """Case, blanks and typographic quotes do not make another segment."""
    return " ".join(text.translate(TYPOGRAPHIC).split()).lower()
