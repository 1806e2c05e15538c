"""`mhx score` with chrF, BLEU and TER: corpus scores with intervals, two systems compared."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sacrebleu.metrics import BLEU, CHRF, TER

from mhx.stats.corpus_score import corpus_interval
from mhx.stats.overlap import tally
from mhx.stats.randomization import compare_systems

Mhx = Callable[..., Any]
ASK = ("--lang", "pl", "--response", "new", "--reference", "human", "--unit", "id")


@pytest.fixture
def frame() -> pl.DataFrame:
    """Sixty segments of fifteen texts, by two systems; one is not answered by the old one."""
    rng = random.Random(3)
    known = ["".join(rng.choices("aeioklmn", k=rng.randint(2, 7))) for _ in range(80)]
    human = [[rng.choice(known) for _ in range(10)] for _ in range(60)]
    systems = [[" ".join(rng.choice(known) if rng.random() < share else word for word in line)
                for line in human] for share in (0.2, 0.35)]
    return pl.DataFrame({
        "id": [f"d{row // 4}|{row}" for row in range(60)],
        "text": [f"d{row // 4}" for row in range(60)],
        "human": [" ".join(line) for line in human],
        "new": systems[0],
        "old": [*systems[1][:59], None],
    })


@pytest.fixture
def table(frame: pl.DataFrame, tmp_path: Path) -> Path:
    frame.write_csv(tmp_path / "systems.csv")
    return tmp_path / "systems.csv"


@pytest.mark.parametrize(("name", "metric"), [("chrf", CHRF), ("bleu", BLEU), ("ter", TER)])
def test_score_gives_the_corpus_score_and_the_paired_test_of_the_library(
    name: str, metric: type, mhx: Mhx, table: Path, frame: pl.DataFrame
) -> None:
    done = mhx("score", table, "--measure", name, *ASK, "--cluster", "text", "--baseline", "old",
               "--margin", "2", "--seed", "3", "--json")
    assert done.code == 0, done.err
    codes = frame["text"].rank("dense").to_numpy()
    new, old, human = (frame[column].to_list() for column in ("new", "old", "human"))
    wanted = corpus_interval(tally(metric(), new, [human]), clusters=codes, seed=3)
    assert done.json["corpus"] == json.loads(json.dumps(vars(wanted)))
    assert done.json["corpus"]["clusters"] == 15
    one, two = (tally(metric(), texts[:59], [human[:59]]) for texts in (new, old))
    contrast = compare_systems(one, two, clusters=codes[:59], margin=2, seed=3)
    assert done.json["contrast"] == vars(contrast)
    assert len(done.json["scores"]) == 60
    assert done.json["scores"][0]["scorer"].startswith(f"{name}|nrefs:1|")


def test_the_other_system_may_be_another_table_in_any_order(
    mhx: Mhx, table: Path, frame: pl.DataFrame, tmp_path: Path
) -> None:
    other = tmp_path / "old.parquet"
    frame.select("id", new="old").sample(50, shuffle=True, seed=1).write_parquet(other)
    joined = mhx("score", table, "--measure", "chrf", *ASK, "--baseline", other, "--json")
    assert joined.code == 0, joined.err
    kept = pl.read_parquet(other).filter(pl.col("new").is_not_null())["id"].to_list()
    frame.filter(pl.col("id").is_in(kept)).write_csv(tmp_path / "kept.csv")
    beside = mhx("score", tmp_path / "kept.csv", "--measure", "chrf", *ASK, "--baseline", "old",
                 "--json")
    assert joined.json["contrast"] == beside.json["contrast"]
    assert joined.json["contrast"]["units"] == len(kept)
    assert joined.json["corpus"]["units"] == 60


def test_what_people_read_names_n_and_never_says_equal(
    mhx: Mhx, table: Path, frame: pl.DataFrame, here: Path
) -> None:
    ask = ("score", table, "--measure", "chrf", *ASK)
    done = mhx(*ask, "--baseline", "old", "-o", here / "rows.jsonl")
    assert "95 % interval" in done.out
    assert "60 of 60 segments" in done.out
    assert "on 59 of 60 segments" in done.out
    assert "approximate randomization" in done.out
    piped = mhx(*ask)
    assert [json.loads(line)["unit"] for line in piped.out.splitlines()] == frame["id"].to_list()
    assert "95 % interval" in piped.err
    frame.with_columns(old="new").write_csv(here / "same.csv")
    same = mhx("score", here / "same.csv", "--measure", "chrf", *ASK, "--baseline", "old", "-o",
               here / "rows.jsonl")
    assert "p = 1; inconclusive (this does not show that they are equal)" in same.out


def test_a_table_without_both_texts_has_no_corpus_score(mhx: Mhx, here: Path) -> None:
    pl.DataFrame({"id": ["a"], "new": ["x"], "old": ["y"], "human": [""]}).write_csv(
        here / "none.csv")
    done = mhx("score", here / "none.csv", "--measure", "chrf", *ASK, "-o", here / "rows.jsonl")
    assert (done.code, done.out.strip()) == (0, "chrf: no row has both texts")
    done = mhx("score", here / "none.csv", "--measure", "chrf", *ASK, "--baseline", "old")
    assert done.code == 1
    assert "no segments to score" in done.err


def test_a_baseline_that_cannot_be_compared_says_why(
    mhx: Mhx, table: Path, frame: pl.DataFrame, here: Path
) -> None:
    ask = ("score", table, "--measure", "chrf")
    done = mhx(*ask, *ASK, "--baseline", "older")
    assert (done.code, "no column and no file" in done.err) == (2, True)
    twice = here / "twice.csv"
    pl.concat([frame, frame.head(3)]).write_csv(twice)
    done = mhx(*ask, *ASK, "--baseline", twice)
    assert (done.code, "3 units occur twice" in done.err) == (1, True)
    done = mhx(*ask, *ASK[:-2], "--baseline", twice)
    assert (done.code, "--unit COL, in both tables" in done.err) == (2, True)
    frame.select("id", "old").write_csv(here / "other.csv")
    done = mhx(*ask, *ASK, "--baseline", here / "other.csv")
    assert (done.code, "no column 'new'" in done.err) == (1, True)
    done = mhx("score", table, "--measure", "epitome", "--lang", "en", "--response", "new",
               "--baseline", "old")
    assert (done.code, "mhx parity" in done.err) == (2, True)
    done = mhx(*ask, *ASK, "--baseline", "old", "--margin", "0")
    assert (done.code, "margin 0.0 is not above 0" in done.err) == (1, True)


def test_numbers_are_scored_as_texts(mhx: Mhx, here: Path) -> None:
    pl.DataFrame({"id": [1, 2], "new": [12, 345], "human": [12, 346]}).write_csv(here / "n.csv")
    done = mhx("score", here / "n.csv", "--measure", "chrf", *ASK, "--json")
    assert done.json["corpus"]["score"] == CHRF().corpus_score(
        ["12", "345"], [["12", "346"]]).score


def test_a_segment_without_its_text_cannot_be_resampled(
    mhx: Mhx, frame: pl.DataFrame, here: Path
) -> None:
    holes = frame.with_columns(pl.Series("text", [None] * 2 + ["d"] * 58))
    holes.write_csv(here / "holes.csv")
    done = mhx("score", here / "holes.csv", "--measure", "chrf", *ASK, "--cluster", "text")
    assert done.code == 1
    assert "text: 2 rows without a cluster" in done.err
