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

from mhx.corpus.codepoints import Codes, LetterTable, column_codes, per_text

if TYPE_CHECKING:
    import polars as pl

BATCH = 2000  # texts whose code points are held at once: they stay in the cache
DIGIT = "[1-9]"
TAG = r"<[a-zA-Z][^>]*>"
WIDE = [chr(point).encode() for point in range(128, 0x10000) if chr(point).isspace()]
BOTH = 2
TWO = 0xC2  # the first byte of blanks of two bytes
LEAD = 2  # stands for a byte that may begin a blank of several
NO_BLANK = bytes(
    LEAD if byte in {blank[0] for blank in WIDE} else int(byte > 127 or not chr(byte).isspace())
    for byte in range(256)
)


def characters(texts: pl.Series) -> Any:
    """Code points of each text: int64."""
    return texts.str.len_chars().to_numpy().astype(np.int64)


def words(texts: pl.Series) -> Any:
    """Words of each text between blanks, as ``str.split`` finds them: int64."""
    parts = [_words(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _words(texts: pl.Series) -> Any:
    """On UTF-8 bytes: blanks are single bytes but for a few, which are looked up."""
    import polars as pl

    raw: bytes = texts.str.join("").cast(pl.Binary).item()
    starts = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(texts.str.len_bytes().to_numpy(), out=starts[1:])
    letter = np.frombuffer(raw.translate(NO_BLANK), np.uint8).copy()
    leads = np.flatnonzero(letter == LEAD)
    for lead in leads[_wide_blank(raw, leads)].tolist():
        letter[lead : lead + (2 if raw[lead] == TWO else 3)] = 0
    begins = letter > 0
    begins[1:] &= letter[:-1] == 0
    first = starts[:-1][starts[1:] > starts[:-1]]
    begins[first] = letter[first] > 0
    return per_text(begins, starts)


def _wide_blank(raw: bytes, leads: Any) -> Any:
    """Which of the places hold a blank of two or three bytes."""
    points = np.frombuffer(raw + b"\0\0", np.uint8)
    one, two, three = (points[leads + at].astype(np.int64) for at in range(3))
    value = np.where(one == TWO, one << 16 | two << 8, one << 16 | two << 8 | three)
    return np.isin(value, [int.from_bytes(blank.ljust(3, b"\0"), "big") for blank in WIDE])


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
