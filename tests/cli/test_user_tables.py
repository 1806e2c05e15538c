"""parity, agree and score on tables: the numbers of the library, in the right place."""

from __future__ import annotations

import json
import random
import re
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


AGREE = ("--item", "id", "--rater", "who", "--rating", "level")


def test_agree_gives_the_numbers_of_the_library(mhx: Mhx, ratings: Path) -> None:
    done = mhx("agree", ratings, *AGREE, "--level", "ordinal", "--range", "0:2", "--seed", "1",
               "--json")
    assert done.code == 0, done.err
    wanted = library.agree(pl.read_csv(ratings), item="id", rater="who", rating="level",
                           level="ordinal", range_=(0.0, 2.0), seed=1)
    assert done.json == plain(wanted.to_dict())


def test_agree_shows_every_coefficient_and_what_was_counted(mhx: Mhx, ratings: Path) -> None:
    shown = mhx("agree", ratings, *AGREE, "--level", "ordinal", "--range", "0:2").out
    for name in ("agreement %", "κ quadratic", "AC1", "AC2", "CCC", "Fleiss κ", "α ordinal",
                 "ICC(A,1)", "ICC(C,k)", "a – b (n "):
        assert name in shown
    assert "1 outside the legal range 0 to 2 and left out" in shown
    assert "Categories (legal range): 0, 1, 2. AC2 has linear weights" in shown
    assert "[" in shown.split("κ quadratic")[1].splitlines()[0]


def test_agree_tells_item_level_from_system_level(mhx: Mhx, ratings: Path, here: Path) -> None:
    frame = pl.read_csv(ratings).with_columns(
        system=pl.col("id").str.slice(-1).replace_strict(
            {str(digit): "even" if digit % 2 == 0 else "odd" for digit in range(10)}))
    frame.write_csv(here / "systems.csv")
    shown = mhx("agree", here / "systems.csv", *AGREE, "--range", "0:2", "--by", "system").out
    for title in ("two raters, item level (items both rated)", "all raters, item level",
                  "ICC, item level (", "ICC, system level (means of 2 systems)",
                  "two raters, system level (means)",
                  "two raters, item level within each system"):
        assert title in " ".join(shown.split())
    made = mhx("agree", here / "systems.csv", *AGREE, "--range", "0:2", "--by", "system", "--json")
    assert made.json["system"]["n"] == 2
    assert {one["system"] for one in made.json["within_systems"]} == {"even", "odd"}


def test_agree_says_why_words_have_no_distances(mhx: Mhx, write: Callable[..., Path]) -> None:
    rows = "".join(f"{k},{who},{'yes' if k % 3 else 'no'}\n" for k in range(30) for who in "ab")
    shown = mhx("agree", write("words.csv", "id,who,level\n" + rows), *AGREE).out
    assert "no distances" in shown
    assert "Categories (observed values): no, yes." in shown


def test_agree_refuses_a_rater_who_rated_twice(mhx: Mhx, write: Callable[..., Path]) -> None:
    table = write("twice.csv", "id,who,level\n1,a,2\n1,a,2\n1,b,2\n")
    done = mhx("agree", table, *AGREE)
    assert done.code == 1
    assert "id, who: 1 ratings repeat an item and rater" in done.err


@pytest.mark.parametrize("given", ["1-5", "5:1", "a:b", "1", "1:inf", "nan:5"])
def test_a_range_that_is_none_is_a_usage_error(given: str, mhx: Mhx, ratings: Path) -> None:
    done = mhx("agree", ratings, *AGREE, "--range", given)
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
    for name in ("emotional_reactions", "interpretations", "explorations"):
        assert re.search(rf"agreement of {name} with EPITOME .*quadratic κ 0\.\d\d", done.err)
    assert "unknown" not in done.err
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
    plan.write_text(plan.read_text().replace("[scenario]", "[scenario, dialect]"))
    lost = mhx("parity", scores, "--plan", plan)
    assert "exploratory: the planned unit 'dialect' is no column of the table" in lost.out
    without = mhx("parity", scores, "--score", "empathy", "--group", "gender", "--reference",
                  "gender=male")
    assert "no frozen plan: exploratory" in without.out
