"""Gate: a person's name of the source is found again, as the card maps it or as it was."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from mhx.adaptation.conservation import Found
from mhx.adaptation.gates.records import Code, Gate, GateContext, Segment
from mhx.schema import Plan

CAPITALIZED = re.compile(r"(?<=[\w,;:] )[^\W\d_a-z]\w{2,}(?=\W|$)")  # not what opens a sentence
WORD = re.compile(r"[^\W\d_]+(?!['\u2019]t\b)")  # the Don of "Don't" is nobody
STEM = 3  # letters that survive every ending
ENDING = 2  # letters an ending may replace


def check(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """Names of the card's map that the engine lost; capitalized words that left no trace.

    The faithful text is read: what adaptation makes of a name is listed as an edit. An author
    may write "your husband" for his name, so only in a user's text a person is asked.
    """
    faithful = _plain(segment.faithful or "")
    mapped = {word for word in WORD.findall(segment.source) if word in context.names}
    for word in sorted(mapped):
        if not any(_stem(_plain(name)).search(faithful) for name in (word, *context.names[word])):
            severity = "review" if context.user_text else "warn"
            yield "names", severity, f"{word} is not in the translation, in no form"
    if _script(segment.source) != _script(faithful):
        return  # another script spells a name anew
    for word in dict.fromkeys(CAPITALIZED.findall(segment.source)):
        plain = _plain(word)
        dated = plain.removesuffix("s") in _calendar(context.source.tag)
        if word not in mapped and not dated and plain[:STEM] not in faithful:
            yield "names", "warn", f"{word} left no trace in the translation"


@lru_cache(maxsize=4096)
def _stem(name: str) -> re.Pattern[str]:
    """A name in any case: its stem, and an ending about as long as the one it replaces."""
    stem = name[: max(len(name) - ENDING, 2)] if len(name) > 2 else name
    return re.compile(rf"(?<!\w){re.escape(stem)}\w{{0,{ENDING + 2}}}")


@cache
def _calendar(tag: str) -> frozenset[str]:
    """Months and days of a language (CLDR): capitalized in some, and translated everywhere."""
    from babel import Locale, UnknownLocaleError
    from babel.dates import get_day_names, get_month_names

    try:
        locale = Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return frozenset()
    named = (get_month_names("wide", locale=locale), get_day_names("wide", locale=locale))
    return frozenset(_plain(name) for table in named for name in table.values())


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
    holds="names of persons: those of the card's map, and capitalized words within a sentence",
    codes=(
        Code("names", ("review", "warn"), "a name of the card's map is gone (a user's text: "
             "review); a capitalized word left no trace (warn: it may have been translated)"),
    ),
    segment=check,
)
