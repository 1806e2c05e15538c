"""Score differences at equal human rating: formulas, what rating error does, refusals.

Independent implementation: weighted least squares (statsmodels). The Monte Carlo standard error
of a coverage of .95 over 80 runs is .024.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from mhx.errors import MhxError
from mhx.stats import parity
from mhx.stats.measurement_error import gap_on_slope, rater_error, slope_sums
from mhx.stats.results import ConditionalGap

Array = NDArray[np.float64]
RUNS = 80
SLACK = 3 * np.sqrt(0.05 * 0.95 / RUNS)
TRUE_GAP = 0.5


def answers(rng: np.random.Generator, *, bias: float = 0.0, reliability: float = 1.0,
            raters: int = 1, units: int = 150, levels: int | None = None) -> pl.DataFrame:
    """A table whose groups truly differ by half a point; the scorer adds `bias` to the second.

    Human ratings (columns r0...) carry error to the `reliability` within groups; four rows of
    ten are rated.
    """
    true = (rng.normal(0, 0.7, (units, 1)) + rng.normal(0, 0.5, (units, 2))
            + np.array([0, TRUE_GAP]))
    if levels is not None:
        true = np.clip(np.round(true + 2), 0, levels - 1)
    error = np.sqrt(0.74 * (1 - reliability) / reliability)
    ratings = true[..., None] + rng.normal(0, 1, (units, 2, raters)) * error
    score = 0.8 * true + rng.normal(0, 0.4, (units, 2)) + np.array([0, bias])
    ratings[rng.random((units, 2)) >= 0.4] = np.nan
    return pl.DataFrame({
        "u": np.repeat(np.arange(units), 2), "g": ["g0", "g1"] * units, "y": score.ravel(),
        **{f"r{k}": ratings[..., k].ravel() for k in range(raters)}})


def difference(frame: pl.DataFrame, **options: Any) -> ConditionalGap:
    settings: dict[str, Any] = {"unit": ["u"], "margin": 0.5, "resamples": 100, **options}
    raters = [name for name in frame.columns if name.startswith("r")]
    return parity(frame, scores=["y"], groups=["g"], reference={"g": "g0"},
                  human={"y": raters}, **settings).conditional[0]


def simulate(bias: float, options: dict[str, Any], **table: Any) -> tuple[float, float, float]:
    """Share of intervals that hold `bias`, mean difference, share shown within the bound."""
    found = [difference(answers(np.random.default_rng([seed, 1]), bias=bias, **table), **options)
             for seed in range(RUNS)]
    held = [one.low <= bias <= one.high for one in found
            if one.low is not None and one.high is not None]
    within = [one.tost_p is not None and one.tost_p < 0.05 for one in found]
    assert len(held) == RUNS
    return float(np.mean(held)), float(np.mean([one.difference for one in found])), np.mean(within)


@pytest.mark.parametrize("levels", [None, 5])
def test_a_true_gap_is_no_bias_of_the_scorer(levels: int | None) -> None:
    held, mean, within = simulate(0.0, {}, levels=levels)
    assert held > 0.95 - SLACK
    assert abs(mean) < 0.03
    assert within > 0.8


@pytest.mark.parametrize("levels", [None, 5])
def test_bias_of_half_the_margin_is_found_and_not_called_equivalent(levels: int | None) -> None:
    held, mean, within = simulate(0.25, {}, levels=levels)
    assert held > 0.95 - SLACK
    assert mean == pytest.approx(0.25, abs=0.03)
    assert within < 0.05 + SLACK


def test_rating_error_leaks_the_true_gap_into_the_difference() -> None:
    """(1 - reliability .6) x slope .8 x gap .5 = .16: a fair scorer looks biased."""
    held, mean, _ = simulate(0.0, {}, reliability=0.6)
    assert mean == pytest.approx(0.4 * 0.8 * TRUE_GAP, abs=0.03)
    assert held < 0.8


@pytest.mark.parametrize("options, raters", [({"reliability": 0.6}, 1), ({}, 2)])
def test_a_given_reliability_or_a_second_rater_takes_the_error_out(
        options: dict[str, Any], raters: int) -> None:
    held, mean, _ = simulate(0.0, options, reliability=0.6, raters=raters)
    assert abs(mean) < 0.03
    assert held > 0.95 - SLACK


def test_the_raters_error_is_that_of_shrout_and_fleiss() -> None:
    """1979, table 2 and 4: residual mean square 1.02, ICC(3,4) = 1 - 1.02 / 11.24 = .91."""
    ratings = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9],
                        [6, 2, 4, 7]], dtype=float)
    error = rater_error(ratings)
    assert error[:, 1].sum() / error[:, 2].sum() == pytest.approx(1.02, abs=0.005)
    both = np.vstack([ratings, ratings])  # as two groups: each has the table's reliability
    sums = slope_sums(both.mean(1), both.mean(1), np.ones(12), np.vstack([error, error]))
    blocks = sums.reshape(2, 6, 9).sum(1)
    assert gap_on_slope(blocks, None)[1] == pytest.approx(0.909, abs=0.001)


def test_one_rater_or_raters_who_share_no_row_tell_nothing_of_their_error() -> None:
    assert not rater_error(np.array([[1.0], [2.0]])).any()
    assert not rater_error(np.array([[1.0, np.nan], [np.nan, 2.0], [3.0, np.nan]])).any()


def test_ratings_that_are_noise_give_no_number() -> None:
    frame = answers(np.random.default_rng(6), raters=2)
    noise = np.random.default_rng(7).normal(0, 1, (2, len(frame)))
    noise[1] = -noise[0]
    one = difference(frame.with_columns(r0=noise[0], r1=noise[1] + 0.01 * noise[0]))
    assert one.difference is None
    assert "they order nothing" in one.note


def test_it_is_least_squares_with_a_slope_or_a_dummy_a_rating() -> None:
    import statsmodels.api as sm

    for levels in (None, 4):
        frame = answers(np.random.default_rng(2), units=400, levels=levels)
        rated = frame.filter(pl.col("r0").is_not_nan())
        y, rating = rated["y"].to_numpy(), rated["r0"].to_numpy()
        side = (rated["g"] == "g1").to_numpy().astype(float)
        values = np.unique(rating)
        beside = [rating] if levels is None else [(rating == one).astype(float)
                                                  for one in values[1:]]
        design = np.column_stack([np.ones_like(y), side, *beside])
        fit = sm.OLS(y, design).fit(cov_type="cluster", cov_kwds={"groups": rated["u"].to_numpy()})
        one = difference(frame)
        assert one.difference == pytest.approx(fit.params[1])
        assert one.low is not None and one.high is not None
        assert (one.high - one.low) / 2 == pytest.approx(1.97 * fit.bse[1], rel=0.02)
        assert one.note == ("ratings as categories" if levels else "one slope of the ratings")
        spread = np.sqrt(sum(((y[side == k] - y[side == k].mean()) ** 2).sum() for k in (0, 1))
                         / (len(y) - 2))
        assert one.standardized == pytest.approx(fit.params[1] / spread)
        assert one.n == len(rated)


def test_rows_are_weighted_by_one_over_their_inclusion() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    frame = answers(rng, units=200).with_columns(p=pl.Series(rng.uniform(0.3, 0.5, 400)))
    rated = frame.filter(pl.col("r0").is_not_nan())
    design = np.column_stack([np.ones(len(rated)), (rated["g"] == "g1").to_numpy(), rated["r0"]])
    fit = sm.WLS(rated["y"].to_numpy(), design, weights=1 / rated["p"].to_numpy()).fit()
    assert difference(frame, inclusion="p").difference == pytest.approx(fit.params[1])
    with pytest.raises(MhxError, match="no inclusion probability"):
        difference(frame.with_columns(p=pl.lit(None, pl.Float64)), inclusion="p")


def test_the_bound_is_half_the_margin() -> None:
    frame = answers(np.random.default_rng(4))
    assert difference(frame, margin=0.5).bound == 0.25
    none = difference(frame, margin=None)
    assert (none.bound, none.tost_p) == (None, None) and none.difference is not None


@pytest.mark.parametrize("case, says", [
    ("nobody rated", "fewer than two rated rows"), ("one rated", "fewer than two rated rows"),
    ("constant scores", "constant"), ("no shared rating", "no rating is shared")])
def test_what_cannot_be_compared_has_a_note_and_no_number(case: str, says: str) -> None:
    frame = answers(np.random.default_rng(5), levels=4)
    if case == "nobody rated":
        frame = frame.with_columns(r0=pl.lit(None, pl.Float64))
    if case == "one rated":
        first = (pl.col("g") == "g0") | (pl.col("u") == 0)
        frame = frame.with_columns(r0=pl.when(first).then(1.0))
    if case == "constant scores":
        frame = frame.with_columns(y=pl.lit(1.0))
    if case == "no shared rating":
        frame = frame.with_columns(r0=pl.when(pl.col("g") == "g0").then(1.0).otherwise(2.0))
    one = difference(frame)
    assert (one.difference, one.low, one.p, one.tost_p) == (None, None, None, None)
    assert says in one.note
