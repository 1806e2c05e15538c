"""Work is accounted for: rows in = accepted + for review + rejected, at every stage."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from mhx.run import Counts, Run, StageRecord

UNTIL_GATE = ("load", "translate", "adapt", "gate")


def records(folder: Path) -> dict[str, StageRecord]:
    value = json.loads((folder / "stages.json").read_text(encoding="utf-8"))
    return {name: StageRecord.model_validate(item) for name, item in value.items()}


def test_every_stage_up_to_the_gate_adds_up(undisturbed: Path) -> None:
    found = records(undisturbed)
    assert tuple(found) == UNTIL_GATE
    for name in UNTIL_GATE:
        counts = found[name].counts
        assert counts is not None
        assert counts.problem() is None
        assert counts.rows_in > 0
        if counts.review or counts.rejected:
            assert sum(counts.reasons.values()) >= counts.review + counts.rejected


def test_what_a_stage_accepts_and_reviews_is_what_the_next_one_gets(undisturbed: Path) -> None:
    found = [records(undisturbed)[name].counts for name in UNTIL_GATE]
    for before, after in pairwise(found):
        assert before is not None
        assert after is not None
        assert after.rows_in == before.rows_in - before.rejected


def test_the_account_of_the_gate_is_the_table_of_the_gate(undisturbed: Path) -> None:
    counts = records(undisturbed)["gate"].counts
    frame = pl.read_parquet(undisturbed / "gate.parquet").unique("dialogue")
    kinds = dict(frame["decision"].value_counts().iter_rows())
    assert counts is not None
    assert counts.accepted == kinds.get("accepted", 0) + kinds.get("author_draft", 0)
    assert counts.review == kinds.get("review", 0) + kinds.get("held_out", 0)
    assert counts.rejected == kinds.get("rejected", 0) == 0


def test_every_dialogue_is_in_the_corpus_or_in_the_review_file(undisturbed: Path) -> None:
    def ids(name: str) -> list[str]:
        lines = (undisturbed / name).read_text(encoding="utf-8").split("\n")
        return [json.loads(line)["id"] for line in lines if line]

    frame = pl.read_parquet(undisturbed / "gate.parquet")
    kept = ids("corpus/train.jsonl") + ids("corpus/valid.jsonl")
    review = ids("review.jsonl")
    assert sorted(kept + review) == sorted(frame["dialogue"].unique().to_list())
    held = frame.filter(pl.col("decision") == "held_out")["dialogue"].unique().to_list()
    assert set(ids("corpus/test.jsonl")) <= set(held)


def test_what_is_held_out_only_for_a_shared_sentence_is_counted_apart(undisturbed: Path) -> None:
    load = pl.read_parquet(undisturbed / "load.parquet", columns=["dialogue", "split", "text"])
    test = set(load.filter(pl.col("split") == "test")["text"].to_list())
    split = dict(load.select("dialogue", "split").unique().iter_rows())
    near = set(load.filter((pl.col("split") != "test") & pl.col("text").is_in(test))["dialogue"])
    frame = pl.read_parquet(undisturbed / "gate.parquet")
    held = frame.filter(pl.col("decision") == "held_out")["dialogue"].unique().to_list()
    assert {name for name in held if split[name] != "test"} == near
    counts = records(undisturbed)["gate"].counts
    assert counts is not None
    own = len(held) - len(near)
    assert f"held out as the test split (no memory may answer it): {own}" in counts.notes
    shared = [note for note in counts.notes if note.startswith("held out for a sentence")]
    wanted = f"held out for a sentence that a test dialogue has too: {len(near)}"
    assert shared == ([wanted] if near else [])


def test_no_row_is_lost_between_the_tables(undisturbed: Path) -> None:
    heights = {
        name: pl.read_parquet(undisturbed / f"{name}.parquet").height for name in UNTIL_GATE
    }
    assert len(set(heights.values())) == 1, heights


def test_a_stage_that_loses_rows_is_a_bug_that_stops_the_run(undisturbed: Path) -> None:
    counts = Counts(rows_in=3, accepted=1, review=1)
    assert counts.problem() == "3 in, 2 out"
    bare = Run.__new__(Run)
    with pytest.raises(AssertionError, match="gate: rows do not add up: 3 in, 2 out"):
        bare.account("gate", counts)


def test_no_phone_number_is_in_the_corpus(undisturbed: Path) -> None:
    import re

    for split in ("train", "valid", "test"):
        text = (undisturbed / f"corpus/{split}.jsonl").read_text(encoding="utf-8")
        said = [
            message["content"]
            for line in text.split("\n")
            if line
            for message in json.loads(line)["messages"]
        ]
        assert not [item for item in said if re.search(r"(?:\d[\s-]?){6,}", item)]
    assert "{{service:" in (undisturbed / "corpus/train.jsonl").read_text(encoding="utf-8")
