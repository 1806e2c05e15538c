"""The user's conversations in every container and both shapes; weights, caps, languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_bases import dialogue

from mhx.errors import MhxError, UsageError
from mhx.training.mixture import by_language, capped, numbers, shares
from mhx.training.sources import SHOWN, records_of, with_system

Write = Callable[..., Path]
ROWS = [dialogue(number) for number in range(4)]
SHAREGPT = [
    {"id": row["id"], "conversations": [
        {"from": {"user": "human", "assistant": "gpt"}.get(turn["role"], turn["role"]),
         "value": turn["content"]} for turn in row["messages"]]} for row in ROWS
]


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_jsonl(folder: Path) -> Path:
    (folder / "data.jsonl").write_text(lines(ROWS), encoding="utf-8")
    return folder / "data.jsonl"


def as_sharegpt(folder: Path) -> Path:
    (folder / "data.json").write_text(json.dumps(SHAREGPT), encoding="utf-8")
    return folder / "data.json"


def as_parquet(folder: Path) -> Path:
    import polars as pl

    frame = pl.DataFrame([{"id": row["id"], "messages": row["messages"]} for row in ROWS])
    frame.write_parquet(folder / "data.parquet")
    return folder / "data.parquet"


def as_data_set(folder: Path) -> Path:
    import datasets

    rows = [{"id": row["id"], "messages": row["messages"]} for row in ROWS]
    datasets.Dataset.from_list(rows).save_to_disk(folder / "set")
    return folder / "set"


def as_folder_of_files(folder: Path) -> Path:
    rows = [{"id": row["id"], "messages": row["messages"]} for row in ROWS]
    (folder / "files").mkdir()
    (folder / "files" / "train.jsonl").write_text(lines(rows), encoding="utf-8")
    return folder / "files"


@pytest.mark.parametrize("write_as", [
    as_jsonl, as_sharegpt, as_parquet, as_data_set, as_folder_of_files,
])
def test_every_container_gives_the_same_conversations(
    write_as: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    found = records_of(write_as(tmp_path))
    assert [row["messages"] for row in found] == [row["messages"] for row in ROWS]
    assert [row["id"] for row in found] == [row["id"] for row in ROWS]


def test_splits_of_a_data_set_are_kept_apart(tmp_path: Path) -> None:
    import datasets

    rows = [{"id": row["id"], "messages": row["messages"]} for row in ROWS]
    parts = {"train": rows[:2], "validation": rows[2:3], "test": rows[3:]}
    datasets.DatasetDict({
        name: datasets.Dataset.from_list(part) for name, part in parts.items()
    }).save_to_disk(tmp_path / "set")
    share = shares(["pl"], {"": str(tmp_path / "set")}, {})["pl"]
    assert [row["id"] for row in share.train] == ["d0", "d1"]
    assert [row["id"] for row in share.valid] == ["d2"]


@pytest.mark.parametrize(("row", "said"), [
    ({"text": "a"}, "no list of turns"),
    ({"messages": []}, "no list of turns"),
    ({"messages": "Hello"}, "no list of turns"),
    ({"messages": [{"role": "user"}]}, "turn 0: no text"),
    ({"messages": [{"role": "narrator", "content": "a"}]}, "turn 0: role 'narrator'"),
    ({"conversations": [{"from": "human", "value": "a"}, "b"]}, "turn 1: role ''"),
])
def test_every_record_without_a_conversation_is_reported_with_its_line(
    row: dict[str, Any], said: str, write: Write
) -> None:
    path = write("data.jsonl", lines([ROWS[0], row, ROWS[1], row]))
    with pytest.raises(MhxError) as caught:
        records_of(path)
    assert [problem.line for problem in caught.value.problems] == [2, 4]
    for problem in caught.value.problems:
        assert said in problem.what
        assert (problem.path, problem.field) == (path, "messages")
        assert problem.fix


def test_wrong_columns_are_listed(write: Write) -> None:
    path = write("data.csv", "question,answer\na,b\n")
    with pytest.raises(MhxError, match="the columns are question, answer"):
        records_of(path)


def test_a_thousand_bad_records_do_not_fill_the_screen(write: Write) -> None:
    path = write("data.jsonl", lines([{"text": "a"}] * 1000))
    with pytest.raises(MhxError) as caught:
        records_of(path)
    assert len(caught.value.problems) == SHOWN + 1
    assert f"and {1000 - SHOWN} more" in caught.value.problems[-1].what


def test_a_system_prompt_is_added_only_where_there_is_none() -> None:
    bare = {"id": "x", "messages": ROWS[0]["messages"][1:]}
    plain, kept = with_system([bare, ROWS[0]], "Słuchaj.")
    assert plain["messages"][0] == {"role": "system", "content": "Słuchaj."}
    assert plain["messages"][1:] == bare["messages"]
    assert kept == ROWS[0]


def test_one_file_is_divided_by_its_column_lang(write: Write) -> None:
    rows = [{**row, "lang": tag} for row, tag in zip(ROWS, ("pl", "fa", "pl", "es"), strict=True)]
    rows[2]["split"] = "valid"
    path = str(write("data.jsonl", lines(rows)))
    found = shares(["pl", "fa"], {"": path}, {})
    assert [row["id"] for row in found["pl"].train] == ["d0"]
    assert [row["id"] for row in found["pl"].valid] == ["d2"]
    assert [row["id"] for row in found["fa"].train] == ["d1"]
    assert found["pl"].sha256 == found["fa"].sha256


def test_a_file_of_its_own_needs_no_column_lang(write: Write) -> None:
    one, two = (str(write(f"{name}.jsonl", lines(rows)))
                for name, rows in (("pl", ROWS[:1]), ("fa", ROWS[1:])))
    found = shares(["pl", "fa"], {"pl": one, "fa": two}, {"fa": one})
    assert [len(found[tag].train) for tag in ("pl", "fa")] == [1, 3]
    assert [row["id"] for row in found["fa"].valid] == ["d0"]
    assert found["pl"].sha256 != found["fa"].sha256


def test_a_file_for_several_languages_must_say_which_is_which(write: Write) -> None:
    path = str(write("data.jsonl", lines(ROWS)))
    with pytest.raises(MhxError, match="4 conversations without a lang") as caught:
        shares(["pl", "fa"], {"": path}, {})
    assert "--data pl=FILE" in caught.value.problems[0].fix
    assert len(shares(["pl"], {"": path}, {})["pl"].train) == 4


def test_a_language_without_a_row_is_named(write: Write) -> None:
    path = str(write("data.jsonl", lines([{**ROWS[0], "lang": "fa"}])))
    with pytest.raises(MhxError, match="no conversation of pl; the languages are fa"):
        shares(["pl"], {"": path}, {})


def test_a_cap_draws_by_the_seed_and_keeps_the_order() -> None:
    rows = [{"id": str(number)} for number in range(50)]
    one, again, other = capped(rows, 10, 1), capped(rows, 10, 1), capped(rows, 10, 2)
    assert one == again != other
    assert len(one) == 10
    assert [int(row["id"]) for row in one] == sorted(int(row["id"]) for row in one)
    assert capped(rows, None, 1) == capped(rows, 99, 1) == rows


@pytest.mark.parametrize("text", ["2", "de=2", "pl"])
def test_an_option_must_name_a_trained_language(text: str) -> None:
    with pytest.raises(UsageError, match="--weight"):
        by_language([text], ["pl", "fa"], "--weight")


def test_an_option_may_stand_once_and_holds_positive_numbers() -> None:
    with pytest.raises(UsageError, match="--cap twice for pl"):
        by_language(["pl=1", "pl=2"], ["pl"], "--cap")
    for text in ("0", "-1", "two", "nan"):
        with pytest.raises(UsageError, match=f"--weight pl={text}"):
            numbers({"pl": text}, "--weight", float)
    assert by_language(["pl=a=b.jsonl", "c=d.jsonl"], ["pl"], "--data", bare=True) == {
        "pl": "a=b.jsonl", "": "c=d.jsonl"}
