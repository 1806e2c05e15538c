"""What parity() does with real tables: pairing, missing rows, floors, languages, bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import polars as pl
import pytest

from mhx.errors import MhxError
from mhx.stats import ParityResult, parity


def probes(units: int = 40, *, groups: tuple[str, ...] = ("a", "b", "c"), gap: float = 0.0,
           seed: int = 0) -> pl.DataFrame:
    """Scenarios scored 0-2 once a group; the second group's latent score is `gap` higher."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(0, 1, (units, 1)) + rng.normal(0, 0.7, (units, len(groups)))
    latent[:, 1] += gap
    y = (latent > -0.5).astype(float) + (latent > 0.6)
    return pl.DataFrame({"unit": np.repeat([f"s{k:03d}" for k in range(units)], len(groups)),
                         "g": list(groups) * units, "y": y.ravel()})


def run(frame: pl.DataFrame, **options: Any) -> ParityResult:
    settings: dict[str, Any] = {"scores": ["y"], "groups": ["g"], "reference": {"g": "a"}}
    return parity(frame, **(settings | options))


@pytest.mark.parametrize("options", [{"unit": ["unit"]}, {}, {"cluster": ["unit"]}])
def test_the_order_of_the_rows_changes_nothing(options: dict[str, Any]) -> None:
    frame = probes(gap=0.5)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=4)
    assert run(frame, margin=0.2, **options).to_dict() == run(
        shuffled, margin=0.2, **options).to_dict()


def test_the_same_seed_gives_the_same_numbers_and_another_seed_does_not() -> None:
    frame = probes()
    first, again, other = (run(frame, unit=["unit"], seed=seed).records() for seed in (1, 1, 2))
    assert first == again
    assert first["contrasts"] != other["contrasts"]


def test_units_that_occur_in_several_groups_make_the_test_paired_and_sharper() -> None:
    frame = probes(60, gap=0.45)
    paired, unpaired = run(frame, unit=["unit"]).contrasts[0], run(frame).contrasts[0]
    assert (paired.test, paired.pairs) == ("sign-flip", 60)
    assert (unpaired.test, unpaired.pairs) == ("welch", None)
    assert paired.p is not None and unpaired.p is not None
    assert paired.p < unpaired.p
    assert paired.gap == pytest.approx(unpaired.gap)


def test_units_of_one_group_each_are_not_paired() -> None:
    frame = probes().with_columns(unit=pl.col("unit") + pl.col("g"))
    found = run(frame, unit=["unit"])
    assert {one.test for one in found.contrasts} == {"welch"}
    assert {one.coverage for one in found.groups} == {1.0}


def test_rows_of_one_unit_and_group_count_as_one_unit() -> None:
    frame = probes(gap=0.5)
    once, often = run(frame, unit=["unit"]), run(pl.concat([frame] * 5), unit=["unit"])
    assert often.contrasts[0].p == once.contrasts[0].p
    assert often.contrasts[0].low == pytest.approx(once.contrasts[0].low)
    assert often.groups[0].n == 5 * once.groups[0].n


def test_in_a_crossed_design_an_absent_row_is_missing() -> None:
    frame = probes().filter(~((pl.col("g") == "b") & (pl.col("unit") < "s010")))
    coverage = {one.group: one.coverage for one in run(frame, unit=["unit"]).groups}
    assert coverage == {"a": 1.0, "b": 0.75, "c": 1.0}
    without_units = {one.group: one.coverage for one in run(frame).groups}
    assert without_units == {"a": 1.0, "b": 1.0, "c": 1.0}


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_missing_score_lowers_coverage_and_is_never_imputed(missing: float | None) -> None:
    frame = probes().with_columns(
        y=pl.when((pl.col("g") == "b") & (pl.col("unit") < "s010")).then(
            pl.lit(missing, pl.Float64)).otherwise("y"))
    for options in ({"unit": ["unit"]}, {}):
        found = run(frame, **options)
        group = next(one for one in found.groups if one.group == "b")
        scored = frame.filter(pl.col("g") == "b", pl.col("y").is_finite())
        assert (group.n, group.expected, group.coverage) == (30, 40, 0.75)
        assert group.mean == pytest.approx(scored["y"].mean())
        assert any("coverage runs from 75% (b)" in note for note in found.notes)
    assert run(frame, unit=["unit"]).contrasts[0].pairs == 30


def test_an_absent_language_of_a_unit_is_missing() -> None:
    both = pl.concat([probes().with_columns(language=pl.lit(name)) for name in ("pl", "fa")])
    frame = both.filter(~((pl.col("language") == "fa") & (pl.col("unit") < "s010")))
    coverage = {(one.language, one.group): one.coverage
                for one in run(frame, unit=["unit"]).groups}
    assert coverage[("pl", "a")] == 1.0
    assert coverage[("fa", "a")] == 0.75


def test_a_group_without_any_score_is_shown_and_decided_as_inconclusive() -> None:
    frame = probes().with_columns(
        y=pl.when(pl.col("g") == "c").then(None).otherwise(pl.col("y")))
    found = run(frame, unit=["unit"], margin=0.3)
    empty = next(one for one in found.groups if one.group == "c")
    assert (empty.n, empty.coverage, empty.mean) == (0, 0.0, None)
    contrast = next(one for one in found.contrasts if one.group == "c")
    assert (contrast.verdict, contrast.gap, contrast.p) == ("inconclusive", None, None)


@pytest.mark.parametrize(("change", "floored"), [
    (pl.lit(0.0), True),  # every score the same
    (pl.when(pl.col("unit") == "s000").then(2.0).otherwise(0.0), True),  # 97 % at the floor
    (pl.when(pl.col("unit") == "s000").then(0.0).otherwise(2.0), True),  # ... at the ceiling
    (pl.col("y"), False),
])
def test_scores_at_the_floor_decide_nothing(change: pl.Expr, floored: bool) -> None:
    found = run(probes().with_columns(y=change), unit=["unit"], margin=0.3)
    verdicts = {one.verdict for one in (*found.contrasts, *found.largest)}
    assert (verdicts == {"inconclusive: floor"}) == floored
    if floored:
        assert {one.p for one in found.contrasts} == {None}


def test_groups_that_are_constant_at_different_values_are_different() -> None:
    frame = probes().with_columns(y=pl.when(pl.col("g") == "a").then(0.0).otherwise(2.0))
    for options in ({"unit": ["unit"]}, {}):
        found = run(frame, **options)
        assert found.contrasts[0].verdict == "different"
        assert found.largest[0].verdict == "different"


def test_identical_groups_are_named_and_bounded_not_taken_for_certain() -> None:
    frame = probes(12).with_columns(y=pl.col("y").first().over("unit"))
    found = run(frame, unit=["unit"], margin=0.25).contrasts[0]
    assert "identical in all 12 pairs" in found.note
    assert found.verdict == "inconclusive"  # 12 pairs leave room for more than .25
    assert found.tost_high is not None and found.tost_high > 0.25


def test_the_four_verdicts() -> None:
    def verdict(shift: float, sd: float, units: int) -> str:
        rng = np.random.default_rng(1)
        base = rng.normal(0, 1, units)
        noise = rng.normal(0, 1, units)
        noise = sd * (noise - noise.mean())
        frame = pl.DataFrame({"unit": [*range(units)] * 2, "g": ["a"] * units + ["b"] * units,
                              "y": np.concatenate([base, base + shift + noise])})
        return run(frame, unit=["unit"], margin=0.3).contrasts[0].verdict

    assert verdict(0.0, 0.5, 100) == "equivalent"
    assert verdict(0.8, 0.5, 100) == "different"
    assert verdict(0.15, 0.3, 200) == "trivial"
    assert verdict(0.2, 1.5, 20) == "inconclusive"


def test_margins_in_sd_and_dz_come_from_the_data_and_say_so() -> None:
    frame = probes()
    wide = frame.pivot(on="g", index="unit", values="y")
    raw = run(frame, unit=["unit"], margin="0.25").contrasts[0]
    sd = run(frame, unit=["unit"], margin="0.3sd").contrasts[0]
    dz = run(frame, unit=["unit"], margin="0.3dz").contrasts[0]
    assert (raw.margin, raw.margin_from_data) == (0.25, False)
    assert sd.margin == pytest.approx(0.3 * wide["a"].std())
    assert dz.margin == pytest.approx(0.3 * (wide["b"] - wide["a"]).std())
    assert sd.margin_from_data and dz.margin_from_data


def test_p_values_are_adjusted_over_all_scores_and_attributes_but_intersections_apart() -> None:
    frame = probes().with_columns(z=pl.col("y") + 0.0, h=pl.Series(["x", "y", "y", "x", "x"] * 24))
    found = run(frame, scores=["y", "z"], groups=["g", "h"], reference={"g": "a", "h": "x"},
                unit=["unit"])
    main = [one for one in found.contrasts if one.kind == "main"]
    crossed = [one for one in found.contrasts if one.kind == "intersection"]
    assert len(main) == 2 * 3 and len(crossed) == 2 * 5
    smallest = min(main, key=lambda one: one.p or 1)
    assert smallest.p_adjusted == pytest.approx(min(1, 6 * (smallest.p or 1)))


def test_small_intersections_stand_beside_their_shrunk_mean() -> None:
    frame = probes().with_columns(h=pl.Series(["x"] * 119 + ["rare"]))
    found = run(frame, groups=["g", "h"], reference={"g": "a", "h": "x"})
    rare = next(one for one in found.groups if one.group == "c × rare")
    assert (rare.n, rare.kind, rare.low) == (1, "intersection", None)
    assert all(one.shrunk is not None for one in found.groups
               if one.kind == "intersection" and one.n > 1)
    assert all(one.shrunk is None for one in found.groups if one.kind == "main")


def test_a_composite_is_missing_where_a_part_is() -> None:
    frame = probes().with_columns(z=pl.when(pl.col("unit") < "s010").then(None).otherwise(
        pl.col("y") + 1))
    found = run(frame, scores=["y", "z"], composite="empathy", unit=["unit"])
    group = next(one for one in found.groups if (one.score, one.group) == ("empathy", "a"))
    assert (group.n, group.coverage) == (30, 0.75)
    part = next(one for one in found.groups if (one.score, one.group) == ("z", "a"))
    assert group.mean == pytest.approx((part.mean or 0) - 0.5)


@pytest.mark.parametrize(("hits", "floor", "verdict"), [
    (20, 0.80, "met"), (20, 0.90, "not shown"), (10, 0.90, "missed")])
def test_a_floor_is_held_to_the_exact_bound(hits: int, floor: float, verdict: str) -> None:
    frame = pl.DataFrame({"g": ["a"] * 60 + ["b"] * 20,
                          "y": [1.0] * 60 + [1.0] * hits + [0.0] * (20 - hits)})
    worst = run(frame, floor=floor).worst[0]
    assert worst.verdict == verdict
    assert worst.method == "exact"
    if hits == 20:
        assert worst.weakest == "b"
        assert worst.weakest_bound == pytest.approx(1 - 0.139, abs=0.001)


def test_zeros_and_ones_of_a_longer_scale_are_no_shares() -> None:
    frame = pl.DataFrame({"g": ["a"] * 20 + ["b"] * 20, "y": [0.0, 2.0] * 10 + [0.0, 1.0] * 10})
    assert run(frame, floor=0.1).worst[0].method == "bootstrap"


def test_the_worst_group_is_always_shown() -> None:
    worst = run(probes(gap=-1.0)).worst[0]
    assert (worst.group, worst.floor, worst.verdict) == ("b", None, "no floor given")
    assert worst.bound is not None and worst.bound < worst.mean


def test_groups_that_overlap_by_accident_are_named() -> None:
    frame = pl.DataFrame({"unit": [*range(40), 0], "g": ["a"] * 20 + ["b"] * 20 + ["b"],
                          "y": np.arange(41.0)})
    found = run(frame, unit=["unit"])
    assert [(one.first, one.second, one.shared, one.n_first, one.n_second)
            for one in found.overlap] == [("a", "b", 1, 20, 21)]
    assert "g: 1 units are in both a (of 20) and b (of 21); groups overlap" in found.notes
    assert {one.coverage for one in found.groups} == {1.0}


# ---------------------------------------------------------------- languages

def test_languages_are_analyzed_apart_and_no_gap_across_them_is_given() -> None:
    frame = pl.concat([probes(seed=k).with_columns(language=pl.lit(name))
                       for k, name in enumerate(("en", "fa", "pl"))])
    found = run(frame, unit=["unit"], margin=0.25)
    assert {one.language for one in found.contrasts} == {"en", "fa", "pl"}
    assert len(found.cross_language) == 3
    for gate in found.cross_language:
        assert (gate.verdict, gate.anchors, gate.anchors_needed) == ("insufficient anchors", 0, 198)
        assert not any("gap" in name for name in json.loads(json.dumps(vars(gate))))


def test_language_as_a_group_passes_through_the_same_gate() -> None:
    frame = pl.concat([probes(seed=k).with_columns(language=pl.lit(name))
                       for k, name in enumerate(("en", "pl"))])
    found = run(frame, groups=["language"], reference={"language": "en"}, margin=0.25)
    assert found.contrasts == ()
    assert [(one.language, one.reference) for one in found.cross_language] == [("pl", "en")]


def test_one_language_needs_no_gate() -> None:
    assert run(probes().with_columns(language=pl.lit("pl"))).cross_language == ()


def test_without_a_margin_the_number_of_anchors_is_not_invented() -> None:
    frame = pl.concat([probes().with_columns(tongue=pl.lit(name)) for name in ("en", "pl")])
    gate = run(frame, language="tongue").cross_language[0]
    assert gate.anchors_needed is None
    assert "margin" in gate.assumption


# ---------------------------------------------------------------- weight

def test_importing_the_statistics_loads_no_heavy_package() -> None:
    code = ("import sys, mhx.stats; "
            "print([n for n in ('scipy', 'polars', 'statsmodels', 'torch') if n in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------- bad input

def test_every_bad_name_is_reported_at_once_with_the_nearest_one() -> None:
    frame = probes().rename({"y": "warmth", "g": "gender"})
    with pytest.raises(MhxError) as error:
        parity(frame, scores=["wramth"], groups=["gander"], reference={}, unit=["units"],
               alpha=2.0, margin="big")
    text = str(error.value)
    assert len(error.value.problems) == 5
    for near in ("warmth", "gender", "unit"):
        assert f"did you mean '{near}'?" in text
    assert "alpha: 2.0 is not between 0 and 0.5" in text
    assert "margin: 'big' is not a margin" in text


def test_an_unknown_reference_lists_the_known_values() -> None:
    with pytest.raises(MhxError, match=r"unknown reference 'A'.*known: a, b, c"):
        run(probes(), reference={"g": "A"})


def test_a_group_without_a_reference_says_which_there_are() -> None:
    with pytest.raises(MhxError, match="g: no reference group is named — give one of: a, b, c"):
        run(probes(), reference={})


def test_a_reference_for_a_column_that_is_no_group_is_an_error() -> None:
    with pytest.raises(MhxError, match="unknown group column 'unit'"):
        run(probes(), reference={"g": "a", "unit": "s000"})


@pytest.mark.parametrize(("column", "what"), [
    (pl.lit("good"), "scores must be numbers; this column is String, for example 'good'"),
    (pl.lit(float("inf")), "holds infinity")])
def test_scores_must_be_finite_numbers(column: pl.Expr, what: str) -> None:
    with pytest.raises(MhxError, match=what):
        run(probes().with_columns(y=column))


def test_numbers_read_as_text_are_pointed_out() -> None:
    with pytest.raises(MhxError, match="for example 'n/a'"):
        run(probes().with_columns(y=pl.when(pl.col("unit") == "s003").then(pl.lit("n/a")).otherwise(
            pl.col("y").cast(pl.String))))


@pytest.mark.parametrize(("frame", "what"), [
    (probes().filter(pl.col("g") == "a"), "g: holds only 'a'"),
    (probes().clear(), "the table has no rows"),
    (probes().with_columns(unit=pl.when(pl.col("unit") > "s005").then(pl.col("unit"))),
     "unit: 18 rows have no value"),
])
def test_tables_that_cannot_be_compared_say_why(frame: pl.DataFrame, what: str) -> None:
    with pytest.raises(MhxError, match=what):
        run(frame, unit=["unit"])


def test_rows_without_a_group_are_counted() -> None:
    frame = probes().with_columns(g=pl.when(pl.col("unit") > "s005").then(pl.col("g")))
    assert "g: 18 rows have no value and are in no group" in run(frame).notes


def test_group_values_may_be_numbers_or_booleans() -> None:
    frame = probes(groups=("1", "2")).with_columns(g=pl.col("g").cast(pl.Int64))
    assert run(frame, reference={"g": 1}).contrasts[0].group == "2"
    flags = frame.with_columns(g=pl.col("g") == 1)
    assert run(flags, reference={"g": "true"}).contrasts[0].group == "false"


def test_a_result_is_plain_json() -> None:
    frame = probes().with_columns(h=pl.Series(["x"] * 119 + ["rare"]))
    found = run(frame, groups=["g", "h"], reference={"g": "a", "h": "x"}, margin="0.3sd", floor=0.5)
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert json.loads(text)["settings"]["margin"] == "0.3sd"


def test_a_cell_a_unit_cannot_be_in_is_not_expected() -> None:
    frame = probes().with_columns(age=pl.when(pl.col("unit") < "s010").then(
        pl.lit("old")).otherwise(pl.lit("young")))
    found = run(frame.filter(~((pl.col("unit") == "s000") & (pl.col("g") == "b"))),
                groups=["g", "age"], reference={"g": "a", "age": "old"}, unit=["unit"])
    cells = {one.group: (one.n, one.expected) for one in found.groups
             if one.kind == "intersection"}
    assert cells["a × old"] == (10, 10)
    assert cells["b × old"] == (9, 10)
    assert cells["c × young"] == (30, 30)


def test_few_levels_that_both_groups_share_have_few_degrees_of_freedom() -> None:
    rng = np.random.default_rng(0)
    rater = np.tile(np.arange(3), 40)
    g = np.repeat(["a", "b"], 60)
    y = rng.normal(0, 1, (3, 2))[rater, (g == "b").astype(int)] + rng.normal(0, 1, 120)
    found = run(pl.DataFrame({"g": g, "rater": rater, "y": y}), cluster=["rater"]).contrasts[0]
    assert found.low is not None and found.high is not None and found.se is not None
    assert (found.high - found.low) / 2 / found.se == pytest.approx(4.303, abs=1e-3)  # t with 2


def test_two_pairs_alike_do_not_exclude_zero() -> None:
    frame = probes(2, groups=("a", "b")).with_columns(
        y=pl.when(pl.col("g") == "a").then(2.0).otherwise(0.0))
    found = run(frame, unit=["unit"]).contrasts[0]
    assert found.p == 0.5
    assert found.high is not None and found.high > 0


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_the_unit_of_the_scores_changes_no_test(scale: float) -> None:
    for options in ({"unit": ["unit"]}, {}):
        here = run(probes(gap=0.5), **options)
        there = run(probes(gap=0.5).with_columns(y=pl.col("y") * scale), **options)
        assert there.contrasts[0].p == pytest.approx(here.contrasts[0].p)
        assert there.largest[0].p == pytest.approx(here.largest[0].p)


def test_large_constant_scores_are_constant() -> None:
    frame = probes().with_columns(y=pl.when(pl.col("g") == "a").then(1e12 + 0.1).otherwise(
        1e12 + 0.9))
    assert run(frame).contrasts[0].verdict == "different"


def test_constant_groups_are_as_many_as_their_clusters() -> None:
    frame = probes(40, groups=("a", "b")).with_columns(
        y=pl.when(pl.col("g") == "a").then(0.0).otherwise(2.0),
        user=pl.col("g") + pl.when(pl.col("unit") < "s020").then(pl.lit("1")).otherwise(
            pl.lit("2")))
    found = run(frame, cluster=["user"]).contrasts[0]
    assert found.p == pytest.approx(2 / 6)  # two users a group: 2 / (4 choose 2)


def test_a_cell_of_one_is_shrunk_too() -> None:
    frame = probes(12).with_columns(h=pl.lit("x")).vstack(pl.DataFrame(
        {"unit": ["z"], "g": ["c"], "y": [2.0], "h": ["w"]}))
    one = next(one for one in run(frame, groups=["g", "h"], reference={"g": "a", "h": "x"}).groups
               if one.group == "c × w")
    assert (one.n, one.mean) == (1, 2.0)
    assert one.shrunk is not None and one.shrunk < 1.9


def test_more_groups_than_can_be_compared_in_pairs() -> None:
    frame = pl.DataFrame({"g": [f"{k % 600}" for k in range(1800)],
                          "y": np.random.default_rng(0).normal(size=1800)})
    largest = run(frame, reference={"g": "0"}, resamples=100).largest[0]
    assert (largest.p, largest.method) == (None, "too many groups")


@pytest.mark.parametrize("name", ["Language", "LANG", "locale", "lang_code", "target language"])
def test_a_language_column_by_any_name_passes_the_gate(name: str) -> None:
    frame = pl.concat([probes().with_columns(pl.lit(one).alias(name)) for one in ("pl", "fa")])
    found = run(frame, groups=["g", name], reference={"g": "a", name: "pl"}, unit=["unit"])
    assert {one.attribute for one in found.groups} == {"g"}
    assert [one.verdict for one in found.cross_language] == ["insufficient anchors"]


@pytest.mark.parametrize("options", [
    {"groups": ["g", "lang"], "reference": {"g": "a", "lang": "pl"}},
    {"baseline": {"language": "pl"}}, {"baseline": {"lang": "pl"}}])
def test_languages_are_no_groups_and_no_baseline(options: dict[str, Any]) -> None:
    frame = pl.concat([probes().with_columns(language=pl.lit(one), lang=pl.lit(one))
                       for one in ("pl", "fa")])
    with pytest.raises(MhxError, match="names languages"):
        run(frame, **options)


def test_a_nan_among_numeric_group_labels_is_no_group() -> None:
    frame = probes().with_columns(g=pl.col("g").replace_strict({"a": 1.0, "b": 2.0,
                                                                "c": float("nan")}))
    found = run(frame, reference={"g": "1.0"})
    assert [one.group for one in found.groups] == ["1.0", "2.0"]
    assert any("40 rows have no value" in note for note in found.notes)
