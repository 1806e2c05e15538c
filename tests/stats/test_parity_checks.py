"""The checks beside a gap, as parity() and its JSON answer carry them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from mhx.errors import MhxError
from mhx.stats import parity

OPTIONS: dict[str, Any] = {"scores": ["y"], "groups": ["g"], "reference": {"g": "a"},
                           "unit": ["unit"], "margin": 0.25}


def table(units: int = 150, gap: float = -0.3, bias: float = 0.0, seed: int = 0) -> pl.DataFrame:
    """A true human gap, a scorer with a bias against b, answers shorter for b, a third rated."""
    rng = np.random.default_rng(seed)
    group = np.tile(["a", "b"], units)
    b = group == "b"
    human = np.repeat(rng.normal(1, 0.4, units), 2) + rng.normal(0, 0.4, 2 * units) + gap * b
    words = rng.poisson(40 - 10 * b)
    score = human + 0.01 * (words - 40) + bias * b + rng.normal(0, 0.2, 2 * units)
    rated = rng.random(2 * units) < 0.4
    return pl.DataFrame({
        "unit": np.repeat(np.arange(units), 2), "g": group, "y": score, "words": words,
        "human": np.where(rated, human, np.nan), "chance": 0.4,
    })


def test_models_stand_beside_the_gap_only_when_asked_for() -> None:
    frame = table()
    assert parity(frame, **OPTIONS).models == ()
    found = parity(frame, models=True, **OPTIONS)
    mixed = next(one for one in found.models if one.model == "mixed")
    assert mixed.estimate == pytest.approx(found.contrasts[0].gap, abs=1e-6)  # balanced, paired
    assert mixed.agrees
    ordinal = next(one for one in found.models if one.model == "ordinal")
    assert ordinal.estimate is None
    assert ordinal.note


def test_the_answer_holds_every_check_and_is_plain_json() -> None:
    found = parity(table(), models=True, length="words", human={"y": ["human"]},
                   inclusion="chance", **OPTIONS).to_dict()
    entry = json.loads(json.dumps(found, allow_nan=False))["scores"][0]
    assert set(entry["models"]) == {"mixed", "ordinal"}
    assert [one["value"] for one in entry["length"]] == ["b"]
    assert entry["length"][0]["length_ci"][1] < 0
    assert entry["conditional"][0]["bound"] == pytest.approx(0.125)
    corrected = entry["corrected"][0]
    assert corrected["ci"][0] < -0.3 < corrected["ci"][1]
    assert corrected["ci90"][0] > corrected["ci"][0]
    assert corrected["raw"] == pytest.approx(entry["pairs"][0]["gap"])


def test_a_gap_that_is_the_scorers_own_is_taken_out_by_a_rated_sample() -> None:
    found = parity(table(400, gap=0.0, bias=-0.4, seed=3), human={"y": ["human"]},
                   inclusion="chance", **OPTIONS)
    assert found.contrasts[0].verdict == "different"
    assert found.conditional[0].high is not None and found.conditional[0].high < -0.3
    corrected = found.corrected[0]
    assert corrected.low is not None and corrected.high is not None
    assert corrected.low < 0 < corrected.high
    assert corrected.verdict == "equivalent"
    assert corrected.p_adjusted is not None


def test_ratings_without_probabilities_correct_nothing() -> None:
    found = parity(table(), human={"y": ["human"]}, **OPTIONS)
    assert found.corrected == ()
    assert len(found.conditional) == 1


@pytest.mark.parametrize(("options", "what"), [
    ({"inclusion": "chance"}, "inclusion probabilities without ratings"),
    ({"human": {"y": ["y"]}}, "is the score itself"),
    ({"human": {"z": ["human"]}}, "unknown score"),
    ({"human": {"y": ["humans"]}}, "unknown column"),
    ({"length": "wrds"}, "unknown column"),
    ({"human": {"y": ["human"]}, "inclusion": "words"}, "words: .* no probability"),
    ({"human": {"y": ["human"]}, "reliability": 1.5}, "not between 0 and 1"),
])
def test_what_cannot_be_checked_says_why(options: dict[str, Any], what: str) -> None:
    with pytest.raises(MhxError, match=what):
        parity(table(), **OPTIONS, **options)


def test_differences_are_kept_for_the_figure() -> None:
    found = parity(table(60), **OPTIONS)
    shape = found.differences[0]
    assert shape.n == 60
    assert sum(shape.counts) == 60
    assert shape.mean == pytest.approx(found.contrasts[0].gap)


def test_intersections_have_no_differences_of_their_own() -> None:
    frame = table(60).with_columns(h=pl.Series(["x", "x", "y", "y"] * 30))
    found = parity(frame, **(OPTIONS | {"groups": ["g", "h"], "reference": {"g": "a", "h": "x"}}))
    assert {one.attribute for one in found.differences} <= {"g", "h"}
