"""agree(): what it counts, leaves out and refuses; pairs, systems, intervals, bad tables."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from mhx.errors import MhxError
from mhx.stats import AgreementResult, agree
from mhx.stats.agreement import MOST_RATERS

ISSUE_KEYS = {"items", "ratings", "dropped", "out_of_range", "pairs", "fleiss_kappa", "alpha",
              "icc", "system"}
PAIR_KEYS = {"a", "b", "n", "percent_agreement", "kappa", "kappa_linear", "kappa_quadratic", "ac1",
             "ac2", "mae", "rmse", "within_one", "bias", "ccc"}


def ratings(*columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame([
        {"item": f"i{k:02d}", "rater": f"r{side}", "rating": value}
        for side, column in enumerate(columns) for k, value in enumerate(column)])


def run(frame: pl.DataFrame, **options: Any) -> AgreementResult:
    return agree(frame, item="item", rater="rater", rating="rating",
                 **{"resamples": 400, **options})


def three(seed: int, items: int = 60) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    true = rng.integers(1, 6, items)
    return ratings(*(np.where(rng.random(items) < 0.6, true, rng.integers(1, 6, items)).tolist()
                     for _ in range(3)))


# ---------------------------------------------------------------- shape


def test_the_shape_is_that_of_the_issue_and_plain_json() -> None:
    out = run(three(0), level="ordinal", range_=(1, 5)).to_dict()
    assert set(out) >= ISSUE_KEYS
    assert all(set(pair) >= PAIR_KEYS for pair in out["pairs"])
    assert set(out["alpha"]) == {"nominal", "ordinal", "interval"}
    assert set(out["icc"]) == {"A1", "C1", "Ak", "Ck"}
    assert all(set(one) >= {"value", "ci"} for one in out["icc"].values())
    assert out["system"] is None
    assert set(out["ci"]) == {"fleiss_kappa", "ac1", "ac2", "alpha"}
    assert json.loads(json.dumps(out, allow_nan=False)) == out


def test_every_value_lies_in_its_interval() -> None:
    out = run(three(1), level="ordinal", range_=(1, 5)).to_dict()
    checked = 0
    for values, limits in [(pair, pair["ci"]) for pair in out["pairs"]] + [
            (out, {key: out["ci"][key] for key in ("fleiss_kappa", "ac1", "ac2")}),
            (out["alpha"], out["ci"]["alpha"])]:
        for name, (low, high) in limits.items():
            assert low < values[name] < high
            checked += 1
    assert checked == 3 * 11 + 6


def test_what_is_null_has_a_reason() -> None:
    out = run(ratings(["a", "b", "a", "b"], ["a", "b", "b", "b"])).to_dict()
    pair = out["pairs"][0]
    assert pair["kappa"] == pytest.approx(0.5)
    for name in PAIR_KEYS - {"a", "b", "n", "percent_agreement", "kappa", "ac1"}:
        assert pair[name] is None
        assert "'a': no distances" in pair["reasons"][name]
    assert "4 items: an interval needs 20" in pair["reasons"]["ci.kappa"]
    assert out["alpha"]["interval"] is None
    assert {"alpha.ordinal", "alpha.interval", "icc.A1", "ac2"} <= set(out["reasons"])


# ---------------------------------------------------------------- counting


def test_a_value_nobody_used_is_still_a_step() -> None:
    near = run(ratings([1, 2, 3, 3], [1, 2, 3, 2]), level="interval")
    far = run(ratings([1, 2, 5, 5], [1, 2, 5, 2]), level="interval")
    assert near.mean["kappa"].value == far.mean["kappa"].value
    assert near.mean["kappa_quadratic"].value != far.mean["kappa_quadratic"].value


def test_the_mean_is_over_the_pairs_of_raters() -> None:
    found = run(ratings([0, 1, 1, 0], [0, 1, 1, 0], [0, 1, 0, 1]))
    assert [pair.statistics["kappa"].value for pair in found.pairs] == pytest.approx([1, 0, 0])
    assert found.mean["kappa"].value == pytest.approx(1 / 3)
    assert found.mean["bias"].value is None


def test_zeros_and_sixes_of_a_five_point_scale_are_counted_and_left_out() -> None:
    found = run(ratings([0, 2, 3, 4, 5, 1], [1, 2, 3, 4, 5, 6]), level="ordinal", range_=(1, 5))
    out = found.to_dict()
    assert (out["out_of_range"], out["ratings"], out["dropped"]) == (2, 10, 2)
    assert out["counts"] == {"0": 1, "1": 2, "2": 2, "3": 2, "4": 2, "5": 2, "6": 1}
    pair = out["pairs"][0]
    assert (pair["n"], pair["dropped"], pair["kappa"], pair["mae"]) == (4, 2, 1, 0)


def test_a_missing_rating_drops_its_item_from_the_pair_and_is_counted() -> None:
    out = run(ratings([1, 2, None, 3], [1, 2, 3, 3]), level="ordinal").to_dict()
    assert (out["missing"], out["items"], out["dropped"], out["pairs"][0]["n"]) == (1, 4, 1, 3)
    assert (out["complete_items"], out["incomplete_items"]) == (3, 1)


def test_categories_are_the_legal_integers_or_what_was_used() -> None:
    columns = [1, 2, 2, 5, 1], [1, 2, 5, 5, 2]
    legal = run(ratings(*columns), range_=(1, 5)).to_dict()
    used = run(ratings(*columns)).to_dict()
    assert legal["categories"] == {"values": [1, 2, 3, 4, 5], "from": "legal range"}
    assert used["categories"] == {"values": [1, 2, 5], "from": "observed values"}
    assert legal["pairs"][0]["kappa_quadratic"] == used["pairs"][0]["kappa_quadratic"]
    assert legal["alpha"] == used["alpha"]
    assert legal["pairs"][0]["ac1"] > used["pairs"][0]["ac1"]  # more categories, less chance
    halves = run(ratings([1, 1.5, 2], [1, 2, 2]), range_=(1, 5)).to_dict()
    assert halves["categories"] == {"values": [1, 1.5, 2], "from": "observed values"}


def test_differences_are_second_minus_first_on_unrounded_values() -> None:
    pair = run(ratings([1.0, 2.0, 3.0, 4.0], [1.5, 3.25, 3.0, 3.0])).to_dict()["pairs"][0]
    assert pair["bias"] == pytest.approx(0.1875)
    assert pair["mae"] == pytest.approx(2.75 / 4)
    assert pair["rmse"] == pytest.approx(np.sqrt((0.25 + 1.5625 + 1) / 4))
    assert pair["within_one"] == pytest.approx(0.75)
    assert pair["percent_agreement"] == pytest.approx(25)


def test_the_headline_and_the_weights_follow_the_level() -> None:
    found = [run(three(2), level=level) for level in ("nominal", "ordinal", "interval")]
    assert [one.headline for one in found] == ["kappa", "kappa_linear", "kappa_quadratic"]
    assert [one.ac2_weights for one in found] == ["quadratic", "linear", "quadratic"]


def test_one_million_distinct_values_are_no_categories() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(0, 1, 150)
    out = run(ratings(*((true + rng.normal(0, 0.5, 150)).tolist() for _ in "ab"))).to_dict()
    assert out["pairs"][0]["kappa"] is None
    assert out["reasons"]["fleiss_kappa"] == "300 distinct values; at most 101 are categories"
    assert out["pairs"][0]["kappa_quadratic"] == pytest.approx(0.8, abs=0.1)
    assert out["alpha"]["interval"] == pytest.approx(out["icc"]["A1"]["value"], abs=0.02)


# ---------------------------------------------------------------- systems


def by_system() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    frames = []
    for k, system in enumerate(("weak", "fair", "good")):
        first = rng.permutation(np.repeat([k, k + 1, k + 2], 30))
        frames.append(ratings(first.tolist(), rng.permutation(first).tolist()).with_columns(
            system=pl.lit(system)))
    return pl.concat(frames)


def test_system_means_can_agree_where_items_do_not() -> None:
    out = run(by_system(), level="interval", by="system").to_dict()
    assert out["system"]["n"] == 3
    assert out["system"]["bias"] == pytest.approx(0)
    assert out["system"]["icc"]["A1"]["value"] == pytest.approx(1)
    assert out["system"]["pairs"][0]["ccc"] == pytest.approx(1)
    assert [one["system"] for one in out["within_systems"]] == ["fair", "good", "weak"]
    assert all(abs(one["kappa_quadratic"]) < 0.3 for one in out["within_systems"])
    assert out["icc"]["A1"]["value"] < 0.65  # of items, all systems together


def test_system_means_are_over_the_items_both_rated() -> None:
    frame = pl.DataFrame({
        "system": ["s"] * 5 + ["t"] * 4, "item": ["a", "b", "c", "a", "b", "a", "b", "a", "b"],
        "rater": ["x", "x", "x", "y", "y", "x", "x", "y", "y"],
        "rating": [1, 2, 5, 2, 4, 3, 3, 4, 4]})
    out = run(frame, level="interval", by="system").to_dict()["system"]
    assert out["bias"] == pytest.approx((1.5 + 1) / 2)
    assert out["pairs"][0]["rmse"] == pytest.approx(np.sqrt((1.5**2 + 1) / 2))


def test_an_item_of_several_systems_is_resampled_as_one() -> None:
    """Each of four systems answers with the same text: four times the rows, the same evidence."""
    frame = three(6, items=80)
    copies = pl.concat([frame.with_columns(system=pl.lit(name)) for name in "abcd"])
    other = copies.with_columns(item=pl.col("item") + pl.col("system"))
    once = run(frame, level="ordinal").to_dict()
    tied, free = (run(one, level="ordinal", by="system").to_dict() for one in (copies, other))
    for name in ("fleiss_kappa", "ac1"):
        assert tied[name] == pytest.approx(once[name])
        assert tied["ci"][name] == pytest.approx(once["ci"][name], abs=0.02)
        assert np.diff(free["ci"][name]) < 0.6 * np.diff(tied["ci"][name])
    assert tied["icc"]["C1"]["ci_bootstrap"] == pytest.approx(once["icc"]["C1"]["ci_bootstrap"],
                                                              abs=0.03)
    assert [one["settings"]["resampled"] for one in (once, tied, free)] == [80, 80, 320]
    pairs = [one["pairs"][0]["ci"] for one in (once, tied, free)]
    for name in ("kappa_linear", "percent_agreement", "bias", "rmse"):
        wide, same, narrow = (float(np.diff(one[name])[0]) for one in pairs)
        assert same == pytest.approx(wide, rel=0.15)
        assert narrow < 0.6 * same


def test_one_system_has_no_system_level_agreement() -> None:
    out = run(three(3).with_columns(system=pl.lit("s")), by="system").to_dict()["system"]
    assert out["icc"]["A1"] == {"value": None, "ci": None, "ci_bootstrap": None}
    assert out["reasons"]["icc.A1"] == "systems with all 3 ratings: 1; at least two are needed"
    assert out["bias"] is None
    assert "see pairs" in out["reasons"]["bias"]


# ---------------------------------------------------------------- intervals


def test_the_order_of_the_rows_changes_nothing_and_the_seed_is_all_the_chance() -> None:
    frame = three(4)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=1)
    assert run(frame, level="ordinal").to_dict() == run(shuffled, level="ordinal").to_dict()
    assert run(frame, seed=1).mean["kappa"].low != run(frame, seed=2).mean["kappa"].low


def test_perfect_agreement_has_an_exact_bound_and_no_bootstrap_interval() -> None:
    out = run(ratings([1, 2, 3, 4] * 5, [1, 2, 3, 4] * 5), level="interval").to_dict()
    pair = out["pairs"][0]
    assert pair["kappa"] == pair["ccc"] == pair["ac2"] == 1
    assert pair["ci"]["percent_agreement"] == pytest.approx([100 * 0.025 ** (1 / 20), 100])
    assert pair["ci"]["kappa"] is None
    assert pair["reasons"]["ci.kappa"] == "the same in every resample: no interval"
    assert out["icc"]["A1"]["value"] == 1
    assert out["icc"]["A1"]["ci"] is None


def test_the_bootstrap_interval_of_an_icc_keeps_replicates_without_a_value() -> None:
    """One item of 20 differs: a third of the resamples have no variance and no ICC."""
    first = [3] * 19 + [5]
    found = run(ratings(first, [*first[:-1], 4])).icc["C1"]
    assert found.undefined == pytest.approx(0.358, abs=0.08)  # (19/20) ** 20
    assert found.bootstrap == (-1, 1)


@pytest.mark.parametrize("skewed", [False, True])
def test_intervals_cover(skewed: bool) -> None:
    """Second ratings are the first in 70 % of items and drawn anew in 30 %: kappas are .7.

    Of 100 tables 95 are expected to hold, with a Monte Carlo error of 2.2: 89 is below by 2.75.
    """
    shares = [0.55, 0.2, 0.15, 0.1] if skewed else [0.25] * 4
    held = dict.fromkeys(("kappa", "kappa_quadratic", "bias", "percent_agreement"), 0)
    held |= {"alpha.nominal": 0}
    same = 0.7 + 0.3 * sum(share**2 for share in shares)
    truth = {"kappa": 0.7, "kappa_quadratic": 0.7, "alpha.nominal": 0.7, "bias": 0.0,
             "percent_agreement": 100 * same}
    for seed in range(100):
        rng = np.random.default_rng([seed, 5])
        first = rng.choice(4, 50, p=shares)
        moved = np.where(rng.random(50) < 0.3, rng.choice(4, 50, p=shares), first)
        found = run(ratings(first.tolist(), moved.tolist()), level="interval", seed=seed,
                    resamples=250)
        known = {**found.joint, **found.pairs[0].statistics}
        for name in held:
            low, high = known[name].ci or (np.nan, np.nan)
            held[name] += low <= truth[name] <= high
    assert min(held.values()) >= 89, held


# ---------------------------------------------------------------- bad tables


@pytest.mark.parametrize(("frame", "options", "what"), [
    (ratings([1, 2]), {"level": "ordnal"}, "did you mean 'ordinal'"),
    (ratings(["a", "b"], ["a", "b"]), {"level": "ordinal"}, "scores must be numbers"),
    (ratings(["1", "2", "n/a"], ["1", "2", "2"]), {"level": "interval"}, "for example 'n/a'"),
    (ratings(["1", "x"], ["1", "2"]), {"range_": (1, 5)}, "for example 'x'"),
    (ratings([1, 2], [1, 2]), {"range_": (5, 1)}, "is no range"),
    (pl.concat([ratings([1, 2])] * 2), {}, "2 ratings repeat an item and rater"),
    (pl.concat([ratings([1, 2]), ratings([2])]), {}, "item, rater: 1 ratings repeat .*--by"),
    (ratings([1.0, float("inf")], [1.0, 2.0]), {}, "holds infinity"),
    (ratings([1.0, 2.0], [1.0, float("-inf")]), {"level": "interval"}, "holds infinity"),
    (ratings([1]).rename({"rater": "raters"}), {}, "did you mean 'raters'"),
    (ratings([1, 2]).clear(), {}, "the table has no rows"),
])
def test_bad_tables_say_what_to_do(frame: pl.DataFrame, options: dict[str, Any],
                                   what: str) -> None:
    with pytest.raises(MhxError, match=what):
        run(frame, **options)


def test_every_problem_is_reported_at_once() -> None:
    with pytest.raises(MhxError) as raised:
        run(ratings(["a"], ["b"]), level="interval", range_=(2, 1), by="sytem")
    assert len(raised.value.problems) == 3


def everything(out: dict[str, Any]) -> list[Any]:
    return [out["fleiss_kappa"], out["ac1"], out["ac2"], *out["alpha"].values(),
            *(one["value"] for one in out["icc"].values())]


def test_one_rater_agrees_with_nobody() -> None:
    out = run(ratings([1, 2, 3])).to_dict()
    assert (out["pairs"], out["dropped"]) == ([], 3)
    assert everything(out) == [None] * 10
    assert out["reasons"]["pairs"] == "agreement needs two raters"
    assert out["reasons"]["fleiss_kappa"] == "no item has two ratings"
    assert out["reasons"]["icc.A1"] == "fewer than two raters"


def test_one_item_has_differences_and_no_intervals() -> None:
    out = run(ratings([1], [3]), level="interval").to_dict()
    pair = out["pairs"][0]
    assert (pair["n"], pair["bias"], pair["percent_agreement"], pair["kappa"]) == (1, 2, 0, 0)
    assert pair["ci"]["bias"] is None
    assert out["icc"]["C1"]["value"] is None
    assert "at least two are needed" in out["reasons"]["icc.C1"]


def test_raters_who_never_vary_have_no_kappa() -> None:
    out = run(ratings([1, 1, 1], [1, 1, 1])).to_dict()
    pair = out["pairs"][0]
    assert (pair["percent_agreement"], pair["kappa"], pair["ccc"]) == (100, None, None)
    assert pair["reasons"]["kappa"] == "the raters never vary"
    assert pair["reasons"]["ac1"] == "one category only"
    assert everything(out) == [None] * 10
    wider = run(ratings([1, 1, 1], [1, 1, 1]), range_=(1, 3)).to_dict()
    assert wider["pairs"][0]["ac1"] == 1  # two more categories were there to be used


@pytest.mark.parametrize("kind", [pl.Float64, pl.Int64, pl.String, pl.Null])
def test_all_missing_is_answered_with_reasons(kind: Any) -> None:
    out = run(ratings([None, None], [None, None]).cast({"rating": kind})).to_dict()
    assert (out["items"], out["ratings"], out["missing"]) == (0, 0, 4)
    assert everything(out) == [None] * 10
    assert out["pairs"][0]["reasons"]["kappa"] == "no item was rated by both"


def test_all_out_of_range_is_as_all_missing() -> None:
    out = run(ratings([7, 8], [9, 7]), range_=(1, 5)).to_dict()
    assert (out["out_of_range"], out["ratings"], out["items"]) == (4, 0, 0)
    assert everything(out) == [None] * 10


def test_a_rater_who_shares_no_item_is_listed_and_not_in_the_mean() -> None:
    frame = pl.concat([ratings([1, 2, 3, 1], [1, 2, 3, 2]), pl.DataFrame(
        {"item": ["z"], "rater": ["r9"], "rating": [2]})])
    out = run(frame, level="ordinal").to_dict()
    alone = run(ratings([1, 2, 3, 1], [1, 2, 3, 2]), level="ordinal").to_dict()
    lonely = [pair for pair in out["pairs"] if pair["b"] == "r9"]
    assert [(pair["n"], pair["kappa"]) for pair in lonely] == [(0, None), (0, None)]
    assert lonely[0]["reasons"]["mae"] == "no item was rated by both"
    assert out["mean_of_pairs"]["kappa"] == alone["pairs"][0]["kappa"]
    assert "items with all 3 ratings: 0;" in out["reasons"]["icc.A1"]
    assert out["alpha"] == alone["alpha"]


def test_true_and_false_are_one_and_zero() -> None:
    out = run(ratings([True, False, True, True], [True, False, False, True])).to_dict()
    assert out["categories"]["values"] == [0, 1]
    assert out["pairs"][0]["kappa"] == out["pairs"][0]["kappa_quadratic"] == 0.5


def test_a_rating_of_nobody_or_of_nothing_is_missing() -> None:
    frame = pl.DataFrame({"item": ["a", "a", None, "b", "b"], "rater": ["x", "y", "x", None, "x"],
                          "rating": [1, 2, 1, 2, 2]})
    out = run(frame).to_dict()
    assert (out["missing"], out["ratings"], out["items"], out["dropped"]) == (2, 3, 2, 1)


def test_words_and_numbers_mixed_are_categories_with_no_distances() -> None:
    out = run(ratings(["1", "2", "n/a", "2"], ["1", "2", "n/a", "1"])).to_dict()
    assert out["counts"] == {"1": 3, "2": 3, "n/a": 2}
    assert out["pairs"][0]["kappa"] == pytest.approx(7 / 11)
    assert out["pairs"][0]["kappa_quadratic"] is None


def test_many_raters_are_compared_jointly_only() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"item": np.repeat(np.arange(200), 3), "rater": rng.permuted(
        np.tile(np.arange(MOST_RATERS + 1), (200, 1)), axis=1)[:, :3].ravel(),
        "rating": rng.integers(1, 4, 600)})
    out = run(frame, level="ordinal").to_dict()
    assert out["pairs"] == []
    assert out["reasons"]["pairs"] == "31 raters: pairs of at most 30 are compared"
    assert out["ci"]["alpha"]["ordinal"][0] < 0 < out["ci"]["alpha"]["ordinal"][1]
