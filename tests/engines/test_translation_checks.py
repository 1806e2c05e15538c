"""What the engines call wrong, on plain texts; sentences with abbreviations; batches."""

from __future__ import annotations

from typing import Any

import pytest

from mhx.defaults import split_sentences
from mhx.language import Language
from mhx.seq2seq.batches import answer_budget, batches
from mhx.seq2seq.checks import failure_of
from mhx.seq2seq.sentences import holding, sentence_splitter
from mhx.shelves import Shelves


def failure(source: str, target: str, **more: Any) -> str | None:
    return failure_of(
        source, target, source_sentences=split_sentences(source),
        target_sentences=split_sentences(target), **more,
    )


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        ("I am tired.", "Jestem zmęczona.", None),
        ("I am tired.", "", "empty"),
        ("I am tired.", " … ", "empty"),
        ("I am so tired.", "I am so TIRED!", "source_copied"),
        ("I am so tired. It hurts.", "I am so tired. Boli.", "source_copied"),
        ("Okay.", "Okay.", None),
        ("I am tired.", "a b c d " * 3, "repeats"),
        ("I am tired.", "no no no", None),
        ("I am tired.", "no no no no", "repeats"),
        ("Go, go, go, go!", "Idź, idź, idź, idź!", None),
        ("I am tired.", "I'm sorry I'm sorry I'm sorry", "repeats"),
        ("I am here. I wait.", "Czekam na to. Czekam na to.", "repeats"),
        ("I wait for it. I wait for it.", "Czekam na to. Czekam na to.", None),
        ("I am here. I wait.", "Czekam tu.", "dropped"),
        ("I am here, and I wait.", "Jestem. Czekam.", None),
        ("I am here.", "Jestem tu. Czekam. Nic więcej.", "added"),
    ],
)
def test_a_wrong_answer_has_a_code(source: str, target: str, code: str | None) -> None:
    assert failure(source, target) == code


def test_an_answer_without_its_end_is_truncated() -> None:
    assert failure("I am tired.", "Jestem", finished=False) == "truncated"


@pytest.mark.parametrize(
    ("tokens", "code"),
    [((30, 11), "length"), ((30, 12), None), ((12, 31), "length"), ((12, 30), None),
     ((4, 11), None)],
)
def test_a_length_far_off_is_a_failure(tokens: tuple[int, int], code: str | None) -> None:
    assert failure("I am tired.", "Jestem zmęczona.", tokens=tokens) == code


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Dr. Lee listens. I talk.", 2),
        ("I saw Mr. J. Hill today.", 1),
        ("It was I. You were away.", 2),
        ("Wait for me (Prof. Hill).", 1),
        ("Good.", 1),
    ],
)
def test_an_abbreviation_ends_no_sentence(shelves: Shelves, text: str, count: int) -> None:
    split = sentence_splitter(Language(shelves.get("languages", "en"), shelves))
    assert len(split(text)) == count
    assert " ".join(split(text)) == text


def test_a_language_without_abbreviations_is_cut_by_its_own_rule() -> None:
    assert holding(split_sentences, ())("Dr. Lee listens. I talk.") == [
        "Dr.", "Lee listens.", "I talk.",
    ]


def test_batches_hold_every_text_once_longest_first_within_the_budget() -> None:
    lengths = [3, 50, 7, 7, 1, 200, 9]
    made = batches(lengths, 60)
    assert sorted(place for group in made for place in group) == list(range(7))
    assert made[0] == [5]  # longer than the budget: alone
    for group in made[1:]:
        assert len(group) * lengths[group[0]] <= 60
        assert [lengths[place] for place in group] == sorted(
            (lengths[place] for place in group), reverse=True
        )


def test_an_answer_has_room_but_not_more_than_the_model_has() -> None:
    assert answer_budget(10, 512) == 36
    assert answer_budget(400, 512) == 511
