"""Defaults of the language hooks: what a plugin without `hooks.py` gets."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from mhx.schema.base import Role
from mhx.schema.dialogue import Edit

if TYPE_CHECKING:
    from mhx.contracts import Finding
    from mhx.schema.dialogue import Plan

_BLANKS = re.compile(r"[ \t\r\n\u00a0\u2028\u2029]+")
_SENTENCE_END = re.compile(r"(?<=[.!?…؟])\s+")


def normalize(text: str) -> str:
    """Unicode NFC and single blanks; letters and words stay."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip()


def split_sentences(text: str) -> list[str]:
    """Split after sentence marks (a language with abbreviations brings its own hook)."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part]


def analyze(text: str, role: Role, plan: Plan) -> list[Finding]:
    """No findings: what a language does not describe is not judged."""
    return []


def realize(text: str, role: Role, plan: Plan) -> list[Edit]:
    """Names of the plan, word for word, where the source spelling stands as a whole word.

    Of two names that overlap ("Mary Ann", "Ann") the longer one has the place.
    """
    edits: list[Edit] = []
    names = [entity for entity in plan.entities if entity.kind == "person_name"]
    for entity in sorted(names, key=lambda item: -len(item.src)):
        for match in re.finditer(rf"(?<!\w){re.escape(entity.src)}(?!\w)", text):
            start, end = match.span()
            if any(start < edit.end and edit.start < end for edit in edits):
                continue
            edits.append(
                Edit(
                    start=start,
                    end=end,
                    operation="replace",
                    rule=entity.rule,
                    before=match.group(),
                    after=entity.tgt,
                    nature="substituting",
                )
            )
    # a name that stays holds its place against the others, and is no edit
    made = [edit for edit in edits if edit.after != edit.before]
    return sorted(made, key=lambda edit: edit.start)


def inflect(lemma: str, tag: str) -> str:
    """The lemma itself: no inflection without a hook."""
    return lemma


def knows(word: str) -> bool:
    """Every word: no dictionary without a hook."""
    return True
