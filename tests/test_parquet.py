"""Parquet in pieces: nothing lost, no dialogue cut, no half of a file left behind."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from mhx import parquet
from mhx.errors import MhxError


def made(sizes: list[int]) -> pl.DataFrame:
    names = [f"d{number}" for number, size in enumerate(sizes) for _ in range(size)]
    return pl.DataFrame(
        {"dialogue": names, "n": range(len(names)), "text": [None if n % 7 == 0 else f"t{n}"
                                                            for n in range(len(names))]},
        schema={"dialogue": pl.String, "n": pl.Int64, "text": pl.String},
    )


def write(path: Path, frames: list[pl.DataFrame]) -> None:
    with parquet.parquet_writer(path) as writer:
        for frame in frames:
            writer.add(frame)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_written_in_pieces_is_read_in_whole_dialogues(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(seed)
    frame = made([draw.choice((1, 2, 5, 40)) for _ in range(50)])
    monkeypatch.setattr(parquet, "ROWS", draw.choice((1, 7, 10_000)))
    path = tmp_path / "t.parquet"
    step = draw.choice((1, 13, 100_000))
    write(path, [frame[at : at + step] for at in range(0, frame.height, step)])
    assert pl.read_parquet(path).equals(frame)
    for rows in (1, 3, frame.height, frame.height + 1):
        parts = list(parquet.batches(path, rows=rows))
        assert pl.concat(parts).equals(frame)
        held = [set(part["dialogue"]) for part in parts]
        assert sum(map(len, held)) == frame["dialogue"].n_unique()
        assert all(part.height for part in parts)
    some = pl.concat(list(parquet.batches(path, rows=5, columns=["n", "dialogue"])))
    assert some.columns == ["n", "dialogue"]


def test_a_table_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    write(tmp_path / "t.parquet", [made([])])
    (part,) = parquet.batches(tmp_path / "t.parquet")
    assert part.schema == made([]).schema


def test_the_same_rows_are_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS", 10)
    frame = made([4] * 30)
    for name, step in (("one", 3), ("two", 3), ("three", 120)):
        write(tmp_path / name, [frame[at : at + step] for at in range(0, frame.height, step)])
    one, two, three = ((tmp_path / name).read_bytes() for name in ("one", "two", "three"))
    assert one == two
    assert pl.read_parquet(three).equals(frame)


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROWS", 2)
    path = tmp_path / "t.parquet"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), parquet.parquet_writer(path) as writer:
        writer.add(made([5]))
        writer.add(made([1 // 0]))
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["t.parquet"]


def test_a_folder_that_cannot_be_written_is_the_users_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(MhxError), parquet.parquet_writer(tmp_path / "file" / "t.parquet"):
        pass
