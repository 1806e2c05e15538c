"""Filters of parallel text, against their definitions written out one text at a time."""

from __future__ import annotations

import difflib
import math
import random
import re
import sys
import unicodedata

import polars as pl
import pytest

from mhx.corpus import filters, repeats

TEXTS = [
    "",
    " ",
    "Nie mogę  już spać w nocy… 20 mg!",
    "من نمی\u200cتوانم بخوابم؟ ۲۰",
    "tab\tand\u00a0no-break\u2003space\u3000wide\u2028line\u0085next\u001funit ",
    "<b>bold</b> and 1 < 2 & x<y",
    "<br/>",
    "e\u0301 combining and 😀 and Ⅳ and 漢字",
    "ha ha ha ha ha",
    "no no, no. No!",
    "abc abc",
    "wait......... what",
    "a  a  a  a  ",
    "- - - - - - - - -",
    "I was so so so so tired, so so tired",
]


def column(texts: list[str]) -> pl.Series:
    return pl.Series(texts, dtype=pl.String)


def drawn(seed: int) -> list[str]:
    draw = random.Random(seed)
    letters = ("ab ", "abcdefg   ", "a1.<>b/ ", "zażółć\u00a0\u2009 …’", "ha ")[seed % 5]
    return ["".join(draw.choices(letters, k=draw.randint(0, 40))) for _ in range(400)]


@pytest.mark.parametrize("texts", [TEXTS, *map(drawn, range(10))])
def test_words_and_characters_are_pythons(texts: list[str]) -> None:
    assert filters.words(column(texts)).tolist() == [len(text.split()) for text in texts]
    assert filters.characters(column(texts)).tolist() == [len(text) for text in texts]


def test_every_blank_of_unicode_parts_words_and_its_neighbours_do_not() -> None:
    near = {point + step for point in range(sys.maxunicode) if chr(point).isspace()
            for step in (-1, 0, 1)} - {-1, 0xD800}
    texts = [f"a{chr(point)}b" for point in sorted(near)] + ["\u00a0", "x\n\ny\t", "słowo\u00a0"]
    assert filters.words(column(texts)).tolist() == [len(text.split()) for text in texts]
    assert max(point for point in range(sys.maxunicode) if chr(point).isspace()) == 0x3000


def test_a_text_of_many_words_among_short_ones() -> None:
    texts = ["", "a b " * 5000, "", "x", "y z"] * 8
    assert filters.words(column(texts)).tolist() == [0, 10_000, 0, 1, 2] * 8
    short = ["", "x", "y z"] * 9000  # more than a batch
    assert filters.words(column(short)).tolist() == [0, 1, 2] * 9000


@pytest.mark.parametrize("texts", [TEXTS, *map(drawn, range(10))])
def test_repetitions_are_the_expressions(texts: list[str]) -> None:
    plain = re.compile(r"(\S.{2,100}?)(?: *\1){2,}")
    wanted = []
    for text in texts:
        found = plain.search(text)
        wanted.append(0 if found is None else found[0].count(found[1]) - 1)
    assert repeats.repetitions(column(texts)).tolist() == wanted
    assert any(wanted) or texts is not TEXTS


def test_a_long_piece_is_found_and_a_longer_one_is_not() -> None:
    draw = random.Random(3)
    pieces = ["".join(draw.choices("abcdefghijklmnop", k=size)) for size in (50, 101, 102)]
    texts = [f"{piece} {piece}{piece}" for piece in pieces]
    assert repeats.repetitions(column(texts)).tolist() == [2, 2, 0]


def test_alphabetic_counts_letters_and_marks_that_belong_to_them() -> None:
    found = filters.alphabetic(column(TEXTS))
    assert found[0] == 1
    assert found[1] == 0
    for text, share in zip(TEXTS[2:7], found[2:7].tolist(), strict=True):
        letters = sum(unicodedata.category(letter)[0] == "L" for letter in text)
        assert share == pytest.approx(letters / len(text))


def test_in_script_is_a_share_of_the_letters() -> None:
    texts = column(["abc где", "tylko łacina", "فارسی abc", "123", ""])
    assert filters.in_script(texts, "Latin").tolist() == [0.5, 1, 3 / 8, 1, 1]
    assert filters.in_script(texts, "Arab").tolist() == [0, 0, 5 / 8, 1, 1]


def test_punctuation_compares_the_end_marks() -> None:
    one, two = column(["a.", "a.", "a. b.", "no mark", "…"]), column(["b.", "b", "c!", "x", "..."])
    wanted = [0, -math.log(2), -math.log(3), 0, -math.log(5)]
    assert filters.punctuation(one, two).tolist() == pytest.approx(wanted)


def test_numerals_compare_digits_without_zeros() -> None:
    one = column(["20 mg", "none", "1999", "12 3", "5"])
    two = column(["200 mg", "żaden", "1998", "123", "five"])
    wanted = [1, 1, difflib.SequenceMatcher(None, "1999", "1998").ratio(), 1, 0]
    assert filters.numerals(one, two).tolist() == pytest.approx(wanted)


def test_tags_are_not_signs() -> None:
    wanted = [False] * 5 + [True, True] + [False] * (len(TEXTS) - 7)
    assert filters.tags(column(TEXTS)).tolist() == wanted


def test_length_ratio_of_nothing() -> None:
    sides = (["a b", "", "a", ""], ["a", "", "", "b"])
    one, two = (filters.words(column(texts)) for texts in sides)
    assert filters.length_ratio(one, two).tolist() == [2, 0, math.inf, math.inf]


def test_confidence_is_zero_where_another_language_leads() -> None:
    texts = column(["Nie mogę już spać w nocy, boję się.", "I cannot sleep at night.", ""])
    among = frozenset({"ENGLISH", "POLISH"})
    for quick in (False, True):
        polish = filters.confidence(texts, "POLISH", among, quick=quick)
        assert polish[0] > 0.9
        assert polish[1:].tolist() == [0, 1]


def test_empty_columns_give_empty_answers() -> None:
    none = column([])
    found = (filters.words(none), filters.alphabetic(none), filters.tags(none),
             filters.punctuation(none, none), repeats.repetitions(none))
    assert [len(one) for one in found] == [0] * 5
