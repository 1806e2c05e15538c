"""The gap in length and the gap at equal length: formulas, coverage, inputs that give no number.

Independent implementations are Welch's and the paired t test (scipy) and refits by least squares
without each cluster in turn. The Monte Carlo error of a coverage of .95 over 200 runs is .015.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from mhx.errors import MhxError
from mhx.stats import parity
from mhx.stats.results import LengthGap

Array = NDArray[np.float64]
RUNS = 200


def planted(rng: np.random.Generator, *, gap: float = 0.0, units: int = 40, shape: str = "log",
            shared: bool = True) -> tuple[Array, Array]:
    """Scores and lengths (units, 2): longer answers score more, the second group's are longer."""
    topic = rng.normal(0, 0.7, (units, 1 if shared else 2))
    length = np.exp(4 + rng.normal(0, 0.3, (units, 1 if shared else 2))
                    + rng.normal(0, 0.4, (units, 2)) + np.array([0.0, 0.35]))
    effect = {"log": np.log(length), "line": length / 60, "root": np.sqrt(length) / 4}[shape]
    return topic + 0.6 * effect + rng.normal(0, 0.5, (units, 2)) + np.array([0, gap]), length


def table(score: Array, length: Array) -> pl.DataFrame:
    units, groups = score.shape
    return pl.DataFrame({"u": np.repeat(np.arange(units), groups),
                         "g": [f"g{k}" for k in range(groups)] * units,
                         "y": score.ravel(), "words": length.ravel()})


def length_gap(frame: pl.DataFrame, **options: Any) -> tuple[LengthGap, Any]:
    found = parity(frame, scores=["y"], groups=["g"], reference={"g": "g0"}, length="words",
                   resamples=100, **options)
    return found.lengths[0], found.contrasts[0]


@pytest.mark.parametrize("shape, unit", [
    ("log", ["u"]), ("line", ["u"]), ("root", ["u"]), ("log", [])])
def test_a_gap_that_is_all_length_is_adjusted_away(shape: str, unit: list[str]) -> None:
    """The raw interval misses zero far too often; the adjusted one holds it, whatever the shape."""
    adjusted, raw = [], []
    for seed in range(RUNS // 2):
        rng = np.random.default_rng([seed, 1])
        one, gap = length_gap(table(*planted(rng, shape=shape, shared=bool(unit))), unit=unit)
        assert one.low is not None and one.high is not None
        adjusted.append(one.low <= 0 <= one.high)
        raw.append(gap.low <= 0 <= gap.high)
    assert np.mean(adjusted) > 0.95 - 3 * 0.0218
    assert np.mean(raw) < 0.85


def test_a_true_gap_beside_length_is_kept() -> None:
    held, found = [], []
    for seed in range(RUNS):
        score, length = planted(np.random.default_rng([seed, 2]), gap=0.3)
        one, _ = length_gap(table(score, length), unit=["u"])
        assert one.low is not None and one.high is not None and one.adjusted is not None
        held.append(one.low <= 0.3 <= one.high)
        found.append(one.adjusted)
    assert abs(np.mean(held) - 0.95) < 3 * 0.0154 + 0.01
    assert np.mean(found) == pytest.approx(0.3, abs=3 * np.std(found) / np.sqrt(RUNS))


def test_the_gap_in_length_is_the_paired_t_test_or_welch() -> None:
    from scipy import stats

    score, length = planted(np.random.default_rng(3), units=25)
    paired, _ = length_gap(table(score, length), unit=["u"])
    ci = stats.ttest_rel(length[:, 1], length[:, 0]).confidence_interval(0.95)
    assert (paired.length_low, paired.length_high) == pytest.approx((ci.low, ci.high))
    apart, _ = length_gap(table(score, length))
    ci = stats.ttest_ind(length[:, 1], length[:, 0], equal_var=False).confidence_interval(0.95)
    assert (apart.length_low, apart.length_high) == pytest.approx((ci.low, ci.high))
    mean = pytest.approx((length[:, 1] - length[:, 0]).mean())
    assert apart.length_gap == mean and paired.length_gap == mean


def test_the_adjusted_gap_is_least_squares_refitted_without_each_unit() -> None:
    from scipy.stats import t

    score, length = planted(np.random.default_rng(4), units=30)
    dx, dy = np.log1p(length[:, 1]) - np.log1p(length[:, 0]), score[:, 1] - score[:, 0]

    def fit(keep: Array) -> tuple[float, float]:
        design = np.column_stack([np.ones(len(keep)), dx[keep]])
        a, b = np.linalg.lstsq(design, dy[keep], rcond=None)[0]
        return float(a), float(b)

    rows = np.arange(30)
    left = np.array([fit(np.delete(rows, k))[0] for k in rows])
    se = np.sqrt(29 / 30 * ((left - left.mean()) ** 2).sum())
    value, slope = fit(rows)
    one, _ = length_gap(table(score, length), unit=["u"])
    half = t.ppf(0.975, 29) * se
    assert (one.adjusted, one.low, one.high) == pytest.approx((value, value - half, value + half))
    assert one.slope == pytest.approx(slope * np.log1p(length).std())
    assert one.p == pytest.approx(2 * t.sf(abs(value / se), 29))


def test_unpaired_it_is_analysis_of_covariance() -> None:
    import statsmodels.api as sm

    score, length = planted(np.random.default_rng(5), units=200, shared=False)
    one, _ = length_gap(table(score, length))
    side = np.tile([0.0, 1.0], 200)
    design = np.column_stack([np.ones(400), side, np.log1p(length.ravel())])
    fit = sm.OLS(score.ravel(), design).fit(cov_type="HC3")
    assert one.adjusted == pytest.approx(fit.params[1])
    assert one.high is not None and one.low is not None
    assert (one.high - one.low) / 2 == pytest.approx(1.966 * fit.bse[1], rel=0.01)


def test_rows_of_a_unit_count_as_one_and_row_order_does_not_matter() -> None:
    score, length = planted(np.random.default_rng(6), units=20)
    once = table(score, length)
    twice = pl.concat([once, once])
    first, _ = length_gap(once, unit=["u"])
    again, _ = length_gap(twice.sample(fraction=1, shuffle=True, seed=1), unit=["u"])
    for name in ("length_gap", "adjusted", "low", "high", "slope", "gap"):
        assert getattr(again, name) == pytest.approx(getattr(first, name))
    assert (first.n, again.n) == (40, 80)


def test_scored_rows_without_a_length_are_said_and_left_out() -> None:
    score, length = planted(np.random.default_rng(7), units=20)
    length[:3, 1] = np.nan
    one, gap = length_gap(table(score, length), unit=["u"])
    assert one.n == 37 and "3 scored rows have no length" in one.note
    assert one.gap == pytest.approx((score[3:, 1] - score[3:, 0]).mean())
    assert gap.n_group == 20


@pytest.mark.parametrize("case, says", [
    ("constant length", "nothing to adjust with"), ("constant score", "constant"),
    ("length is the group", "nothing to adjust with"), ("no length", "fewer than two"),
    ("one row", "fewer than two"),
])
@pytest.mark.parametrize("unit", [["u"], []])
def test_what_cannot_be_adjusted_has_a_note_and_no_number(case: str, says: str,
                                                          unit: list[str]) -> None:
    score, length = planted(np.random.default_rng(8), units=12)
    if case == "constant length":
        length[:] = 50
    if case == "length is the group":
        length[:, 0], length[:, 1] = 50, 80
    if case == "constant score":
        score[:] = 1
    if case == "no length":
        length[:] = np.nan
    frame = table(score, length)
    if case == "one row":
        frame = frame.filter((pl.col("g") == "g0") | (pl.col("u") == 0))
    one, _ = length_gap(frame, unit=unit)
    assert (one.adjusted, one.low, one.high, one.p) == (None, None, None, None)
    assert says in one.note
    if case == "length is the group":
        assert one.length_gap == pytest.approx(30)


def test_a_group_too_small_to_be_shown_is_not_shown_here_either() -> None:
    score, length = planted(np.random.default_rng(11), units=20)
    frame = table(score, length).filter((pl.col("g") == "g0") | (pl.col("u") < 4))
    shown, _ = length_gap(frame)
    hidden, _ = length_gap(frame, smallest=5)
    assert shown.length_gap is not None and shown.adjusted is not None
    assert (hidden.length_gap, hidden.gap, hidden.adjusted, hidden.low) == (None,) * 4


def test_lengths_below_zero_are_refused() -> None:
    score, length = planted(np.random.default_rng(9), units=12)
    with pytest.raises(MhxError, match="below zero"):
        length_gap(table(score, np.log(length) - 4))


def test_crossed_names_widen_the_interval() -> None:
    """A random factor with few levels that crosses the units: t with its levels - 1."""
    rng = np.random.default_rng(10)
    units, names = 20, 4
    name = rng.normal(0, 0.6, (1, 2, names))
    length = np.exp(4 + rng.normal(0, 0.4, (units, 2, names)))
    score = name + 0.5 * np.log(length) + rng.normal(0, 0.5, (units, 2, names))
    index = np.indices(score.shape).reshape(3, -1)
    frame = pl.DataFrame({"u": index[0], "g": [f"g{k}" for k in index[1]], "y": score.ravel(),
                          "name": index[1] * names + index[2], "words": length.ravel()})
    crossed, _ = length_gap(frame, unit=["u"], cluster=["name"])
    plain, _ = length_gap(frame, unit=["u"])
    assert crossed.high is not None and crossed.low is not None
    assert plain.high is not None and plain.low is not None
    assert crossed.high - crossed.low > 2 * (plain.high - plain.low)
