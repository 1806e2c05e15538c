"""load, translate, adapt and gate on the user's own files, with real engines and real data."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mhx.api import open_run
from mhx.corpus.tmx import Unit, write_tmx
from mhx.errors import MhxError
from mhx.files import read_jsonl, write_text
from mhx.pipeline import execute
from mhx.run import Run
from mhx.shelves import discover

ROOT = Path(__file__).resolve().parents[1]

TODAY = date(2026, 12, 1)
HEADER = "question,answer\n"

PAIRS = {
    "I can't sleep at night.": "No puedo dormir por la noche.",
    "What keeps you awake?": "¿Qué es lo que le quita el sueño?",
    "I want to die.": "Quiero morirme.",
    "Please call someone now.": "Llame ahora al 600 123 456, por favor.",
    "I worry about my job.": "Me preocupa mucho mi trabajo.",
    "That sounds heavy to carry.": "Suena como una carga muy pesada.",
    "I feel that nobody at home ever listens to what I say.": (
        "Siento que en casa nunca me escucha nadie cuando hablo."
    ),
}


@pytest.fixture
def start(tmp_path: Path, write: Callable[..., Path]) -> Callable[..., Run]:
    """A run of a file up to a stage, in Spanish, with the memory of PAIRS."""

    def go(content: str, *, name: str = "mine.csv", last: str = "gate", **options: Any) -> Run:
        memory = tmp_path / "mine.tmx"
        units = [Unit(one, two, str(n)) for n, (one, two) in enumerate(PAIRS.items())]
        write_tmx(memory, units, source="en", target="es", creator="test")
        run = open_run(
            "es",
            shelves=discover(cwd=ROOT),
            source=str(write(name, content)),
            memories=[memory],
            translator="memory",
            out=tmp_path / "runs",
            today=TODAY,
            **options,
        )
        execute(run, last=last)
        return run

    return go


def decisions(run: Run) -> dict[int, str]:
    frame = run.table("gate").unique("dialogue", maintain_order=True)
    return dict(zip(frame["row"].to_list(), frame["decision"].to_list(), strict=True))


def test_load_keeps_every_record_and_says_why_one_is_rejected(start: Callable[..., Run]) -> None:
    run = start(
        HEADER + "I can't sleep.,What helps?\n,Only an answer\nOnly a question,\n,\n"
        "I can't sleep.,What helps?\nI can't sleep.,And what else?\n",
        last="load",
    )
    frame = run.table("load").unique("dialogue", maintain_order=True)
    assert dict(zip(frame["row"], frame["reason"], strict=True)) == {
        2: "",
        3: "empty_seeker",
        4: "empty_supporter",
        5: "empty",
        6: "duplicate",
        7: "",
    }
    counts = run.counts["load"]
    assert (counts.rows_in, counts.accepted, counts.rejected) == (6, 2, 4)
    assert counts.reasons == {"duplicate": 1, "empty": 1, "empty_seeker": 1, "empty_supporter": 1}
    assert "Only a question" in run.table("load")["text"].to_list()


def words(number: int) -> str:
    """Ten words that no other number has."""
    return " ".join(f"w{number}x{place}" for place in range(10)) + "."


def test_answers_to_one_question_are_on_one_side_of_the_split(start: Callable[..., Run]) -> None:
    rows = "".join(f"{words(n)},{words(n + 100 * side)}\n" for n in range(40) for side in (1, 2))
    frame = start(HEADER + rows, last="load").table("load").unique("dialogue", maintain_order=True)
    question = (frame["row"] - 2) // 2
    sides = (
        frame.with_columns(question=question).group_by("question").agg(pl.col("split").n_unique())
    )
    assert sides["split"].to_list() == [1] * 40
    assert frame["split"].n_unique() > 1


def test_personal_data_is_gone_before_anything_else_sees_the_text(
    start: Callable[..., Run],
) -> None:
    run = start(HEADER + "My name is Anna. Write to a@b.org.,Is 600 123 456 yours?\n", last="load")
    text = " ".join(run.table("load")["text"].to_list())
    assert text == "My name is [name]. Write to [email]. Is [phone] yours?"
    assert "personal data replaced, email: 1" in run.counts["load"].notes


def test_a_file_without_a_usable_dialogue_is_a_message(start: Callable[..., Run]) -> None:
    with pytest.raises(MhxError, match="no usable dialogue"):
        start(HEADER + "only a question,\n")


def test_a_mapping_names_the_columns(start: Callable[..., Run]) -> None:
    with pytest.raises(MhxError, match="--map seeker=COL,supporter=COL"):
        start("alpha,beta\nI can't sleep at night.,What keeps you awake?\n")
    run = start(
        "alpha,beta\nI can't sleep at night.,What keeps you awake?\n",
        mapping={"seeker": "alpha", "supporter": "beta"},
    )
    assert decisions(run) == {2: "accepted"}


def test_a_translated_dialogue_is_accepted_and_what_is_not_held_goes_to_review(
    start: Callable[..., Run],
) -> None:
    run = start(
        HEADER + "I can't sleep at night.,What keeps you awake?\n"
        "I worry about my job.,Nobody ever translated this sentence.\n"
    )
    assert decisions(run) == {2: "accepted", 3: "review"}
    counts = run.counts["gate"]
    assert (counts.rows_in, counts.accepted, counts.review, counts.rejected) == (2, 1, 1, 0)
    assert counts.reasons == {"not_in_memory": 1}
    rows = run.table("translate").filter(pl.col("failure") == "not_in_memory")
    assert rows["target"].to_list() == [None]


def test_a_fuzzy_match_goes_to_review(start: Callable[..., Run]) -> None:
    near = "I feel that nobody at home ever listens to what I said."
    run = start(HEADER + f"{near},What keeps you awake?\n")
    assert "memory:fuzzy" in run.table("translate")["engine"].to_list()
    assert decisions(run) == {2: "review"}
    assert "fuzzy_match" in run.counts["gate"].reasons


def test_a_crisis_dialogue_that_fails_goes_to_review_with_its_text(
    start: Callable[..., Run],
) -> None:
    run = start(
        HEADER + "I want to die.,Please call someone now.\n"
        "I worry about my job.,That sounds heavy to carry.\n"
    )
    assert decisions(run) == {2: "review", 3: "accepted"}
    assert run.counts["gate"].rejected == 0
    (record,) = [row for _, row in read_jsonl(run.path("review.jsonl"))]
    assert record["risk"] == "explicit"
    assert [part["source"] for part in record["segments"]] == [
        "I want to die.",
        "Please call someone now.",
    ]
    assert "phone_like" in {reason["code"] for reason in record["reasons"]}


def test_no_phone_number_reaches_the_corpus(start: Callable[..., Run]) -> None:
    run = start(
        HEADER + "I worry about my job.,Please call someone now.\n"
        "I worry about my job.,That sounds heavy to carry.\n"
    )
    text = "".join(
        run.path(f"corpus/{split}.jsonl").read_text(encoding="utf-8")
        for split in ("train", "valid", "test")
    )
    assert "600" not in text
    assert "pesada" in text


def test_the_same_command_reuses_the_run_and_a_changed_seed_starts_another(
    start: Callable[..., Run],
) -> None:
    text = HEADER + "I can't sleep at night.,What keeps you awake?\n"
    first, again, other = start(text), start(text), start(text, seed=1)
    assert again.folder == first.folder
    assert again.counts == {}
    assert other.folder != first.folder
    assert first.path("gate.parquet").read_bytes() == again.path("gate.parquet").read_bytes()


def test_the_shipped_test_split_is_held_out_of_the_memory(tmp_path: Path) -> None:
    shelves = discover(cwd=ROOT)
    run = open_run("pl", shelves=shelves, translator="memory", out=tmp_path, today=TODAY)
    execute(run, last="translate")
    frame = run.table("translate")
    test = frame.filter(pl.col("split") == "test")
    assert set(test["failure"]) == {"held_out"}
    assert test["target"].null_count() == test.height


@pytest.mark.parametrize("name", ["counsel_chat/counselchat-data.csv", "esconv/FailedESConv.json"])
def test_real_corpora_are_read_whole(
    tmp_path: Path, real_data: Callable[[str], Path], name: str
) -> None:
    run = open_run(
        "es",
        shelves=discover(cwd=ROOT),
        source=str(real_data(name)),
        translator="memory",
        out=tmp_path,
        today=TODAY,
        limit=150,
    )
    execute(run, last="load")
    counts = run.counts["load"]
    assert counts.rows_in == 150
    assert counts.accepted + counts.rejected == 150
    frame = run.table("load")
    assert frame["dialogue"].n_unique() == 150
    assert not frame["text"].str.contains(r"</?(?:p|br|div|ul|li|strong|a)\b").any()


def test_problems_of_a_command_are_reported_together(tmp_path: Path) -> None:
    with pytest.raises(MhxError) as caught:
        open_run(
            "es",
            shelves=discover(cwd=ROOT),
            source=str(tmp_path / "none.csv"),
            translator="apertum",
            territory="XX",
            out=tmp_path,
        )
    text = str(caught.value)
    assert len(caught.value.problems) == 3
    assert "did you mean 'apertium'?" in text


def test_a_damaged_stage_file_is_made_again(start: Callable[..., Run]) -> None:
    text = HEADER + "I can't sleep at night.,What keeps you awake?\n"
    run = start(text)
    good = run.path("gate.parquet").read_bytes()
    write_text(run.path("gate.parquet"), "damaged")
    assert start(text).path("gate.parquet").read_bytes() == good
    assert "gate" in json.loads(run.path("stages.json").read_text(encoding="utf-8"))
