"""Power against statsmodels, the noncentral t and simulation; shapes of paired differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mhx.stats.effects import units_needed
from mhx.stats.estimate import Estimate
from mhx.stats.pairs import Gap
from mhx.stats.power import difference_power, equivalence_power, units_for
from mhx.stats.shapes import difference_shape


@pytest.mark.parametrize(("units", "d", "alpha"), [(10, 0.5, 0.05), (34, 0.5, 0.05),
                                                   (200, 0.2, 0.01), (3, 2.0, 0.05)])
def test_power_to_find_a_difference_is_that_of_statsmodels(units, d, alpha):
    from statsmodels.stats.power import TTestPower

    wanted = TTestPower().power(effect_size=d, nobs=units, alpha=alpha)
    found = difference_power(np.array([units]), gap=d * 1.7, sd=1.7, alpha=alpha)
    assert found[0] == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(("units", "margin", "gap"), [(96, 0.3, 0.0), (60, 0.4, 0.1),
                                                      (12, 1.2, 0.0), (8, 0.5, 0.0)])
def test_power_to_show_equivalence_is_that_of_simulated_tests(units, margin, gap):
    rng = np.random.default_rng(1)
    many = 20_000
    draws = rng.normal(gap, 1, (many, units))
    se = draws.std(1, ddof=1) / np.sqrt(units)
    edge = stats.t.ppf(0.95, units - 1)
    shown = (np.abs(draws.mean(1)) + edge * se < margin).mean()
    found = equivalence_power(np.array([units]), margin=margin, sd=1, alpha=0.05, gap=gap)[0]
    error = max(np.sqrt(found * (1 - found) / many), 1e-4)  # Monte Carlo, at most .0035
    assert abs(shown - found) < 4 * error


def test_equivalence_power_is_the_noncentral_t_where_both_tests_cannot_fail_at_once():
    units = np.array([100, 150, 300])
    t = stats.t.ppf(0.95, units - 1)
    nc = 0.3 * np.sqrt(units)
    wanted = stats.nct.cdf(-t, units - 1, -nc) - stats.nct.cdf(t, units - 1, nc)
    found = equivalence_power(units, margin=0.3, sd=1, alpha=0.05)
    assert found == pytest.approx(wanted, abs=2e-4)


def test_units_for_equivalence_are_the_96_of_the_normal_formula_and_one_more():
    exact = units_for(lambda n: equivalence_power(n, margin=0.3, sd=1, alpha=0.05))
    assert units_needed(0.3, 1) == 96
    assert exact == 97
    # no number of units shows a gap at the margin to be within it
    assert units_for(lambda n: equivalence_power(n, margin=0.3, sd=1, alpha=0.05, gap=0.3)) is None


def test_units_for_a_difference_of_half_an_sd_are_cohens_34():
    assert units_for(lambda n: difference_power(n, gap=0.5, sd=1, alpha=0.05)) == 34


def gap_of(group, reference, *, paired=True):
    group, reference = np.asarray(group, float), np.asarray(reference, float)
    nothing = Estimate(0.0, 0.0, 1.0, 2, 2.0)
    return Gap(nothing, group, reference, len(group) if paired else None)


def test_ordinal_differences_are_counted_one_by_one():
    shape = difference_shape(gap_of([0, 1, 2, 2, 1], [1, 1, 1, 0, 1]))
    assert shape["values"] == [-1, 0, 1, 2]
    assert shape["counts"] == [1, 2, 1, 1]
    assert shape["width"] == 0
    assert (shape["below"], shape["zero"], shape["above"]) == (0.2, 0.4, 0.4)
    assert (shape["n"], shape["mean"], shape["median"]) == (5, 0.4, 0.0)


def test_thirds_that_differ_in_the_last_bit_are_one_value_and_ties_are_ties():
    shape = difference_shape(gap_of([0.1 + 0.2, 1 / 3 * 3, 0.3], [0.3, 1.0, 0.3]))
    assert shape["values"] == [0.0]
    assert shape["zero"] == 1.0


def test_many_distinct_differences_are_binned_around_zero_and_none_is_lost():
    rng = np.random.default_rng(3)
    found = rng.normal(0.4, 1, 500)
    shape = difference_shape(gap_of(found, np.zeros(500)))
    assert sum(shape["counts"]) == 500
    assert len(shape["values"]) <= 25
    assert 0.0 in [round(value, 12) for value in shape["values"]]
    middle = np.average(shape["values"], weights=shape["counts"])
    assert middle == pytest.approx(shape["mean"], abs=shape["width"] / 2)
    assert shape["sd"] == pytest.approx(found.std(ddof=1))
    assert min(shape["values"]) - shape["width"] / 2 <= found.min()
    assert max(shape["values"]) + shape["width"] / 2 >= found.max()


def test_one_pair_has_no_spread_and_an_unpaired_gap_no_shape():
    assert difference_shape(gap_of([1], [0]))["sd"] is None
    assert difference_shape(gap_of([1, 2], [0, 1], paired=False)) is None
    assert difference_shape(gap_of([], [])) is None
