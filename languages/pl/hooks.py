"""Polish: orthography, sentences, agreement and address by the plan, names in their case.

Every judgment is cautious: a form that may be something else, or may belong to somebody else's
words, is left alone. Morphology is Morfeusz 2 (``pip install 'mhx[pl]'``), loaded when needed.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from mhx.contracts import Finding
from mhx.errors import MhxError, Problem
from mhx.files import read_yaml
from mhx.schema import Edit, Entity, Plan
from mhx.schema.base import Gender, Role

Person = Literal["pri", "sec"]
Mark = Literal["m", "f"]
Span = tuple[int, int]

GENDER_RULE = "pl.r.language.gender"
ADDRESS_RULE = "pl.r.language.address"
NAME_RULE = "pl.r.persons.names"
WANTED: dict[str, Mark] = {"female": "f", "male": "m"}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TABLES: dict[str, Any] = read_yaml(Path(__file__).with_name("forms.yaml"))[0]
FORMS: dict[str, frozenset[str]] = {
    name: _set(words) for name, words in _TABLES.items() if isinstance(words, str)
}


# ---------------------------------------------------------------- orthography and sentences

_BLANKS = re.compile(r"[ \t\r\n\u00a0\u2007\u2009\u202f\u2028\u2029]+")
_INVISIBLE = re.compile(r"[\u00ad\u200b\u2060\ufeff]")
_DOTS = re.compile(r"(?<!\.)\.{3}(?!\.)")
_COMMA_QUOTE = re.compile(r",,(?=\w)([^,„”]*?)(?:''|”|\")")
_ABBREVIATIONS = FORMS["abbreviations"] | {"m. in"}
_CLOSING = FORMS["closing_abbreviations"]
_END = re.compile(r"[.!?…]+[”\"’')\]»]*(?= )")
_LAST = re.compile(r"(?:^|[\s(„])((?:m\. )?[^\W\d_]+(?:\.[^\W\d_]+)*)\.$")


def normalize(text: str) -> str:
    """NFC, plain single blanks, no invisible characters, … for three dots; quotes are kept."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    text = _COMMA_QUOTE.sub(r"„\1”", text)
    return _BLANKS.sub(" ", _DOTS.sub("…", text)).strip()


def split_sentences(text: str) -> list[str]:
    """Sentences in order; an abbreviation, an initial or a small letter after a dot ends none."""
    text = text.strip()
    parts: list[str] = []
    start = 0
    for match in _END.finditer(text):
        rest = text[match.end() + 1 :].lstrip()
        if not rest or not _opens(rest) or _goes_on(text[start : match.end()], rest):
            continue
        parts.append(text[start : match.end()].strip())
        start = match.end()
    return [part for part in [*parts, text[start:].strip()] if part]


def _opens(rest: str) -> bool:
    """Whether a sentence can begin here: a capital, a digit or a slot, past quotes and dashes."""
    rest = rest.lstrip("–—-„\"”»«('‘ ")
    return bool(rest) and (rest[0].isupper() or rest[0].isdigit() or rest[0] in "{[")


def _goes_on(part: str, rest: str) -> bool:
    """Whether the part ends in an abbreviation or an initial that the rest belongs to.

    ``prof. Kos``, ``ul. Długa`` and ``ok. 5`` go on; ``itd.`` and ``min.`` only before a digit.
    """
    found = _LAST.search(part)
    if found is None:
        return False
    word = found.group(1)
    if len(word) == 1:
        return word.isupper()
    closes = word.lower() in _CLOSING and not rest[:1].isdigit()
    return word.lower() in _ABBREVIATIONS and not closes


# ---------------------------------------------------------------- words and their readings


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the segment: ``text[start:end]``."""

    text: str
    start: int
    end: int
    lower: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading by Morfeusz: lemma, tag by position and as a set of values, kind of name."""

    lemma: str
    parts: tuple[str, ...]
    values: frozenset[str]
    labels: tuple[str, ...]

    @property
    def base(self) -> str:
        """The lemma without Morfeusz' homonym mark."""
        return self.lemma.partition(":")[0]

    def has(self, *values: str) -> bool:
        """Whether every value stands at some position of the tag."""
        return self.values.issuperset(values)


def _reading(lemma: str, tag: str, labels: Sequence[str]) -> Reading:
    parts = tuple(tag.split(":"))
    values = frozenset(value for part in parts for value in part.split("."))
    return Reading(lemma, parts, values, tuple(labels))


_OVERRIDES: dict[str, str] = _TABLES["overrides"]
_PAST_ENDING = re.compile(r"(?P<stem>\w+[aąeęiouy])(?P<mark>ła|ł)(?P<end>em|m|eś|ś|bym|byś)")
_ENDINGS = {
    **dict.fromkeys(("em", "m"), ("praet", "pri")),
    **dict.fromkeys(("eś", "ś"), ("praet", "sec")),
    **{"bym": ("cond", "pri"), "byś": ("cond", "sec")},
}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@lru_cache(maxsize=1)
def _morfeusz() -> Any:
    try:
        module = importlib.import_module("morfeusz2")
    except ImportError as error:
        raise MhxError(
            Problem("Polish agreement needs morfeusz2", "pip install 'mhx[pl]'")
        ) from error
    return module.Morfeusz(praet="composite")


@lru_cache(maxsize=65536)
def _readings(word: str) -> tuple[Reading, ...]:
    """Readings of the whole word; none where Morfeusz must cut it and the overrides lack it."""
    edges = _morfeusz().analyse(word)
    last = max((edge[1] for edge in edges), default=0)
    known = tuple(
        _reading(item[1], item[2], item[3])
        for start, end, item in edges
        if start == 0 and end == last and item[2] != "ign"
    )
    return known or _unknown(word.lower())


@lru_cache(maxsize=4096)
def _forms(lemma: str) -> tuple[tuple[str, Reading], ...]:
    """Every form of a lemma; of an override, the forms of its model with its own stem."""
    model = _OVERRIDES.get(lemma, lemma)
    if not model or re.search(r"\s", model):  # Morfeusz inflects one word
        return ()
    items = [item for item in _morfeusz().generate(model) if item[2] != "ign"]
    stem, own = _stems(model, lemma)
    return tuple(
        (own + item[0].removeprefix(stem), _reading(lemma if own else item[1], *item[2:4]))
        for item in items
        if item[0].startswith(stem)
    )


def _stems(model: str, lemma: str) -> tuple[str, str]:
    """What a model and a lemma do not share before their common ending."""
    if model == lemma:
        return "", ""
    pairs = zip(reversed(model), reversed(lemma), strict=False)
    same = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(model), len(lemma)))
    return model[: len(model) - same], lemma[: len(lemma) - same]


@lru_cache(maxsize=1)
def _override_forms() -> dict[str, tuple[Reading, ...]]:
    found: dict[str, tuple[Reading, ...]] = {}
    for lemma in _OVERRIDES:
        for form, reading in _forms(lemma):
            found[form] = (*found.get(form, ()), reading)
    return found


def _unknown(word: str) -> tuple[Reading, ...]:
    """A word the dictionary lacks: an override, or a past whose ending no other word has."""
    match = _PAST_ENDING.fullmatch(word)
    if match is None or word in _override_forms():
        return _override_forms().get(word, ())
    gender = "m1.m2.m3" if match["mark"] == "ł" else "f"
    mood, person = _ENDINGS[match["end"]]
    return (_reading(match["stem"], f"{mood}:sg:{gender}:{person}:imperf", ()),)


def _word(text: str, start: int, end: int) -> Word:
    piece = text[start:end]
    return Word(piece, start, end, piece.lower())


def _words(text: str) -> list[Word]:
    return [_word(text, *match.span()) for match in _WORD.finditer(text)]


def _gap(text: str, words: Sequence[Word], index: int) -> str:
    """What stands before a word: blanks, punctuation, or the start of the segment."""
    return text[words[index - 1].end if index else 0 : words[index].start]


def knows(word: str) -> bool:
    """Whether morfeusz2 or the override list has the word in any form."""
    return word.lower() in _override_forms() or any(
        reading[2] != "ign" for _, _, reading in _morfeusz().analyse(word)
    )


def inflect(lemma: str, tag: str) -> str:
    """The form whose tag agrees with `tag` position by position; the lemma if there is none.

    ``inflect("Halina", "subst:sg:inst")`` is ``Halina`` in the instrumental. A position may name
    several values (``gen.acc``); one in common is enough.
    """
    wanted = tag.split(":")
    found = [form for form, reading in _forms(lemma) if _fits(reading.parts, wanted)]
    return found[0] if found else lemma


def _fits(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    if len(parts) < len(wanted):
        return False
    pairs = zip(wanted, parts, strict=False)
    return all(set(one.split(".")) & set(two.split(".")) for one, two in pairs)


# ---------------------------------------------------------------- somebody else's words

_QUOTED = re.compile(
    r"„[^”\"]*(?:[”\"]|$)|“[^”]*(?:”|$)|«[^»]*(?:»|$)|\"[^\"]*(?:\"|$)"
    r"|(?<!\w)['‘][^'‘’]+['’](?!\w)"
)
_UNOPENED = re.compile(r"^[^„“\"«]*”")
_COLON = re.compile(r":\s+(?=\S)")
_SPEECH = FORMS["speech"]

_SAID = FORMS["said"]


@dataclass(frozen=True)
class Quote:
    """Reported words: where, and whether the speaker reports their own."""

    start: int
    end: int
    own: bool

    def holds(self, word: Word) -> bool:
        """Whether the word is inside."""
        return self.start <= word.start < self.end


def _quotes(text: str, words: Sequence[Word]) -> list[Quote]:
    spans: list[Span] = [match.span() for match in _QUOTED.finditer(text)]
    unopened = _UNOPENED.match(text)
    if unopened:
        spans.append(unopened.span())
    found = [Quote(start, end, _own(words, start, end)) for start, end in spans]
    for match in _COLON.finditer(text):
        before = [word for word in words if word.end <= match.start()]
        if _speech(reversed(before), 6):
            found.append(Quote(match.end(), len(text), _own(words, match.end(), len(text))))
        elif {word.lower for word in before[-4:]} & _SAID:
            found.append(Quote(match.end(), len(text), _nearest_person(before) == "pri"))
    return found


def _nearest_person(words: Sequence[Word]) -> str:
    """Person of the last finite verb (``miałam jedną myśl: ...`` is the speaker's own)."""
    for word in reversed(words):
        for reading in _readings(word.text):
            if reading.parts[0] in ("praet", "fin", "cond"):
                return next((person for person in ("pri", "sec") if reading.has(person)), "ter")
    return "ter"


def _speech(words: Any, limit: int) -> Reading | None:
    """The nearest verb of speech among the next words, as read."""
    for word, _ in zip(words, range(limit), strict=False):
        for reading in _readings(word.text):
            if reading.base in _SPEECH and reading.parts[0] in ("praet", "fin", "cond"):
                return reading
    return None


def _own(words: Sequence[Word], start: int, end: int) -> bool:
    verb = _speech(reversed([word for word in words if word.end <= start]), 6)
    verb = verb or _speech((word for word in words if word.start >= end), 3)
    return verb is not None and verb.has("pri")


# ---------------------------------------------------------------- forms that show a gender


@dataclass(frozen=True)
class Marked:
    """A form that agrees with the speaker (pri) or the addressee (sec)."""

    word: Word
    person: Person
    gender: Mark
    reading: Reading
    case: str | None = "nom"  # None: outside the nominative, and it cannot be told


_PAST = ("praet", "cond", "winien")
_FINITE = (*_PAST, "fin", "bedzie")
_NOMINAL = ("subst", "ger", "adj", "ppas", "pact", "num")
_NOUN_FIRST = FORMS["noun_first"]
_AUXILIARY: dict[str, Person] = {
    **dict.fromkeys(("będę", "żebym", "gdybym", "jakbym", "abym", "bym", "choćbym"), "pri"),
    **dict.fromkeys(("będziesz", "żebyś", "gdybyś", "jakbyś", "abyś", "byś", "choćbyś"), "sec"),
    **dict.fromkeys(("powinienem", "powinnam"), "pri"),  # powinnam była
    **dict.fromkeys(("powinieneś", "powinnaś"), "sec"),
}
_COPULAS = FORMS["copulas"]
_MODALS = FORMS["modals"]
_INFINITIVES = FORMS["infinitives"]
_REFLEXIVE = FORMS["reflexive"]
_NOT_PREDICATE = FORMS["not_predicate"]
_BREAKS = FORMS["breaks"]
_BRIDGES = FORMS["bridges"]
_COORDINATE = FORMS["coordinate"]
_LIGHT = FORMS["light"]
_REACH = 7


def _mark(reading: Reading) -> Mark | None:
    """The gender a singular verb form or a nominative singular adjective shows."""
    parts = reading.parts
    if parts[0] in _PAST:
        place = parts[2]
    elif parts[0] == "adjc":
        return "m"  # the short forms gotów, zdrów
    elif parts[0] in ("adj", "ppas", "pact") and reading.has("sg", "nom"):
        place = parts[3]
    else:
        return None
    genders = set(place.split("."))
    if parts[1] != "sg" or not genders & {"m1", "f"}:
        return None
    return "f" if genders == {"f"} else "m" if "m1" in genders else None


def _verb(word: Word, person: str) -> Reading | None:
    """The reading as a past, conditional or winien form of a person, unless it is doubtful."""
    readings = _readings(word.text)
    fitting = [item for item in readings if item.parts[0] in _PAST and item.has("sg", person)]
    others = [item for item in readings if item not in fitting]
    doubtful = word.lower in _NOUN_FIRST or any(item.parts[0] != "subst" for item in others)
    return fitting[-1] if fitting and not doubtful and _mark(fitting[-1]) else None


def _marked(text: str, words: Sequence[Word]) -> list[Marked]:
    """Every form of the segment that shows the speaker's or the addressee's gender."""
    found: dict[int, Marked] = {}
    helped = any(word.lower in _AUXILIARY for word in words)
    for index, word in enumerate(words):
        if not _starts(word.text) and not (helped and _participle(word)):
            continue
        for item in [*_simple(word), *_compound(text, words, index)]:
            found.setdefault(item.word.start, item)
        for item in _predicates(text, words, index):
            found.setdefault(item.word.start, item)
    for item in [*_apposed(text, words), *_oblique(text, words)]:
        found.setdefault(item.word.start, item)
    return [found[start] for start in sorted(found)]


def _apposed(text: str, words: Sequence[Word]) -> Iterator[Marked]:
    """Participles beside the subject: ``Zmęczona po pracy, usiadłam``; ``wyszłam, przekonana``."""
    for index, word in enumerate(words):
        first = _adjective(word)
        gender = None if first is None else _mark(first)
        if first is None or gender is None:
            continue
        comma = index > 0 and _gap(text, words, index).strip() == ","
        after_me = comma and words[index - 1].lower == "ja"
        opens = word.start == _sentence_start(text, words, index)
        alone = index + 1 < len(words) and bool(_gap(text, words, index + 1).strip())
        past = any(item.parts[0] == "ppas" for item in _readings(word.text))
        fits = past or after_me or (opens and not alone)
        if not fits or _attributive(text, words, index, gender):
            continue
        person: Person | None = "pri" if after_me else None
        if opens:
            person = _person_beside(text, words, range(index, len(words)))
        elif comma and not after_me:
            person = _person_before(text, words, index, gender)
        if person is not None:
            yield Marked(word, person, gender, first)
            for n in range(index + 1, len(words)):
                if n > index + 2 or _gap(text, words, n).strip():
                    break
                more = _adjective(words[n]) if words[n - 1].lower in ("i", "ale") else None
                if more is not None and _mark(more) == gender:
                    yield Marked(words[n], person, gender, more)


def _person_beside(text: str, words: Sequence[Word], places: range) -> Person | None:
    """Person of the first finite verb, if no second comma stands before it."""
    commas = 0
    for n in places:
        gap = _gap(text, words, n) if n > places.start else ""
        commas += "," in gap
        if commas > 1 or re.search(r"[.!?…:;]", gap) or words[n].lower in _BREAKS:
            return None
        if any(item.parts[0] in _FINITE for item in _readings(words[n].text)):
            subject = _subject(text, words, n)
            return None if subject is None else subject[0]
    return None


def _person_before(text: str, words: Sequence[Word], index: int, gender: Mark) -> Person | None:
    """Person of the clause before the comma, unless a thing of the same gender stands in it."""
    clause = _clause(text, words, index - 1)
    things = {"m2", "m3"} if gender == "m" else set()
    verbs = []
    for n in clause:
        readings = _readings(words[n].text)
        verbs += [n] if any(item.parts[0] in _FINITE for item in readings) else []
        if any(item.has("subst", "sg", "acc") and item.values & things for item in readings):
            return None
    subject = _subject(text, words, verbs[-1]) if verbs else None
    return None if subject is None else subject[0]


@lru_cache(maxsize=65536)
def _starts(word: str) -> bool:
    """Whether agreement can begin at this word: first or second person, or an infinitive be."""
    if word.lower() in _AUXILIARY or word.lower() in _INFINITIVES:
        return True
    return any(reading.has("sg") and _person(reading) for reading in _readings(word))


def _person(reading: Reading) -> bool:
    return reading.has("pri") or reading.has("sec")


def _simple(word: Word) -> Iterator[Marked]:
    persons: tuple[Person, ...] = ("pri", "sec")
    for person in persons:
        reading = _verb(word, person)
        gender = None if reading is None else _mark(reading)
        if reading is not None and gender is not None:
            yield Marked(word, person, gender, reading)


def _compound(text: str, words: Sequence[Word], index: int) -> Iterator[Marked]:
    """The participles of ``będę robił``, ``żebym zrobiła i poszła``, ``powinnam była``."""
    person = _AUXILIARY.get(words[index].lower)
    if person is None:
        return
    near = 2 if words[index].lower.startswith("powin") else _REACH
    found = False
    for place in range(index + 1, min(index + near, len(words))):
        if _gap(text, words, place).strip() or words[place].lower in _BREAKS:
            return
        reading = _participle(words[place])
        gender = None if reading is None else _mark(reading)
        if reading is not None and gender is not None:
            yield Marked(words[place], person, gender, reading)
            found = True
        elif found and words[place].lower not in _COORDINATE:
            return


def _participle(word: Word) -> Reading | None:
    """The third-person past form behind an auxiliary, whatever else the word may be."""
    readings = [item for item in _readings(word.text) if item.parts[0] in ("praet", "winien")]
    return next((item for item in readings if item.has("sg", "ter") and _mark(item)), None)


def _predicates(text: str, words: Sequence[Word], index: int) -> Iterator[Marked]:
    """Adjectives and participles said of the subject: ``jestem zmęczony``, ``zrobię to sama``."""
    subject = _subject(text, words, index)
    if subject is None:
        return
    person, copular = subject
    yield from _alone_before(text, words, index, person, copular=copular)
    yield from _agreeing_after(text, words, index, person, copular=copular)


def _agreeing_after(
    text: str, words: Sequence[Word], index: int, person: Person, *, copular: bool
) -> Iterator[Marked]:
    """The adjectives behind a verb that agree with its subject."""
    seen = False
    for place in range(index + 1, min(index + _REACH, len(words))):
        word = words[place]
        if not _same_clause(text, words, place, seen=seen):
            return
        reading = _adjective(word)
        gender = None if reading is None else _mark(reading)
        if reading is None or gender is None or not (copular or reading.base == "sam"):
            continue
        if _attributive(text, words, place, gender) or _after_preposition(words, place):
            return
        seen = True
        yield Marked(word, person, gender, reading)


def _alone_before(
    text: str, words: Sequence[Word], index: int, person: Person, *, copular: bool
) -> Iterator[Marked]:
    """``sam`` before its verb, ``jaki`` and other adjectives before ``jestem``."""
    for place in range(index - 1, max(-1, index - 4), -1):
        word = words[place]
        if _broken(text, word, words[index]):
            return
        which = copular and word.lower in ("jaki", "jaka", "taki", "taka")
        reading = _nominative(word)
        right = copular and place == index - 1 and _adjective(word) is not None
        right = right and (place == 0 or words[place - 1].lower not in ("jako", "jak"))
        if not (which or right or word.lower in ("sam", "sama")):
            reading = None
        gender = None if reading is None else _mark(reading)
        if reading is not None and gender is not None:
            yield Marked(word, person, gender, reading)
        if word.lower not in _LIGHT:
            return


def _subject(text: str, words: Sequence[Word], index: int) -> tuple[Person, bool] | None:
    """(person, whether a predicate may follow) of a finite verb in the first or second person."""
    word = words[index]
    persons: tuple[Person, ...] = ("pri", "sec")
    for person in persons:
        readings = _readings(word.text)
        finite = [
            item
            for item in readings
            if item.parts[0] in (*_FINITE, "impt") and item.has("sg", person)
        ]
        doubtful = any(item.parts[0] == "impt" for item in finite) and len(finite) < len(readings)
        if finite and not doubtful:
            return person, _copular(finite[0].base, words, index)
    if word.lower in _INFINITIVES:
        return _governed(text, words, index)
    before = [item for item in words[max(0, index - 4) : index] if item.lower in _AUXILIARY]
    third = _participle(word)
    if third is not None and before and not _broken(text, before[-1], word):
        return _AUXILIARY[before[-1].lower], _copular(third.base, words, index)
    return None


def _governed(text: str, words: Sequence[Word], index: int) -> tuple[Person, bool] | None:
    """The subject of an infinitive after a modal verb: ``muszę być``, ``nie umiem być``."""
    persons: tuple[Person, ...] = ("pri", "sec")
    for at in range(index - 1, max(-1, index - _REACH), -1):
        if _broken(text, words[at], words[index]) or words[at].lower in _BREAKS:
            return None
        finite = [item for item in _readings(words[at].text) if item.parts[0] in _FINITE]
        for item in finite:
            for person in persons:
                if item.base in _MODALS and item.has("sg", person):
                    return person, _copular(words[index].lower, words, index)
        if finite:
            return None
    return None


def _copular(lemma: str, words: Sequence[Word], index: int) -> bool:
    near = {word.lower for word in words[max(0, index - 2) : index + 4]}
    return lemma in _COPULAS and (lemma not in _REFLEXIVE or "się" in near)


def _broken(text: str, one: Word, two: Word) -> bool:
    return bool(re.search(r"[^\w\s'’]", text[one.end : two.start]))


def _same_clause(text: str, words: Sequence[Word], place: int, *, seen: bool) -> bool:
    """Whether the search may go on to this word."""
    gap = _gap(text, words, place).strip()
    word = words[place]
    if gap == "," and seen:
        ahead = [item for item in words[place : place + 3] if item.lower not in _BRIDGES]
        return bool(ahead) and _adjective(ahead[0]) is not None and word.lower not in _BREAKS
    if gap or word.lower in _BREAKS:
        return False
    readings = _readings(word.text)
    finite = [item for item in readings if item.parts[0] in (*_FINITE, "impt")]
    return not (readings and len(finite) == len(readings)) or _mark(finite[0]) is not None


def _adjective(word: Word) -> Reading | None:
    """The word as an adjective that may be a predicate, in the nominative singular."""
    reading = _nominative(word)
    return None if reading is None or reading.base in _NOT_PREDICATE else reading


def _nominative(word: Word) -> Reading | None:
    """The word as a masculine or feminine adjective in the nominative singular."""
    for reading in _readings(word.text):
        if reading.parts[0] in ("adj", "ppas", "pact", "adjc") and _mark(reading) is not None:
            return reading
    return None


def _after_preposition(words: Sequence[Word], place: int) -> bool:
    """Whether the word before is a preposition, or a note of the scale (``do późna``)."""
    readings = _readings(words[place - 1].text)
    prepositions = [item for item in readings if item.parts[0] == "prep"]
    return bool(prepositions) and all(item in prepositions or item.has("ncol") for item in readings)


def _attributive(text: str, words: Sequence[Word], place: int, gender: Mark) -> bool:
    """Whether the adjective belongs to a noun after it (``cały dzień``, ``pierwszy raz``)."""
    at = place + 1
    while at < len(words) and not _gap(text, words, at).strip():
        readings = _readings(words[at].text)
        if any(item.parts[0] in ("prep", "conj", "comp", "part", "adv") for item in readings):
            return False
        for item in readings:
            if item.parts[0] == "subst" and item.has("sg") and (item.has("nom") or item.has("acc")):
                kinds = set(item.parts[3].split("."))
                if kinds & ({"f"} if gender == "f" else {"m1", "m2", "m3"}):
                    return True
        if not any(_mark(item) == gender for item in readings):
            return False
        at += 1
    return False


# ---------------------------------------------------------------- outside the nominative

_PERSONS: dict[str, Person] = {
    **dict.fromkeys(("mnie", "mi", "mną"), "pri"),
    **dict.fromkeys(("ciebie", "cię", "tobie", "ci", "tobą"), "sec"),
}
_SELF = {"siebie": "acc", "się": "acc", "sobie": "dat", "sobą": "inst"}
_PRONOUN_CASES = {
    **dict.fromkeys(("mi", "ci", "tobie", "sobie"), "dat"),
    **dict.fromkeys(("mną", "tobą", "sobą"), "inst"),
}
_ALONE: dict[str, Mark] = {
    **dict.fromkeys(("samą", "samej"), "f"),
    **dict.fromkeys(("samego", "samemu", "samym"), "m"),
}


def _oblique(text: str, words: Sequence[Word]) -> Iterator[Marked]:
    """Adjectives said of mnie, cię or siebie: ``zostawił mnie samą``, ``mam się za głupiego``."""
    for index, word in enumerate(words):
        if word.lower in _ALONE:
            yield from _alone_beside(text, words, index)
        elif word.lower in _PERSONS or word.lower in _SELF:
            yield from _said_of(text, words, index)


def _alone_beside(text: str, words: Sequence[Word], index: int) -> Iterator[Marked]:
    """``mnie samą``, ``samego siebie``, in the case of the pronoun."""
    beside = [n for n in (index - 1, index + 1) if 0 <= n < len(words)]
    for at in beside:
        lower = words[at].lower
        joined = not _gap(text, words, max(at, index)).strip()
        if not joined or lower == "się" or lower not in {**_PERSONS, **_SELF}:
            continue
        person = _PERSONS.get(lower) or _clause_person(text, words, at)
        reading = next((r for r in _readings(words[index].lower) if r.base == "sam"), None)
        if person is None or reading is None:
            return
        case = _pronoun_case(text, words, at, min(at, index))
        fits = case is not None and any(
            r.base == "sam" and r.has("sg", case) for r in _readings(words[index].lower)
        )
        gender = _ALONE[words[index].lower]
        yield Marked(words[index], person, gender, reading, case if fits else None)
        return


def _pronoun_case(text: str, words: Sequence[Word], at: int, first: int) -> str | None:
    """The case of a pronoun in a group that begins at `first`; None where two are possible."""
    asked = set[str]()
    if first and not _gap(text, words, first).strip():
        for item in _readings(words[first - 1].lower):
            asked |= set(item.parts[1].split(".")) if item.parts[0] == "prep" else set()
    lower = words[at].lower
    if lower in _PRONOUN_CASES:
        return "loc" if asked and "loc" in asked and _PRONOUN_CASES[lower] == "dat" else (
            _PRONOUN_CASES[lower]
        )
    if asked:
        left = asked & {"gen", "acc", "loc"}
        return left.pop() if len(left) == 1 else None
    near = [words[n] for n in _clause(text, words, at)]
    verbs = [item for word in near for item in _readings(word.lower) if _is_verb(item)]
    if any(item.base in _GOVERN["gen"] for item in verbs):
        return "gen"
    if any(item.base in FORMS["verbs_of_alone"] | _GOVERN["acc"] for item in verbs):
        return "gen" if "nie" in {word.lower for word in near} else "acc"
    return None


def _is_verb(reading: Reading) -> bool:
    return reading.parts[0] in (*_FINITE, "inf", "impt")


def _clause_person(text: str, words: Sequence[Word], at: int) -> Person | None:
    """Person of the subject of the finite verb nearest to a reflexive pronoun."""
    verbs = [
        n
        for n in _clause(text, words, at)
        if any(item.parts[0] in (*_FINITE, "impt") for item in _readings(words[n].text))
    ]
    if not verbs:
        return None
    subject = _subject(text, words, min(verbs, key=lambda n: (abs(n - at), n)))
    return None if subject is None else subject[0]


def _said_of(text: str, words: Sequence[Word], index: int) -> Iterator[Marked]:
    """``uważam się za nieudolnego``, ``czyni mnie silniejszą``, ``widział mnie smutną``."""
    lower = words[index].lower
    person = _PERSONS.get(lower) or _clause_person(text, words, index)
    if person is None or lower not in ("mnie", "cię", "ciebie", "się", "siebie"):
        return
    clause = _clause(text, words, index)
    bases = {
        item.base for n in clause for item in _readings(words[n].lower) if _is_verb(item)
    }
    place = index + 1
    while place in clause and words[place].lower in _BRIDGES:
        place += 1
    if place not in clause:
        return
    case = ""
    if words[place].lower == "za" and bases & FORMS["verbs_of_taking"]:
        case, place = "acc", place + 1
        while place in clause and words[place].lower in _BRIDGES:
            place += 1
    elif lower == "mnie" and bases & FORMS["verbs_of_making"]:
        case = "inst"
    elif lower == "mnie" and bases & FORMS["verbs_of_seeing"]:
        case = "gen" if "nie" in {words[n].lower for n in clause} else "acc"
    if not case or place not in clause:
        return
    found = _in_case(words[place], case)
    if found is not None and not _before_noun(text, words, place):
        reading, gender = found
        yield Marked(words[place], person, gender, reading, case)


def _in_case(word: Word, case: str) -> tuple[Reading, Mark] | None:
    """The word as an adjective of one gender, masculine or feminine, in a case."""
    if word.lower in _ALONE:
        return None
    for item in _readings(word.lower):
        if item.parts[0] not in ("adj", "ppas", "pact") or item.base in _NOT_PREDICATE:
            continue
        if item.has("sg", case):
            genders = set(item.parts[3].split("."))
            if genders & {"m1", "f"}:
                return item, "m" if "m1" in genders else "f"
    return None


def _before_noun(text: str, words: Sequence[Word], place: int) -> bool:
    """Whether a noun may follow that the adjective belongs to (``za dobrego człowieka``)."""
    after = place + 1
    while after < len(words) and not _gap(text, words, after).strip():
        kinds = {item.parts[0] for item in _readings(words[after].text)}
        if kinds & {"prep", "conj", "comp", "part", "adv", *_FINITE} or not kinds:
            return False
        if kinds & {"subst", "ger", "depr"}:
            return True
        after += 1
    return False


# ---------------------------------------------------------------- nouns of persons

_ROLES: dict[str, str] = _TABLES["roles"]
_MEN_ONLY: dict[str, str] = _TABLES["roles_of_men"]
_KIN: dict[str, str] = _TABLES["kin"]
_FEMALE_NOUNS = {**_ROLES, **_MEN_ONLY, **_KIN}
_MALE_NOUNS = {male: female for female, male in {**_ROLES, **_KIN}.items()}
_BEING = frozenset({"być", "zostać", "zostawać", "pozostać", "bywać"})


@dataclass(frozen=True)
class Named:
    """A noun that says of the speaker or the addressee what they are, with its adjectives."""

    noun: Word
    adjectives: tuple[Word, ...]
    person: Person
    gender: Mark
    lemma: str
    case: str
    alone: bool  # no relative clause hangs on it, and no word of its group is doubtful

    @property
    def word(self) -> Word:
        """The noun, by which quotes and slashes are judged."""
        return self.noun


def _named(text: str, words: Sequence[Word], role: Role) -> Iterator[Named]:
    """``jestem uczennicą``, ``jako dobry uczeń``: only nouns of the lists, said of a subject.

    A seeker's second person is often anybody's, so only the supporter's counts.
    """
    for index, word in enumerate(words):
        if word.lower == "jako":
            person, case = _clause_person(text, words, index), "nom"
        elif any(item.base in _BEING for item in _readings(word.lower)):
            subject = _subject(text, words, index)
            person, case = (None if subject is None else subject[0]), "inst"
        else:
            continue
        if person == "sec" and role == "seeker":
            continue
        found = None if person is None else _noun_group(text, words, index + 1, case)
        if person is not None and found is not None:
            yield replace(found, person=person)


def _noun_group(text: str, words: Sequence[Word], first: int, case: str) -> Named | None:
    """The first noun of the lists after a copula or jako, with the adjectives that agree."""
    adjectives: list[int] = []
    for place in range(first, min(first + _REACH, len(words))):
        word = words[place]
        if _gap(text, words, place).strip() or word.lower in _BREAKS:
            return None
        readings = _readings(word.text)
        if any(item.parts[0] == "prep" for item in readings):
            return None
        noun = next(
            (
                item
                for item in readings
                if item.parts[0] == "subst"
                and item.has("sg", case)
                and (item.base in _FEMALE_NOUNS or item.base in _MALE_NOUNS)
            ),
            None,
        )
        if noun is not None:
            gender: Mark = "f" if noun.base in _FEMALE_NOUNS else "m"
            return _group_of(text, words, place, adjectives, gender, noun.base, case)
        if any(item.parts[0] in ("subst", "ger") for item in readings) and not _agrees(word, case):
            return None
        adjectives += [place] if _agrees(word, case) else []
    return None


def _group_of(
    text: str,
    words: Sequence[Word],
    place: int,
    before: list[int],
    gender: Mark,
    lemma: str,
    case: str,
) -> Named:
    own = [*before]
    after = place + 1
    while after < len(words) and not _gap(text, words, after).strip():
        if gender not in _agrees(words[after], case):
            break
        own.append(after)
        after += 1
    tail = text[words[after - 1].end :].lstrip(" ,").lower()
    joined = tail.startswith(("i ", "oraz ", "lub ", "czy ", "albo ")) and not (
        after + 1 < len(words) and any(_is_verb(item) for item in _readings(words[after + 1].text))
    )
    sure = all(_agrees(words[n], case) == {gender} for n in own)
    sure = sure and not joined and not tail.startswith(("któr", "jak"))
    adjectives = tuple(words[n] for n in own)
    return Named(words[place], adjectives, "pri", gender, lemma, case, sure)


def _agrees(word: Word, case: str) -> set[Mark]:
    """Genders the word shows as an adjective in a case; empty where it is none."""
    found: set[Mark] = set()
    for item in _readings(word.text):
        if item.parts[0] in ("adj", "ppas", "pact") and item.has("sg", case):
            genders = set(item.parts[3].split("."))
            found |= {"m"} if "m1" in genders else {"f"} if "f" in genders else set()
    return found


def _other_noun(item: Named, wanted: Mark) -> list[tuple[Word, str]] | None:
    """The noun and its adjectives in the other gender; None where that is kin, or doubtful."""
    table = _FEMALE_NOUNS if wanted == "m" else _MALE_NOUNS
    lemma = table[item.lemma]
    if not item.alone or item.lemma in _KIN or lemma in _KIN:
        return None
    target = "f" if wanted == "f" else "m1"
    form = _form(lemma, f"subst:sg:{item.case}:{target}")
    forms = [(item.noun, form)]
    for word in item.adjectives:
        kinds = ("adj", "ppas", "pact")
        reading = next(
            r for r in _readings(word.text) if r.parts[0] in kinds and r.has("sg", item.case)
        )
        other = _swapped(reading.lemma, reading.parts, word.lower, wanted, item.case)
        forms.append((word, other))
    if any(other is None for _, other in forms):
        return None
    return [
        (word, other[:1].upper() + other[1:] if word.text[:1].isupper() else other)
        for word, other in forms
        if other is not None
    ]


def _other_gender(item: Marked, wanted: Mark) -> str | None:
    """The same form in the other gender, or None where it cannot be told."""
    if item.case is None:
        return None
    best = _swapped(item.reading.lemma, item.reading.parts, item.word.lower, wanted, item.case)
    capital = best is not None and item.word.text[:1].isupper()
    return best[:1].upper() + best[1:] if best is not None and capital else best


@lru_cache(maxsize=16384)
def _swapped(
    lemma: str, parts: tuple[str, ...], near: str, wanted: Mark, case: str
) -> str | None:
    if not _forms(lemma):  # read off its ending
        return _other_ending(near)
    target = "f" if wanted == "f" else "m1"
    tag = [target if set(part.split(".")) & {"f", "m1"} else part for part in parts]
    if parts[0] == "adjc":
        tag = ["adj", "sg", "nom", target, "pos"]
    elif parts[0] in ("adj", "ppas", "pact"):
        tag = ["adj" if parts[0] == "adj" else parts[0], "sg", case, target, *tag[4:]]
    found = [
        form
        for form, reading in _forms(lemma)
        if len(reading.parts) == len(tag) and _fits(reading.parts, tag)
    ]
    return max(found, key=lambda form: _shared(form, near)) if found else None


def _other_ending(word: str) -> str | None:
    """``ghostowałem`` as ``ghostowałam``, and back."""
    match = _PAST_ENDING.fullmatch(word)
    if match is None:
        return None
    stem, end = match["stem"], match["end"].removeprefix("e")
    if match["mark"] == "ł":
        return f"{stem[:-1]}{stem[-1].replace('ą', 'ę')}ła{end}"
    vowel = "" if end in ("bym", "byś") else "e"
    return f"{stem[:-1]}{stem[-1].replace('ę', 'ą')}ł{vowel}{end}"


def _shared(one: str, two: str) -> int:
    """Length of the common beginning: of two doublets the one nearer to the word as written."""
    pairs = zip(one, two, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(two)))


# ---------------------------------------------------------------- address

_TY_PRONOUN = FORMS["ty_pronouns"]
_TY_ANYWAY = FORMS["ty_verbs"]
_PAN: dict[str, Gender] = {
    **dict.fromkeys(("Pan", "Pana", "Panu", "Panem"), "male"),
    **dict.fromkeys(("Pani", "Panią"), "female"),
}
_TITLES = FORMS["titles"]
_SLASH = re.compile(
    r"\bPan[aiu]?(?:em)?/Pani?[ąa]?\b|\bPani?[ąa]?/Pan[au]?(?:em)?\b"
    r"|\b\w+(?:ł|łem|łeś|łby|łbym|łbyś|ony|any|ty|en)"
    r"/\w*(?:ła|łam|łaś|łaby|łabym|łabyś|[nt]a|am|aś|a)\b"
    r"|\b\w+ł\(a\)\w*|\b\w+\((?:a|am|aś|na)\)\w*|\b[A-ZĄĆĘŁŃÓŚŹŻ]?\w+_(?:ka|ek|ki|a|ów)\b"
)


@dataclass(frozen=True)
class _Address:
    """Numbers of the words of one segment that address the other speaker, by level."""

    pan: tuple[int, ...]
    ty: tuple[int, ...]
    ty_sure: bool  # a pronoun, not only a verb, which may be generic


def _addressing(text: str, words: Sequence[Word], quotes: Sequence[Quote]) -> _Address:
    free = [n for n, word in enumerate(words) if not any(item.holds(word) for item in quotes)]
    pan = tuple(n for n in free if _is_pan(text, words, n))
    pronouns = {n for n in free if _is_ty_pronoun(text, words, n)}
    verbs = {n for n in free if _is_ty_verb(words[n].lower)}
    return _Address(pan, tuple(sorted(pronouns | verbs)), bool(pronouns))


def _is_pan(text: str, words: Sequence[Word], index: int) -> bool:
    """Pan or Pani said to the other speaker, not a title before a name or a noun."""
    word = words[index]
    follows = index + 1 < len(words) and not _gap(text, words, index + 1).strip()
    after = words[index + 1] if follows else None
    if word.text == "Panie" and after is not None:
        return after.text[:1].isupper() and _vocative(after)
    if word.text not in _PAN or "/" in text[word.start - 1 : word.end + 1]:
        return False
    if after is None:
        return True
    if after.text[:1].isupper() and after.text not in _PAN:
        nominative = any(item.has("nom") for item in _readings(after.text))
        if word.text == "Pan":  # powiedział Pan Antoniemu
            return bool(_readings(after.text)) and not nominative
        return word.text == "Pani" and _vocative(after)
    at_start = not text[: word.start].strip(' „"–—…')
    return after.lower not in _TITLES and not (at_start and after.lower in ("z", "ze", "od"))


def _vocative(word: Word) -> bool:
    readings = _readings(word.text)
    return any(item.has("voc") for item in readings) and not any(
        item.has("nom") and item.parts[0] == "subst" for item in readings
    )


def _is_ty_pronoun(text: str, words: Sequence[Word], index: int) -> bool:
    """A form of ty or twój; no ordinal (``9-ty``), and no ``ci`` that is the plural of ten."""
    if words[index].lower != "ci":
        ordinal = re.search(r"\d-?$", text[: words[index].start])
        return words[index].lower in _TY_PRONOUN and not ordinal
    after = words[index + 1] if index + 1 < len(words) else None
    if after is not None and after.lower in FORMS["after_these"]:
        return False
    for n in range(index + 1, min(index + 4, len(words))):
        readings = _readings(words[n].text)
        if _gap(text, words, n).strip():
            return True
        if any(item.parts[0] in _NOMINAL[:-1] and item.has("pl", "nom", "m1") for item in readings):
            return False
        if not any(item.parts[0] == "adv" for item in readings):
            return True
    return True


@lru_cache(maxsize=65536)
def _is_ty_verb(word: str) -> bool:
    kinds = (*_PAST, "fin", "impt", "bedzie")
    readings = _readings(word)
    second = [item for item in readings if item.parts[0] in kinds and item.has("sg", "sec")]
    return bool(second) and (len(second) == len(readings) or word in _TY_ANYWAY)


def _address_findings(
    words: Sequence[Word], address: _Address, role: Role, level: str, addressee: Gender
) -> Iterator[Finding]:
    """Mixed forms first; else a level that is not the plan's; else Pan for Pani."""
    generic = role == "seeker" and not address.ty_sure
    severity: Literal["review", "warn"] = "warn" if generic else "review"
    if address.pan and address.ty:
        first = words[address.ty[0]]
        yield _finding("address.mixed", first, "Pan/Pani with a form of ty", severity)
        return
    if level == "pan":
        for n in address.ty:
            yield _finding("address.level", words[n], "the plan says Pan/Pani", severity)
        yield from _addressee_findings([words[n] for n in address.pan], addressee)
    elif level == "ty":
        for n in address.pan:
            yield _finding("address.level", words[n], "the plan says ty", "review")


def _addressee_findings(words: Sequence[Word], addressee: Gender) -> Iterator[Finding]:
    for word in words:
        shown = _PAN.get(word.text, "male")
        if addressee in WANTED and shown != addressee:
            message = f"the plan's addressee is {addressee}"
            yield _finding("address.addressee_gender", word, message, "review")
        elif addressee not in WANTED:
            message = "the addressee's gender is not known"
            yield _finding("address.addressee_gender", word, message, "warn")


def _finding(code: str, word: Word, message: str, severity: Literal["review", "warn"]) -> Finding:
    return Finding(code, word.start, word.end, f"{word.text}: {message}", severity)


# ---------------------------------------------------------------- Pan and Pani with their verbs


def _third(word: Word) -> Reading | None:
    """The word as a finite verb of the third person singular, unless it may be a noun."""
    readings = _readings(word.lower)  # as a small word: Myślisz is a surname too
    noun = any(item.has("subst", "sg", "nom") for item in readings)
    if word.lower in _NOT_VERB or (noun and word.lower not in FORMS["verbs_anyway"]):
        return None
    verbs = [item for item in readings if item.parts[0] in _FINITE and item.has("sg", "ter")]
    return next((item for item in verbs if item.parts[0] not in _PAST or _mark(item)), None)


def _clause(text: str, words: Sequence[Word], index: int) -> range:
    """Numbers of the words around one, up to punctuation or a word that opens a clause."""

    def opens(n: int) -> bool:
        return bool(words[n].lower in _BREAKS or _gap(text, words, n).strip())

    first, last = index, index + 1
    while first and not opens(first):
        first -= 1
    while last < len(words) and not opens(last):
        last += 1
    return range(first, last)


def _owns(text: str, words: Sequence[Word], index: int) -> bool:
    """Whether Pani or Pana here may be the owner of a thing named next (``Pani mąż``)."""
    after = index + 1
    if words[index].text == "Pan" or after >= len(words) or _gap(text, words, after).strip():
        return False
    readings = [item for item in _readings(words[after].text) if item.base != "sam"]
    if any(item.base in FORMS["pointing"] for item in readings):
        return False  # złapała Pani tę myśl
    kinds = {item.parts[0] for item in readings}
    if kinds & {"adv", "prep", "part", "conj", "comp", "inf", *_FINITE}:
        return False
    more = "adj" in kinds and _owns(text, words, after)  # Pani starszy syn
    return more or bool(kinds & {"subst", "ger"})


def _pan_verb(text: str, words: Sequence[Word], index: int) -> int | None:
    """The verb whose subject is the Pan or Pani at `index`, or None where that is doubtful."""
    compared = index > 1 and words[index - 1].lower in ("jak", "niż", "jako")
    compared = compared and not _gap(text, words, index - 1).strip()
    if words[index].text not in ("Pan", "Pani") or _preposed(words, index):
        return None
    if compared and _nominal(words[index - 2]):
        return None  # ktoś taki jak Pani
    clause = _clause(text, words, index)
    before = index - 1
    while before >= clause.start and words[before].lower in _LIGHT:
        before -= 1
    near = [before] if before >= clause.start else []
    places = [*near, *range(index + 1, clause.stop), *range(index - 2, clause.start - 1, -1)]
    perhaps = {n for n in places if n and words[n - 1].lower == "być"}  # być może
    found: int | None = next((n for n in places if n not in perhaps and _third(words[n])), None)
    verb = None if found is None else _third(words[found])
    if found is None or verb is None or _other_subject(words, clause, index, found):
        return None
    giving = _mark(verb) is None and verb.base in FORMS["verbs_giving"]
    if words[index].text == "Pani" and (giving or verb.base in FORMS["verbs_pani"]):
        return None  # czego Pani brakuje, kto Pani daje siłę
    if _owns(text, words, index):
        sure = found < index and words[index - 1].lower != "nie"
        has = verb.base in FORMS["verbs_having"] or words[index - 1].lower == "się"
        return found if sure and has else None
    return found


def _other_subject(words: Sequence[Word], clause: range, index: int, at: int) -> bool:
    """Whether somebody else may be the verb's subject: a noun, or he while Pani is the object."""
    if any(_subjects(words[n]) for n in clause if n not in (index, at)):
        return True
    verb = _third(words[at])
    if words[index].text == "Pan" or verb is None or _mark(verb) != "m":
        return False
    if at > index and _noun_before(words, clause, index):
        return True  # świat Pani się zawalił
    if at < index and at == clause.start + 1 and verb.base == "być":
        return _noun_before(words, clause, at)  # podpis był Pani
    negated = "nie" in {words[n].lower for n in clause}
    return verb.base in _GOVERN["dat"] | _GOVERN["gen"] or (negated and verb.base in _GOVERN["acc"])


def _noun_before(words: Sequence[Word], clause: range, index: int) -> bool:
    """Whether a noun that may be the subject stands right before, with no preposition."""
    before = index - 1
    if before not in clause or (before and _preposed(words, before)):
        return False
    return any(item.has("subst", "sg", "nom") for item in _readings(words[before].text))


def _subjects(word: Word) -> bool:
    """Whether the word is a noun in the nominative singular and nothing else would fit."""
    if word.text in _PAN:
        return False
    readings = _readings(word.text)
    nominative = any(item.has("subst", "sg", "nom") for item in readings)
    other = any(item.has("acc") or item.parts[0] not in _NOMINAL for item in readings)
    return word.lower in ("kto", "ktoś", "nikt") or (nominative and not other)


def _preposed(words: Sequence[Word], index: int) -> bool:
    """Whether the word before may be a preposition that governs this one."""
    if not index or words[index - 1].lower in ("co", "jak", "jako", "niż"):
        return False
    return any(item.parts[0] == "prep" for item in _readings(words[index - 1].text))


def _with_pan(text: str, words: Sequence[Word], index: int) -> Iterator[Marked]:
    """Forms that agree with the subject Pan or Pani: ``czuła się Pani zmęczona``."""
    at = _pan_verb(text, words, index)
    verb = None if at is None else _third(words[at])
    if at is None or verb is None:
        return
    gender = _mark(verb)
    if gender is not None:
        yield Marked(words[at], "sec", gender, verb)
    clause = _clause(text, words, at)
    yield from _agreeing_after(text, words, at, "sec", copular=_copular(verb.base, words, at))
    for place in range(max(at, index) + 1, clause.stop):
        word, joined = words[place], words[place - 1].lower in ("i", "a", "lub", "albo")
        third = _participle(word)
        mark = None if third is None else _mark(third)
        its = verb.parts[0] == "bedzie" or joined
        if third and mark and its and not _other_subject(words, clause, index, place):
            yield Marked(word, "sec", mark, third)
        if verb.base in _MODALS and word.lower in _INFINITIVES:
            copular = _copular(word.lower, words, place)
            yield from _agreeing_after(text, words, place, "sec", copular=copular)


# ---------------------------------------------------------------- from ty to Pan and back

_PRONOUNS: dict[str, dict[str, str]] = {
    "male": {
        "nom": "Pan",
        "gen": "Pana",
        "acc": "Pana",
        "dat": "Panu",
        "loc": "Panu",
        "inst": "Panem",
    },
    "female": {
        "nom": "Pani",
        "gen": "Pani",
        "acc": "Panią",
        "dat": "Pani",
        "loc": "Pani",
        "inst": "Panią",
    },
}
_TY_CASES = {"ty": "nom", "tobie": "dat", "ci": "dat", "tobą": "inst"}
_CONJUNCTIONS = {"żebyś": "żeby", "gdybyś": "gdyby", "jakbyś": "jakby", "abyś": "aby", "byś": "by"}


def _address_edits(
    text: str, words: Sequence[Word], address: _Address, role: Role, plan: Plan
) -> list[Edit]:
    """The segment in the plan's form of address; no edit at all where one form is doubtful.

    A seeker's second person is often anybody's, so only the supporter's is changed.
    """
    level = plan.seeker_to_supporter if role == "seeker" else plan.supporter_to_seeker
    addressee = _gender(plan, role, "sec")
    edits: list[Edit | None] = []
    if level == "pan" and addressee in _PRONOUNS:
        if address.ty and role == "supporter":
            edits = list(_to_pan(text, words, address, addressee))
        edits += _right_pan(text, words, address, addressee)
    elif level == "ty" and address.pan and not address.ty:
        edits = list(_to_ty(text, words, address))
    return [] if None in edits else [edit for edit in edits if edit is not None]


def _with_address(names: list[Edit], address: list[Edit]) -> list[Edit]:
    """Both kinds of edits; a name called out takes the Pani before it into its own edit."""
    calls = {edit.start: edit for edit in address if edit.operation == "insert"}
    merged = [
        edit.model_copy(update={"after": calls[edit.start].after + edit.after})
        if edit.start in calls
        else edit
        for edit in names
    ]
    taken = {edit.start for edit in merged}
    return merged + [edit for edit in address if edit.start not in taken]


def _span(text: str, words: Sequence[Word], first: int, last: int, after: str) -> Edit:
    """An edit of the words `first` to `last`, with the capital of the first."""
    span = _word(text, words[first].start, words[last].end)
    after = after[:1].upper() + after[1:] if span.text[:1].isupper() else after
    return _edit(span, after, ADDRESS_RULE, "tailoring")


def _form(lemma: str, *tags: str) -> str | None:
    """The first form of a lemma that fits one of the tags."""
    for tag in tags:
        for form, reading in _forms(lemma):
            if _fits(reading.parts, tag.split(":")):
                return form
    return None


def _to_pan(
    text: str, words: Sequence[Word], address: _Address, addressee: Gender
) -> Iterator[Edit | None]:
    """Each form of ty as the form of Pan or Pani; None for one that cannot be told."""
    pronouns = _PRONOUNS[addressee]
    owner = pronouns["gen"]
    for index in address.ty:
        word = words[index]
        if word.lower in _CONJUNCTIONS:
            yield _span(text, words, index, index, f"{_CONJUNCTIONS[word.lower]} {pronouns['nom']}")
        elif word.lower.startswith("tw"):
            yield _span(text, words, index, index, owner) if _names(text, words, index) else None
        elif word.lower == "ty" and index and words[index - 1].lower in FORMS["with_ending"]:
            yield None  # coś ty zrobiła
        elif word.lower in _TY_CASES:
            yield _span(text, words, index, index, pronouns[_TY_CASES[word.lower]])
        elif word.lower in ("cię", "ciebie"):
            case = _accusative_or_genitive(text, words, index)
            yield _span(text, words, index, index, pronouns[case])
        else:
            yield _verb_to_pan(text, words, index, address, addressee)
    for index in range(len(words)):
        kind, call = ("m1", "Panie ") if addressee == "male" else ("f", "Pani ")
        opens = index == 0 or text[: words[index].start].rstrip()[-1:] in (",", ".", "!", "?")
        if opens and _is_called(text, words, index, kind):
            at = _word(text, words[index].start, words[index].start)
            yield _edit(at, call, ADDRESS_RULE, "tailoring")


def _names(text: str, words: Sequence[Word], index: int) -> bool:
    """Whether a thing is named right after this word."""
    after = index + 1
    near = after < len(words) and not _gap(text, words, after).strip()
    return near and _nominal(words[after])


def _nominal(word: Word) -> bool:
    return any(item.parts[0] in _NOMINAL for item in _readings(word.text))


def _accusative_or_genitive(text: str, words: Sequence[Word], index: int) -> str:
    readings = _readings(words[index - 1].text) if index else ()
    cases = {
        case for item in readings if item.parts[0] == "prep" for case in item.parts[1].split(".")
    }
    if cases:
        return "acc" if "acc" in cases else "gen"
    near = [words[n] for n in _clause(text, words, index)]
    genitive = any(item.base in _GOVERN["gen"] for word in near for item in _readings(word.text))
    return "gen" if genitive or "nie" in {word.lower for word in near} else "acc"


def _is_called(text: str, words: Sequence[Word], index: int, kind: str) -> bool:
    """A first name of a gender (m1 or f) in the vocative, before a comma or the end."""
    word = words[index]
    named = any("imię" in item.labels and item.has("voc", kind) for item in _readings(word.text))
    called = text[word.end :].lstrip()[:1] in (",", "!", ".", "?")
    return named and word.text[:1].isupper() and called


def _verb_to_pan(
    text: str, words: Sequence[Word], index: int, address: _Address, addressee: Gender
) -> Edit | None:
    """A verb of the second person in the third, with Pan or Pani, or as a request."""
    word = words[index]
    readings = [item for item in _readings(word.lower) if item.has("sg", "sec")]
    verb = next((item for item in readings if item.parts[0] in (*_FINITE, "impt")), None)
    if verb is None or word.lower in FORMS["no_request"]:
        return None
    clause = _clause(text, words, index)
    denied = index > clause.start and words[index - 1].lower == "nie"
    first = index - (denied and not _preposed(words, index - 1))  # no: za nie
    last = index + (index + 1 < clause.stop and words[index + 1].lower == "się")
    no, reflexive = ("nie " if first < index else ""), (" się" if last > index else "")
    if verb.parts[0] == "impt":
        joined = first > 0 and words[first - 1].lower in ("i", "lub", "albo", "oraz")
        joined = joined and any(n in address.ty for n in range(clause.start, first))
        ask = f"{'' if joined else 'proszę'}{reflexive} {no}{verb.base}"
        return _span(text, words, first, last, ask.strip())
    gender = "m1:" if addressee == "male" else "f:"
    kind = verb.parts[0]
    form = _form(verb.lemma, f"{kind}:sg:{gender if kind in _PAST else ''}ter")
    said = f"{no}{form}{reflexive}"
    if form is None or not _needs_subject(text, words, index, address):
        return None if form is None else _span(text, words, first, last, said)
    pronoun = _PRONOUNS[addressee]["nom"]
    if all(words[n].lower in ("i", "a", "ale", "lecz") for n in range(clause.start, first)):
        return _span(text, words, first, last, f"{said} {pronoun}")
    far = [n for n in range(clause.start, first) if words[n].lower == "się"]
    if far and not any(far[0] < n < first for n in address.ty):  # jak się Pani z tym czuje
        kept = text[words[far[0]].end : words[first].start]
        return _span(text, words, far[0], last, f"się {pronoun}{kept}{said}")
    return _span(text, words, first, last, f"{pronoun} {said}")


def _needs_subject(text: str, words: Sequence[Word], index: int, address: _Address) -> bool:
    """Whether Pan or Pani must be said with this verb: nothing before it in the sentence tells."""
    clause = _clause(text, words, index)
    near = {words[n].lower for n in clause}
    if near & {"ty", *_CONJUNCTIONS} or set(address.pan) & set(clause):
        return False
    for n in range(index - 1, -1, -1):
        if re.search(r"[.!?…:;]", _gap(text, words, n + 1)):
            return True
        if any(item.parts[0] in _FINITE for item in _readings(words[n].text)):
            return n not in address.ty
    return True


def _right_pan(
    text: str, words: Sequence[Word], address: _Address, addressee: Gender
) -> Iterator[Edit | None]:
    """Pan for Pani, or the reverse, as the plan says; None for a form whose case is doubtful."""
    pronouns = _PRONOUNS[addressee]
    for index in address.pan:
        word = words[index]
        if _PAN.get(word.text, "male") == addressee:
            continue
        case = _pan_case(text, words, index)
        after = None if case is None else pronouns[case]
        yield None if after is None else _edit(word, after, ADDRESS_RULE, "tailoring")


def _pan_case(text: str, words: Sequence[Word], index: int) -> str | None:
    """The case of a form of Pan or Pani said to the other speaker, or None."""
    word = words[index]
    only = {"Panu": "dat", "Panem": "inst"}.get(word.text)
    if only is not None:
        return only
    if word.text in ("Pan", "Pani") and _pan_verb(text, words, index) is not None:
        following = _readings(words[index + 1].text) if index + 1 < len(words) else ()
        opens = word.start == _sentence_start(text, words, index)
        somebody = opens and any(item.parts[0] == "prep" for item in following)
        return None if somebody else "nom"
    if word.text in ("Pana", "Pani") and _owns(text, words, index):
        return _owner_case(words, index)
    governed = _preposition(words, index - 1) if index else frozenset()
    if word.text == "Panią":
        return "inst" if governed == {"inst"} else "acc"
    asked = governed or (_object_of(words, index - 1) if index else None) or frozenset()
    return next(iter(asked)) if len(asked) == 1 and asked <= {"gen", "dat", "acc", "loc"} else None


def _owner_case(words: Sequence[Word], index: int) -> str | None:
    """The genitive of an owner, unless a verb or preposition before asks for Pani itself."""
    if index == 0:
        return "gen"
    before = _readings(words[index - 1].text)
    asked = {
        case for item in before if item.parts[0] == "prep" for case in item.parts[1].split(".")
    }
    asked -= {"acc"} if words[index - 1].lower in ("w", "we") else set()
    thing = _readings(words[index + 1].text)
    if asked and not any(item.has(case) for case in asked for item in thing):
        return asked.pop() if len(asked) == 1 else None  # jest w Pani chęć
    doubtful = words[index].text == "Pani" and _verbs(words[index - 1])
    return None if doubtful else "gen"  # daje Pani spokój


# ---------------------------------------------------------------- from Pan to ty


def _to_ty(text: str, words: Sequence[Word], address: _Address) -> Iterator[Edit | None]:
    """Each form of Pan or Pani as the form of ty; None for one that cannot be told."""
    verbs = {n: _pan_verb(text, words, n) for n in address.pan}
    for index in address.pan:
        word = words[index]
        at, case = verbs[index], _pan_case(text, words, index)
        if at is not None:
            yield from _verb_to_ty(text, words, index, at)
        elif index + 1 < len(words) and _is_called(
            text, words, index + 1, "m1" if word.text == "Panie" else "f"
        ):
            yield _delete(text, words, index)
        elif case is None or case == "nom":
            yield None
        elif _owns(text, words, index):
            yield _your(text, words, index)
        else:
            yield _small(text, words, index, _short_ty(words, index, case))
    for n in range(len(words)):
        if _third(words[n]) and n not in verbs.values() and not _has_subject(text, words, n):
            yield None  # whose verb that is cannot be told


def _has_subject(text: str, words: Sequence[Word], at: int) -> bool:
    """Whether the clause of a verb names its subject."""
    return any(_subjects(words[n]) for n in _clause(text, words, at) if n != at)


def _verb_to_ty(text: str, words: Sequence[Word], index: int, at: int) -> Iterator[Edit | None]:
    """The verb in the second person, and its Pan or Pani gone."""
    verb = _third(words[at])
    form = None if verb is None else _form(verb.lemma, _second(verb))
    near = {words[n].lower for n in _clause(text, words, at)}
    if form is None or near & FORMS["take_the_ending"]:
        yield None  # żeby Pani przyszła: żebyś przyszła
    elif at == index + 1 and words[index].start == _sentence_start(text, words, index):
        yield _span(text, words, index, at, form)
    else:
        yield _delete(text, words, index)
        yield _span(text, words, at, at, form)


def _second(verb: Reading) -> str:
    return ":".join("sec" if part == "ter" else part for part in verb.parts)


def _sentence_start(text: str, words: Sequence[Word], index: int) -> int:
    """Where the sentence of a word begins."""
    while index and not re.search(r"[.!?…]", _gap(text, words, index)):
        index -= 1
    return words[index].start


def _delete(text: str, words: Sequence[Word], index: int) -> Edit:
    """A word away, with the blank behind it, or before it where punctuation follows."""
    word = words[index]
    if index + 1 < len(words) and _gap(text, words, index + 1).isspace():
        return _edit(_word(text, word.start, words[index + 1].start), "", ADDRESS_RULE, "tailoring")
    start = len(text[: word.start].rstrip())
    return _edit(_word(text, start, word.end), "", ADDRESS_RULE, "tailoring")


def _small(text: str, words: Sequence[Word], index: int, after: str) -> Edit:
    """A form of ty for one of Pan: small, but at the start of a sentence."""
    opens = words[index].start == _sentence_start(text, words, index)
    after = after[:1].upper() + after[1:] if opens else after
    return _edit(words[index], after, ADDRESS_RULE, "tailoring")


def _short_ty(words: Sequence[Word], index: int, case: str) -> str:
    governed = _preposed(words, index)
    if case == "inst":
        return "tobą"
    if case == "dat":
        return "tobie" if governed else "ci"
    return "ciebie" if governed else "cię"


def _your(text: str, words: Sequence[Word], index: int) -> Edit | None:
    """The form of twój that agrees with the thing owned, where only one does."""
    before = _readings(words[index - 1].text) if index else ()
    asked = {
        case for item in before if item.parts[0] == "prep" for case in item.parts[1].split(".")
    }
    subject = "nom" if index + 2 < len(words) and _third(words[index + 2]) else None
    forms: set[str] = set()
    for item in _readings(words[index + 1].text):
        if item.parts[0] not in ("subst", "adj", "ger") or len(item.parts) < 4:
            continue
        number, cases, genders = item.parts[1:4]
        wanted = set(cases.split(".")) & (asked or ({subject} if subject else set(_CASES)))
        wanted.discard("voc")
        for form, reading in _forms("twój"):
            fits = _fits(reading.parts, ["adj", number, ".".join(wanted), genders])
            if wanted and fits and form.startswith(("twoj", "twój", "twoi")):
                forms.add(form)
    return _small(text, words, index, forms.pop()) if len(forms) == 1 else None


# ---------------------------------------------------------------- analyze


def analyze(text: str, role: Role, plan: Plan) -> list[Finding]:
    """Agreement with the plan's genders, and the form of address, of one segment.

    Codes: ``gender.speaker``, ``gender.addressee``, ``gender.noun`` (said of either),
    ``gender.unknown``, ``address.mixed``, ``address.level``, ``address.addressee_gender``,
    ``address.slash``. Quoted words count only where the speaker quotes themselves, and then only
    for the speaker's own gender.
    """
    words = _words(text)
    quotes = _quotes(text, words)
    level = plan.seeker_to_supporter if role == "seeker" else plan.supporter_to_seeker
    findings = [
        Finding("address.slash", *match.span(), f"{match.group()}: two forms at once", "review")
        for match in _SLASH.finditer(text)
    ]
    slashes = [(item.start, item.end) for item in findings]
    address = _addressing(text, words, quotes)
    for item in _counted(text, words, quotes, address):
        if not any(start <= item.word.start < end for start, end in slashes):
            findings += _gender_findings(item, _gender(plan, role, item.person))
    for named in _named(text, words, role):
        if _own_business(named, quotes):
            findings += _noun_findings(named, _gender(plan, role, named.person))
    findings += _address_findings(words, address, role, level, _gender(plan, role, "sec"))
    return sorted(findings, key=lambda finding: (finding.start, finding.code))


def _gender(plan: Plan, role: Role, person: Person) -> Gender:
    """The plan's gender of the speaker (pri) or of the one spoken to (sec)."""
    speaks = (role == "seeker") == (person == "pri")
    return plan.seeker.gender if speaks else plan.supporter.gender


def _counted(
    text: str, words: Sequence[Word], quotes: Sequence[Quote], address: _Address
) -> list[Marked]:
    """Marked forms that are the speaker's own business, and those that agree with Pan or Pani."""
    found = {
        item.word.start: item for item in _marked(text, words) if _own_business(item, quotes)
    }
    for index in address.pan:
        for item in _with_pan(text, words, index):
            found.setdefault(item.word.start, item)
    return [found[start] for start in sorted(found)]


def _own_business(item: Marked | Named, quotes: Sequence[Quote]) -> bool:
    """Whether no quotation holds the word, or one of the speaker's own words."""
    return all(quote.own and item.person == "pri" for quote in quotes if quote.holds(item.word))


def _noun_findings(item: Named, gender: Gender) -> Iterator[Finding]:
    wanted = WANTED.get(gender)
    if wanted is not None and wanted != item.gender:
        yield _finding("gender.noun", item.noun, f"the plan says {gender}", "review")


def _gender_findings(item: Marked, gender: Gender) -> Iterator[Finding]:
    wanted = WANTED.get(gender)
    if wanted is None:
        yield _finding("gender.unknown", item.word, "shows a gender the plan does not know", "warn")
    elif wanted != item.gender:
        code = "gender.speaker" if item.person == "pri" else "gender.addressee"
        yield _finding(code, item.word, f"the plan says {gender}", "review")


# ---------------------------------------------------------------- realize


def realize(text: str, role: Role, plan: Plan) -> list[Edit]:
    """Repairs of gender agreement and address, and the plan's names in the case of the place.

    A name whose case cannot be told, and a form without a sure counterpart, get no edit. Address
    is repaired as a whole, or not at all where one form is doubtful. Slash forms are left to the
    reader.
    """
    words = _words(text)
    quotes = _quotes(text, words)
    slashes = [match.span() for match in _SLASH.finditer(text)]
    address = _addressing(text, words, quotes)
    edits = list(_name_edits(text, words, quotes, plan))
    if not slashes:
        edits = _with_address(edits, _address_edits(text, words, address, role, plan))
    address = _agreed(words, address, edits, _gender(plan, role, "sec"))
    for item in _counted(text, words, quotes, address):
        wanted = WANTED.get(_gender(plan, role, item.person))
        inside = any(start <= item.word.start < end for start, end in slashes)
        taken = any(edit.start <= item.word.start < edit.end for edit in edits)
        if wanted is None or wanted == item.gender or inside or taken:
            continue
        form = _other_gender(item, wanted)
        if form is not None and form != item.word.text:
            edits.append(_edit(item.word, form, GENDER_RULE, "tailoring"))
    for named in _named(text, words, role) if not slashes else ():
        wanted = WANTED.get(_gender(plan, role, named.person))
        if wanted is None or wanted == named.gender or not _own_business(named, quotes):
            continue
        for word, form in _other_noun(named, wanted) or ():
            if not any(edit.start <= word.start < edit.end for edit in edits):
                edits.append(_edit(word, form, GENDER_RULE, "tailoring"))
    return sorted(edits, key=lambda edit: edit.start)


def _agreed(
    words: Sequence[Word], address: _Address, edits: Sequence[Edit], addressee: Gender
) -> _Address:
    """The address without Pan where it stays Pan for Pani: its verbs stay with it."""
    taken = {edit.start for edit in edits}
    wrong = any(
        _PAN.get(words[n].text, "male") != addressee and words[n].start not in taken
        for n in address.pan
    )
    return replace(address, pan=()) if wrong and addressee in WANTED else address


def _edit(word: Word, after: str, rule: str, nature: Literal["tailoring", "substituting"]) -> Edit:
    return Edit(
        start=word.start,
        end=word.end,
        operation="insert" if not word.text else "replace" if after else "delete",
        rule=rule,
        before=word.text,
        after=after,
        nature=nature,
    )


# ---------------------------------------------------------------- names

_CASES = ("nom", "gen", "dat", "acc", "inst", "loc", "voc")
_ALL = frozenset(_CASES)
_GREETINGS = FORMS["greetings"]
_RELATIONS = FORMS["relations"]
_GOVERN = {case: FORMS[f"verbs_{case}"] for case in ("dat", "acc", "gen")}
_NOT_VERB = FORMS["not_verb"]
_BETWEEN = FORMS["between"]
_OPENERS = FORMS["openers"]


@dataclass(frozen=True)
class _Place:
    """Where a name stands: the segment, the word's number, the gender of the local name."""

    text: str
    words: Sequence[Word]
    quotes: Sequence[Quote]
    index: int
    female: bool
    known: dict[int, str]  # cases of the names before it, by word number

    @property
    def word(self) -> Word:
        """The name itself."""
        return self.words[self.index]

    @property
    def gap(self) -> str:
        """What stands before it, without blanks."""
        return _gap(self.text, self.words, self.index).strip()


def _name_edits(
    text: str, words: Sequence[Word], quotes: Sequence[Quote], plan: Plan
) -> Iterator[Edit]:
    """Each name of the plan in the text as its local name, where the case can be told."""
    names = [item for item in plan.entities if item.kind == "person_name" and item.src != item.tgt]
    known: dict[int, str] = {}
    for index, word in enumerate(words):
        found = _entity(word, names)
        if found is None:
            continue
        entity, female, cases = found
        chosen = _choose(entity.tgt, cases, _Place(text, words, quotes, index, female, known))
        if chosen is not None:
            known[index] = chosen[0]
            yield _name_edit(text, words, index, chosen[1], entity.rule or NAME_RULE)


_WITH_E = re.compile(r"[SZŚŹŻ](?!z?[aeiouyąęó])")  # ze Stefanią, but z Szymonem


def _name_edit(text: str, words: Sequence[Word], index: int, form: str, rule: str) -> Edit:
    """The name's edit; it takes a preceding z or ze along where the local name wants the other."""
    word, before = words[index], words[index - 1] if index else None
    fits = "ze" if _WITH_E.match(form) else "z"
    if before is None or before.lower not in ("z", "ze") or before.lower == fits:
        return _edit(word, form, rule, "substituting")
    fits = fits.capitalize() if before.text[0].isupper() else fits
    blank = text[before.end : word.start]
    both = _word(text, before.start, word.end)
    return _edit(both, fits + blank + form, rule, "substituting")


def _entity(word: Word, names: Sequence[Entity]) -> tuple[Entity, bool, frozenset[str]] | None:
    """The entity a word is a form of, whether the name is a woman's, and the form's cases."""
    for entity in names:
        female = _female(entity.tgt)
        cases = None if female is None else _foreign(entity.src, female).get(word.text)
        if female is not None and cases is not None:
            return entity, female, cases
    return None


@lru_cache(maxsize=1024)
def _declined(name: str) -> dict[str, dict[str, str]]:
    """Forms of a Polish given name by gender and case."""
    table: dict[str, dict[str, str]] = {"m1": {}, "f": {}}
    for form, reading in _forms(name):
        given = reading.base == name and "imię" in reading.labels
        if not given or reading.parts[:2] != ("subst", "sg"):
            continue
        for gender in set(reading.parts[3].split(".")) & set(table):
            for case in reading.parts[2].split("."):
                table[gender].setdefault(case, form)
    return table


def _female(name: str) -> bool | None:
    """Whether a local name is a woman's; None for a name Morfeusz does not decline."""
    table = _declined(name)
    complete = [gender for gender, forms in table.items() if len(forms) == len(_CASES)]
    if len(complete) == 2:
        return name.endswith("a")
    return complete[0] == "f" if complete else None


def _choose(name: str, cases: frozenset[str], place: _Place) -> tuple[str, str] | None:
    """(case, local form) for one place, or None where forms differ and nothing decides."""
    forms = _declined(name)["f" if place.female else "m1"]
    if cases != _ALL and len({forms[case] for case in cases}) == 1:
        return _first(cases, forms)
    here = _case_here(place)
    if here is None and cases == _ALL and not place.female:
        here = frozenset({"nom"})  # a man's name, which translators decline, stands bare
    if here is None and cases != _ALL and "voc" in cases:
        here = cases - {"voc"}
    left = cases & here if here else frozenset()
    return _first(left, forms) if len({forms[case] for case in left}) == 1 else None


def _first(cases: frozenset[str], forms: dict[str, str]) -> tuple[str, str]:
    case = sorted(cases)[0]
    return case, forms[case]


def _case_here(place: _Place) -> frozenset[str] | None:
    """Cases the place allows, from what stands around the name; None where nothing tells."""
    if _is_vocative(place):
        return frozenset({"voc"})
    if place.index == 0 or place.gap not in ("", ","):
        return _as_subject(place)
    before = place.words[place.index - 1]
    if place.gap == ",":
        return _group(place) if _relation(before) else _as_subject(place)
    if before.lower in ("i", "oraz", "ani", "albo", "lub") and place.index - 2 in place.known:
        return frozenset({place.known[place.index - 2]})
    return _after(place)


def _after(place: _Place) -> frozenset[str] | None:
    """Cases by the words right before: preposition, agreeing words, owner of a thing, verb."""
    before = place.words[place.index - 1]
    governed = _preposition(place.words, place.index - 1)
    if governed:
        return governed
    if before.text in ("Pan", "Pani") and place.index > 1:
        return _object_of(place.words, place.index - 2)  # wybrała Pani Klaudię
    if _agreeing(before, place.female):
        return _group(place)
    readings = _readings(before.text)
    thing = readings and all(item.parts[0] in ("subst", "ger") for item in readings)
    if thing or _relation(before):
        named = any(item.has("sg", "nom") for item in readings)
        subject = None if named else _as_subject(place, reach=1)
        return subject or frozenset({"gen"})  # the thing or person of somebody
    if before.lower in _OPENERS:
        return _as_subject(place)
    verb = any(item.parts[0] == "inf" or item.has("pri") for item in readings)
    return _object(place) or (None if verb else _as_subject(place))


def _group(place: _Place) -> frozenset[str]:
    """Cases of a chain such as ``z moją młodszą siostrą Megan``."""
    words, at = place.words, place.index - 2
    cases = _agreeing(words[place.index - 1], place.female)
    while at >= 0 and not _gap(place.text, words, at + 1).strip():
        governed = _preposition(words, at)
        if governed:
            return cases & governed or cases
        more = _agreeing(words[at], place.female) & cases
        if not more:
            break
        cases, at = more, at - 1
    near = range(at, max(-1, at - 3), -1) if len(cases) > 1 else ()
    asked = next((case for step in near if (case := _object_of(words, step))), None)
    return cases & asked if asked and cases & asked else cases


def _relation(word: Word) -> bool:
    return any(item.base.lower() in _RELATIONS for item in _readings(word.text))


def _agreeing(word: Word, female: bool) -> frozenset[str]:
    """Cases of an adjective or a relation noun that agrees with the name."""
    gender = "f" if female else "m1"
    cases: set[str] = set()
    for item in _readings(word.text):
        noun = item.parts[0] == "subst" and item.base.lower() in _RELATIONS
        adjective = item.parts[0] in ("adj", "ppas", "pact")
        if (noun or adjective) and item.has("sg", gender):
            cases |= set(item.parts[2].split("."))
    return frozenset(cases)


# A preposition with a person's name: the case, and the verbs that make it the other one.
_WITH_NAME: dict[str, tuple[str, frozenset[str], str]] = {
    "z": ("inst", FORMS["laugh_verbs"], "gen"),
    "ze": ("inst", FORMS["laugh_verbs"], "gen"),
    "o": ("loc", FORMS["worry_verbs"], "acc"),
    "na": ("acc", FORMS["rely_verbs"], "loc"),
    "w": ("loc", FORMS["believe_verbs"], "acc"),
    "we": ("loc", FORMS["believe_verbs"], "acc"),
    **dict.fromkeys(("przed", "nad", "pod", "między", "pomiędzy"), ("inst", frozenset(), "inst")),
    "po": ("loc", frozenset(), "loc"),
}


def _preposition(words: Sequence[Word], index: int) -> frozenset[str]:
    """Cases a preposition asks of a person's name here; empty where it is none, or doubtful."""
    word = words[index].lower
    near = {
        reading.base
        for other in words[max(0, index - 4) : index + 6]
        for reading in _readings(other.text)
    }
    if word == "za":
        return frozenset({"inst"}) if near & FORMS["miss_verbs"] else frozenset()
    if word in _WITH_NAME:
        usual, verbs, other_case = _WITH_NAME[word]
        return frozenset({other_case if near & verbs else usual})
    readings = [item for item in _readings(words[index].text) if item.parts[0] == "prep"]
    cases = {case for item in readings for case in item.parts[1].split(".")}
    return frozenset(cases) if len(cases) == 1 else frozenset()


def _object(place: _Place) -> frozenset[str] | None:
    """The case a verb just before asks for, unless the name may be its subject."""
    for at in range(place.index - 1, max(-1, place.index - 4), -1):
        verbs = _verbs(place.words[at])
        if verbs:
            subject = any(item.has("ter") for item in verbs)
            return None if subject else _object_of(place.words, at)
        if place.words[at].lower not in _BETWEEN:
            return None
    return None


def _verbs(word: Word) -> list[Reading]:
    kinds = (*_PAST, "fin", "inf", "impt")
    return [item for item in _readings(word.text) if item.parts[0] in kinds]


def _object_of(words: Sequence[Word], at: int) -> frozenset[str] | None:
    """The case this verb asks of a person; None where it is no verb, or not listed."""
    verbs = _verbs(words[at])
    bases = {item.base for item in verbs}
    case = next((case for case, lemmas in _GOVERN.items() if bases & lemmas), None)
    if case == "acc" and at and words[at - 1].lower == "nie":
        case = "gen"
    return None if case is None else frozenset({case})


def _as_subject(place: _Place, *, reach: int = 4) -> frozenset[str] | None:
    """Nominative, where a verb that agrees with the name follows within `reach` words."""
    gender = "f" if place.female else "m1"
    ahead = place.words[place.index + 1 : place.index + 1 + reach]
    several = bool(ahead) and ahead[0].lower in ("i", "oraz")
    for word in ahead:
        for item in _readings(word.text):
            number = item.has("pl") if several else item.has("sg")
            present = item.parts[0] == "fin" and word.lower not in _NOT_VERB
            past = item.parts[0] in _PAST and (several or item.has(gender))
            if number and item.has("ter") and (present or past):
                return frozenset({"nom"})
    return None


def _is_vocative(place: _Place) -> bool:
    """A name called out: set off on both sides, after a greeting or in quoted speech."""
    before = place.text[: place.word.start].rstrip()
    after = place.text[place.word.end :].lstrip()
    if after[:1] not in ("", *',.!?”"…') or before[-1:] not in ("", *',„"'):
        return False
    previous = place.words[place.index - 1] if place.index else None
    if previous is None or previous.lower in _GREETINGS:
        return previous is not None
    return any(item.holds(place.word) for item in place.quotes) and not _relation(previous)


@lru_cache(maxsize=1024)
def _foreign(name: str, female: bool) -> dict[str, frozenset[str]]:
    """Forms in which a Polish text may show an English name, with their cases."""
    forms: dict[str, set[str]] = {name: set(_ALL)}
    table = _foreign_woman(name) if female else _foreign_man(name)
    for form, cases in table:
        forms.setdefault(form, set()).update(cases.split("."))
    if female and name.endswith("a"):
        forms[name] = {"nom"}
    return {form: frozenset(cases) for form, cases in forms.items()}


def _foreign_woman(name: str) -> Iterator[tuple[str, str]]:
    """Only names in -a (and -ah) decline; the others stand bare in every case."""
    bare = name.removesuffix("h")
    if not bare.endswith("a"):
        return
    for stem in {bare[:-1], bare[:-2] + "k" if bare.endswith("ca") else bare[:-1]}:
        soft = stem[-1:] in "lijeyk" or stem[-1:] == "g"
        yield from ((stem + "ę", "acc"), (stem + "ą", "inst"), (stem + "o", "voc"))
        yield (stem + ("i" if soft else "y"), "gen")
        if stem[-1:] in "lije":
            yield (stem + "i", "dat.loc")
        else:
            yield (_softened(stem), "dat.loc")
        if stem.endswith("i"):
            yield from ((stem[:-1] + "ii", "gen.dat.loc"), (stem[:-1] + "i", "gen.dat.loc"))


def _foreign_man(name: str) -> Iterator[tuple[str, str]]:
    if name[-1] == "y" or name.endswith("ie"):
        for stem in {name, name[:-1]}:
            for mark in ("", "'", "’"):
                yield from ((f"{stem}{mark}ego", "gen.acc"), (f"{stem}{mark}emu", "dat"))
                yield (f"{stem}{mark}m", "inst.loc")
                yield from ((f"{stem}{mark}go", "gen.acc"), (f"{stem}{mark}mu", "dat"))
        return
    stems = {name}
    if name[-1] in "eo":
        stems.add(name[:-1])
    if name.endswith("ek"):
        stems.add(name[:-2] + "k")
    for stem in stems:
        yield (_softened(stem), "loc.voc")
        for mark in ("", "'", "’"):
            yield from ((f"{stem}{mark}a", "gen.acc"), (f"{stem}{mark}owi", "dat"))
            yield from ((f"{stem}{mark}em", "inst"), (f"{stem}{mark}iem", "inst"))
            yield (f"{stem}{mark}u", "loc.voc")
    if name.endswith("oe"):
        yield from ((name + "go", "gen.acc"), (name + "mu", "dat"), (name + "m", "inst.loc"))


def _softened(stem: str) -> str:
    """The stem before the ending -e: Lindzie, Barbarze, Scotcie."""
    soft = {"k": "ce", "g": "dze", "r": "rze", "t": "cie", "d": "dzie", "c": "ce"}
    if stem[-1:] in soft:
        return stem[:-1] + soft[stem[-1:]]
    return stem + ("u" if stem[-1:] in "aeiouy" else "ie")
