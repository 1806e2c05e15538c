"""The resampling engine: the right spread, the same for the same seed, any size of table."""

from __future__ import annotations

import numpy as np
import pytest

from mhx.stats.resample import (
    bootstrap_ratios,
    bootstrap_sums,
    flip_sums,
    percentile_interval,
)


def ordinal(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([0.0, 1.0, 2.0], rows, p=[0.5, 0.3, 0.2])


@pytest.mark.parametrize(("rows", "values"), [
    (60, "ordinal"), (900, "continuous"), (40_000, "ordinal"), (40_000, "continuous")])
def test_bootstrap_of_a_mean_has_its_standard_error(rows: int, values: str) -> None:
    scores = ordinal(rows) if values == "ordinal" else np.random.default_rng(1).normal(size=rows)
    draws = bootstrap_ratios(scores[:, None], np.ones((rows, 1)), resamples=4000, seed=3)[0, :, 0]
    assert draws.mean() == pytest.approx(scores.mean(), abs=4 * scores.std() / np.sqrt(4000 * rows))
    assert draws.std() == pytest.approx(scores.std() / np.sqrt(rows), rel=0.06)


def test_an_outlier_is_not_lost_when_equal_rows_are_merged() -> None:
    scores = np.random.default_rng(2).normal(size=30_000)
    scores[0] = 1e5
    draws = bootstrap_ratios(scores[:, None], np.ones((30_000, 1)), resamples=4000, seed=3)[0, :, 0]
    assert draws.std() == pytest.approx(scores.std() / np.sqrt(30_000), rel=0.06)


def test_a_heap_of_equal_scores_among_continuous_ones_shifts_no_draw() -> None:
    rng, rows = np.random.default_rng(0), 200_000
    scores = np.where(rng.random(rows) < 0.9, rng.integers(0, 2, rows), rng.uniform(0, 1, rows))
    draws = bootstrap_ratios(scores[:, None], np.ones((rows, 1)), resamples=2000, seed=1)[0, :, 0]
    assert draws.mean() == pytest.approx(scores.mean(), abs=0.1 * scores.std() / np.sqrt(rows))


def test_same_seed_same_draws_and_another_seed_other_draws() -> None:
    stats = np.random.default_rng(0).normal(size=(500, 3))
    first, again, other = (bootstrap_sums(stats, resamples=50, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_strata_keep_their_sizes_and_are_drawn_apart() -> None:
    strata = np.repeat([0, 1], [40, 700])
    sums = bootstrap_sums(np.ones((740, 1)), resamples=300, seed=0, strata=strata)
    assert sums.shape == (2, 300, 1)
    assert (sums[0] == 40).all()  # multinomial weights add up; Poisson ones on average
    assert sums[1].mean() == pytest.approx(700, abs=6)
    noise = np.random.default_rng(0).normal(size=(740, 1))
    draws = bootstrap_sums(noise, resamples=3000, seed=0, strata=strata)[:, :, 0]
    assert abs(np.corrcoef(draws)[0, 1]) < 0.06


def test_columns_of_one_call_share_the_resampled_clusters() -> None:
    column = np.random.default_rng(0).normal(size=(2000, 1))
    draws = bootstrap_sums(np.hstack([column, 2 * column]), resamples=100, seed=0)[0]
    assert np.allclose(draws[:, 1], 2 * draws[:, 0], rtol=1e-4)


def test_few_clusters_get_every_sign_vector_once() -> None:
    sums, exact = flip_sums(np.array([[1.0], [2.0], [4.0]]), flips=10, seed=0)
    assert exact
    assert sorted(sums[:, 0]) == [-7, -5, -3, -1, 1, 3, 5, 7]


def test_many_clusters_get_random_signs_of_the_right_variance() -> None:
    values = np.random.default_rng(0).normal(size=(333, 2))
    sums, exact = flip_sums(values, flips=20_000, seed=0)
    assert not exact
    assert sums.std(0) == pytest.approx(np.sqrt((values**2).sum(0)), rel=0.02)
    assert abs(sums.mean(0)).max() < 0.5


def test_expanded_percentiles_give_the_t_interval_of_normal_data() -> None:
    from scipy import stats

    rng = np.random.default_rng(5)
    scores = rng.normal(10, 3, 25)
    draws = bootstrap_ratios(scores[:, None], np.ones((25, 1)), resamples=40_000, seed=0)[0, :, 0]
    low, high = percentile_interval(draws, tail=0.025, df=24, inflate=np.sqrt(25 / 24))
    t = stats.t.interval(0.95, 24, scores.mean(), stats.sem(scores))
    assert high - low == pytest.approx(t[1] - t[0], rel=0.06)


def test_an_empty_sum_is_nan_and_not_zero() -> None:
    ratios = bootstrap_ratios(np.zeros((5, 1)), np.zeros((5, 1)), resamples=10, seed=0)
    assert np.isnan(ratios).all()
