"""Published agreement tables, and plain implementations written from the definitions."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from mhx.stats import agree

# Shrout & Fleiss 1979, table 2: six targets, four judges.
SHROUT = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# Fleiss 1971, table 1: 30 patients, six raters each, five diagnoses.
FLEISS_1971 = [
    (0, 0, 0, 6, 0), (0, 3, 0, 0, 3), (0, 1, 4, 0, 1), (0, 0, 0, 0, 6), (0, 3, 0, 3, 0),
    (2, 0, 4, 0, 0), (0, 0, 4, 0, 2), (2, 0, 3, 1, 0), (2, 0, 0, 4, 0), (0, 0, 0, 0, 6),
    (1, 0, 0, 5, 0), (1, 1, 0, 4, 0), (0, 3, 3, 0, 0), (1, 0, 0, 5, 0), (0, 2, 0, 3, 1),
    (0, 0, 5, 0, 1), (3, 0, 0, 1, 2), (5, 1, 0, 0, 0), (0, 2, 0, 4, 0), (1, 0, 2, 0, 3),
    (0, 0, 0, 0, 6), (0, 1, 0, 5, 0), (0, 2, 0, 1, 3), (2, 0, 0, 4, 0), (1, 0, 0, 4, 1),
    (0, 5, 0, 1, 0), (4, 0, 0, 0, 2), (0, 2, 0, 4, 0), (1, 0, 5, 0, 0), (0, 0, 0, 0, 6)]
NONE = None
# Krippendorff 2011, section C: four observers, twelve units; also Gwet 2014 (raw4raters).
KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NONE, NONE, NONE], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NONE, 3],
    [NONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NONE], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NONE]]


def answer(columns: Any, **options: Any) -> dict[str, Any]:
    """agree() of a rater a column; None and nan are not rated."""
    frame = pl.DataFrame([
        {"item": f"i{k:03d}", "rater": f"r{side}", "rating": value}
        for side, column in enumerate(columns) for k, value in enumerate(column)
        if value is not None and value == value])
    return agree(frame, item="item", rater="rater", rating="rating",
                 **{"resamples": 100, **options}).to_dict()


def spread(counts: Any) -> list[list[int]]:
    """Category counts of each item as the ratings of as many raters, in any order."""
    return np.array([np.repeat(np.arange(len(row)), row) for row in counts]).T.tolist()


# ---------------------------------------------------------------- published


def test_shrout_and_fleiss_1979() -> None:
    icc = answer(np.array(SHROUT).T.tolist(), level="interval")["icc"]
    assert {name: round(one["value"], 2) for name, one in icc.items()} == {
        "A1": 0.29, "C1": 0.71, "Ak": 0.62, "Ck": 0.91}
    wanted = {"A1": (0.019, 0.761), "C1": (0.342, 0.946), "Ak": (0.071, 0.927),
              "Ck": (0.676, 0.986)}
    for name, limits in wanted.items():
        assert icc[name]["ci"] == pytest.approx(limits, abs=0.0006)
        assert icc[name]["ci_bootstrap"] is None  # six targets


def test_fleiss_1971() -> None:
    assert round(answer(spread(FLEISS_1971))["fleiss_kappa"], 3) == 0.430


def test_krippendorff_2011() -> None:
    out = answer(KRIPPENDORFF)
    assert {name: round(one, 3) for name, one in out["alpha"].items()} == {
        "nominal": 0.743, "ordinal": 0.815, "interval": 0.849}
    assert (out["ratings"], out["dropped"]) == (41, 1)  # the twelfth unit cannot be paired


def test_gwet_2014_four_raters_with_missing_ratings() -> None:
    out = answer(KRIPPENDORFF, level="interval")
    assert round(out["ac1"], 5) == 0.77544
    assert round(out["fleiss_kappa"], 5) == 0.76117
    assert round(out["ac2"], 5) == 0.91400
    assert round(answer(KRIPPENDORFF, level="ordinal")["ac2"], 5) == 0.85874


def test_gwet_2014_three_by_three_abstractors() -> None:
    table = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    rows = [pair for pair in np.ndindex(3, 3) for _ in range(table[pair])]
    out = answer(np.array(rows).T.tolist(), resamples=2000)
    pair = out["pairs"][0]
    assert pair["percent_agreement"] == 89
    assert pair["kappa"] == pytest.approx(0.7964094, abs=5e-8)
    assert pair["ac1"] == pytest.approx(0.8493305, abs=5e-8)
    assert out["alpha"]["nominal"] == pytest.approx(0.7972585, abs=5e-8)
    assert pair["ci"]["kappa"] == pytest.approx((0.68, 0.913), abs=0.04)
    assert pair["ci"]["ac1"] == pytest.approx((0.764, 0.935), abs=0.04)  # theirs are symmetric


def test_cohens_textbook_table() -> None:
    """20 and 15 agreements, 5 and 10 disagreements: kappa .4."""
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    pair = answer([first, second])["pairs"][0]
    assert (pair["percent_agreement"], pair["kappa"]) == (70, pytest.approx(0.4))


def test_unanimous_items_with_skewed_margins() -> None:
    """94 of 100 items unanimous, the others split: kappa is near 0, AC1 is not misled."""
    first = [0] * 94 + [1, 1, 1, 0, 0, 0]
    second = [0] * 94 + [0, 0, 0, 1, 1, 1]
    pair = answer([first, second], resamples=400)["pairs"][0]
    assert pair["percent_agreement"] == 94
    assert pair["kappa"] == pytest.approx(-0.031, abs=0.001)
    assert pair["ac1"] == pytest.approx(0.936, abs=0.001)
    low, high = pair["ci"]["ac1"]
    assert 0.83 < low < 0.936 < high < 1


# ---------------------------------------------------------------- definitions, done naively


def tables(*, missing: bool) -> st.SearchStrategy[np.ndarray]:
    """Items x raters of ratings 1-5 (nan: not rated), some of them halves."""
    value = st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0, 2.5])
    cell = st.one_of(value, st.just(np.nan)) if missing else value
    return st.tuples(st.integers(2, 12), st.integers(2, 4)).flatmap(
        lambda shape: st.lists(st.lists(cell, min_size=shape[1], max_size=shape[1]),
                               min_size=shape[0], max_size=shape[0]).map(np.array))


def naive_alpha(table: np.ndarray, level: str) -> float | None:
    units = [row[np.isfinite(row)] for row in table]
    units = [row for row in units if len(row) > 1]
    pool = np.concatenate(units) if units else np.array([])
    if len(np.unique(pool)) < 2:
        return None

    def distance(one: float, two: float) -> float:
        if level == "nominal":
            return float(one != two)
        if level == "interval":
            return (one - two) ** 2
        low, high = min(one, two), max(one, two)
        between = ((pool >= low) & (pool <= high)).sum()
        return (between - ((pool == low).sum() + (pool == high).sum()) / 2) ** 2

    within = sum(distance(a, b) / (len(row) - 1) for row in units for a, b in permutations(row, 2))
    anywhere = sum(distance(a, b) for a, b in permutations(pool, 2)) / (len(pool) - 1)
    return 1 - within / anywhere


@settings(max_examples=30, deadline=None)
@given(tables(missing=True))
def test_alpha_is_its_definition(table: np.ndarray) -> None:
    if not np.isfinite(table).any():
        return
    alpha = answer(table.T.tolist())["alpha"]
    for level, value in alpha.items():
        wanted = naive_alpha(table, level)
        assert value == (None if wanted is None else pytest.approx(wanted, abs=1e-9))


@settings(max_examples=30, deadline=None)
@given(tables(missing=False))
def test_kappas_and_fleiss_are_those_of_statsmodels(table: np.ndarray) -> None:
    out = answer(table.T.tolist())
    used = np.unique(table)
    counts = np.array([[(row == value).sum() for value in used] for row in table])
    if len(used) > 1:
        assert out["fleiss_kappa"] == pytest.approx(fleiss_kappa(counts), abs=1e-9)
    steps = used[:, None] - used[None, :]
    for (a, b), pair in zip(combinations(range(table.shape[1]), 2), out["pairs"], strict=True):
        cross = np.zeros((len(used), len(used)))
        np.add.at(cross, (np.searchsorted(used, table[:, a]), np.searchsorted(used, table[:, b])),
                  1)
        for name, weights in (("kappa", None), ("kappa_linear", abs(steps)),
                              ("kappa_quadratic", steps**2)):
            if pair[name] is not None:
                # an array of weights counts as disagreement in statsmodels
                wanted = cohens_kappa(cross, weights=weights, return_results=False)
                assert pair[name] == pytest.approx(wanted, abs=1e-9)
            else:
                assert len(np.unique(table[:, [a, b]])) == 1


@settings(max_examples=30, deadline=None)
@given(tables(missing=False))
def test_differences_and_concordance_are_their_definitions(table: np.ndarray) -> None:
    out = answer(table.T.tolist())
    for (a, b), pair in zip(combinations(range(table.shape[1]), 2), out["pairs"], strict=True):
        one, two = table[:, a], table[:, b]
        apart = two - one
        assert pair["bias"] == pytest.approx(apart.mean(), abs=1e-9)
        assert pair["mae"] == pytest.approx(abs(apart).mean(), abs=1e-9)
        assert pair["rmse"] == pytest.approx(np.sqrt((apart**2).mean()), abs=1e-9)
        assert pair["within_one"] == pytest.approx((abs(apart) <= 1).mean(), abs=1e-9)
        assert pair["ccc"] == pair["kappa_quadratic"]
        below = one.var() + two.var() + (one.mean() - two.mean()) ** 2
        if below > 1e-9:
            shared = ((one - one.mean()) * (two - two.mean())).mean()
            assert pair["ccc"] == pytest.approx(2 * shared / below, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(tables(missing=True), st.sampled_from(["ordinal", "interval"]))
def test_gwets_coefficients_are_their_definitions(table: np.ndarray, level: str) -> None:
    used = np.unique(table[np.isfinite(table)])
    two = [row[np.isfinite(row)] for row in table if np.isfinite(row).sum() > 1]
    if len(used) < 2 or not two:
        return
    shares = np.mean([[(row == value).sum() / np.isfinite(row).sum() for value in used]
                      for row in table if np.isfinite(row).any()], axis=0)
    out = answer(table.T.tolist(), level=level)
    power = 1 if level == "ordinal" else 2
    for name, weights in (("ac1", np.eye(len(used))),
                          ("ac2", 1 - (abs(used[:, None] - used) / np.ptp(used)) ** power)):
        agreed = np.mean([np.mean([weights[np.searchsorted(used, a), np.searchsorted(used, b)]
                                   for a, b in permutations(row, 2)]) for row in two])
        chance = weights.sum() / (len(used) * (len(used) - 1)) * (shares * (1 - shares)).sum()
        if chance < 1 - 1e-9:
            assert out[name] == pytest.approx((agreed - chance) / (1 - chance), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(tables(missing=False))
def test_icc_is_that_of_the_two_way_anova(table: np.ndarray) -> None:
    n, k = table.shape
    grand = table.mean()
    rows, columns = table.mean(1), table.mean(0)
    msr = k * ((rows - grand) ** 2).sum() / (n - 1)
    msc = n * ((columns - grand) ** 2).sum() / (k - 1)
    rest = table - rows[:, None] - columns + grand
    mse = (rest**2).sum() / ((n - 1) * (k - 1))
    icc = answer(table.T.tolist())["icc"]
    for name, below in (("C1", msr + (k - 1) * mse), ("Ck", msr),
                        ("A1", msr + (k - 1) * mse + k / n * (msc - mse)),
                        ("Ak", msr + (msc - mse) / n)):
        if below > 1e-9:
            assert icc[name]["value"] == pytest.approx((msr - mse) / below, abs=1e-9)
        else:
            assert icc[name]["value"] is None
    if mse > 1e-9 and msr > 1e-9:
        f = msr / mse / stats.f.ppf(0.975, n - 1, (n - 1) * (k - 1))
        assert icc["C1"]["ci"][0] == pytest.approx((f - 1) / (f + k - 1), abs=1e-9)


# Made with pingouin 0.6.1 (intraclass_corr, nothing rounded): value, lower, upper.
PINGOUIN_TABLE = [
    [3.28, 2.54, 2.63, 2.17, 2.33, 1.4, 2.74, 4.33, 2.46, 1.89, 2.87, 3.1, 2.63, 1.99, 3.24],
    [2.43, 2.77, 2.21, 2.46, 3.01, 2.13, 4.41, 5.55, 3.1, 2.94, 4.68, 5.46, 3.67, 3.12, 4.62],
    [2.43, 1.89, 2.59, 0.3, 2.31, 1.12, 2.28, 3.69, 2.25, 2.89, 3.26, 3.51, 3.15, 1.73, 2.27]]
PINGOUIN = {
    "A1": (0.4610091361281243, 0.0927161669103682, 0.7569491049251988),
    "C1": (0.6324972808353275, 0.3472221815786998, 0.8416101512181191),
    "Ak": (0.7195703747190931, 0.2346388678589619, 0.9033171294993423),
    "Ck": (0.8377467542820044, 0.6147540558930333, 0.9409702406328432)}


@pytest.mark.parametrize("name", PINGOUIN)
def test_icc_is_that_of_pingouin(name: str) -> None:
    one = answer(PINGOUIN_TABLE, level="interval")["icc"][name]
    assert [one["value"], *one["ci"]] == pytest.approx(PINGOUIN[name], abs=1e-9)
