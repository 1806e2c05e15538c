"""Real data of other people, from the dialogues to the gate."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mhx.corpus.tmx import read_tmx

Mhx = Callable[..., Any]
RealData = Callable[[str], Path]


def targets(run: str) -> pl.DataFrame:
    return pl.read_parquet(Path(run) / "translate.parquet").select(
        "text", "target", "engine", "failure"
    )


def test_dialogues_the_memory_does_not_hold_go_to_review_and_nothing_is_invented(
    mhx: Mhx, real_data: RealData, shelves: Any
) -> None:
    source = real_data("esconv/FailedESConv.json")
    arguments = ("adapt", "--lang", "pl", "--source", source, "--limit", "60", "--until", "gate")
    done = mhx(*arguments)
    assert done.code == 0, done.err
    told = [line for line in done.out.split("\n") if "nothing was invented" in line]
    assert len(told) == 1
    assert "60 of 60 dialogues hold text that no memory" in told[0]
    for way in ("--translator hf:", "--translator apertium", "--memory FILE.tmx"):
        assert way in done.out
    summary = mhx(*arguments, "--json").json
    frame = targets(summary["run"])
    memory = shelves.get("languages", "pl").folder / "memory.tmx"
    held = {unit.target for unit in read_tmx(memory, "en", "pl")}
    assert set(frame["target"].drop_nulls()) <= held
    assert frame.filter(pl.col("target").is_null())["failure"].null_count() == 0
    counts = summary["stages"]["load"]["counts"]
    assert counts["rows_in"] == 60


def test_a_run_that_cannot_train_shows_what_it_did_and_the_ways_on(
    mhx: Mhx, real_data: RealData
) -> None:
    source = real_data("esconv/FailedESConv.json")
    done = mhx("adapt", "--lang", "pl", "--source", source, "--limit", "20")
    assert done.code == 1
    assert "20 of 20 dialogues hold text that no memory has" in done.out
    assert "no dialogue passed the gate into the training split — see why in" in done.err
    assert "Traceback" not in done.err


def test_a_users_own_memory_answers_what_it_holds(
    mhx: Mhx, real_data: RealData, here: Path, write: Callable[..., Path]
) -> None:
    with zipfile.ZipFile(real_data("tico19_en_fa/all.en-fa.tmx.zip")) as archive:
        name = next(item for item in archive.namelist() if item.endswith(".tmx"))
        archive.extract(name, here)
    memory = here / name
    units = {unit.source: unit.target for unit in read_tmx(memory, "en", "fa")}
    asked = [text for text in units if text.endswith(".") and 30 < len(text) < 90][:6]
    rows = [{"seeker": one, "supporter": two} for one, two in zip(asked[::2], asked[1::2],
                                                                  strict=True)]
    rows.append({"seeker": "This is held nowhere.", "supporter": asked[0]})
    source = write("talk.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    done = mhx("adapt", "--lang", "fa", "--source", source, "--memory", memory, "--until", "gate",
               "--json")
    assert done.code == 0, done.err
    frame = targets(done.json["run"])
    found = frame.filter(pl.col("engine").str.starts_with("memory:"))
    assert found.height >= len(asked)
    assert set(found["target"]) <= set(units.values())
    alone = frame.filter(pl.col("text").str.contains("held nowhere"))
    assert alone["failure"].to_list() == ["not_in_memory"]
    assert done.json["settings"]["memories"] == [str(memory)]
    assert len(done.json["settings"]["memory_sha256"][0]) == 64
    changed = here / "changed.tmx"
    shutil.copy(memory, changed)
    again = mhx("adapt", "--lang", "fa", "--source", source, "--memory", changed, "--until", "load",
                "--json")
    assert again.json["run"] != done.json["run"]


@pytest.mark.parametrize(
    "columns", [(), ("--map", "seeker=questionText,supporter=answerText")], ids=["found", "mapped"]
)
def test_counselling_answers_with_html_pass_through_apertium(
    columns: tuple[str, ...], mhx: Mhx, real_data: RealData
) -> None:
    if shutil.which("apertium") is None:
        pytest.skip("apertium is not installed: apt install apertium apertium-eng-spa")
    source = real_data("counsel_chat/counselchat-data.csv")
    limit = "40" if columns else "5"
    done = mhx("adapt", "--lang", "es", "--source", source, *columns, "--limit", limit,
               "--translator", "apertium", "--until", "gate", "--json")
    assert done.code == 0, done.err
    stages = done.json["stages"]
    for record in stages.values():
        counts = record["counts"]
        assert counts["rows_in"] == counts["accepted"] + counts["review"] + counts["rejected"]
    assert stages["load"]["counts"]["rows_in"] == int(limit)
    frame = targets(done.json["run"])
    assert not frame["text"].str.contains("<p>|&nbsp;|&#").any()
    assert not frame["target"].drop_nulls().str.contains(r"<p>|\*|\[\]").any()
    if columns:
        notes = stages["load"]["counts"]["notes"]
        assert any("its title taken" in note for note in notes)


def test_a_pair_that_apertium_does_not_have_names_the_command(mhx: Mhx) -> None:
    if shutil.which("apertium") is None:
        pytest.skip("apertium is not installed: apt install apertium apertium-eng-spa")
    done = mhx("adapt", "--lang", "pl", "--translator", "apertium", "--until", "gate")
    assert done.code == 1
    assert "Apertium has no pair" in done.err


def test_a_model_that_is_not_there_is_named_before_the_network_is_blamed(
    mhx: Mhx, here: Path
) -> None:
    model = f"hf:{here / 'no-model'}"
    done = mhx("adapt", "--lang", "pl", "--translator", model, "--until", "gate")
    assert done.code == 1
    assert "no-model' cannot be loaded" in done.err
    assert "Traceback" not in done.err
