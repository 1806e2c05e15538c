"""Paired tests of two systems: sacrebleu's p, the right size, and none of the known defects."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from planted_counts import METRIC, Floats, segments, system
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.significance import PairedTest

from mhx.errors import MhxError
from mhx.stats.corpus_score import corpus_interval
from mhx.stats.overlap import Tally, scores, tally
from mhx.stats.randomization import compare_systems
from mhx.stats.resample import bootstrap_sums


def outputs(n: int, *, shares: tuple[float, float]) -> tuple[list[str], list[str], list[str]]:
    """References and two systems that replace these shares of the words."""
    rng = np.random.default_rng(2)
    known = ["".join(rng.choice(list("aeioklmnprst"), rng.integers(2, 9))) for _ in range(300)]
    wanted = [list(rng.choice(known, rng.integers(4, 20))) for _ in range(n)]
    one, two = (
        [" ".join(str(rng.choice(known)) if rng.random() < share else word for word in line)
         for line in wanted] for share in shares)
    return [" ".join(line) for line in wanted], one, two


@pytest.mark.parametrize("metric", [CHRF, BLEU])
def test_p_is_that_of_sacrebleus_approximate_randomization(metric: type) -> None:
    """The same statistic under other draws: p within four Monte-Carlo errors of the other."""
    wanted, old, new = outputs(80, shares=(0.34, 0.30))
    theirs = PairedTest([("old", old), ("new", new)], {"m": metric()}, [wanted], "ar",
                        n_samples=4000)()[1]
    name = next(key for key in theirs if key != "System")
    found = compare_systems(tally(metric(), new, [wanted]), tally(metric(), old, [wanted]),
                            flips=20_000)
    assert (found.baseline, found.score) == tuple(one.score for one in theirs[name])
    p = theirs[name][1].p_value
    assert 0.01 < p < 0.9
    assert found.p == pytest.approx(p, abs=4 * sqrt(p * (1 - p) * (1 / 4000 + 1 / 20_000)))


def test_equal_systems_have_p_one() -> None:
    """sacrebleu counts only larger differences and answers 1 / (trials + 1) for them."""
    wanted, old, _ = outputs(30, shares=(0.3, 0.3))
    theirs = PairedTest([("a", old), ("b", old)], {"m": CHRF()}, [wanted], "ar", n_samples=99)()[1]
    assert theirs["chrF2"][1].p_value == 0.01
    same = tally(CHRF(), old, [wanted])
    found = compare_systems(same, same)
    assert (found.p, found.p_bootstrap, found.difference) == (1.0, 1.0, 0.0)
    assert found.verdict == "inconclusive"


def test_rejections_of_equally_good_systems_are_nominal() -> None:
    """1,200 null comparisons of 60 segments at .05: Monte-Carlo error .0063, three allowed.

    sacrebleu's paired bootstrap, computed here by its formula on the same draws, centers the
    absolute differences and rejects about twice as often.
    """
    rng = np.random.default_rng(3)
    ours, checks, theirs, trials = 0, 0, 0, 1200
    for seed in range(trials):
        parts = segments(rng, 60)
        one, two = system(rng, parts), system(rng, parts)
        found = compare_systems(one, two, flips=399, resamples=399, seed=seed)
        ours += found.p <= 0.05
        checks += found.p_bootstrap <= 0.05
        theirs += _sacrebleu_bootstrap_p(one, two, seed) <= 0.05
    error = sqrt(0.05 * 0.95 / trials)
    assert ours / trials == pytest.approx(0.05, abs=3 * error)
    assert checks / trials == pytest.approx(0.05, abs=3 * error)
    assert theirs / trials > 0.05 + 4 * error


def _sacrebleu_bootstrap_p(one: Tally, two: Tally, seed: int) -> float:
    sums = bootstrap_sums(np.hstack([one.rows, two.rows]), resamples=399, seed=seed)[0]
    apart = abs(scores(METRIC, sums[:, :18]) - scores(METRIC, sums[:, 18:]))
    larger = (apart - apart.mean() > abs(one.score - two.score)).sum()
    return float((1 + larger) / 400)


def test_a_common_difficulty_is_paired_away() -> None:
    """An unpaired z of the two standard errors, as one harness has it, finds little of it."""
    rng = np.random.default_rng(5)
    paired, unpaired = 0, 0
    for seed in range(60):
        parts = segments(rng, 80)
        one, two = system(rng, parts, skill=0.15, noise=0.2), system(rng, parts, noise=0.2)
        found = compare_systems(one, two, flips=999, resamples=200, seed=seed)
        errors = [corpus_interval(each, resamples=200, seed=seed).se for each in (one, two)]
        paired += found.p < 0.05
        unpaired += abs(found.difference) / np.hypot(*errors) > 1.96
    assert paired / 60 > 0.8
    assert unpaired / 60 < 0.2


def test_texts_are_swapped_whole() -> None:
    """Segments of a text share its noise: swapped one by one they reject far above .05."""
    rng = np.random.default_rng(6)
    codes, naive, whole = np.repeat(np.arange(15), 8), 0, 0
    for seed in range(400):
        parts = segments(rng, 120, per_text=8)
        one, two = (system(rng, parts, per_text=8) for _ in range(2))
        naive += compare_systems(one, two, flips=199, resamples=20, seed=seed).p <= 0.05
        whole += compare_systems(one, two, clusters=codes, flips=199, resamples=20,
                                 seed=seed).p <= 0.05
    assert whole / 400 == pytest.approx(0.05, abs=3 * sqrt(0.05 * 0.95 / 400))
    assert naive / 400 > 0.3


def test_few_texts_are_swapped_in_every_way() -> None:
    rows: Floats = np.tile([20.0, 20.0, 10.0], (4, 6))
    better = rows + np.array([0.0, 0.0, 2.0] * 6)
    found = compare_systems(Tally(METRIC, better, "s"), Tally(METRIC, rows, "s"))
    assert (found.exact, found.flips, found.p) == (True, 16, 2 / 16)
    assert found.difference == pytest.approx(10.0)
    assert found.resamples == 0


def test_nothing_is_called_equal_without_a_margin() -> None:
    rng = np.random.default_rng(8)
    parts = segments(rng, 400)
    one, two = system(rng, parts, noise=0.2), system(rng, parts, noise=0.2)
    assert compare_systems(one, two).verdict == "inconclusive"
    near = compare_systems(one, two, margin=2.0)
    assert (near.verdict, near.p > 0.05, near.tost_p < 0.05) == ("equivalent", True, True)
    assert -2.0 < near.tost_low < near.tost_high < 2.0
    assert compare_systems(one, two, margin=0.01).verdict == "inconclusive"
    ahead = system(rng, parts, skill=0.4, noise=0.2)
    assert compare_systems(ahead, two, margin=0.5).verdict == "different"
    assert compare_systems(ahead, two, margin=40).verdict == "trivial"


def test_swapping_the_systems_turns_the_sign() -> None:
    rng = np.random.default_rng(9)
    parts = segments(rng, 50)
    one, two = system(rng, parts), system(rng, parts)
    there, back = compare_systems(one, two), compare_systems(two, one)
    assert there.p == back.p
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_one_text_gives_a_difference_and_no_test() -> None:
    rng = np.random.default_rng(9)
    parts = segments(rng, 20)
    one, two = system(rng, parts), system(rng, parts)
    found = compare_systems(one, two, clusters=np.zeros(20, dtype=int), margin=1)
    assert found.difference == pytest.approx(one.score - two.score)
    assert (found.p, found.low, found.tost_p, found.verdict) == (None, None, None, "inconclusive")


def test_what_does_not_compare_is_refused_with_every_reason() -> None:
    rng = np.random.default_rng(9)
    one, two = system(rng, segments(rng, 20)), system(rng, segments(rng, 21))
    with pytest.raises(MhxError) as caught:
        compare_systems(one, Tally(METRIC, two.rows, "another"), margin=-1)
    assert len(caught.value.problems) == 3
