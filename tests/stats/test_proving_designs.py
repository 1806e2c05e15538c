"""The responders have the gap they are said to have, on the scale people would rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from mhx.errors import MhxError
from mhx.stats.proving.designs import DESIGNS, Design
from mhx.stats.proving.responders import draw, shift, spread, task

MANY = 24_000  # answers a group, so that a standard error of a gap is about .01


def large(design: Design) -> Design:
    """The design with so many scenarios and levels that its means are known."""
    levels = 60 if design.random_level else design.levels
    scenarios = MANY // levels
    return replace(design, scenarios=scenarios, levels=levels, groups=min(design.groups, 3),
                   sizes=(), length_gap=0.0, rated=1.0)


def gap_of(frame: pl.DataFrame, column: str, design: Design) -> float:
    group = "language" if design.estimand == "languages" else "group"
    if design.languages > 1 and group == "group":
        frame = frame.filter(pl.col("language") == "b")
    means = dict(frame.group_by(group).agg(pl.col(column).mean()).iter_rows())
    return float(means[max(means)] - means["a"])


@pytest.mark.parametrize("name", [name for name, one in DESIGNS.items() if not one.own_level_sd])
def test_the_gap_people_would_rate_is_the_planted_one_and_the_scorer_adds_its_bias(
        name: str) -> None:
    design = large(DESIGNS[name])
    complete = replace(design, missing=0.0, missing_group=0.0, missing_hard=0.0, missing_low=0.0)
    for gap in (0.0, 0.25):
        frame = draw(complete, gap, seed=1, replicate=0)
        assert gap_of(frame, "human 1", design) == pytest.approx(gap, abs=0.05)
        assert gap_of(frame, "score", design) == pytest.approx(gap + design.bias, abs=0.05)


@pytest.mark.parametrize("name", ["names", "panels"])
def test_random_names_and_panels_leave_the_gap_right_on_average(name: str) -> None:
    design = replace(DESIGNS[name], scenarios=20, levels=400)
    gaps = [gap_of(draw(design, 0.25, seed=1, replicate=r), "score", design) for r in range(20)]
    assert np.mean(gaps) == pytest.approx(0.25, abs=4 * np.std(gaps) / np.sqrt(20))
    assert np.std(gaps) < 0.3


def test_gaps_of_one_replicate_share_their_draws() -> None:
    """With continuous scores two gaps differ by the gap in the last group and nowhere else."""
    none, some = (draw(DESIGNS["continuous"], gap, seed=4, replicate=7) for gap in (0.0, 0.4))
    change = some["score"] - none["score"]
    assert change.filter(none["group"] == "a").abs().max() == 0
    assert change.filter(none["group"] == "b").to_numpy() == pytest.approx(0.4)


def test_seed_and_replicate_decide_a_table() -> None:
    design = DESIGNS["missing-low"]
    first = draw(design, 0.25, seed=4, replicate=7)
    assert first.equals(draw(design, 0.25, seed=4, replicate=7))
    assert not first.equals(draw(design, 0.25, seed=4, replicate=8))
    assert not first.equals(draw(design, 0.25, seed=5, replicate=7))


def test_what_is_missing_is_missing_where_the_design_says() -> None:
    for name, low, high in (("missing-random", 0.17, 0.23), ("missing-group", 0.37, 0.43)):
        frame = draw(large(DESIGNS[name]), 0.0, seed=1, replicate=0)
        share = dict(frame.group_by("group").agg(pl.col("score").is_null().mean()).iter_rows())
        assert low < share["b"] < high
        assert (share["a"] == 0) == (name == "missing-group")
    low_answers = draw(large(DESIGNS["missing-low"]), 0.0, seed=1, replicate=0)
    gone = low_answers.filter(pl.col("group") == "b")
    lost = gone.filter(pl.col("score").is_null())["human 1"].mean()
    kept = gone.filter(pl.col("score").is_not_null())["human 1"].mean()
    assert lost is not None and kept is not None and float(lost) < float(kept) - 0.5  # type: ignore[arg-type]


def test_the_rated_sample_has_the_share_that_is_recorded() -> None:
    frame = draw(DESIGNS["biased-scorer"], 0.25, seed=1, replicate=0)
    rated = frame.filter(pl.col("human 1").is_not_null())
    assert rated["scenario"].n_unique() == 50
    assert set(frame["inclusion"].to_list()) == {0.5}
    assert set(rated["human 1"].to_list()) <= {0.0, 1.0, 2.0}


def test_the_same_raters_rate_both_languages_and_one_is_as_severe_in_each() -> None:
    frame = draw(large(DESIGNS["language-bias"]), 0.0, seed=1, replicate=0)
    names = [name for name in frame.columns if name.startswith("human")]
    assert len(names) == 4
    means = [dict(frame.group_by("language").agg(pl.col(name).mean()).iter_rows())
             for name in names]
    assert all(one["a"] == pytest.approx(one["b"], abs=0.05) for one in means)
    assert max(one["a"] for one in means) - min(one["a"] for one in means) > 0.1


def test_longer_answers_score_higher_by_what_the_scorer_pays_for_length() -> None:
    design = replace(DESIGNS["length-bias"], scenarios=MANY, rated=1.0)
    frame = draw(design, 0.0, seed=1, replicate=0)
    assert gap_of(frame, "score", design) == pytest.approx(0.3 * 0.8, abs=0.04)
    assert gap_of(frame, "human 1", design) == pytest.approx(0.0, abs=0.04)


def test_a_gap_the_scale_cannot_have_is_refused_with_the_possible_ones() -> None:
    with pytest.raises(MhxError, match=r"between -0\.97 and 1\.03"):
        shift((-0.6, 0.7), spread(DESIGNS["paired"]), 1.1)


def test_the_question_names_what_the_table_has() -> None:
    def of(name: str) -> tuple[str, str, tuple[str, ...], tuple[str, ...], str | None]:
        asked = task(DESIGNS[name], margin=0.25, alpha=0.05, resamples=200, seed=0)
        frame = draw(DESIGNS[name], 0.0, seed=0, replicate=0)
        named = [asked.score, asked.group, *asked.unit, *asked.cluster, asked.language,
                 asked.length, *asked.human, asked.inclusion]
        assert {column for column in named if column} <= set(frame.columns)
        assert asked.value in frame[asked.group].to_list()
        return asked.group, asked.value, asked.unit, asked.cluster, asked.within

    assert of("paired") == ("group", "b", ("scenario",), (), None)
    assert of("unpaired") == ("group", "b", (), (), None)
    assert of("realizations") == ("group", "b", (), ("scenario",), None)
    assert of("names") == ("group", "b", ("scenario",), ("name",), None)
    assert of("group-by-language") == ("group", "b", ("scenario",), (), "b")
    assert of("language-bias") == ("language", "b", ("scenario",), (), None)
    assert of("eight-groups")[1] == "h"
