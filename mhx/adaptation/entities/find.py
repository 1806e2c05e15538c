"""Entities of one segment: where they stand, and the edit that puts the local one there.

The forms of all words are made once and matched by one pattern a kind. A word is taken for an
entity only where the source segment names it too, so that Target is a shop and not an aim.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mhx.adaptation.entities.units import METRES_FROM, converted, source_words, square_words
from mhx.adaptation.entities.words import ZWNJ, Form, Words, any_of
from mhx.schema import Edit
from mhx.schema.localization import Counterpart, Phrase, UnitWord

_LAST_WORD = re.compile(r"([^\W\d_]+)([ \u00a0]+)$")
_AFTER = rf"(?![\w{ZWNJ}])"
BODILY = ("pound", "foot", "inch")  # weights and heights; two that differ must stay two
RIGHT_ANGLES = (45, 90, 180, 360)  # degrees that no weather has


@dataclass(frozen=True)
class Hit:
    """What one place becomes: `after` is None where it is left, and `why` says so."""

    start: int
    end: int
    after: str | None
    rule: str
    evidence: tuple[str, ...] = ()
    why: str = ""

    def edit(self, text: str) -> Edit:
        """The edit of the segment's text."""
        return Edit(
            start=self.start,
            end=self.end,
            operation="replace",
            rule=self.rule,
            before=text[self.start : self.end],
            after=self.after or "",
            nature="substituting",
            evidence=list(self.evidence),
        )


@dataclass(frozen=True)
class Replacement:
    """A noun to be put in: dictionary form, listed forms, number, and what it rests on."""

    noun: str
    rule: str
    evidence: tuple[str, ...]
    forms: Mapping[str, str] = field(default_factory=dict)
    number: str = "sg"


def named(source: str, words: Iterable[str]) -> bool:
    """Whether the source segment has one of the words as a whole, case as written or at a start.

    A capitalized word right after it makes it another name (Ohio State).
    """
    return any(
        word in source  # a pattern of its own for each of some hundred places is dear
        and re.search(rf"(?<!\w){re.escape(word)}(?!\w)(?!\s+[A-Z][a-z])", source)
        for word in words
    )


def mentioned(source: str, words: Iterable[str]) -> bool:
    """Whether the source segment has one of the words as a whole, case ignored."""
    lower = source.lower()
    return any(
        word.lower() in lower
        and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", source, re.IGNORECASE)
        for word in words
    )


def nouns(
    text: str, words: Words, said: Sequence[str], put: Replacement
) -> Iterator[Hit]:
    """Every form of the nouns `said` in the text, as the same form of the replacement."""
    table: dict[str, set[Form]] = {}
    for noun in said:
        for form, places in words.forms(noun).items():
            table.setdefault(form, set()).update(places)
            table.setdefault(form[:1].upper() + form[1:], set()).update(places)
    pattern = rf"(?P<noun>{any_of(table)})(?P<tail>{words.ending_pattern()}){_AFTER}"
    for match in re.finditer(pattern, text):
        yield _noun(text, words, match, table, said, put)


def _noun(
    text: str,
    words: Words,
    match: re.Match[str],
    table: Mapping[str, set[Form]],
    said: Sequence[str],
    put: Replacement,
) -> Hit:
    start, end = match.span()
    left = Hit(start, end, None, put.rule, put.evidence, "case or agreement cannot be told here")
    before = _LAST_WORD.search(text[:start])
    case = words.governed(before[1]) if before else None
    places = table[match["noun"]]
    if case is not None:
        bare = {("sg", case)} if match["noun"] in said else places  # left undeclined: z Denver
        places = {place for place in places if place[1] == case} or bare
    forms = {
        words.form(put.noun, put.number if number == "sg" else number, at, put.forms)
        for number, at in places
    }
    # a subject or a word with an adjective is agreed with; right after a preposition none stands
    alike = words.class_of(match["noun"]) == words.class_of(put.noun)
    if len(forms) != 1 or (case is None and not alike):
        return left
    form = words.attach(forms.pop(), match["noun"], match["tail"])
    if form is None:
        return left
    if match["noun"][:1].isupper() and _opens(text, start):
        form = form[:1].upper() + form[1:]
    if before is not None:
        fits = words.preposition(before[1], form)
        if fits != before[1]:
            return Hit(before.start(), end, fits + before[2] + form, put.rule, put.evidence)
    return Hit(start, end, form, put.rule, put.evidence)


def _opens(text: str, start: int) -> bool:
    """Whether a sentence begins here."""
    before = text[:start].rstrip(" „\"'«(–—")
    return not before or before[-1] in ".!?…؟:"


def counterparts(
    text: str, source: str, words: Words, items: Sequence[Counterpart], lang: str
) -> Iterator[Hit]:
    """Shops and institutions that the source names, as their local counterparts."""
    for item in items:
        asked = item.source.get(lang, [])
        if (named if item.kind == "shop" else mentioned)(source, asked):
            evidence = (item.id, *item.sources)
            put = Replacement(item.here, item.id, evidence, item.forms, item.number)
            yield from nouns(text, words, item.said, put)


def phrases(text: str, source: str, items: Sequence[Phrase], lang: str) -> Iterator[Hit]:
    """School years and marks, form by form."""
    for item in items:
        if not mentioned(source, item.source.get(lang, [])):
            continue
        pattern = rf"{any_of(item.forms)}{_AFTER}"
        table = {form.lower(): here for form, here in item.forms.items()}
        for match in re.finditer(pattern, text, re.IGNORECASE):
            here = table[match.group().lower()]
            if match.group()[:1].isupper() and _opens(text, match.start()):
                here = here[:1].upper() + here[1:]
            yield Hit(*match.span(), here, item.id, (item.id, *item.sources))


def units(
    text: str,
    source: str,
    words: Words,
    items: Sequence[UnitWord],
    langs: tuple[str, str],
    rule: str,
    evidence: tuple[str, ...],
) -> Iterator[Hit]:
    """Numbers with a US measure that the source names too, in metric ones (`langs`: from, to)."""
    number = words.number_pattern()
    if mentioned(source, square_words(langs[0])):
        return
    for item in items:
        if not mentioned(source, source_words(item.measure, langs[0])):
            continue
        table: dict[str, frozenset[Form]] = {}
        for noun in item.said:
            table |= words.forms(noun)
        unit = rf"(?P<unit>{any_of(table)})(?P<tail>{words.ending_pattern()})"
        # a number behind a number is its rest (9 174); one in brackets, or before some, is given
        # in both measures already
        alone = rf"(?<![\w{ZWNJ}.,\u066b])(?<!\d[ \u00a0])(?<!\()"
        pattern = rf"{alone}(?P<n>{number})(?P<b>[ \u00a0]){unit}{_AFTER}(?!\s*\()"
        for match in re.finditer(pattern, text, re.IGNORECASE):
            after = _measure(words, item, match, langs[1], source)
            why = "" if after else "a measure of a body, or without a round number or form here"
            if after is not None and match.group()[:1].isupper():
                after = after[:1].upper() + after[1:]
            yield Hit(*match.span(), after, rule, evidence, why)


def _measure(
    words: Words, item: UnitWord, match: re.Match[str], lang: str, source: str
) -> str | None:
    value = words.value(match["n"])
    if value is None or (item.measure == "fahrenheit" and not _weather(value, source)):
        return None
    if item.measure in BODILY or _governed(words, item, match, lang, value):
        return None
    metric = converted(item.measure, value)
    said = None if metric is None else words.spell(metric, match["n"])
    if metric is None or said is None or match["tail"]:
        return None
    large = item.measure == "foot" and value >= METRES_FROM
    noun = (item.large or item.here) if large else item.here
    return said + match["b"] + words.counted(noun, metric, lang)


def _governed(
    words: Words, item: UnitWord, match: re.Match[str], lang: str, value: float
) -> bool:
    """Whether the number stands in another case than alone: after a preposition, or inflected."""
    if not words.wording.cases:
        return False
    before = _LAST_WORD.search(match.string[: match.start()])
    case = words.governed(before[1]) if before else None
    alone = {words.counted(noun, value, lang).lower() for noun in item.said}
    return case not in (None, "nom", "acc") or match["unit"].lower() not in alone


def _weather(value: float, source: str) -> bool:
    """Whether degrees are those of a room or the weather: no angle, no fever."""
    return "ahrenheit" in source or (40 <= value <= 96 and value not in RIGHT_ANGLES)
