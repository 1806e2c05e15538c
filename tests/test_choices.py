"""Multiple choice: items of one design in every language, no giveaway, answers scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mhx.cards import load_territory
from mhx.corpus.choices import choice_problems, is_correct, longest_share, presented
from mhx.errors import MhxError
from mhx.files import parse_model
from mhx.language import load_language
from mhx.schema import Choices
from mhx.schema.choices import LETTERS
from mhx.shelves import Shelves

TAGS = ("en", "pl", "fa", "es")
Raw = dict[str, Any]


def choices_of(tag: str, shelves: Shelves) -> Choices:
    found = load_language(tag, shelves=shelves).choices
    assert found is not None
    return found


def planted(tag: str, shelves: Shelves, fault: Callable[[Raw], object]) -> str:
    """What the check says of a language whose file has been changed by `fault`."""
    language = load_language(tag, shelves=shelves)
    raw = choices_of(tag, shelves).model_dump(mode="json")
    fault(raw)
    language.__dict__["choices"] = Choices.model_validate(raw)
    owner = None if tag == "en" else choices_of("en", shelves)
    territory = load_territory(language.manifest.territory, shelves=shelves)
    return "\n".join(str(item) for item in choice_problems(language, owner, territory))


# ---------------------------------------------------------------- what ships


@pytest.mark.parametrize("tag", TAGS)
def test_nothing_is_wrong_with_what_ships(tag: str, shelves: Shelves) -> None:
    assert planted(tag, shelves, lambda raw: None) == ""


@pytest.mark.parametrize("tag", TAGS)
def test_forty_items_of_which_thirty_are_shared_and_ten_local(tag: str, shelves: Shelves) -> None:
    items = choices_of(tag, shelves).items
    english = [item.id for item in choices_of("en", shelves).items if not item.local]
    assert [item.id for item in items if not item.local] == english
    assert (len(english), sum(item.local for item in items)) == (30, 10)
    assert all(item.sources and item.topic == "culture" for item in items if item.local)
    assert 2 <= sum(len(item.correct) > 1 for item in items) <= 5
    assert {item.difficulty for item in items} == {"easy", "medium", "hard"}


@pytest.mark.parametrize("tag", TAGS)
def test_neither_letter_nor_length_gives_the_answer_away(tag: str, shelves: Shelves) -> None:
    choices = choices_of(tag, shelves)
    letters = Counter(letter for item in choices.items for letter in item.correct)
    assert max(letters.values()) - min(letters[letter] for letter in LETTERS) <= 2
    assert 0.1 <= longest_share(choices) < 0.4


# ---------------------------------------------------------------- shuffling and scoring


def test_options_are_shuffled_by_seed_and_the_correct_ones_go_with_them(shelves: Shelves) -> None:
    choices = choices_of("en", shelves)
    orders = set()
    for item in choices.items:
        right = {item.options[LETTERS.index(letter)] for letter in item.correct}
        for seed in (None, 0, 1, 2):
            shown = presented(choices, item, seed=seed)
            assert sorted(shown.options) == sorted(item.options)
            assert {shown.options[LETTERS.index(letter)] for letter in shown.correct} == right
            assert shown == presented(choices, item, seed=seed)
            orders.add((seed, tuple(item.options.index(text) for text in shown.options)))
        assert presented(choices, item).options == tuple(item.options)
    assert len({order for seed, order in orders if seed == 1}) > 10


def test_the_text_has_a_line_an_option_and_says_when_several_are_correct(shelves: Shelves) -> None:
    choices = choices_of("en", shelves)
    for item in choices.items:
        shown = presented(choices, item)
        lines = shown.text.split("\n")
        assert [line[:3] for line in lines[1:]] == ["A. ", "B. ", "C. ", "D. "]
        assert (choices.several in lines[0]) == (len(item.correct) > 1)


def test_only_exactly_the_correct_letters_are_right(shelves: Shelves) -> None:
    choices = choices_of("en", shelves)
    item = next(one for one in choices.items if len(one.correct) == 2)
    shown = presented(choices, item)
    first, second = sorted(shown.correct)
    assert is_correct(shown, [second, first])
    assert not is_correct(shown, [first])
    assert not is_correct(shown, LETTERS)
    assert not is_correct(shown, [])
    with pytest.raises(ValueError, match="no option E"):
        is_correct(shown, ["E"])


# ---------------------------------------------------------------- planted faults


def first(raw: Raw) -> Raw:
    found: Raw = raw["items"][0]
    return found


def local(raw: Raw) -> Raw:
    return next(one for one in raw["items"] if one["local"])


def all_right_are_a(raw: Raw) -> None:
    for one in raw["items"]:
        if len(one["correct"]) == 1:
            place = LETTERS.index(one["correct"][0])
            one["options"][0], one["options"][place] = one["options"][place], one["options"][0]
            one["correct"] = ["A"]


def right_is_long(raw: Raw) -> None:
    for one in raw["items"]:
        one["options"][LETTERS.index(one["correct"][0])] += " and so it is" * 9


def right_is_short(raw: Raw) -> None:
    for one in raw["items"]:
        for place, letter in enumerate(LETTERS):
            if letter not in one["correct"]:
                one["options"][place] += " and that is so in every single case of this kind, always"


FAULTS: list[tuple[str, Callable[[Raw], object], str]] = [
    ("en", all_right_are_a, "A is correct"),
    ("en", right_is_long, "the correct option is the longest in 100%"),
    ("en", right_is_short, "longest in 0%"),
    ("pl", lambda raw: raw["items"].pop(0), "same concepts as en"),
    ("pl", lambda raw: first(raw).update(difficulty="hard"), "same concepts as en"),
    ("fa", lambda raw: first(raw).update(correct=["A", "B"]), "same concepts as en"),
    ("es", lambda raw: raw["items"].pop(0), "same concepts as en"),
    ("es", lambda raw: local(raw).update(sources=["es.path.urgencias"]), "is unverified"),
    ("pl", lambda raw: local(raw).update(local=False), "same concepts as en"),
    ("en", lambda raw: raw["items"].append(first(raw)), "there 2 times"),
    ("pl", lambda raw: local(raw).update(sources=["pl.law.no"]), "'pl.law.no' is unknown"),
    ("pl", lambda raw: local(raw).update(sources=["pl.law.gdpr"]), "'pl.law.gdpr' is unverified"),
    ("fa", lambda raw: first(raw).update(question="حالت چطوره?"), "spelling"),
    ("fa", lambda raw: first(raw).update(explanation="تلفن ۰۲۱۲۳۴۵۶۷۸۹"), "like a phone"),
]


@pytest.mark.parametrize(("tag", "fault", "words"), FAULTS)
def test_a_planted_fault_is_found(
    tag: str, fault: Callable[[Raw], object], words: str, shelves: Shelves
) -> None:
    assert words in planted(tag, shelves, fault)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: first(raw)["options"].pop(), "at least 4"),
        (lambda raw: first(raw).update(options=["same"] * 4), "read the same"),
        (lambda raw: first(raw).update(correct=[]), "at least 1"),
        (lambda raw: first(raw).update(correct=["B", "A"]), "in order"),
        (lambda raw: first(raw).update(id="crisis.depression_signs"), "does not begin"),
        (lambda raw: local(raw).update(sources=[]), "needs sources"),
    ],
)
def test_the_schema_refuses(change: Callable[[Raw], object], words: str, shelves: Shelves) -> None:
    raw = choices_of("en", shelves).model_dump(mode="json")
    change(raw)
    with pytest.raises(MhxError, match=words):
        parse_model(raw, Choices, path=Path("choices.yaml"))
