"""Agreement: hand values, statsmodels, legal ranges, systems, bad tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from mhx.errors import MhxError
from mhx.stats import AgreementResult, agree


def ratings(*columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame([
        {"item": f"i{k:02d}", "rater": f"r{side}", "rating": value}
        for side, column in enumerate(columns) for k, value in enumerate(column)])


def run(frame: pl.DataFrame, **options: Any) -> AgreementResult:
    return agree(frame, item="item", rater="rater", rating="rating", **options)


def test_kappa_of_the_textbook_table() -> None:
    """Cohen's two-by-two example: 20 and 15 agreements, 5 and 10 disagreements: kappa .4."""
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    pair = run(ratings(first, second)).pairs[0].statistics
    assert pair["percent"].value == pytest.approx(70)
    assert pair["kappa"].value == pytest.approx(0.4)
    assert set(pair) == {"percent", "kappa"}  # words have no distances


def test_weighted_kappas_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(0)
    first = rng.integers(1, 6, 80)
    second = np.clip(first + rng.integers(-1, 2, 80), 1, 5)
    pair = run(ratings(first.tolist(), second.tolist()), level="ordinal").pairs[0].statistics
    table = np.zeros((5, 5))
    np.add.at(table, (first - 1, second - 1), 1)
    for name, weights in (("kappa", None), ("kappa_linear", "linear"),
                          ("kappa_quadratic", "quadratic")):
        expected = cohens_kappa(table, wt=weights, return_results=True)
        assert pair[name].value == pytest.approx(expected.kappa)
        if weights is None:  # its standard error is for the unweighted one
            assert pair[name].low == pytest.approx(expected.kappa_low, abs=0.03)
            assert pair[name].high == pytest.approx(expected.kappa_upp, abs=0.03)


def test_a_value_nobody_used_is_still_a_step() -> None:
    near = run(ratings([1, 2, 3, 3], [1, 2, 3, 2]), level="interval")
    far = run(ratings([1, 2, 5, 5], [1, 2, 5, 2]), level="interval")
    assert near.mean["kappa"].value == far.mean["kappa"].value
    assert near.mean["kappa_quadratic"].value != far.mean["kappa_quadratic"].value


def test_the_mean_is_over_the_pairs_of_raters() -> None:
    found = run(ratings([0, 1, 1, 0], [0, 1, 1, 0], [0, 1, 0, 1]))
    assert [pair.statistics["kappa"].value for pair in found.pairs] == pytest.approx([1, 0, 0])
    assert found.mean["kappa"].value == pytest.approx(1 / 3)


def test_ratings_outside_the_legal_range_are_counted_and_left_out() -> None:
    frame = ratings([0, 2, 3, 4, 5, 1], [1, 2, 3, 4, 5, 6])
    found = run(frame, level="ordinal", range_=(1, 5))
    assert (found.outside_range, found.pairs[0].n) == (2, 4)
    assert found.counts == {"0": 1, "1": 2, "2": 2, "3": 2, "4": 2, "5": 2, "6": 1}
    assert found.pairs[0].statistics["kappa"].value == 1.0
    assert found.single_items == 2


def test_missing_ratings_are_left_out() -> None:
    found = run(ratings([1, 2, None, 3], [1, 2, 3, 3]), level="ordinal")
    assert (found.missing, found.pairs[0].n, found.items) == (1, 3, 4)


def test_raters_who_never_vary_have_no_kappa() -> None:
    pair = run(ratings([1, 1, 1], [1, 1, 1])).pairs[0].statistics
    assert (pair["percent"].value, pair["kappa"].value, pair["kappa"].low) == (100, None, None)


def test_the_headline_follows_the_level() -> None:
    frame = ratings([1, 2, 3], [1, 2, 2])
    assert [run(frame, level=level).headline for level in ("nominal", "ordinal", "interval")] == [
        "kappa", "kappa_linear", "kappa_quadratic"]


def test_system_means_can_agree_where_items_do_not() -> None:
    rng = np.random.default_rng(0)
    frames = []
    for k, system in enumerate(("weak", "fair", "good")):
        first = rng.permutation(np.repeat([k, k + 1, k + 2], 30))
        frames.append(ratings(first.tolist(), rng.permutation(first).tolist()).with_columns(
            system=pl.lit(system)))
    found = run(pl.concat(frames), level="interval", by="system")
    assert found.systems[0].concordance == pytest.approx(1)
    assert found.systems[0].mae == pytest.approx(0)
    for system in ("weak", "fair", "good"):
        assert abs(found.mean_by_system[system]["kappa_quadratic"].value or 1) < 0.3
    assert {pair.system for pair in found.pairs} == {None, "weak", "fair", "good"}


def test_the_order_of_the_rows_changes_nothing_and_the_seed_is_all_the_chance() -> None:
    rng = np.random.default_rng(0)
    frame = ratings(rng.integers(0, 3, 40).tolist(), rng.integers(0, 3, 40).tolist())
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=1)
    assert run(frame, level="ordinal").to_dict() == run(shuffled, level="ordinal").to_dict()
    assert run(frame, seed=1).mean["kappa"].low != run(frame, seed=2).mean["kappa"].low


def test_intervals_cover_the_true_kappa() -> None:
    """A second rating is the first in 70 % of items and drawn anew in 30 %: kappa is .7."""
    held = 0
    for seed in range(100):
        rng = np.random.default_rng([seed, 5])
        first = rng.integers(0, 4, 60)
        moved = np.where(rng.random(60) < 0.3, rng.integers(0, 4, 60), first)
        one = run(ratings(first.tolist(), moved.tolist()), level="ordinal", seed=seed,
                  resamples=500).pairs[0].statistics["kappa_quadratic"]
        assert one.low is not None and one.high is not None
        held += one.low <= 0.7 <= one.high
    assert held >= 89


@pytest.mark.parametrize(("frame", "options", "what"), [
    (ratings([1, 2]), {"level": "ordnal"}, "did you mean 'ordinal'"),
    (ratings(["a", "b"], ["a", "b"]), {"level": "ordinal"}, "scores must be numbers"),
    (ratings([1, 2], [1, 2]), {"range_": (5, 1)}, "is no range"),
    (pl.concat([ratings([1, 2])] * 2), {}, "2 ratings repeat an item and rater"),
    (ratings([1]).rename({"rater": "raters"}), {}, "did you mean 'raters'"),
])
def test_bad_tables_say_what_to_do(frame: pl.DataFrame, options: dict[str, Any],
                                   what: str) -> None:
    with pytest.raises(MhxError, match=what):
        run(frame, **options)
