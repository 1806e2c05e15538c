"""parity, agree and score on tables: the numbers of the library, in the right place."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import mhx as library
from mhx.files import hash_file

Mhx = Callable[..., Any]


@pytest.fixture
def scores(write: Callable[..., Path]) -> Path:
    """A paired table: forty scenarios, each answered to two genders."""
    rng = random.Random(4)
    rows = ["scenario,gender,empathy"]
    for number in range(40):
        level = rng.gauss(3, 0.6)
        rows += [f"s{number},male,{level + rng.gauss(0, 0.3):.4f}",
                 f"s{number},female,{level - 0.2 + rng.gauss(0, 0.3):.4f}"]
    return write("scores.csv", "\n".join(rows) + "\n")


@pytest.fixture
def ratings(write: Callable[..., Path]) -> Path:
    """Three raters, thirty items, some ratings missing and one outside the scale."""
    rng = random.Random(5)
    rows = ["id,who,level"]
    for number in range(30):
        level = rng.choice([0, 1, 2])
        for who in ("a", "b", "c"):
            given: Any = level if rng.random() < 0.75 else rng.choice([0, 1, 2])
            rows.append(f"i{number},{who},{'' if rng.random() < 0.05 else given}")
    rows.append("i30,a,9")
    return write("ratings.csv", "\n".join(rows) + "\n")


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def test_parity_gives_the_numbers_of_the_library(mhx: Mhx, scores: Path) -> None:
    done = mhx("parity", scores, "--score", "empathy", "--group", "gender", "--reference",
               "gender=male", "--unit", "scenario", "--margin", "0.25", "--seed", "3", "--json")
    assert done.code == 0, done.err
    wanted = library.parity(pl.read_csv(scores), scores=["empathy"], groups=["gender"],
                            reference={"gender": "male"}, unit=["scenario"], margin="0.25", seed=3)
    found = done.json
    assert found.pop("source") == {"table": "scores.csv", "table_sha256": hash_file(scores),
                                   "plan": None,
                                   "plan_sha256": None}
    assert found.pop("deviations") == []
    assert found == plain(wanted.to_dict())


def test_parity_reads_a_long_table_by_its_measure(mhx: Mhx, scores: Path, here: Path) -> None:
    long = pl.read_csv(scores).unpivot(
        on="empathy", index=["scenario", "gender"], variable_name="measure", value_name="score"
    )
    long.write_csv(here / "long.csv")
    common = ("--group", "gender", "--reference", "gender=male", "--unit", "scenario", "--json")
    wide = mhx("parity", scores, "--score", "empathy", *common)
    pivoted = mhx("parity", here / "long.csv", "--measure", "measure", *common)
    assert pivoted.code == 0, pivoted.err
    assert pivoted.json["scores"] == wide.json["scores"]


@pytest.mark.parametrize("suffix", [".tsv", ".parquet", ".jsonl"])
def test_parity_reads_every_kind_of_table(
    suffix: str, mhx: Mhx, scores: Path, here: Path
) -> None:
    frame = pl.read_csv(scores)
    other = here / f"scores{suffix}"
    if suffix == ".tsv":
        frame.write_csv(other, separator="\t")
    elif suffix == ".parquet":
        frame.write_parquet(other)
    else:
        frame.write_ndjson(other)
    common = ("--score", "empathy", "--group", "gender", "--reference", "gender=male", "--json")
    assert mhx("parity", other, *common).json["scores"] == mhx(
        "parity", scores, *common).json["scores"]


def test_parity_says_which_column_or_reference_is_missing(mhx: Mhx, scores: Path) -> None:
    done = mhx("parity", scores, "--score", "empaty", "--group", "gender", "--reference",
               "gender=male")
    assert done.code == 1
    assert "empaty" in done.err
    done = mhx("parity", scores, "--score", "empathy", "--group", "gender")
    assert done.code == 2
    assert "--reference gender=VALUE" in done.err
    done = mhx("parity", scores, "--score", "empathy", "--group", "gender", "--reference",
               "gender=men")
    assert done.code == 1
    assert "men" in done.err


def test_agree_gives_the_numbers_of_the_library(mhx: Mhx, ratings: Path) -> None:
    done = mhx("agree", ratings, "--item", "id", "--rater", "who", "--rating", "level", "--level",
               "ordinal", "--range", "0:2", "--seed", "1", "--json")
    assert done.code == 0, done.err
    wanted = library.agree(pl.read_csv(ratings), item="id", rater="who", rating="level",
                           level="ordinal", range_=(0.0, 2.0), seed=1)
    assert done.json == plain(wanted.to_dict())
    shown = mhx("agree", ratings, "--item", "id", "--rater", "who", "--rating", "level", "--level",
                "ordinal", "--range", "0:2")
    assert "1 outside the legal range" in shown.out


@pytest.mark.parametrize("given", ["1-5", "5:1", "a:b", "1"])
def test_a_range_that_is_none_is_a_usage_error(given: str, mhx: Mhx, ratings: Path) -> None:
    done = mhx("agree", ratings, "--item", "id", "--rater", "who", "--rating", "level", "--range",
               given)
    assert done.code == 2
    assert "write --range LOW:HIGH" in done.err


def test_score_prints_the_scorers_own_agreement_with_people(
    mhx: Mhx, write: Callable[..., Path], here: Path
) -> None:
    table = write("answers.csv", "id,said,answer\na,I failed.,I am so sorry. What happened?\n"
                  "b,I failed.,\n")
    done = mhx("score", table, "--measure", "epitome", "--lang", "en", "--response", "answer",
               "--prompt", "said", "--unit", "id", "-o", here / "scores.jsonl")
    assert done.code == 0, done.err
    assert "agreement with human labels: " in done.err
    assert "unknown for this language" not in done.err
    rows = [json.loads(line) for line in (here / "scores.jsonl").read_text().split("\n") if line]
    assert {row["status"] for row in rows if row["unit"] == "a"} == {"scored"}
    assert {row["status"] for row in rows if row["unit"] == "b"} == {"missing"}
    assert all(row["score"] is None for row in rows if row["unit"] == "b")
    as_json = mhx("score", table, "--measure", "epitome", "--lang", "en", "--response", "answer",
                  "--prompt", "said", "--unit", "id", "--json").json
    assert as_json["agreement"]
    assert as_json["scores"] == rows


def test_score_names_every_column_that_is_not_there(mhx: Mhx, write: Callable[..., Path]) -> None:
    table = write("answers.csv", "a,b\n1,2\n")
    done = mhx("score", table, "--measure", "chrf", "--lang", "pl")
    assert done.code == 1
    assert "no column 'response'" in done.err
    assert "--reference COL" in done.err


def test_a_plan_is_followed_and_what_departs_from_it_is_exploratory(
    mhx: Mhx, scores: Path, here: Path
) -> None:
    plan = here / "analysis.yaml"
    plan.write_text(
        "scores: [empathy]\ngroups: [gender]\nreference: {gender: male}\nunit: [scenario]\n"
        "margin: 0.25\nmargin_reason: a test\nscale: [0, 6]\nresamples: 500\n")
    done = mhx("parity", scores, "--plan", plan, "--json")
    assert done.code == 0, done.err
    assert done.json["settings"]["resamples"] == 500
    assert done.json["settings"]["scale"] == [0, 6]
    assert done.json["source"]["plan_sha256"] == hash_file(plan)
    assert done.json["deviations"] == []
    other = mhx("parity", scores, "--plan", plan, "--margin", "0.5")
    assert "not as planned, so exploratory: margin is '0.5', planned was 0.25" in other.out
    without = mhx("parity", scores, "--score", "empathy", "--group", "gender", "--reference",
                  "gender=male")
    assert "no frozen plan: exploratory" in without.out
