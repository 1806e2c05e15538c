"""Reading tables and JSON Lines, and writes that happen whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhx.atomic import atomic_path
from mhx.errors import EXIT_FIXABLE, EXIT_USAGE, MhxError, Problem, UsageError, unknown
from mhx.files import (
    hash_folder,
    read_jsonl,
    read_table,
    read_yaml,
    write_json,
    write_jsonl,
    write_parquet,
    write_text,
    write_yaml,
)

Write = Callable[..., Path]


# ---------------------------------------------------------------- messages


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (
            Problem("wrong", "mend it", path="a.yaml", line=3, field="x"),
            "a.yaml:3: x: wrong — mend it",
        ),
        (Problem("wrong"), "wrong"),
        (Problem("wrong", path="a.yaml"), "a.yaml: wrong"),
        (Problem("wrong", "mend it", line=3), "wrong — mend it"),
    ],
)
def test_a_problem_reads_path_line_field_what_fix(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_an_error_keeps_every_problem_and_its_exit_code() -> None:
    error = MhxError([Problem("one"), Problem("two")])
    assert str(error) == "one\ntwo"
    assert (error.exit_code, UsageError("x").exit_code) == (EXIT_FIXABLE, EXIT_USAGE)


def test_an_unknown_name_lists_the_known_ones_and_the_nearest() -> None:
    assert str(unknown("language", "polish", ["pl", "es", "polsh"])) == (
        "unknown language 'polish' — did you mean 'polsh'? known: es, pl, polsh"
    )
    assert "none found" in str(unknown("language", "x", []))


# ---------------------------------------------------------------- JSON Lines


def test_a_line_separator_inside_a_string_is_text(write: Write) -> None:
    rows = [{"text": "one\u2028two\u2029three\u0085four"}, {"text": "next"}]
    path = write("a.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n")
    assert list(read_jsonl(path)) == [(1, rows[0]), (2, rows[1])]


def test_every_malformed_line_is_reported_with_its_number(write: Write) -> None:
    path = write("a.jsonl", '{"a": 1}\n{"a": \n\n[1, 2]\n{"a": 2}\n"text"\n')
    with pytest.raises(MhxError) as caught:
        list(read_jsonl(path))
    assert [problem.line for problem in caught.value.problems] == [2, 4, 6]
    assert all(problem.path == path for problem in caught.value.problems)


def test_windows_line_ends_and_blank_lines_are_no_problem(write: Write) -> None:
    path = write("a.jsonl", b'{"a": 1}\r\n\r\n{"a": 2}\r\n')
    assert [row for _, row in read_jsonl(path)] == [{"a": 1}, {"a": 2}]


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(), max_size=3), max_size=5))
def test_json_lines_come_back_as_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list
) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "a.jsonl"
    write_jsonl(path, rows)
    assert [row for _, row in read_jsonl(path)] == rows


def test_yaml_comes_back_as_written(tmp_path: Path) -> None:
    value = {
        "tag": "no",
        "number": "116 111",
        "zero": "0800",
        "text": "سلام: 'x'",
        "list": [1, None],
        "flag": True,
        "date": "2026-11-21",
        "yes": "true",
    }
    write_yaml(tmp_path / "a.yaml", value)
    assert read_yaml(tmp_path / "a.yaml")[0] == value


# ---------------------------------------------------------------- tables


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl", ".json"])
def test_a_table_reads_the_same_from_every_format(tmp_path: Path, suffix: str) -> None:
    frame = pl.DataFrame({"text": ["a,b", "c\u2028d"], "score": [1.5, None]})
    path = tmp_path / f"t{suffix}"
    {
        ".csv": frame.write_csv,
        ".tsv": lambda p: frame.write_csv(p, separator="\t"),
        ".parquet": frame.write_parquet,
        ".jsonl": frame.write_ndjson,
        ".json": frame.write_json,
    }[suffix](path)
    assert read_table(path).to_dicts() == frame.to_dicts()


def test_blanks_around_column_names_are_dropped(write: Write) -> None:
    assert read_table(write("t.csv", " a, b \n1,2\n")).columns == ["a", "b"]


def test_columns_that_become_the_same_name_are_a_message(write: Write) -> None:
    with pytest.raises(MhxError):
        read_table(write("t.csv", "a, a\n1,2\n"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", ""),
        ("t.csv", 'a,b\n"open,1\n'),
        ("t.parquet", "no parquet"),
        ("t.xlsx", "no xlsx"),
        ("t.json", "{"),
        ("t.txt", "x"),
        ("t.csv", "nazwa\nżółć".encode("cp1250")),
    ],
)
def test_a_table_that_cannot_be_read_is_a_message_with_its_path(
    write: Write, name: str, content: str | bytes
) -> None:
    path = write(name, content)
    with pytest.raises(MhxError) as caught:
        read_table(path)
    assert caught.value.problems[0].path == path


# ---------------------------------------------------------------- atomic writes


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_makes_missing_folders_and_ordinary_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.json"
    write_json(path, {"x": "ż"})
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
    assert json.loads(path.read_text(encoding="utf-8")) == {"x": "ż"}


def test_a_value_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write_jsonl(path, [{"a": 1}])
    with pytest.raises(TypeError):
        write_jsonl(path, [{"a": 1}, {"a": object()}])
    assert list(tmp_path.iterdir()) == [path]
    assert [row for _, row in read_jsonl(path)] == [{"a": 1}]


def test_a_path_whose_parent_is_a_file_is_a_message(write: Write) -> None:
    parent = write("file", "x")
    with pytest.raises(MhxError):
        write_text(parent / "below.txt", "x")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 64 KiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a tmpfs")
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("kind", ["text", "parquet"])
def test_a_full_disk_is_a_message_and_the_old_file_stays(tiny_disk: Path, kind: str) -> None:
    path = tiny_disk / "a"
    write_text(path, "old")
    big = os.urandom(200_000).hex()
    with pytest.raises(MhxError, match="disk is full") as caught:
        if kind == "text":
            write_text(path, big)
        else:
            write_parquet(
                path, pl.DataFrame({"x": [big[n : n + 50] for n in range(0, 300_000, 50)]})
            )
    assert caught.value.problems[0].path == path
    assert path.read_text() == "old"
    assert list(tiny_disk.iterdir()) == [path]


def test_a_folder_one_may_not_write_to_is_a_message(tmp_path: Path, as_nobody: Callable) -> None:
    # pytest's own folder is private to root: the closed folder stands beside the ordinary ones
    folder = Path("/tmp") / f"mhx-closed-{os.getpid()}"
    folder.mkdir(mode=0o755)
    try:
        done = as_nobody(
            "from pathlib import Path\n"
            "from mhx.errors import MhxError\n"
            "from mhx.files import write_text\n"
            f"path = Path({str(folder)!r}) / 'a.txt'\n"
            "try:\n    write_text(path, 'x')\n"
            "except MhxError as error:\n    print(error)\n"
        )
        assert done.returncode == 0, done.stderr
        assert str(folder / "a.txt") in done.stdout
        assert "no permission" in done.stdout
        assert "--out" in done.stdout
        assert list(folder.iterdir()) == []
    finally:
        folder.rmdir()


def test_a_folder_hash_sees_names_and_contents_and_skips_caches(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "x")
    first = hash_folder(tmp_path)
    write_text(tmp_path / "__pycache__" / "a.pyc", "x")
    assert hash_folder(tmp_path) == first
    (tmp_path / "a").rename(tmp_path / "b")
    assert hash_folder(tmp_path) != first
