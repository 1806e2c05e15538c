"""A checklist's answers: what the record says, and what only the authors can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TO_FILL = "TO BE FILLED BY THE AUTHORS"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One question. `answer` is what the record says, `open` what it cannot know."""

    id: str
    question: str
    answer: str = ""
    open: str = ""

    @property
    def filled(self) -> bool:
        """Whether the record answers all of it."""
        return not self.open

    @property
    def text(self) -> str:
        """The answer with what is to be filled, which is never left out."""
        gap = f"{TO_FILL}: {self.open}." if self.open else ""
        return f"{self.answer} {gap}".strip()


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """Items under one name. `source` is the publication, `note` how to read the numbering."""

    name: str
    items: tuple[Item, ...]
    source: str = ""
    note: str = ""

    @property
    def unfilled(self) -> int:
        """How many items the authors must still answer."""
        return sum(not item.filled for item in self.items)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"name": self.name, "source": self.source, "note": self.note,
                "items": [{"id": item.id, "question": item.question, "answer": item.answer,
                           "open": item.open, "filled": item.filled} for item in self.items]}
