"""The fuzzy index finds what a search through all texts finds, at every threshold."""

from __future__ import annotations

import random

import pytest
from rapidfuzz import fuzz, process

from mhx.corpus.fuzzy import FIRST, FuzzyIndex, bits_of

ALPHABETS = (
    "abc ",
    "abcdefghijklmnopqrstuvwxyz     ",
    "ąćęłńóśźż oeu",
    "ابپتثجچحخدذ\u200c می",
    "😀é\n a1",
)


def drawn(draw: random.Random, letters: str, most: int) -> str:
    return "".join(draw.choices(letters, k=draw.randint(0, most)))


def changed(text: str, draw: random.Random, letters: str) -> str:
    for _ in range(draw.randint(0, 6)):
        at = draw.randint(0, len(text))
        cut = draw.randint(0, 3)
        text = text[:at] + draw.choice(("", drawn(draw, letters, 4))) + text[at + cut :]
    return text


def brute(text: str, texts: list[str], threshold: float) -> tuple[int, float] | None:
    found = process.extractOne(text, texts, scorer=fuzz.ratio, score_cutoff=threshold)
    return None if found is None else (found[2], found[1])


@pytest.mark.parametrize("seed", range(12))
def test_the_answer_is_that_of_a_search_through_all(seed: int) -> None:
    draw = random.Random(seed)
    letters = ALPHABETS[seed % len(ALPHABETS)]
    texts = [drawn(draw, letters, draw.choice((8, 60, 300))) for _ in range(300)]
    texts += [changed(draw.choice(texts), draw, letters) for _ in range(300)]  # near and equal ones
    index = FuzzyIndex(texts)
    queries = [changed(draw.choice(texts), draw, letters) for _ in range(40)]
    queries += [drawn(draw, letters, 80) for _ in range(20)] + ["", "a"]
    for query in queries:
        for threshold in (100, 95, 90, draw.randint(50, 99), draw.uniform(30, 100), 60, 1):
            assert index.nearest(query, threshold) == brute(query, texts, threshold), query


def test_of_equal_scores_the_first_text_is_taken_however_many_there_are() -> None:
    texts = [f"{letter}bcdefgh" for letter in "zyxwvu"] * FIRST
    assert FuzzyIndex(texts).nearest("abcdefgh", 80) == brute("abcdefgh", texts, 80)


def test_a_score_equal_to_the_threshold_is_a_match() -> None:
    texts = ["abcdefghij" * 3]
    query = texts[0][:-3] + "xyz"
    score = fuzz.ratio(query, texts[0])
    assert FuzzyIndex(texts).nearest(query, score) == (0, score)


def test_an_empty_index_holds_nothing() -> None:
    assert FuzzyIndex([]).nearest("a", 50) is None


def test_bits_bound_the_letters_to_insert_and_delete() -> None:
    draw = random.Random(1)
    for letters in ALPHABETS:
        one = [drawn(draw, letters, 200) for _ in range(200)]
        two = [changed(text, draw, letters) for text in one]
        for first, second, a, b in zip(one, two, zip(*bits_of(one), strict=True),
                                       zip(*bits_of(two), strict=True), strict=True):
            distance = round((1 - fuzz.ratio(first, second) / 100) * (len(first) + len(second)))
            unequal = [sum(int(x ^ y).bit_count() for x, y in zip(*pair, strict=True))
                       for pair in zip(a, b, strict=True)]
            assert unequal[0] <= distance
            assert unequal[1] <= 3 * distance
