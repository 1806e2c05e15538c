"""The mean of segment scores by the machinery of corpus scores."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from mhx.errors import MhxError
from mhx.stats.corpus_score import corpus_interval
from mhx.stats.randomization import compare_systems
from mhx.stats.segment_mean import mean_tally

RNG = np.random.default_rng(4)
ONE = RNG.normal(0.8, 0.1, 60)
TWO = ONE - RNG.normal(0.02, 0.05, 60)


def test_the_score_is_the_mean_and_its_interval_that_of_a_mean() -> None:
    found = corpus_interval(mean_tally(list(ONE), "comet|x"))
    assert found.score == pytest.approx(ONE.mean())
    assert found.se == pytest.approx(ONE.std(ddof=1) / np.sqrt(60), rel=0.05)
    wanted = ttest_1samp(ONE, 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=0.004)
    assert (found.units, found.signature) == (60, "comet|x")


def test_scores_may_lie_below_zero_and_above_a_hundred() -> None:
    below, above = (corpus_interval(mean_tally(list(ONE + shift), "s")) for shift in (-2, 200))
    assert below.low is not None and below.high is not None and below.low < below.high < 0
    assert above.low is not None and above.high is not None and 200 < above.low < above.high


def test_segments_of_one_text_are_resampled_together() -> None:
    scores = np.repeat(RNG.normal(0.8, 0.1, 15), 4)
    apart = corpus_interval(mean_tally(list(scores), "s"))
    together = corpus_interval(mean_tally(list(scores), "s"), clusters=np.arange(60) // 4)
    assert together.clusters == 15
    assert together.se is not None and apart.se is not None
    assert together.se == pytest.approx(2 * apart.se, rel=0.15)


def test_a_paired_difference_is_tested_as_paired() -> None:
    found = compare_systems(mean_tally(list(ONE), "s"), mean_tally(list(TWO), "s"), margin=0.05)
    wanted = ttest_1samp(ONE - TWO, 0)
    assert found.difference == pytest.approx((ONE - TWO).mean())
    assert found.p == pytest.approx(wanted.pvalue, abs=0.01)
    assert found.verdict in ("different", "trivial")
    same = compare_systems(mean_tally(list(ONE), "s"), mean_tally(list(ONE), "s"))
    assert (same.p, same.verdict) == (1.0, "inconclusive")


def test_few_clusters_are_enumerated_and_equal_scores_keep_a_width() -> None:
    few = compare_systems(mean_tally(list(ONE[:6] + 1), "s"), mean_tally(list(ONE[:6]), "s"))
    assert few.exact and few.p == pytest.approx(2 / 64)
    flat = corpus_interval(mean_tally([0.5] * 20, "s"))
    assert flat.low is not None and flat.high is not None and flat.low < 0.5 < flat.high


def test_no_segment_is_an_error() -> None:
    with pytest.raises(MhxError, match="no segments"):
        mean_tally([], "s")
