"""Personal data: found and replaced by placeholders before anything else sees the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_URL = re.compile(
    r"(?:https?://|www\.)\S*[\w/]|\b[\w-]+\.(?:com|org|net|pl|ir|es|edu|gov)(?:/\S*)?\b"
)
_ELEVEN = re.compile(r"(?<!\d)\d{11}(?!\d)")
_TEN = re.compile(r"(?<!\d)\d{10}(?!\d)")
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
_SELF_NAME = re.compile(
    r"\b(?:my name is|my name['\u2019]s|i am called|call me)\s+([^\W\d_]{2,})(?:\s([^\W\d_]{2,}))?",
    re.IGNORECASE,
)

# What people say they may be called, and is no name.
_NO_NAME = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
_NO_NAME |= {"today", "tomorrow", "crazy", "back"}


def latin_digits(text: str) -> str:
    """Persian and Arabic digits as ASCII digits, one for one (offsets stay)."""
    return text.translate(_DIGITS)


def phones(text: str, *, countdowns: bool = False) -> Iterator[tuple[int, int]]:
    """Spans that read as phone numbers; years, dates and sums that look like one are left out.

    So are digits one by one, as in a countdown, unless `countdowns` counts them too.
    """
    ascii_text = latin_digits(text)
    for match in PHONE.finditer(ascii_text):
        start, end = match.span()
        money = _GROUPED.fullmatch(match.group()) and (
            _MONEY_BEFORE.search(ascii_text[:start]) or _MONEY_AFTER.match(ascii_text, end)
        )
        counted = not countdowns and _COUNTDOWN.fullmatch(match.group())
        if not (money or counted or _NO_PHONE.fullmatch(match.group())):
            yield start, end


def is_pesel(number: str) -> bool:
    """Whether eleven digits pass the checksum of the Polish PESEL."""
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
    return len(number) == 11 and (10 - total % 10) % 10 == int(number[10])


def is_iranian_code(number: str) -> bool:
    """Whether ten digits pass the checksum of the Iranian national code."""
    if len(number) != 10 or len(set(number)) == 1:
        return False
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(number[:9])) % 11
    return int(number[9]) == (rest if rest < 2 else 11 - rest)


def self_names(text: str) -> set[str]:
    """Names a speaker gives as their own ("my name is …"), word by word."""
    found: set[str] = set()
    for match in _SELF_NAME.finditer(text):
        for word in match[1], match[2]:
            if not word or not word[0].isupper() or word.lower() in _NO_NAME:
                break
            found.add(word)
    return found


def pseudonymize(text: str, names: Iterable[str] = ()) -> tuple[str, Counter[str]]:
    """The text with e-mail, links, national ids, account and phone numbers and names replaced.

    `names` are words to replace wherever they stand (the self-given names of the dialogue);
    names that others are called by are not found. Returns (text, how many of each kind).
    Replacements are placeholders such as ``[phone]``; the values are not kept anywhere.
    """
    counts: Counter[str] = Counter()
    ascii_text = latin_digits(text)
    spans: list[tuple[int, int, str]] = []

    def add(start: int, end: int, kind: str) -> None:
        if not any(start < last and first < end for first, last, _ in spans):
            spans.append((start, end, kind))

    for match in _EMAIL.finditer(text):
        add(*match.span(), "email")
    for match in _URL.finditer(text):
        add(*match.span(), "link")
    for match in _ELEVEN.finditer(ascii_text):
        if is_pesel(match.group()):
            add(*match.span(), "pesel")
    for match in _TEN.finditer(ascii_text):
        if is_iranian_code(match.group()):
            add(*match.span(), "national_code")
    for match in ACCOUNT.finditer(ascii_text):
        add(*match.span(), "account")
    for start, end in phones(text):
        add(start, end, "phone")
    words = "|".join(re.escape(name) for name in sorted({*names, *self_names(text)}))
    if words:
        for match in re.finditer(rf"(?<!\w)(?:{words})(?:\s(?:{words}))*(?!\w)", text):
            add(*match.span(), "name")
    for start, end, kind in sorted(spans, reverse=True):
        text = f"{text[:start]}[{kind}]{text[end:]}"
        counts[kind] += 1
    return text, counts
