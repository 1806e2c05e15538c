"""The user's table as records: CSV, TSV, Parquet and JSON Lines row by row, or group by group.

JSON and XLSX are read whole: an array has one end, and a sheet holds 1,048,576 rows at most.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem, os_problem
from mhx.files import read_jsonl, read_table, read_text, table_errors
from mhx.parquet import ROWS

Record = dict[str, Any]
FIELD = 1 << 30  # characters; the module's own limit of 131,072 is less than some web pages
WIDTH = (
    "write every field, empty ones too, quote fields with separators in them, and name every column"
)


@dataclass(frozen=True)
class Table:
    """A table's column names, and what gives its rows, in order, with some of the columns."""

    columns: list[str]
    rows: Callable[[Sequence[str]], Iterator[Record]]


def open_table(path: Path) -> Table:
    """The table of a file, whose rows are read as they are asked for.

    Values of a CSV or TSV file are text, as written; an empty line is a row of nothing. Names are
    stripped of blanks around them. Raises MhxError for an unknown kind and a file that cannot be
    read; a CSV, TSV or JSON Lines file is checked to its end before the first row is given.
    """
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        return _delimited(path, "\t" if suffix == ".tsv" else ",")
    if suffix in (".jsonl", ".ndjson"):
        return _lines(path)
    if suffix == ".parquet":
        return _parquet(path)
    frame = read_table(path)
    return Table(frame.columns, lambda names: frame.select(names).iter_rows(named=True))


def _delimited(path: Path, separator: str) -> Table:
    header: list[str] = []
    wrong: list[tuple[int, int]] = []
    for line, record in records(path, separator):
        if not header:
            header = record
        elif record and len(record) != len(header):
            wrong.append((line, len(record)))
    if wrong:
        line, fields = wrong[0]
        what = f"{fields} fields where the header has {len(header)} names"
        raise MhxError(
            Problem(f"{what} ({len(wrong)} such records)", WIDTH, path=path, line=line)
        )
    columns = [name.strip() for name in header]
    places = {name: columns.index(name) for name in columns}

    def rows(names: Sequence[str]) -> Iterator[Record]:
        check_names([name for name in columns if name in names], path)
        found = records(path, separator)
        next(found, None)
        for _, record in found:
            yield {name: record[places[name]] if record else "" for name in names}

    return Table(list(places), rows)


def check_names(names: Sequence[str], path: Path) -> None:
    """Raises MhxError for a name that stands twice: which column is meant cannot be told."""
    for name in names:
        if names.count(name) > 1:
            raise MhxError(Problem(
                f"two columns are named {name!r}", "rename one of them", path=path, line=1))


def records(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """(last line, fields) of every record, the header's first; empty lines before it are none.

    Raises MhxError for a file that is empty or no UTF-8, or a field whose quotes are not those of
    CSV.
    """
    csv.field_size_limit(FIELD)
    line, begun = 0, False
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, delimiter=separator, strict=True)
            for record in reader:
                line = reader.line_num
                begun = begun or bool(record)
                if begun:
                    yield line, record
        if not begun:
            what = f"cannot be read as {path.suffix[1:].upper()}: it is empty"
            raise MhxError(Problem(what, "give a file with column names and rows", path=path))
    except UnicodeDecodeError:
        read_text(path)  # says which byte, and what it looks like
        raise
    except OSError as error:
        raise os_problem(error, path, reading=True) from error
    except csv.Error as error:
        what = f"cannot be read as {path.suffix[1:].upper()}: {error}"
        fix = "double the quotes inside a quoted field, and close every quote"
        raise MhxError(Problem(what, fix, path=path, line=line + 1)) from error


def _parquet(path: Path) -> Table:
    import polars as pl

    with table_errors(path):
        lazy = pl.scan_parquet(path, glob=False)
        written = {name.strip(): name for name in lazy.collect_schema()}

    def rows(names: Sequence[str]) -> Iterator[Record]:
        some = lazy.select(pl.col(written[name]).alias(name) for name in names)
        with table_errors(path):
            for frame in some.collect_batches(chunk_size=ROWS, maintain_order=True, lazy=True):
                yield from frame.iter_rows(named=True)

    return Table(list(written), rows)


def _lines(path: Path) -> Table:
    written: dict[str, list[str]] = {}  # a name as the records have it, blanks and all
    for _, record in read_jsonl(path):
        for name in record:
            if name not in (known := written.setdefault(name.strip(), [])):
                known.append(name)

    def rows(names: Sequence[str]) -> Iterator[Record]:
        for _, record in read_jsonl(path):
            yield {
                name: next((record[key] for key in written[name] if key in record), None)
                for name in names
            }

    return Table(list(written), rows)
