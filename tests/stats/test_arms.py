"""Effects of arms: coverage of a known difference, and what the seeds have to say about it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mhx.stats.arms import Outcome, effects, mean_of
from mhx.stats.columns import Margin


def outcome(gap: float, *, seeds: int = 2, noise: float = 0.02, clusters: int = 24,
            draw: int = 0, name: str = "loss") -> Outcome:
    """Two arms on dialogues of 20 to 60 tokens; `gap` and noise a token."""
    rng = np.random.default_rng(draw)
    weights = rng.integers(20, 60, clusters).astype(float)
    hard = rng.normal(3, 0.5, clusters)
    sums: dict[str, Any] = {
        arm: (hard + add + rng.normal(0, noise, (seeds, clusters))) * weights
        for arm, add in (("a", gap), ("b", 0.0))
    }
    return Outcome(name, sums, weights)


def test_a_planted_difference_is_in_its_interval_and_none_is_mostly_not_found():
    inside = wrong = 0
    for draw in range(60):
        (hit,) = effects([outcome(-0.03, draw=draw)], [("a", "b")])
        inside += hit.contrast.low <= -0.03 <= hit.contrast.high
        (none,) = effects([outcome(0.0, draw=draw)], [("a", "b")])
        wrong += none.contrast.verdict == "different"
    assert inside >= 53 and wrong <= 6


def test_the_gap_is_the_difference_of_the_means_by_tokens():
    one = outcome(-0.2)
    (hit,) = effects([one], [("a", "b")])
    assert hit.contrast.gap == pytest.approx(mean_of(one, "a") - mean_of(one, "b"))
    assert np.mean(hit.by_seed) == pytest.approx(hit.contrast.gap)
    assert hit.contrast.verdict == "different" and hit.contrast.pairs == 24


def test_p_values_are_adjusted_over_all_outcomes_and_pairs():
    many = [outcome(-0.004, draw=draw, name=f"o{draw}") for draw in range(6)]
    single = effects(many[:1], [("a", "b")])[0].contrast
    family = effects(many, [("a", "b")])
    first = family[0].contrast
    assert first.p == single.p and first.p_adjusted >= single.p_adjusted
    assert first.p_adjusted == pytest.approx(min(1.0, first.p * 6)) or first.p_adjusted > first.p


@pytest.mark.parametrize(("shifts", "verdict", "note"), [
    ((-0.2,), "different", "one seed"),
    ((-0.3, 0.05), "inconclusive", "disagree"),
    ((-0.2, -0.21), "different", ""),
    ((-0.4, -0.01, -0.02), "inconclusive", "trainings differ"),
    ((-0.2, -0.21, -0.19), "different", ""),
])
def test_a_difference_stands_only_where_the_trainings_agree(shifts, verdict, note):
    one = outcome(0.0, seeds=len(shifts), noise=0.01)
    one.sums["a"] = one.sums["a"] + np.array(shifts)[:, None] * one.weights
    (hit,) = effects([one], [("a", "b")])
    assert hit.contrast.p < 0.05 and hit.contrast.verdict == verdict and note in hit.contrast.note
    assert (hit.seed_low is None) == (len(shifts) == 1)


def test_equal_arms_have_no_difference_and_a_margin_shows_equivalence():
    one = outcome(0.0)
    one.sums["a"] = one.sums["b"].copy()
    (same,) = effects([one], [("a", "b")])
    assert same.contrast.gap == 0 and same.contrast.p == 1 and "identical" in same.contrast.note
    (close,) = effects([outcome(0.0)], [("a", "b")], margin=Margin(0.1, "raw"))
    assert close.contrast.verdict == "equivalent"


@pytest.mark.parametrize(("shifts", "verdict", "note"), [
    ((0.001,), "equivalent", "one seed"),
    ((0.03,), "trivial", "one seed"),
    ((0.03, 0.031), "trivial", ""),
    ((0.03, -0.01), "equivalent", "disagree"),  # different over the items, not over trainings
    ((0.04, 0.001, 0.002), "equivalent", "trainings differ by seed"),
    ((0.001, -0.001), "equivalent", ""),
    ((0.2, -0.2), "inconclusive", "more than the margin"),
    ((0.08, -0.08, 0.0), "inconclusive", "more than the margin"),  # by the limits over trainings
])
def test_equivalence_stands_only_where_the_trainings_lie_within_the_margin(shifts, verdict, note):
    one = outcome(0.0, seeds=len(shifts), noise=0.0)
    noise = np.random.default_rng(1).normal(0, 0.005, 24)
    noise -= np.average(noise, weights=one.weights)
    one.sums["a"] = one.sums["a"] + (np.array(shifts)[:, None] + noise) * one.weights
    (hit,) = effects([one], [("a", "b")], margin=Margin(0.1, "raw"))
    assert hit.contrast.tost_p < 0.05
    assert hit.contrast.verdict == verdict and note in hit.contrast.note


def test_dialogues_without_a_score_in_one_arm_are_left_out_of_both():
    one = outcome(-0.1)
    one.sums["a"][0, 3] = np.nan
    (hit,) = effects([one], [("a", "b")])
    assert hit.contrast.pairs == 23 and np.isfinite(hit.contrast.gap)
