"""Numbers of parity() against reference implementations and the reference page."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from mhx.stats import parity
from mhx.stats.distributions import range_quantile, range_tail, share_lower_bound
from mhx.stats.effects import (
    anchors_needed,
    benjamini_hochberg,
    cliffs_delta,
    hedges_g,
    holm,
    shrink,
    units_needed,
)
from mhx.stats.results import Contrast


def long(columns: dict[str, np.ndarray]) -> pl.DataFrame:
    return pl.DataFrame({
        "unit": np.concatenate([np.arange(len(scores)) for scores in columns.values()]),
        "g": [name for name, scores in columns.items() for _ in scores],
        "y": np.concatenate(list(columns.values())),
    })


def only(frame: pl.DataFrame, **options: Any) -> Contrast:
    return parity(frame, scores=["y"], groups=["g"], reference={"g": "a"}, **options).contrasts[0]


@pytest.fixture
def scores() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(11)
    shared = rng.normal(0, 1, 30)
    return {"a": shared + rng.normal(0, 0.5, 30), "b": shared + rng.normal(0.4, 0.5, 30)}


def test_unpaired_p_is_welchs_t_test(scores: dict[str, np.ndarray]) -> None:
    uneven = {"a": scores["a"], "b": 2 * scores["b"][:17]}
    found = only(long(uneven))
    assert found.test == "welch"
    expected = stats.ttest_ind(uneven["b"], uneven["a"], equal_var=False)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.gap == pytest.approx(uneven["b"].mean() - uneven["a"].mean())


def test_paired_standard_error_and_dz_are_those_of_the_paired_t_test(
        scores: dict[str, np.ndarray]) -> None:
    found = only(long(scores), unit=["unit"])
    differences = scores["b"] - scores["a"]
    assert found.pairs == 30
    assert found.se == pytest.approx(stats.sem(differences))
    assert found.dz == pytest.approx(differences.mean() / differences.std(ddof=1))
    low, high = stats.t.interval(0.95, 29, differences.mean(), stats.sem(differences))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.05)


def test_few_pairs_get_the_exact_sign_flip_p(scores: dict[str, np.ndarray]) -> None:
    few = {name: values[:9] for name, values in scores.items()}
    found = only(long(few), unit=["unit"])
    expected = stats.permutation_test((few["b"] - few["a"],), np.mean, n_resamples=inf,
                                      permutation_type="samples")
    assert found.test == "sign-flip, exact"
    assert found.p == pytest.approx(expected.pvalue, abs=1e-12)


def test_many_pairs_get_the_sign_flip_p_to_monte_carlo_error(
        scores: dict[str, np.ndarray]) -> None:
    weak = {"a": scores["a"], "b": scores["b"] - 0.25}
    found = only(long(weak), unit=["unit"], resamples=20_000)
    expected = stats.permutation_test((weak["b"] - weak["a"],), np.mean, n_resamples=20_000,
                                      permutation_type="samples", rng=np.random.default_rng(0))
    assert found.p == pytest.approx(expected.pvalue, abs=0.01)


def test_equivalence_p_is_close_to_the_t_based_tost(scores: dict[str, np.ndarray]) -> None:
    from statsmodels.stats.weightstats import ttost_paired

    close = {"a": scores["a"], "b": scores["b"] - 0.35}
    found = only(long(close), unit=["unit"], margin=0.3, resamples=20_000)
    expected = ttost_paired(close["b"], close["a"], -0.3, 0.3)[0]
    assert found.tost_p == pytest.approx(expected, abs=0.01)


def test_equivalence_and_its_interval_agree() -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found = only(long({"a": rng.normal(0, 1, 40), "b": rng.normal(0, 1, 40)}), unit=["unit"],
                     margin=0.4)
        assert found.tost_p is not None and found.tost_low is not None
        assert found.tost_high is not None
        inside = found.tost_low > -0.4 and found.tost_high < 0.4
        assert inside == (found.tost_p < 0.05) or abs(found.tost_p - 0.05) < 0.005


def test_cluster_error_equals_that_of_cluster_means_when_clusters_are_equal() -> None:
    rng = np.random.default_rng(0)
    user = rng.normal(0, 1, (2, 20, 1)) + rng.normal(0, 1, (2, 20, 5))
    frame = pl.DataFrame({"user": np.repeat(np.arange(40), 5), "g": ["a"] * 100 + ["b"] * 100,
                          "y": user.ravel()})
    found = only(frame, cluster=["user"])
    means = user.mean(2)
    assert found.p == pytest.approx(stats.ttest_ind(means[1], means[0], equal_var=False).pvalue)
    assert found.clusters == 20


@pytest.mark.parametrize(("seed", "whole"), [(0, False), (28, True)])
def test_crossed_factors_use_the_multiway_cluster_error(seed: int, whole: bool) -> None:
    """Cameron, Gelbach & Miller: V(unit) + V(name) - V(unit and name), by hand, but not less than
    one factor alone gives: that difference may be nearly zero, or below."""
    rng = np.random.default_rng(seed)
    y = rng.normal(0, 1, (12, 1, 1)) + rng.normal(0, 0.5, (1, 2, 6))
    y = y + rng.normal(0, 1, (12, 2, 6))
    frame = pl.DataFrame({"u": np.repeat(np.arange(12), 12), "n": np.tile(np.arange(12), 12),
                          "g": np.tile(np.repeat(["a", "b"], 6), 12), "y": y.ravel()})
    found = only(frame, unit=["u"], cluster=["n"])
    centered = (y - y.mean((0, 2), keepdims=True)) / 72

    def correct(number: int) -> float:
        return number / (number - 1)

    by_unit = centered.sum(2)
    unit = correct(12) * ((by_unit[:, 1] - by_unit[:, 0]) ** 2).sum()
    name = correct(6) * (centered.sum(0) ** 2).sum()
    cell = correct(72) * (centered**2).sum()
    assert found.test == "cluster t"
    assert (unit + name - cell > max(unit, name)) == whole
    assert found.se == pytest.approx(np.sqrt(max(unit + name - cell, unit, name)), rel=1e-6)


def test_hedges_g_has_the_exact_correction() -> None:
    group, reference = np.array([2.0, 4, 6, 8]), np.array([1.0, 2, 3])
    pooled = np.sqrt((20 + 2) / 5)
    assert hedges_g(group, reference) == pytest.approx(3 / pooled * 0.8408, rel=1e-3)


def test_cliffs_delta_counts_pairs_with_ties() -> None:
    assert cliffs_delta(np.array([1.0, 2, 2]), np.array([0.0, 2])) == pytest.approx((3 - 1) / 6)


@pytest.mark.parametrize(("ours", "theirs"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")])
def test_adjusted_p_values_are_those_of_statsmodels(ours: Any, theirs: str) -> None:
    from statsmodels.stats.multitest import multipletests

    p = [0.04, 0.001, 0.03, 0.03, 0.5, 0.009]
    assert ours(p) == pytest.approx(list(multipletests(p, method=theirs)[1]))


@pytest.mark.parametrize("groups", [2, 3, 24])
@pytest.mark.parametrize("df", [1.0, 3.7, 40.0, inf])
def test_studentized_range_is_scipys(groups: int, df: float) -> None:
    for q in (1.0, 3.5, 6.0):
        expected = stats.studentized_range.sf(q, groups, df)
        assert range_tail(q, groups, df) == pytest.approx(expected, abs=1e-6)
    assert range_tail(range_quantile(0.95, groups, df), groups, df) == pytest.approx(0.05, abs=1e-6)


def test_exact_bounds_of_the_reference_page() -> None:
    for n, misses in ((20, 0.14), (59, 0.05), (299, 0.01)):
        assert 1 - share_lower_bound(n, n, 0.05) == pytest.approx(misses, abs=0.001)


def test_sample_sizes_of_the_reference_page() -> None:
    assert units_needed(0.3, 1.0) == 96
    assert units_needed(0.3, np.sqrt(2)) == pytest.approx(190, abs=1)
    assert units_needed(0.3, 1.0, alpha=0.05 / 28) == 196
    assert anchors_needed(0.25, 0.6) == pytest.approx(197, abs=1)


def test_shrinkage_pulls_the_noisiest_mean_most() -> None:
    means, variances = np.array([0.0, 1.0, 2.0, 9.0]), np.array([0.1, 0.1, 0.1, 30.0])
    moved = abs(shrink(means, variances) - means)
    assert moved.argmax() == 3
    assert np.isnan(shrink(np.append(means, np.nan), np.append(variances, np.nan))[4])


def test_detectable_effect_and_smallest_margin_are_found_with_eighty_percent_power() -> None:
    rng = np.random.default_rng(0)
    pilot = only(long({"a": rng.normal(0, 1, 50), "b": rng.normal(0, 1, 50)}), unit=["unit"],
                 margin=0.3)
    sd = (pilot.se or 0) * np.sqrt(50)
    samples = rng.normal(0, sd, (4000, 50))
    power = (stats.ttest_1samp(samples + pilot.mde, 0, axis=1).pvalue < 0.05).mean()
    assert power == pytest.approx(0.8, abs=0.02)
    half = stats.t.ppf(0.95, 49) * stats.sem(samples, axis=1)
    shown = (abs(samples.mean(1)) + half < pilot.smallest_margin).mean()
    assert shown == pytest.approx(0.8, abs=0.02)


def test_difference_in_differences_is_taken_unit_by_unit() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(0, 1, (40, 1, 1)) + rng.normal(0, 0.4, (40, 2, 2))
    y[:, 0, 1] += 0.5  # the model's gap; the humans have none
    frame = pl.DataFrame({
        "unit": np.repeat(np.arange(40), 4), "system": ["model", "model", "human", "human"] * 40,
        "g": ["a", "b"] * 80, "y": y.ravel()})
    found = only(frame, unit=["unit"], baseline={"system": "human"})
    did = (y[:, 0, 1] - y[:, 0, 0]) - (y[:, 1, 1] - y[:, 1, 0])
    assert found.system == "model"
    assert found.baseline_gap == pytest.approx((y[:, 1, 1] - y[:, 1, 0]).mean())
    assert found.did == pytest.approx(did.mean())
    assert found.did_p == pytest.approx(stats.ttest_1samp(did, 0).pvalue, rel=1e-6)
    low, high = stats.t.interval(0.95, 39, did.mean(), stats.sem(did))
    assert (found.did_low, found.did_high) == pytest.approx((low, high), abs=0.05)
