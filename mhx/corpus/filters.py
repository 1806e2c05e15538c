"""Filters of parallel text, a whole column at a time: numbers for each text or pair of texts.

The definitions are OpusFilter's (Aulamo et al. 2020), so that thresholds from the literature hold;
`bench/filters.py` compares decisions and speed. A filter gives a number, a caller decides. Columns
are polars series of strings without nulls, as the stages' frames hold them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from mhx.corpus.codepoints import Codes, LetterTable, column_codes

if TYPE_CHECKING:
    import polars as pl

BATCH = 2000  # texts whose code points are held at once: they stay in the cache
WORDS_BATCH = 20_000  # the same for bytes
WORD = 64
DIGIT = "[1-9]"
TAG = r"<[a-zA-Z][^>]*>"
BOTH = 2
SPACE = ord(" ")
TWO = 0xC2  # the first byte of blanks of two bytes
THREE = np.uint8(0xE1)  # of those of three bytes, as of much else; 0xE2 and 0xE3 are more
BLANKS = np.array([byte < 128 and chr(byte).isspace() for byte in range(256)])
LAST_BLANK = 0x3000  # of all code points that Python takes for one
LOW = 0x3F  # the bits of a following byte of UTF-8


def characters(texts: pl.Series) -> Any:
    """Code points of each text: int64."""
    return texts.str.len_chars().to_numpy().astype(np.int64)


def words(texts: pl.Series) -> Any:
    """Words of each text between blanks, as ``str.split`` finds them: int64."""
    starts = range(0, len(texts), WORDS_BATCH)
    parts = [_words(texts[start : start + WORDS_BATCH]) for start in starts]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _words(texts: pl.Series) -> Any:
    """On UTF-8 bytes with a line feed after each text: the last letters of words, as bits."""
    import polars as pl

    raw: bytes = texts.str.join("\n").cast(pl.Binary).item() + b"\n"
    points = np.frombuffer(raw, np.uint8)
    blank = points <= SPACE
    if np.count_nonzero(blank) != np.count_nonzero(points == SPACE) + len(texts):
        blank = BLANKS[points]  # other control characters, of which some are no blanks
    lead = points - THREE < 3
    if bytes((TWO,)) in raw:
        lead |= points == TWO
    if lead.any():
        _spread(blank, points, np.flatnonzero(lead))
    marks = np.zeros(-(-len(points) // WORD) * WORD, np.bool_)
    np.greater(blank[1:], blank[:-1], out=marks[: len(points) - 1])
    return np.diff(_marks_before(marks, texts.str.len_bytes().to_numpy()), prepend=0)


def _marks_before(marks: Any, lengths: Any) -> Any:
    """How many marks stand before the end of each text (its length and a line feed): int64.

    Counted in machine words of WORD bits, as a sum over every text's own bytes takes far longer.
    """
    packed = np.packbits(marks, bitorder="little").view("<u8")
    counts = np.zeros(len(packed) + 1, np.int64)
    np.cumsum(np.bitwise_count(packed), out=counts[1:])
    stops = np.cumsum(lengths.astype(np.int64) + 1) - 1  # a line feed is no mark
    word, bit = stops // WORD, (stops % WORD).astype(np.uint64)
    rest = packed[word] & ((np.uint64(1) << bit) - np.uint64(1))
    return counts[word] + np.bitwise_count(rest).astype(np.int64)


def _spread(blank: Any, points: Any, leads: Any) -> None:
    """Mark the bytes of blanks of two or three bytes; `leads` are places where one may begin."""
    one, two, three = (points[np.minimum(leads + at, len(points) - 1)] for at in range(3))
    index = one.astype(np.int64) & LOW
    for byte in (two, three):
        index = index << 6 | byte & LOW
    for lead in leads[_wide_blanks()[index]].tolist():
        blank[lead : lead + (2 if points[lead] == TWO else 3)] = True


@cache
def _wide_blanks() -> Any:
    """Of the low six bits of three bytes, whether they begin with a blank of several bytes."""
    table = np.zeros(1 << 18, np.bool_)
    for point in range(128, LAST_BLANK + 1):
        if chr(point).isspace():
            first, second, *third = (byte & LOW for byte in chr(point).encode())
            start = first << 12 | second << 6
            if third:
                table[start | third[0]] = True
            else:
                table[start : start + 64] = True
    return table


def length_ratio(one: Any, two: Any) -> Any:
    """The longer length over the shorter, of arrays of lengths: 0 for two empty ones, else inf."""
    low, high = np.minimum(one, two), np.maximum(one, two)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(high == 0, 0.0, high / low)


def alphabetic(texts: pl.Series) -> Any:
    """The share of alphabetic characters in each text, blanks counted: 1 for an empty text."""
    return _by_letter(texts, lambda codes: _share(_class("Alphabetic").of(codes.points) > 0, codes))


def in_script(texts: pl.Series, script: str) -> Any:
    """The share of each text's alphabetic characters that are of a script (ISO 15924 or name)."""

    def share(codes: Codes) -> Any:
        kind = _class("Alphabetic", f"Script={script}").of(codes.points)
        return _share(kind == BOTH, codes, kind > 0)

    return _by_letter(texts, share)


def punctuation(one: pl.Series, two: pl.Series) -> Any:
    """How well end marks agree (Vázquez et al. 2019): 0 is best, minus a logarithm below."""
    first, second = (
        texts.str.count_matches(r"[.?!…]").to_numpy().astype(np.int64) for texts in (one, two)
    )
    penalty = np.abs(first - second) + np.maximum(first - 1, 0) + np.maximum(second - 1, 0)
    return -np.log(penalty + 1.0)


def numerals(one: pl.Series, two: pl.Series) -> Any:
    """Similarity (difflib's ratio) of the two texts' digits without zeros: 1 where neither has."""
    out = np.ones(len(one))
    either = one.str.contains(DIGIT) | two.str.contains(DIGIT)
    for at in either.arg_true().to_list():
        first, second = re.findall(DIGIT, one[at]), re.findall(DIGIT, two[at])
        if first != second:
            out[at] = difflib.SequenceMatcher(None, first, second).ratio()
    return out


def tags(texts: pl.Series) -> Any:
    """Whether each text holds an opening HTML tag: bool."""
    return texts.str.contains(TAG).to_numpy()


def confidence(
    texts: pl.Series, language: str, among: frozenset[str], *, quick: bool = False
) -> Any:
    """lingua's confidence that each text is `language`: 0 where another one leads, 1 if empty.

    Names are lingua's; `quick` is its low-accuracy mode. lingua takes as many threads as rayon
    finds (``RAYON_NUM_THREADS``). A text that occurs again is identified once.
    """
    out, given = np.ones(len(texts)), texts.to_list()
    different = list(dict.fromkeys(text for text in given if text))
    found = _detector(among, quick).compute_language_confidence_values_in_parallel(different)
    best = {text: values[0] for text, values in zip(different, found, strict=True)}
    for at, text in enumerate(given):
        if text:
            lead = best[text]
            out[at] = lead.value if lead.language.name == language else 0.0
    return out


@cache
def _detector(among: frozenset[str], quick: bool) -> Any:
    from lingua import Language, LanguageDetectorBuilder

    languages = [getattr(Language, name) for name in sorted(among)]
    builder = LanguageDetectorBuilder.from_languages(*languages)
    return (builder.with_low_accuracy_mode() if quick else builder).build()


def _by_letter(texts: pl.Series, work: Callable[[Codes], Any]) -> Any:
    starts = range(0, len(texts), BATCH)
    parts = [work(column_codes(texts[start : start + BATCH])) for start in starts]
    return np.concatenate(parts) if parts else np.zeros(0)


def _share(member: Any, codes: Codes, base: Any = None) -> Any:
    whole = codes.lengths if base is None else codes.count(base)
    return np.where(whole == 0, 1.0, codes.count(member) / np.maximum(whole, 1))


@cache
def _class(name: str, other: str = "Any") -> LetterTable:
    """0, or of characters with the Unicode property `name` 1, with both properties BOTH."""
    import polars as pl

    def kind(letters: list[str]) -> list[int]:
        given = pl.Series(letters)
        one, two = (given.str.contains(rf"^\p{{{item}}}$").cast(int) for item in (name, other))
        return (one * (1 + two)).to_list()

    return LetterTable(kind, np.uint8)
