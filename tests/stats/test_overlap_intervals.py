"""Intervals of corpus scores: they cover, and they are those of re-running the metric."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from planted_counts import METRIC, segments, system
from sacrebleu.metrics import BLEU, CHRF, TER

from mhx.stats.corpus_score import corpus_interval, estimate
from mhx.stats.overlap import Tally, scores, tally


def texts(n: int) -> tuple[list[str], list[str]]:
    """References, and outputs with three words in ten replaced."""
    rng = np.random.default_rng(2)
    known = ["".join(rng.choice(list("aeioklmnprst"), rng.integers(2, 9))) for _ in range(300)]
    wanted = [list(rng.choice(known, rng.integers(4, 20))) for _ in range(n)]
    made = [[str(rng.choice(known)) if rng.random() < 0.3 else word for word in line]
            for line in wanted]
    return [" ".join(line) for line in made], [" ".join(line) for line in wanted]


@pytest.mark.parametrize("metric", [CHRF, BLEU, TER])
def test_the_standard_error_is_that_of_scoring_resampled_texts(metric: type) -> None:
    """200 resamples scored anew by sacrebleu: their SD is known to 1 / sqrt(400), 5 %."""
    made, wanted = texts(60)
    found = corpus_interval(tally(metric(), made, [wanted]), resamples=4000, seed=1)
    rng, again = np.random.default_rng(5), []
    for _ in range(200):
        rows = rng.integers(0, 60, 60)
        again.append(metric().corpus_score([made[row] for row in rows],
                                           [[wanted[row] for row in rows]]).score)
    assert found.se == pytest.approx(np.std(again) * sqrt(60 / 59), rel=0.2)
    low, high = np.quantile(again, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.8 * found.se)


def test_the_standard_error_does_not_shrink_with_the_resamples() -> None:
    """A harness that divides by the root of 1,000 resamples answers one 32 times too small."""
    rng = np.random.default_rng(0)
    one = system(rng, segments(rng, 300))
    errors = [corpus_interval(one, resamples=count, seed=3).se for count in (250, 1000, 8000)]
    jackknife = estimate([(METRIC, one.rows)], resamples=10, seed=0).se
    assert errors == pytest.approx([jackknife] * 3, rel=0.15)


def test_intervals_cover_the_score_of_the_population() -> None:
    """1,500 samples of 40 segments: nominal 95 %, Monte-Carlo error .0056, three of them allowed.

    An interval of 40 % subsamples (comet-compare's default) would be 1.6 times as wide and cover
    more than 99 %.
    """
    rng = np.random.default_rng(7)
    many = 200_000
    truth = float(scores(METRIC, system(rng, segments(rng, many)).rows.sum(0)))
    inside = 0
    for seed in range(1500):
        found = corpus_interval(system(rng, segments(rng, 40)), resamples=400, seed=seed)
        inside += found.low <= truth <= found.high
    assert inside / 1500 == pytest.approx(0.95, abs=3 * sqrt(0.95 * 0.05 / 1500))


def test_segments_of_one_text_are_resampled_together() -> None:
    """Ten equal segments a text say no more than one: the error is sqrt(10) times the naive."""
    rng = np.random.default_rng(1)
    one = system(rng, segments(rng, 100))
    copied = Tally(METRIC, np.repeat(one.rows, 10, axis=0), "planted")
    codes = np.repeat(np.arange(100), 10)
    naive = corpus_interval(copied, resamples=4000)
    whole = corpus_interval(copied, clusters=codes, resamples=4000)
    assert (whole.units, whole.clusters, naive.clusters) == (1000, 100, 1000)
    assert whole.score == naive.score
    assert whole.se / naive.se == pytest.approx(sqrt(10), rel=0.08)
    assert whole.se == pytest.approx(corpus_interval(one, resamples=4000).se, rel=1e-9)


def test_few_clusters_get_a_t_interval_and_one_gets_none() -> None:
    rng = np.random.default_rng(1)
    one = system(rng, segments(rng, 60))
    few = corpus_interval(one, clusters=np.arange(60) % 4)
    assert (few.clusters, few.resamples) == (4, 0)
    assert (few.high - few.low) / 2 == pytest.approx(3.182446 * few.se, rel=1e-6)  # t(.975, 3)
    alone = corpus_interval(one, clusters=np.zeros(60, dtype=int))
    assert (alone.low, alone.high, alone.se) == (None, None, None)
    assert alone.score == one.score


def test_a_perfect_system_stays_on_the_scale_with_room_below() -> None:
    made, _ = texts(30)
    found = corpus_interval(tally(CHRF(), made, [made]))
    assert (found.score, found.high) == (100.0, 100.0)
    assert found.low == pytest.approx(100 * 0.025 ** (1 / 30))  # Clopper-Pearson, 30 of 30
    assert corpus_interval(tally(TER(), made, [made])).low == 0.0


def test_the_seed_decides_the_interval() -> None:
    rng = np.random.default_rng(4)
    one = system(rng, segments(rng, 50))
    assert corpus_interval(one, seed=1) == corpus_interval(one, seed=1)
    assert corpus_interval(one, seed=1).low != corpus_interval(one, seed=2).low
