"""load of a user's file: how many dialogues it holds at once changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mhx import parquet
from mhx.errors import MhxError
from mhx.stages import load

WORDS = "I have not slept well since my father died and every night I lie awake thinking of him"


def records() -> list[dict[str, Any]]:
    """Dialogues with near-duplicates far apart, a double, one without an answer, one e-mail."""
    out = []
    for number in range(23):
        own = f"This is matter number {number} and it is about {'x' * number} only. Really."
        text = WORDS.replace("father", ("father", "mother", "sister")[number % 3])
        said = text if number in (0, 9, 21) else own
        out.append([("user", f"{said} Write to a{number}@b.org."), ("assistant", f"I see. {own}")])
    out[15] = out[4]
    out[17] = [("user", "Nobody answers me here.")]
    return [{"messages": [{"role": role, "content": text} for role, text in item]} for item in out]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "chats.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in records()), encoding="utf-8")
    return path


def test_pieces_of_any_size_give_the_same_table(
    go: Callable[..., Any], source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables, accounts = [], []
    for number, (at_once, rows) in enumerate(((500, 20_000), (1, 1), (7, 10))):
        monkeypatch.setattr(load, "AT_ONCE", at_once)
        monkeypatch.setattr(parquet, "ROWS", rows)
        run, _ = go(tmp_path / str(number), until="load", source=str(source))
        tables.append(pl.read_parquet(run.path("load.parquet")))
        accounts.append(run.records()["load"].counts)
        assert {item.name for item in run.folder.iterdir()} <= {
            "run.yaml", "stages.json", "log.jsonl", "load.parquet"}
        parts = list(run.batches("load"))
        assert pl.concat(parts).equals(tables[-1])
    assert tables[1].equals(tables[0])
    assert tables[2].equals(tables[0])
    assert accounts[1] == accounts[2] == accounts[0]
    assert accounts[0].reasons == {"duplicate": 1, "empty_supporter": 1}
    heads = tables[0].unique("dialogue", maintain_order=True)
    sides = heads["split"].to_list()
    assert sides[0] == sides[9] == sides[21]
    assert len(set(sides)) > 1


def test_nothing_is_left_of_a_file_without_a_dialogue(
    go: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "none.jsonl"
    path.write_text('{"messages": [{"role": "user", "content": "Hello."}]}\n', encoding="utf-8")
    with pytest.raises(MhxError, match="no usable dialogue"):
        go(tmp_path / "out", until="load", source=str(path))
    (folder,) = (tmp_path / "out" / "pl").iterdir()
    assert {item.name for item in folder.iterdir()} == {"run.yaml", "log.jsonl"}
