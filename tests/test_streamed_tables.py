"""The user's table, read some rows at a time: nothing lost, wrong files told with their line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from mhx.corpus import tables
from mhx.corpus.readers import read_source
from mhx.corpus.tables import open_table
from mhx.errors import MhxError

Write = Callable[..., Path]
ROWS = [{"question": f"q {number}", "answer": f"a {number}"} for number in range(2500)]
PEAK = """
import sys
from pathlib import Path
import polars
from mhx.corpus.readers import read_source
def held():
    return int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0]) / 1024
list(read_source(Path(sys.argv[1])))
before, most, count = held(), 0, 0
for count, _ in enumerate(read_source(Path(sys.argv[2])), start=1):
    if count % 5000 == 0:
        most = max(most, held())
print(count, most - before)
"""


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".jsonl"])
def test_every_row_comes_in_order_whatever_the_batch(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, frame = tmp_path / f"a{suffix}", pl.DataFrame(ROWS)
    if suffix == ".parquet":
        frame.write_parquet(path, row_group_size=700)
    elif suffix == ".jsonl":
        frame.write_ndjson(path)
    else:
        frame.write_csv(path, separator="\t" if suffix == ".tsv" else ",")
    for size in (7, 20_000):
        monkeypatch.setattr(tables, "ROWS", size)
        table = open_table(path)
        assert table.columns == ["question", "answer"]
        assert list(table.rows(["question", "answer"])) == ROWS
        assert [row.row for row in read_source(path)] == list(range(2, 2502))


def test_text_is_text_as_it_is_written(write: Write) -> None:
    path = write("a.csv", "\ufeffquestion, answer ,when\n007,1.50,2026-01-02\ntrue,,x\n")
    rows = list(open_table(path).rows(["question", "answer"]))
    assert rows == [{"question": "007", "answer": "1.50"}, {"question": "true", "answer": ""}]


def test_lines_with_different_keys_are_one_table(write: Write) -> None:
    lines = [{"question": "q"}, {"answer": "a", "question": 5}]
    path = write("a.jsonl", "\n".join(map(json.dumps, lines)))
    assert list(open_table(path).rows(["question", "answer"])) == [
        {"question": "q", "answer": None}, {"question": 5, "answer": "a"}]


def test_a_byte_that_is_no_utf8_is_told_with_its_line_however_late(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"question,answer\n" + b"q,a\n" * 100_000 + b"q,\xb3\n")
    with pytest.raises(MhxError, match="not UTF-8") as caught:
        list(read_source(path))
    assert (caught.value.problems[0].path, caught.value.problems[0].line) == (path, 100_002)


def test_a_record_of_another_width_is_told_with_its_line(write: Write) -> None:
    path = write("a.csv", "question,answer\nq,a\n\"q\nr\",a\nq\n")
    with pytest.raises(MhxError, match="1 fields where the header has 2") as caught:
        list(read_source(path))
    assert caught.value.problems[0].line == 5
    with pytest.raises(MhxError, match="2 such records"):
        list(read_source(write("b.csv", "question,answer\nq,a\nq,a,b\n" + "q,a\n" * 2000 + "q")))


def test_an_empty_line_is_a_row_of_nothing(write: Write) -> None:
    records = list(read_source(write("a.csv", "question,answer\nq,a\n\nr,b\n")))
    assert [(record.row, len(record.turns)) for record in records] == [(2, 2), (3, 0), (4, 2)]


def test_a_field_may_be_long(write: Write) -> None:
    (record,) = read_source(write("a.csv", f"question,answer\n{'so ' * 100_000},a\n"))
    assert len(record.turns[0][1]) == 299_999


def test_what_cannot_be_parsed_is_a_message(write: Write, tmp_path: Path) -> None:
    for line in ('"q" r,a', '"q,a'):
        with pytest.raises(MhxError, match="cannot be read as CSV") as caught:
            list(read_source(write("a.csv", f"question,answer\nq,a\n{line}\n")))
        assert caught.value.problems[0].line == 3
    (tmp_path / "b.parquet").write_bytes(b"PAR1 no such thing")
    with pytest.raises(MhxError, match="cannot be read as PARQUET"):
        list(read_source(tmp_path / "b.parquet"))
    with pytest.raises(MhxError) as caught:
        list(read_source(tmp_path / "missing.csv"))
    assert caught.value.problems[0].path == tmp_path / "missing.csv"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_memory_does_not_grow_with_the_table(suffix: str, tmp_path: Path) -> None:
    """A table of 57 MB: held whole it takes 60 MiB at least."""
    small, large = tmp_path / f"s{suffix}", tmp_path / f"l{suffix}"
    text = "I have not slept well since the spring and nobody asks. " * 5
    for path, count in ((small, 10), (large, 100_000)):
        frame = pl.DataFrame({"question": [f"{text}{number}" for number in range(count)],
                              "answer": [f"{number} {text}" for number in range(count)]})
        frame.write_csv(path) if suffix == ".csv" else frame.write_ndjson(path)
    assert large.stat().st_size > 55_000_000
    said = subprocess.run([sys.executable, "-c", PEAK, small, large], capture_output=True,
                          text=True, check=True, timeout=120)
    count, grown = said.stdout.split()
    assert int(count) == 100_000
    assert float(grown) < 30, "MiB"


def test_empty_lines_before_the_header_are_no_header(write: Write) -> None:
    path = write("a.csv", "\n\nquestion,answer\nq,a\n")
    assert list(open_table(path).rows(["answer"])) == [{"answer": "a"}]


def test_a_name_that_stands_twice_is_refused_where_it_is_asked_for(write: Write) -> None:
    path = write("a.csv", "question,answer, answer,x,x\nq,one,two,,\n")
    assert list(open_table(path).rows(["question"])) == [{"question": "q"}]
    with pytest.raises(MhxError, match=r"a\.csv:1: two columns are named 'answer'"):
        list(open_table(path).rows(["question", "answer"]))


def test_a_key_with_blanks_is_the_same_column(write: Write) -> None:
    path = write("a.jsonl", '{" answer": "one"}\n{"answer": "two"}\n')
    assert [row["answer"] for row in open_table(path).rows(["answer"])] == ["one", "two"]


def test_the_message_names_the_encoding_that_the_file_seems_to_have(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for encoding, name in (("utf-16", "UTF-16"), ("cp1250", "WINDOWS-1250")):
        path.write_bytes("question,answer\nzażółć,a\n".encode(encoding))
        with pytest.raises(MhxError, match=f"iconv -f {name} "):
            open_table(path)
