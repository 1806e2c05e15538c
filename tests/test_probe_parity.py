"""Parity over probes: each attribute on its own rows, and the controls beside the gaps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mhx.corpus.probes import NEUTRAL, choose, compose
from mhx.evaluation.groups import controls, designs, parity_of, wide
from mhx.files import load_model
from mhx.language import load_language
from mhx.schema import AnalysisPlan, SuiteManifest
from mhx.shelves import discover

ROOT = Path(__file__).resolve().parents[1]
FOUND = discover(cwd=ROOT)
SUITES = ("empathy", "demographics")
LANGUAGES = ("en", "pl", "fa", "es")


def plan_of(suite: str) -> tuple[SuiteManifest, AnalysisPlan]:
    folder = FOUND.get("eval", suite).folder
    manifest = load_model(folder / "suite.yaml", SuiteManifest)
    return manifest, load_model(folder / manifest.analysis, AnalysisPlan)


def answered(suite: str, lang: str = "en", *, count: int = 10, gap: Any = None) -> pl.DataFrame:
    """Scores of composed probes as the evaluate stage writes them; `gap` moves single rows."""
    manifest, plan = plan_of(suite)
    probes = load_language(lang, shelves=FOUND).probes
    assert probes is not None
    rng = np.random.default_rng(0)
    rows = []
    for row in compose(probes, probes.scenarios[:count], seed=0, attributes=plan.groups,
                       forms=manifest.forms):
        kept = {name: value for name, value in row.items()
                if name not in ("prompt", "spans", "also")}
        for name in plan.scores:
            score = 1 + rng.normal(0, 0.1) + (gap(row) if gap else 0.0)
            rows += [{**kept, "system": system, "measure": name, "score": score, "length": 9}
                     for system in ("base", "adapter")]
    return pl.DataFrame(rows)


def test_the_default_suite_asks_nine_probes_a_scenario() -> None:
    frame = answered("empathy")
    assert frame["unit"].n_unique() == 10 * 9
    assert frame["form"].unique().sort().to_list() == ["explicit", "none"]


def test_crossed_attributes_are_compared_together_and_the_others_alone() -> None:
    _, plan = plan_of("demographics")
    assert designs(answered("demographics"), plan, "en") == [
        ["gender", "age"], *([name] for name in plan.groups[2:])]
    _, plan = plan_of("empathy")
    assert designs(answered("empathy"), plan, "en") == [["gender", "age"]]


def test_a_group_without_a_reference_in_the_language_is_left_out() -> None:
    _, plan = plan_of("demographics")
    found = designs(answered("demographics"), plan, "xx")
    assert ["background"] not in found
    assert ["class"] in found


def test_rows_neutral_in_the_attribute_are_not_compared() -> None:
    _, plan = plan_of("demographics")
    frame = answered("demographics")
    own = wide(frame, plan, "base", ["religiosity"])
    assert set(own["religiosity"]) == {"observant", "not_religious"}
    assert own.height == 10 * 2 * 2
    crossed = wide(frame, plan, "base", ["gender", "age"])
    assert NEUTRAL not in {*crossed["gender"], *crossed["age"]}
    assert crossed.height == 10 * 6 * 2


def test_a_gap_of_one_attribute_is_found_there_and_nowhere_else() -> None:
    def gap(row: dict[str, Any]) -> float:
        return -0.6 if row["group.class"] == "low_income" else 0.0

    _, plan = plan_of("demographics")
    frame = answered("demographics", count=16, gap=gap)
    result = parity_of(frame, plan, "base", "en", models=False)
    assert result is not None
    for one in result.contrasts:
        if one.attribute == "class":
            assert one.gap == pytest.approx(-0.6, abs=0.1)
            assert one.verdict == "different"
        else:
            assert one.gap == pytest.approx(0.0, abs=0.15)
    assert {one.attribute for one in result.contrasts if one.kind == "main"} == set(plan.groups)


def test_the_family_is_all_contrasts_of_the_plan() -> None:
    _, plan = plan_of("demographics")
    result = parity_of(answered("demographics"), plan, "base", "en", models=False)
    assert result is not None
    main = [one for one in result.contrasts if one.kind == "main"]
    smallest = min((one.p, one.p_adjusted) for one in main if one.p is not None)
    assert smallest[1] == pytest.approx(min(1.0, len(main) * smallest[0]))


def test_an_implicit_probe_is_paired_with_implicit_ones() -> None:
    def gap(row: dict[str, Any]) -> float:
        return 0.5 if row["form"] == "implicit" else 0.0

    _, plan = plan_of("demographics")
    result = parity_of(answered("demographics", gap=gap), plan, "base", "en", models=False)
    assert result is not None
    assert all(abs(one.gap or 0.0) < 0.15 for one in result.contrasts)
    assert {one.clusters for one in result.contrasts if one.attribute == "gender"} == {10}


def test_controls_are_the_gaps_between_wordings() -> None:
    def gap(row: dict[str, Any]) -> float:
        return 0.4 if row["control"] == "paraphrase" else 0.0

    _, plan = plan_of("empathy")
    found = {(one["score"], one["group"]): one
             for one in controls(answered("empathy", gap=gap), plan, "adapter")}
    assert len(found) == 3 * 2
    for score in plan.scores:
        same, other = found[score, "aa"], found[score, "paraphrase"]
        assert same["low"] < 0 < same["high"]
        assert other["gap"] == pytest.approx(0.4, abs=0.12)
        assert other["low"] > 0
        assert same["pairs"] == other["pairs"] == 10


def test_without_controls_there_is_no_gap_between_wordings() -> None:
    _, plan = plan_of("empathy")
    frame = answered("empathy").filter(pl.col("control") == "none")
    assert controls(frame, plan, "base") == []


def test_no_group_of_the_plan_no_result() -> None:
    _, plan = plan_of("empathy")
    frame = answered("empathy").drop("group.gender", "group.age")
    assert parity_of(frame, plan, "base", "en", models=False) is None


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("suite", SUITES)
def test_the_plans_groups_and_references_are_those_of_the_probes(suite: str, lang: str) -> None:
    _, plan = plan_of(suite)
    probes = load_language(lang, shelves=FOUND).probes
    assert probes is not None
    known = {item.name: {level.level for level in item.levels} for item in probes.attributes}
    assert set(plan.groups) <= set(known)
    references = plan.references(lang)
    assert list(references) == plan.groups
    assert all(level in known[name] for name, level in references.items())
    assert plan.margin_reason


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("suite", SUITES)
def test_the_default_subset_is_large_enough_for_its_family(suite: str, lang: str) -> None:
    """A sign-flip test of n scenarios has no p below 2 / 2^n."""
    manifest, plan = plan_of(suite)
    probes = load_language(lang, shelves=FOUND).probes
    assert probes is not None
    levels = {item.name: len(item.levels) for item in probes.attributes}
    family = len(plan.scores) * sum(levels[name] - 1 for name in plan.groups)
    chosen = choose(probes, count=manifest.scenarios_default, seed=0)
    for name in plan.groups:
        pairs = sum(name not in item.not_with for item in chosen)
        assert 2 / 2**pairs * family < plan.alpha, name
