"""Polish: orthography, sentences, agreement and address by the plan, names in their case.

Every judgment is cautious: a form that may be something else, or may belong to somebody else's
words, is left alone. Morphology is Morfeusz 2 (``pip install 'mhx[pl]'``), loaded when needed.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from mhx.contracts import Finding
from mhx.errors import MhxError, Problem
from mhx.schema import Edit, Entity, Plan
from mhx.schema.base import Gender, Role

Person = Literal["pri", "sec"]
Mark = Literal["m", "f"]
Span = tuple[int, int]

GENDER_RULE = "pl.r.language.gender"
NAME_RULE = "pl.r.persons.names"
WANTED: dict[str, Mark] = {"female": "f", "male": "m"}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# ---------------------------------------------------------------- orthography and sentences

_BLANKS = re.compile(r"[ \t\r\n\u00a0\u2007\u2009\u202f\u2028\u2029]+")
_INVISIBLE = re.compile(r"[\u00ad\u200b\u2060\ufeff]")
_DOTS = re.compile(r"(?<!\.)\.{3}(?!\.)")
_COMMA_QUOTE = re.compile(r",,(?=\w)([^,„”]*?)(?:''|”|\")")
_END = re.compile(r"[.!?…]+[”\"’')\]»]*(?= )")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(„])(?:np|m\.in|m\. in|tzw|tzn|dr|prof|mgr|inż|lek|ul|al|pl|os|ok|godz|min|sek|św|im"
    r"|nr|str|por|pt|ks|gen|płk|woj|pow|gm|tj|wg|zob|red|hab|[A-ZĄĆĘŁŃÓŚŹŻ])\.$",
    re.IGNORECASE,
)
_INITIAL = re.compile(r"(?:^|[\s(„])[A-ZĄĆĘŁŃÓŚŹŻ]\.$")


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
        if not rest or not _opens(rest) or _shortened(text[start : match.end()]):
            continue
        parts.append(text[start : match.end()].strip())
        start = match.end()
    return [part for part in [*parts, text[start:].strip()] if part]


def _opens(rest: str) -> bool:
    """Whether a sentence can begin here: a capital, a digit or a slot, past quotes and dashes."""
    rest = rest.lstrip("–—-„\"”»«('‘ ")
    return bool(rest) and (rest[0].isupper() or rest[0].isdigit() or rest[0] in "{[")


def _shortened(part: str) -> bool:
    found = _ABBREVIATION.search(part)
    if found is None:
        return False
    word = found.group().strip(" („.").lower()
    # "min." and "os." close a sentence as often as "pl." or "dr" open a name: all stay joined
    return len(word) > 1 or _INITIAL.search(part) is not None


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
    """Readings of the whole word; none where Morfeusz must cut it or does not know it."""
    edges = _morfeusz().analyse(word)
    last = max((edge[1] for edge in edges), default=0)
    return tuple(
        _reading(item[1], item[2], item[3])
        for start, end, item in edges
        if start == 0 and end == last and item[2] != "ign"
    )


@lru_cache(maxsize=4096)
def _forms(lemma: str) -> tuple[tuple[str, Reading], ...]:
    return tuple(
        (item[0], _reading(item[1], item[2], item[3])) for item in _morfeusz().generate(lemma)
    )


def _word(text: str, start: int, end: int) -> Word:
    piece = text[start:end]
    return Word(piece, start, end, piece.lower())


def _words(text: str) -> list[Word]:
    return [_word(text, *match.span()) for match in _WORD.finditer(text)]


def _gap(text: str, words: Sequence[Word], index: int) -> str:
    """What stands before a word: blanks, punctuation, or the start of the segment."""
    return text[words[index - 1].end if index else 0 : words[index].start]


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
_SPEECH = _set(
    "mówić powiedzieć pytać zapytać spytać pisać napisać odpisać odpowiedzieć odpowiadać usłyszeć"
    " słyszeć myśleć pomyśleć rzucić szepnąć dodać krzyczeć krzyknąć wykrzyczeć powtarzać powtórzyć"
    " stwierdzić wrzasnąć wypalić przyznać odburknąć prosić poprosić brzmieć tłumaczyć"
)

_SAID = _set("zdanie zdania zdaniu słowa słowo słowami myśl myśli głos odpowiedź pytanie wiadomość")


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


_PAST = ("praet", "cond", "winien")
_NOUN_FIRST = _set("działem udziałem tyłem piekłem")  # inst of a noun before a rare past
_AUXILIARY: dict[str, Person] = {
    **dict.fromkeys(("będę", "żebym", "gdybym", "jakbym", "abym", "bym", "choćbym"), "pri"),
    **dict.fromkeys(("będziesz", "żebyś", "gdybyś", "jakbyś", "abyś", "byś", "choćbyś"), "sec"),
    **dict.fromkeys(("powinienem", "powinnam"), "pri"),  # powinnam była
    **dict.fromkeys(("powinieneś", "powinnaś"), "sec"),
}
_COPULAS = _set("być bywać zostać czuć poczuć stać zostawać pozostać poczuwać")
_MODALS = _set("móc musieć chcieć powinien woleć umieć potrafić starać próbować przestać zacząć")
_INFINITIVES = _set("być zostać pozostać czuć")
_REFLEXIVE = _set("czuć poczuć stać")
_NOT_PREDICATE = _set(
    "ten tamten mój twój swój nasz wasz który jaki jakiś czyj każdy żaden kolejny"
)
_BREAKS = _set(
    "że żeby bo gdy gdyby kiedy jak jakby jakbym aż choć ponieważ dlatego niż który która które"
    " czy jeśli jeżeli skoro zanim odkąd dopóki więc kto co gdzie"
)
_BRIDGES = _set("i a ale oraz lecz albo lub ani bardzo tak taki taka zbyt już też")
_COORDINATE = _set("i a ani lub albo oraz nie się sobie to")
_LIGHT = _set("nie się sobie to tego go ją je mu jej tam już też wszystko")
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
    return [found[start] for start in sorted(found)]


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
    yield from _alone_before(text, words, index, person)
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


def _alone_before(text: str, words: Sequence[Word], index: int, person: Person) -> Iterator[Marked]:
    """``sam`` before its verb: ``sama to zrobiłam``, ``sam nie wiem``."""
    for place in range(index - 1, max(-1, index - 4), -1):
        word = words[place]
        if _broken(text, word, words[index]):
            return
        reading = _adjective(word) if word.lower in ("sam", "sama") else None
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
            if item.parts[0] in (*_PAST, "fin", "bedzie", "impt") and item.has("sg", person)
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
    for at in range(index - 1, max(-1, index - 4), -1):
        if _broken(text, words[at], words[index]):
            return None
        for item in _readings(words[at].text):
            for person in persons:
                if item.base in _MODALS and item.has("sg", person):
                    return person, _copular(words[index].lower, words, index)
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
    finite = [item for item in readings if item.parts[0] in (*_PAST, "fin", "bedzie", "impt")]
    return not (readings and len(finite) == len(readings)) or _mark(finite[0]) is not None


def _adjective(word: Word) -> Reading | None:
    """The word as an adjective in the nominative singular, masculine or feminine."""
    for reading in _readings(word.text):
        adjective = reading.parts[0] in ("adj", "ppas", "pact", "adjc")
        if adjective and reading.base not in _NOT_PREDICATE and _mark(reading) is not None:
            return reading
    return None


def _after_preposition(words: Sequence[Word], place: int) -> bool:
    """Whether the word before is only a preposition (``do późna``)."""
    readings = _readings(words[place - 1].text)
    return bool(readings) and all(item.parts[0] == "prep" for item in readings)


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


def _other_gender(item: Marked, wanted: Mark) -> str | None:
    """The same form in the other gender, or None where it cannot be told."""
    best = _swapped(item.reading.lemma, item.reading.parts, item.word.lower, wanted)
    capital = best is not None and item.word.text[:1].isupper()
    return best[:1].upper() + best[1:] if best is not None and capital else best


@lru_cache(maxsize=16384)
def _swapped(lemma: str, parts: tuple[str, ...], near: str, wanted: Mark) -> str | None:
    target = "f" if wanted == "f" else "m1"
    tag = [target if set(part.split(".")) & {"f", "m1"} else part for part in parts]
    if parts[0] == "adjc":
        tag = ["adj", "sg", "nom", target, "pos"]
    elif parts[0] in ("adj", "ppas", "pact"):
        tag = [*tag[:2], "nom", *tag[3:]]
    found = [
        form
        for form, reading in _forms(lemma)
        if len(reading.parts) == len(tag) and _fits(reading.parts, tag)
    ]
    return max(found, key=lambda form: _shared(form, near)) if found else None


def _shared(one: str, two: str) -> int:
    """Length of the common beginning: of two doublets the one nearer to the word as written."""
    pairs = zip(one, two, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(two)))


# ---------------------------------------------------------------- address

_TY_PRONOUN = _set(
    "ty ciebie cię tobie tobą twój twoja twoje twojego twojej twojemu twoim twoją twoi twoich"
    " twoimi żebyś gdybyś jakbyś abyś byś"
)
_TY_ANYWAY = _set("mów zostań przestań zrób")
_PAN: dict[str, Gender] = {
    **dict.fromkeys(("Pan", "Pana", "Panu", "Panem"), "male"),
    **dict.fromkeys(("Pani", "Panią"), "female"),
}
_TITLES = _set(
    "doktor doktorze profesor dyrektor dyrektorka kierownik kierowniczka psycholog mecenas"
    " magister pedagog prezes wychowawczyni wychowawca nauczyciel nauczycielka ksiądz domu"
)
_SLASH = re.compile(
    r"\bPan[aiu]?(?:em)?/Pani?[ąa]?\b|\bPani?[ąa]?/Pan[au]?(?:em)?\b"
    r"|\b\w+(?:ł|łem|łeś|łby|łbym|łbyś|ony|any|ty|en)"
    r"/\w*(?:ła|łam|łaś|łaby|łabym|łabyś|[nt]a|am|aś|a)\b"
    r"|\b\w+ł\(a\)\w*|\b\w+\((?:a|am|aś|na)\)\w*|\b[A-ZĄĆĘŁŃÓŚŹŻ]?\w+_(?:ka|ek|ki|a|ów)\b"
)


@dataclass(frozen=True)
class _Address:
    """Words of one segment that address the other speaker, by level."""

    pan: tuple[Word, ...]
    ty: tuple[Word, ...]
    ty_sure: bool  # a pronoun, not only a verb, which may be generic


def _addressing(text: str, words: Sequence[Word], quotes: Sequence[Quote]) -> _Address:
    free = [n for n, word in enumerate(words) if not any(item.holds(word) for item in quotes)]
    pan = tuple(words[n] for n in free if _is_pan(text, words, n))
    pronouns = [words[n] for n in free if _is_ty_pronoun(text, words, n)]
    verbs = [words[n] for n in free if _is_ty_verb(words[n].text)]
    ty = sorted({*pronouns, *verbs}, key=lambda word: word.start)
    return _Address(pan, tuple(ty), bool(pronouns))


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
        return word.text == "Pani" and _vocative(after)
    at_start = not text[: word.start].strip(' „"–—…')
    return after.lower not in _TITLES and not (at_start and after.lower in ("z", "ze", "od"))


def _vocative(word: Word) -> bool:
    readings = _readings(word.text)
    return any(item.has("voc") for item in readings) and not any(
        item.has("nom") and item.parts[0] == "subst" for item in readings
    )


def _is_ty_pronoun(text: str, words: Sequence[Word], index: int) -> bool:
    word = words[index]
    if word.lower != "ci":
        return word.lower in _TY_PRONOUN
    after = words[index + 1] if index + 1 < len(words) else None
    if after is None or _gap(text, words, index + 1).strip():
        return True
    if after.lower in ("którzy", "sami", "wszyscy", "co", "dwaj", "trzej", "dopiero"):
        return False
    return not any(item.has("pl", "nom", "m1") for item in _readings(after.text))


@lru_cache(maxsize=65536)
def _is_ty_verb(word: str) -> bool:
    kinds = (*_PAST, "fin", "impt", "bedzie")
    readings = _readings(word)
    second = [item for item in readings if item.parts[0] in kinds and item.has("sg", "sec")]
    return bool(second) and (len(second) == len(readings) or word.lower() in _TY_ANYWAY)


def _address_findings(
    address: _Address, role: Role, level: str, addressee: Gender
) -> Iterator[Finding]:
    """Mixed forms first; else a level that is not the plan's; else Pan for Pani."""
    generic = role == "seeker" and not address.ty_sure
    severity: Literal["review", "warn"] = "warn" if generic else "review"
    if address.pan and address.ty:
        yield _finding("address.mixed", address.ty[0], "Pan/Pani with a form of ty", severity)
        return
    if level == "pan":
        for word in address.ty:
            yield _finding("address.level", word, "the plan says Pan/Pani", severity)
        yield from _addressee_findings(address.pan, addressee)
    elif level == "ty":
        for word in address.pan:
            yield _finding("address.level", word, "the plan says ty", "review")


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


# ---------------------------------------------------------------- analyze


def analyze(text: str, role: Role, plan: Plan) -> list[Finding]:
    """Agreement with the plan's genders, and the form of address, of one segment.

    Codes: ``gender.speaker``, ``gender.addressee``, ``gender.unknown``, ``address.mixed``,
    ``address.level``, ``address.addressee_gender``, ``address.slash``. Quoted words count only
    where the speaker quotes themselves, and then only for the speaker's own gender.
    """
    words = _words(text)
    quotes = _quotes(text, words)
    level = plan.seeker_to_supporter if role == "seeker" else plan.supporter_to_seeker
    findings = [
        Finding("address.slash", *match.span(), f"{match.group()}: two forms at once", "review")
        for match in _SLASH.finditer(text)
    ]
    slashes = [(item.start, item.end) for item in findings]
    for item in _counted(text, words, quotes):
        if not any(start <= item.word.start < end for start, end in slashes):
            findings += _gender_findings(item, _gender(plan, role, item.person))
    address = _addressing(text, words, quotes)
    findings += _address_findings(address, role, level, _gender(plan, role, "sec"))
    return sorted(findings, key=lambda finding: (finding.start, finding.code))


def _gender(plan: Plan, role: Role, person: Person) -> Gender:
    """The plan's gender of the speaker (pri) or of the one spoken to (sec)."""
    speaks = (role == "seeker") == (person == "pri")
    return plan.seeker.gender if speaks else plan.supporter.gender


def _counted(text: str, words: Sequence[Word], quotes: Sequence[Quote]) -> list[Marked]:
    """Marked forms that are the speaker's own business."""
    return [
        item
        for item in _marked(text, words)
        if all(quote.own and item.person == "pri" for quote in quotes if quote.holds(item.word))
    ]


def _gender_findings(item: Marked, gender: Gender) -> Iterator[Finding]:
    wanted = WANTED.get(gender)
    if wanted is None:
        yield _finding("gender.unknown", item.word, "shows a gender the plan does not know", "warn")
    elif wanted != item.gender:
        code = "gender.speaker" if item.person == "pri" else "gender.addressee"
        yield _finding(code, item.word, f"the plan says {gender}", "review")


# ---------------------------------------------------------------- realize


def realize(text: str, role: Role, plan: Plan) -> list[Edit]:
    """Repairs of gender agreement, and the plan's names in the case of the place.

    A name whose case cannot be told, and a form without a sure counterpart, get no edit. Slash
    forms are left to the reader.
    """
    words = _words(text)
    quotes = _quotes(text, words)
    slashes = [match.span() for match in _SLASH.finditer(text)]
    edits = list(_name_edits(text, words, quotes, plan))
    for item in _counted(text, words, quotes):
        wanted = WANTED.get(_gender(plan, role, item.person))
        inside = any(start <= item.word.start < end for start, end in slashes)
        if wanted is None or wanted == item.gender or inside:
            continue
        form = _other_gender(item, wanted)
        if form is not None and form != item.word.text:
            edits.append(_edit(item.word, form, GENDER_RULE, "tailoring"))
    return sorted(edits, key=lambda edit: edit.start)


def _edit(word: Word, after: str, rule: str, nature: Literal["tailoring", "substituting"]) -> Edit:
    return Edit(
        start=word.start,
        end=word.end,
        operation="replace",
        rule=rule,
        before=word.text,
        after=after,
        nature=nature,
    )


# ---------------------------------------------------------------- names

_CASES = ("nom", "gen", "dat", "acc", "inst", "loc", "voc")
_ALL = frozenset(_CASES)
_GREETINGS = _set("dzięki dziękuję hej cześć słuchaj wiesz proszę kochana kochany ej")
_RELATIONS = _set(
    "siostra córka mama matka żona babcia ciocia ciotka koleżanka przyjaciółka szefowa kuzynka"
    " dziewczyna sąsiadka asystentka szwagierka synowa teściowa wnuczka bratanica siostrzenica pani"
    " nauczycielka współlokatorka partnerka narzeczona kierowniczka lekarka pielęgniarka terapeutka"
    " znajoma psycholożka menedżerka dyrektorka trenerka instruktorka fryzjerka kobieta córeczka"
    " brat syn tata ojciec mąż dziadek wujek kolega przyjaciel szef kuzyn chłopak sąsiad asystent"
    " szwagier zięć teść wnuk bratanek siostrzeniec pan nauczyciel współlokator partner narzeczony"
    " kierownik lekarz pielęgniarz terapeuta znajomy psycholog menedżer dyrektor trener kumpel"
    " facet synek przełożony wuj doktor profesor"
)
_GOVERN: dict[str, frozenset[str]] = {
    "dat": _set(
        "powiedzieć mówić dać dawać pomóc pomagać ufać zaufać dziękować podziękować napisać pisać"
        " wysłać obiecać pokazać odpisać kupić współczuć kazać pozwolić przyznać opowiedzieć"
        " opowiadać zazdrościć wierzyć uwierzyć wybaczyć przeszkadzać życzyć oddać zależeć"
        " odpowiedzieć przekazać zwierzyć spojrzeć tłumaczyć wytłumaczyć"
    ),
    "acc": _set(
        "kochać widzieć znać zapytać spytać poprosić prosić poznać spotkać przeprosić przepraszać"
        " lubić wybrać złapać zostawić odebrać obudzić zobaczyć zaprosić"
        " wozić zawieźć odwieźć obwiniać zawieść"
        " stracić urodzić odwiedzić odwiedzać mieć rozumieć zrozumieć przytulić okłamać"
    ),
    "gen": _set("pytać słuchać bać unikać szukać potrzebować żałować nienawidzić"),
}
_NOT_VERB = _set("oczy domy ręce nogi kolana drzwi stoły kroki prawa")  # nouns also read as verbs
_BETWEEN = _set("się to już też wtedy dziś wczoraj nie tylko")
_OPENERS = _set(
    "i a ale bo że gdy kiedy jak jakby więc lecz jeśli aż żeby choć chociaż czy gdzie oraz potem"
    " wtedy dziś dzisiaj wczoraj teraz zanim odkąd co ponieważ tylko może nawet sama sam no"
)


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
    "z": ("inst", _set("śmiać żartować kpić"), "gen"),
    "ze": ("inst", _set("śmiać żartować kpić"), "gen"),
    "o": ("loc", _set("martwić bać dbać troszczyć walczyć kłócić prosić pytać modlić"), "acc"),
    "na": ("acc", _set("polegać zależeć skupić opierać oprzeć zemścić"), "loc"),
    "w": ("loc", _set("wierzyć uwierzyć"), "acc"),
    "we": ("loc", _set("wierzyć uwierzyć"), "acc"),
    **dict.fromkeys(("przed", "nad", "pod", "między", "pomiędzy"), ("inst", _set(""), "inst")),
    "po": ("loc", _set(""), "loc"),
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
        return frozenset({"inst"}) if near & _set("tęsknić zatęsknić stać iść") else frozenset()
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
