"""Counts and corpus scores of chrF, BLEU and TER are sacrebleu's, on any text."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF, TER

from mhx.errors import MhxError
from mhx.stats import ngrams
from mhx.stats.ngrams import chrf_counts
from mhx.stats.overlap import scores, tally

METRICS = {
    "chrF": CHRF,
    "chrF++": lambda: CHRF(word_order=2),
    "chrF lower case with spaces": lambda: CHRF(lowercase=True, whitespace=True),
    "chrF of other orders and beta": lambda: CHRF(char_order=4, word_order=1, beta=3),
    "chrF with epsilon": lambda: CHRF(eps_smoothing=True),
    "BLEU": BLEU,
    "BLEU of the effective order": lambda: BLEU(effective_order=True),
    "BLEU with floor": lambda: BLEU(smooth_method="floor"),
    "BLEU with add-k": lambda: BLEU(smooth_method="add-k"),
    "BLEU of two words": lambda: BLEU(max_ngram_order=2),
    "TER": TER,
}
TRICKY = [
    "", " ", "a", "aaaa aaaa", "(hi) there, you!", "zażółć gęślą jaźń", "سلام دنیا، خوبی؟",
    "我很难过 我想睡", "👩‍👩‍👧 ok 👍🏽", "e\u0301 é", "a\u00a0b\u2028c", "x " * 60, "\ud800 lone",
]


def words(rng: random.Random, count: int) -> str:
    return " ".join("".join(rng.choice("abcdeż ") for _ in range(rng.randint(1, 7)))
                    for _ in range(count))


def corpus(size: int, seed: int, streams: int) -> tuple[list[str], list[list[str | None]]]:
    """Texts with one to `streams` references each, some texts and references empty."""
    rng = random.Random(seed)
    first = [words(rng, rng.randint(0, 9)) for _ in range(size)]
    made = [text if rng.random() < 0.3 else " ".join(
        word if rng.random() < 0.7 else words(rng, 1) for word in text.split()) for text in first]
    others: list[list[str | None]] = [
        [None if rng.random() < 0.4 else words(rng, rng.randint(0, 9)) for _ in range(size)]
        for _ in range(streams - 1)
    ]
    return made, [list(first), *others]


@settings(max_examples=40, deadline=None)
@given(pairs=st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), min_size=1,
                      max_size=6), order=st.sampled_from([0, 2]))
def test_chrf_counts_are_sacrebleus_on_any_text(pairs: list[tuple[str, str]], order: int) -> None:
    metric = CHRF(word_order=order)
    made, wanted = [one for one, _ in pairs], [two for _, two in pairs]
    assert chrf_counts(metric, made, wanted).tolist() == metric._extract_corpus_statistics(
        made, [wanted])


@pytest.mark.parametrize("block", [1, 200, 1 << 15])
@pytest.mark.parametrize("limit", [1 << 62, 1 << 12])
def test_neither_blocks_nor_ranked_codes_change_a_count(
    block: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ngrams, "BLOCK", block)
    monkeypatch.setattr(ngrams, "CODE_LIMIT", limit)
    rng = random.Random(3)
    made = TRICKY + [rng.choice(TRICKY) + words(rng, 8) for _ in range(60)]
    wanted = [rng.choice(TRICKY) + text[::2] for text in made]
    metric = CHRF(word_order=2)
    assert chrf_counts(metric, made, wanted).tolist() == metric._extract_corpus_statistics(
        made, [wanted])


@pytest.mark.parametrize("streams", [1, 3])
@pytest.mark.parametrize("name", METRICS)
def test_the_corpus_score_of_summed_counts_is_sacrebleus(name: str, streams: int) -> None:
    for seed, size in enumerate((1, 2, 5, 40)):
        made, references = corpus(size, seed, streams)
        wanted = METRICS[name]()
        score = wanted.corpus_score(made, references).score
        found = tally(METRICS[name](), made, references)
        assert found.score == score
        assert found.signature == str(wanted.get_signature())
        assert float(scores(found.metric, found.rows.sum(0))) == pytest.approx(score, abs=1e-9)


@pytest.mark.parametrize("name", METRICS)
def test_scores_of_many_sums_at_once_are_those_one_by_one(name: str) -> None:
    made, references = corpus(60, 9, 1)
    found = tally(METRICS[name](), made, references)
    rng = np.random.default_rng(0)
    sums = rng.poisson(0.05, (4, 30, 60)) @ found.rows
    one_by_one = [[found.metric._compute_score_from_stats(row.tolist()).score for row in part]
                  for part in sums]
    assert np.abs(scores(found.metric, sums) - np.array(one_by_one)).max() < 1e-9


@pytest.mark.parametrize(("made", "wanted"), [("", "a b"), ("a b", ""), ("", ""), ("a", "b")])
@pytest.mark.parametrize("name", METRICS)
def test_a_lone_segment_without_a_match_scores_as_in_sacrebleu(
    name: str, made: str, wanted: str
) -> None:
    found = tally(METRICS[name](), [made], [[wanted]])
    score = METRICS[name]().corpus_score([made], [[wanted]]).score
    assert (found.score, float(scores(found.metric, found.rows.sum(0)))) == (
        score, pytest.approx(score, abs=1e-9))


@pytest.mark.parametrize(("made", "references", "message"), [
    ([], [[]], "no segments"),
    (["a"], [], "no segments"),
    (["a", "b"], [["a", "b"], ["a"]], "differ in number: 1, 2"),
    (["a", "b"], [["a", None], [None, None]], "segment 2 has no reference"),
])
def test_streams_that_do_not_fit_are_refused(made: Any, references: Any, message: str) -> None:
    with pytest.raises(MhxError, match=message):
        tally(CHRF(), made, references)
