"""Personal data: found and replaced by placeholders before anything else sees the text.

Numbers are known by form and checksum in every language, in digits of any script; names and street
addresses by the language's `privacy.yaml` (`corpus/names`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from mhx.corpus.identifiers import is_card, is_dni, is_iban, is_iranian_code, is_pesel
from mhx.corpus.names import NameFinder, Span

PLACEHOLDERS = (
    "email", "link", "pesel", "national_code", "dni", "ssn", "account", "phone", "address", "name",
)
PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(PLACEHOLDERS)}(?:_[b-z])?)\]")  # [name_b]: a second one
_DIGIT = re.compile(r"\d")
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_URL = re.compile(
    r"(?:https?://|www\.)\S*[\w/]|\b[\w-]+\.(?:com|org|net|pl|ir|es|edu|gov)(?:/\S*)?\b"
)
_ELEVEN = re.compile(r"(?<![\d.,])\d{11}(?![\d]|[.,]\d)")
_TEN = re.compile(r"(?<![\d.,])(?:\d{10}|\d{3}-\d{6}-\d)(?![\d]|[.,]\d)")
_DNI = re.compile(r"(?<!\w)(?:\d{8}|[XYZ]-?\d{7})[- ]?[A-Z](?!\w)", re.IGNORECASE)
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d\d(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,4})?(?!\w)")
_CARD = re.compile(r"(?<!\w)\d(?:[ -]?\d){12,18}(?!\w)")
# Seven digits or more with the separators people write between them.
PHONE = re.compile(
    r"(?<![\w.])(?:\+|00)?\(?\d(?:[\s().\-/_\u2010-\u2013]{0,3}\d){6,14}"
    r"(?:\s?(?:x|ext\.?)\s?\d{1,6})?(?![\w])"
)
ACCOUNT = re.compile(r"(?<!\w)\d(?:[ -]?\d){15,33}(?!\w)")  # cards, bank accounts
# What is written like a phone number and is none: years, dates, round sums, sums of money.
_YEAR = r"(?:1[3-9]|20)\d\d"
_NO_PHONE = re.compile(
    rf"{_YEAR}\s?[-/\u2010-\u2013]\s?{_YEAR}"
    rf"|(?:\d{{1,2}}[./-]\d{{1,2}}[./-]{_YEAR}|{_YEAR}[./-]\d{{1,2}}[./-]\d{{1,2}})(?:\s\d{{1,2}})?"
    rf"|{_YEAR}(?:[ ,]+{_YEAR})+"
    r"|\d{1,2}(?:[ .\u00a0]\d{3})*[ .\u00a0]000|\d{1,3}(?:[ .\u00a0]\d{3})*(?:[ .\u00a0]000){2}"
)
_COUNTDOWN = re.compile(r"\d(?:[ ,.-]{1,2}\d){6,}")
_GROUPED = re.compile(r"\d{1,3}(?:[ .\u00a0]\d{3})+")
_MONEY_BEFORE = re.compile(r"(?:[$€£]|USD|EUR|PLN|IRR)\s?$")
_MONEY_AFTER = re.compile(
    r"\s?(?:[$€£]|USD|EUR|PLN|IRR|zł|euros?|dollars?|tomans?|rials?|تومان|ریال)"
)


def latin_digits(text: str) -> str:
    """Persian and Arabic digits as ASCII digits, one for one (offsets stay)."""
    return text.translate(_DIGITS)


def _counted(said: str) -> bool:
    """Digits one by one that count up or down, or are marks on a scale of 0 to 4."""
    digits = [int(mark) for mark in said if mark.isdigit()]
    steps = {two - one for one, two in pairwise(digits)}
    return bool(_COUNTDOWN.fullmatch(said)) and (steps in ({1}, {-1}) or max(digits) <= 4)


def phones(text: str, *, countdowns: bool = False) -> Iterator[tuple[int, int]]:
    """Spans that read as phone numbers; years, dates and sums that look like one are left out.

    So are digits one by one, as in a countdown, unless `countdowns` counts them too.
    """
    if not _DIGIT.search(text):
        return
    ascii_text = latin_digits(text)
    for match in PHONE.finditer(ascii_text):
        start, end = match.span()
        money = _GROUPED.fullmatch(match.group()) and (
            _MONEY_BEFORE.search(ascii_text[:start]) or _MONEY_AFTER.match(ascii_text, end)
        )
        counted = not countdowns and _counted(match.group())
        if not (money or counted or _NO_PHONE.fullmatch(match.group().lstrip("("))):
            yield start, end


Spotted = tuple[int, int, str]  # start, end, kind
_Kind = tuple[str, str, re.Pattern[str], Callable[[str], bool]]  # kind, text, pattern, what holds


@dataclass
class People:
    """Who is named in one dialogue: the same person is the same placeholder in all its turns."""

    finder: NameFinder
    introduced: set[str] = field(default_factory=set)
    known: dict[str, str] = field(default_factory=dict)

    def placeholder(self, name: str) -> str:
        """``name``, for a second person ``name_b``, and so on to ``name_z``; case endings aside."""
        person = self.finder.person(name)
        stem = person[: max(3, len(person) - 2)]
        same = next((known for known in self.known if known.startswith(stem)
                     and abs(len(known) - len(person)) <= 2), None)
        if same is None:
            number = min(len(self.known), 25)
            self.known[person] = "name" if number == 0 else f"name_{chr(ord('a') + number)}"
        return self.known[same or person]


def people_of(finder: NameFinder | None, texts: Iterable[str]) -> People | None:
    """Those whom the turns of one dialogue introduce, or None without a finder."""
    return None if finder is None else People(finder, finder.names(texts))


def personal_spans(text: str, people: People | None = None) -> list[Spotted]:
    """Where personal data stands and of what kind, in order; an earlier kind has the place."""
    found: list[Spotted] = []
    kinds: list[_Kind] = [("email", text, _EMAIL, bool), ("link", text, _URL, bool)]
    ascii_text = latin_digits(text)
    numbers: list[_Kind] = [
        ("account", ascii_text, _IBAN, is_iban),
        ("pesel", ascii_text, _ELEVEN, is_pesel),
        ("national_code", ascii_text, _TEN, lambda found: is_iranian_code(found.replace("-", ""))),
        ("dni", ascii_text, _DNI, is_dni),
        ("ssn", ascii_text, _SSN, bool),
        ("account", ascii_text, _CARD, is_card),
        ("account", ascii_text, ACCOUNT, bool),
    ]
    if _DIGIT.search(text):
        kinds += numbers
    for kind, where, pattern, holds in kinds:
        for match in pattern.finditer(where):
            if holds(match.group()):
                _add(found, match.span(), kind)
    for span in phones(text):
        _add(found, span, "phone")
    if people is not None:
        for span in people.finder.addresses(text):
            _add(found, span, "address")
        for span in people.finder.spans(text, people.introduced):
            _add(found, span, "name")
    return sorted(found)


def _add(found: list[Spotted], span: Span, kind: str) -> None:
    if not any(span[0] < last and first < span[1] for first, last, _ in found):
        found.append((*span, kind))


def pseudonymize(text: str, people: People | None = None) -> tuple[str, Counter[str]]:
    """The text with e-mail, links, ids, accounts, phone numbers, addresses and names replaced.

    Returns (text, how many of each kind). Replacements are placeholders such as ``[phone]``; the
    values are not kept anywhere. Without `people` names and addresses are not looked for.
    """
    spans = personal_spans(text, people)
    counts = Counter(kind for _, _, kind in spans)
    shown = [people.placeholder(text[start:end]) if kind == "name" and people is not None else kind
             for start, end, kind in spans]
    for (start, end, _), placeholder in reversed(list(zip(spans, shown, strict=True))):
        text = f"{text[:start]}[{placeholder}]{text[end:]}"
    return text, counts


def hidden(texts: Sequence[str], finders: Sequence[NameFinder]) -> list[str]:
    """The texts of one dialogue, pseudonymized by each finder: their language may be unknown."""
    for finder in finders or (None,):
        people = people_of(finder, texts)
        texts = [pseudonymize(text, people)[0] for text in texts]
    return list(texts)
