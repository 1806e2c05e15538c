"""The planted trial finds a known gap, invents none, and is quick."""

from __future__ import annotations

import time

import numpy as np
import pytest

from mhx.stats import planted_gap
from mhx.stats.planted import plant


def test_a_planted_gap_is_found_and_held_by_the_interval() -> None:
    start = time.perf_counter()
    trial = planted_gap()
    elapsed = time.perf_counter() - start
    assert trial.covered
    assert trial.low <= trial.gap <= trial.high
    assert 0.90 <= trial.coverage <= 0.99
    assert 0.90 <= trial.coverage_at_zero <= 0.99
    assert trial.false_positives <= 0.10
    assert trial.power > 0.7
    assert elapsed < 30  # 0.1 to 0.6 s here; the bound only catches a change of kind


def test_no_gap_is_not_found() -> None:
    trial = planted_gap(gap=0.0)
    assert trial.covered
    assert trial.verdict != "different"


def test_the_expected_gap_of_the_planted_scores_is_exact() -> None:
    for gap in (-0.4, 0.0, 0.3):
        scores = plant(np.random.default_rng(0), gap, 200, 2000)
        assert (scores[:, :, 1] - scores[:, :, 0]).mean() == pytest.approx(gap, abs=0.005)
        assert set(np.unique(scores)) == {0.0, 1.0, 2.0}


def test_a_gap_the_scale_cannot_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no latent shift"):
        planted_gap(gap=1.5)


def test_the_seed_decides_everything() -> None:
    assert planted_gap(3, replicates=20).to_dict() == planted_gap(3, replicates=20).to_dict()
    assert planted_gap(3, replicates=20).estimate != planted_gap(4, replicates=20).estimate
