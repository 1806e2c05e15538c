"""Ceilings for repeated wording: real prose passes, prose from a template does not."""

from __future__ import annotations

import random

import pytest

from mhx.corpus.variety import LIMITS, Limits, profile, repetitions
from mhx.language import load_language
from mhx.shelves import Shelves

WORDS = [f"w{number}" for number in range(900)]


def prose(seed: int, length: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


def dialogues(count: int = 30, *, opening: str = "", phrase: str = "", even: bool = False,
              asking: str = "") -> list[list[tuple[str, str]]]:
    made = []
    for number in range(count):
        turns = []
        for turn in range(8):
            seed = number * 100 + turn
            words = prose(seed, 20 if even else random.Random(seed).randint(5, 45))
            if turn % 2:
                words = f"{opening} {words} {phrase}{asking}".strip()
            turns.append(("supporter" if turn % 2 else "seeker", words))
        made.append(turns)
    return made


def said(made: list[list[tuple[str, str]]], limits: Limits = LIMITS) -> str:
    return "\n".join(what for what, _ in repetitions(profile(made), limits))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (dialogues(opening="it sounds like"), "supporter's turns open 'it sounds like'"),
        (dialogues(phrase="i am here for you"), "'i am here for you'"),
        (dialogues(asking="?"), "end in a question"),
        (dialogues(even=True), "turn_spread"),
        ([[("seeker", "a b c d"), ("supporter", "a b c d " * 9)] for _ in range(30)], "distinct_2"),
        ([[("seeker", "so anyway yes " + prose(n, 9)), ("supporter", prose(n + 99, 30))]
          for n in range(30)], "dialogues open 'so anyway yes'"),
    ],
)
def test_a_template_is_found(made: list[list[tuple[str, str]]], words: str) -> None:
    assert words not in said(dialogues())
    assert words in said(made)


def test_a_small_corpus_is_not_judged() -> None:
    assert said(dialogues(5, opening="it sounds like")) == ""


def test_the_numbers_are_counted_by_hand() -> None:
    found = profile([[("seeker", "a b c a"), ("supporter", "d e f? {{service:emergency}}")],
                     [("seeker", "a b c d"), ("supporter", "d e f g?")]])
    assert (found.words, found.supporter_turns) == (15, 2)
    assert found.common_first == ("a b c", 2)
    assert found.common_turn == ("d e f", 2)
    assert found.distinct_1 == pytest.approx(7 / 15)
    assert found.questions == 0.5


@pytest.mark.parametrize("tag", ["en", "fa", "pl"])
def test_the_shipped_corpus_keeps_to_the_limits(shelves: Shelves, tag: str) -> None:
    from mhx.corpus.describe import texts_of

    source = load_language("en", shelves=shelves)
    assert said(texts_of(load_language(tag, shelves=shelves), source)) == ""
