"""Gate: a person's name of the source is found again, as the card maps it or as it was."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from mhx.adaptation.conservation import Found
from mhx.adaptation.gates.records import Code, Gate, GateContext, Segment
from mhx.schema import Plan

WORD = re.compile(r"[^\W\d_]+(?!['\u2019]t\b)")  # the Don of "Don't" is nobody
ENDING = 2  # letters a case ending may replace


def check(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """Names that the engine lost: those of the card's map, and the source's listed given names.

    The faithful text is read: what adaptation makes of a name is listed as an edit. An author
    may write "your husband" for his name, so only in a user's text a person is asked.
    """
    words = set(WORD.findall(segment.source))
    named = {word for word in words if word in context.names or word in context.given_names}
    if not named:
        return
    faithful = _plain(segment.faithful or "")
    same_script = _script(segment.source) == _script(faithful)  # another one spells a name anew
    for word in sorted(named):
        if word not in context.names and not same_script:
            continue
        spellings = (word, *context.names.get(word, ()))
        if not any(_stem(_plain(name)).search(faithful) for name in spellings):
            severity = "review" if context.user_text else "warn"
            yield "names", severity, f"{word} is not in the translation, in no form"


@lru_cache(maxsize=4096)
def _stem(name: str) -> re.Pattern[str]:
    """A name in any case: its stem, and an ending about as long as the one it replaces."""
    stem = name[: max(len(name) - ENDING, 2)] if len(name) > 2 else name
    return re.compile(rf"(?<!\w){re.escape(stem)}\w{{0,{ENDING + 2}}}")


def _plain(text: str) -> str:
    """Small letters without their marks."""
    parts = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def _script(text: str) -> str:
    """The script of the first letter, by its Unicode name."""
    named = (unicodedata.name(letter, "") for letter in text if letter.isalpha())
    return next(named, "").split(" ")[0]


GATE = Gate(
    name="names",
    holds="given names: those of the card's map, in the same script those of the source's list too",
    codes=(
        Code("names", ("review", "warn"), "a name is in the translation in no form; only said of "
             "a shipped text, whose author may have written “your husband”"),
    ),
    segment=check,
)
