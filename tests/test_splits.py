"""Near-duplicates stay on one side, and a split is a function of text and seed alone."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from mhx.corpus import splits
from mhx.corpus.minhash import signatures as minhash
from mhx.corpus.splits import PERMUTATIONS, SHINGLE, assign_split, near_duplicate_groups

LONG = (
    "I have not slept well since my father died in the spring and every night I lie awake "
    "thinking about what I should have said to him when there was still time"
)
OTHER = (
    "My manager moves the deadline each week and I am afraid to open the calendar because I "
    "know there will be another meeting that nobody told me about before"
)


def signatures(texts: list[str], *, letters: bool = False) -> Any:
    return minhash(texts, permutations=PERMUTATIONS, shingle=SHINGLE, letters=letters)


def test_near_duplicates_are_one_group_and_others_are_not() -> None:
    near = LONG.replace("spring", "autumn")
    assert near_duplicate_groups([LONG, OTHER, near, LONG.upper()]) == [0, 1, 0, 0]


def test_texts_that_share_a_key_are_one_group_and_an_empty_key_joins_nothing() -> None:
    texts = ["one two three", "four five six", "seven eight nine", "ten eleven twelve"]
    assert near_duplicate_groups(texts, ["q", "", "q", ""]) == [0, 1, 0, 3]


def test_groups_join_through_a_chain() -> None:
    groups = near_duplicate_groups(["a b c", "d e f", "g h i"], ["x", "x", "x"])
    assert groups == [0, 0, 0]
    chained = near_duplicate_groups([LONG, OTHER, LONG], ["", "x", "x"])
    assert chained == [0, 0, 0]


def test_no_text_and_empty_texts_are_no_error() -> None:
    assert near_duplicate_groups([]) == []
    assert near_duplicate_groups(["", ""]) == [0, 0]


def test_signatures_are_the_same_every_time() -> None:
    assert (signatures([LONG, OTHER]) == signatures([LONG, OTHER])).all()


def test_a_split_depends_on_text_and_seed_alone() -> None:
    names = [f"dialogue {number}" for number in range(200)]
    first = [assign_split(name, seed=0) for name in names]
    assert first == [assign_split(name, seed=0) for name in names]
    assert first != [assign_split(name, seed=1) for name in names]


@pytest.mark.parametrize("seed", [0, 7])
def test_the_shares_are_about_what_was_asked(seed: int) -> None:
    counts = Counter(assign_split(str(n), seed=seed, valid=0.2, test=0.1) for n in range(5000))
    assert abs(counts["test"] / 5000 - 0.1) < 0.02
    assert abs(counts["valid"] / 5000 - 0.2) < 0.02


def test_signatures_agree_as_much_as_the_texts_overlap() -> None:
    """MinHash (Broder 1997): equal places estimate the Jaccard index."""
    errors = []
    for number in range(60):
        words = [f"w{number}x{place}" for place in range(60)]
        kept = 10 + number % 45
        other = words[:kept] + [f"v{number}x{place}" for place in range(60 - kept)]
        one, two = ({tuple(text[n : n + 5]) for n in range(56)} for text in (words, other))
        first, second = signatures([" ".join(words), " ".join(other)])
        errors.append((first == second).mean() - len(one & two) / len(one | two))
    assert abs(sum(errors) / len(errors)) < 0.03
    assert (sum(error**2 for error in errors) / len(errors)) ** 0.5 < 0.09


@pytest.mark.parametrize("letters", [False, True])
def test_a_signature_is_of_its_text_alone(letters: bool) -> None:
    texts = ["", LONG, " ", "Zażółć gęślą, 20 mg.", "x", "", OTHER * 3000, "من خوبم", "\n", LONG]
    together = signatures(texts, letters=letters)
    alone = [signatures([text], letters=letters)[0] for text in texts]
    assert (together == alone).all()
    assert (together[1] == together[-1]).all()


def test_words_count_without_case_and_what_stands_between_them() -> None:
    one, two, three = signatures([LONG, LONG.upper().replace(" ", " – "), LONG.replace("I", "we")])
    assert (one == two).all()
    assert not (one == three).all()


def test_letters_see_what_words_do_not() -> None:
    one, two = signatures(["a b c d e f", "a b c d e  f"], letters=True)
    assert (one != two).any()
    assert (signatures(["a b c d e f"]) == signatures(["a b c d e  f"])).all()


def test_planted_near_duplicates_are_found_and_strangers_are_not_joined() -> None:
    draw = random.Random(0)
    plain = [" ".join(f"w{draw.randrange(4000)}" for _ in range(120)) for _ in range(400)]
    near = []
    for text in plain:
        words = text.split()
        for _ in range(3):
            words[draw.randrange(len(words))] = "new"
        near.append(" ".join(words))
    groups = near_duplicate_groups(plain + near)
    assert groups[: len(plain)] == list(range(len(plain)))
    found = sum(group == at for at, group in enumerate(groups[len(plain) :]))
    assert found >= 0.99 * len(plain)


def test_batches_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [LONG, OTHER, LONG.replace("spring", "autumn"), "one two", OTHER.upper(), "three"] * 5
    keys = ["", "k", "", "k", "", "j"] * 5
    whole = near_duplicate_groups(texts, keys)
    monkeypatch.setattr(splits, "BATCH", 4)
    assert near_duplicate_groups(texts, keys) == whole
    assert near_duplicate_groups(iter(texts), keys) == whole
