"""Parallel text in files, row by row: TMX, CSV, TSV, JSON Lines and Parquet, read and written."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mhx.atomic import atomic_path
from mhx.corpus.tmx import Unit, read_tmx, write_tmx
from mhx.errors import MhxError, Problem, UsageError, os_problem
from mhx.files import jsonl_writer, read_jsonl
from mhx.parquet import ROWS, parquet_writer

Row = dict[str, Any]
SEPARATORS = {".csv": ",", ".tsv": "\t"}
READ = (".tmx", ".csv", ".tsv", ".jsonl", ".parquet")
# what a format can hold of the rows of another without a loss
WRITTEN = {
    ".tmx": READ,
    ".csv": READ,
    ".tsv": READ,
    ".jsonl": (".jsonl", ".tmx"),
    ".parquet": (".parquet", ".jsonl", ".tmx"),
}


@dataclass(frozen=True)
class Sides:
    """The two languages of a file (BCP-47) and the columns that hold them."""

    source: str
    target: str
    columns: tuple[str, str] = ("source", "target")


def read_rows(path: Path, sides: Sides) -> Iterator[Row]:
    """The rows of a parallel file, in order; of a TMX its units' fields (corpus/tmx).

    Raises MhxError for a format, a column or a line that cannot be read.
    """
    suffix = path.suffix.lower()
    readers: dict[str, Callable[[], Iterator[Row]]] = {
        ".tmx": lambda: _units(path, sides),
        ".csv": lambda: _records(path, SEPARATORS[".csv"]),
        ".tsv": lambda: _records(path, SEPARATORS[".tsv"]),
        ".jsonl": lambda: (row for _, row in read_jsonl(path)),
        ".parquet": lambda: _parquet(path),
    }
    if suffix not in readers:
        raise MhxError(Problem(f"no parallel file ({suffix or 'no ending'})",
                               f"give one of {', '.join(READ)}", path=path))
    for number, row in enumerate(readers[suffix](), start=1):
        for column in () if suffix == ".tmx" else sides.columns:
            if column not in row:
                raise MhxError(Problem(
                    f"no column {column!r} in row {number}",
                    f"--columns SOURCE,TARGET; columns: {', '.join(row)}", path=path))
            if not isinstance(row[column], str | None):
                raise MhxError(Problem(
                    f"{column!r} of row {number} is no text but {row[column]!r}",
                    "name a column of texts", path=path))
        yield row


def _units(path: Path, sides: Sides) -> Iterator[Row]:
    one, two = sides.columns
    for unit in read_tmx(path, sides.source, sides.target):
        fields = asdict(unit)
        fields["origin"] = unit.origin.removeprefix(f"{path.name}#")  # a unit's id stays its id
        yield {one: fields.pop("source"), two: fields.pop("target"), **fields}


def _records(path: Path, separator: str) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, delimiter=separator)
            names = next(reader, [])
            for record in reader:
                if record and len(record) != len(names):
                    raise MhxError(Problem(
                        f"{len(record)} fields where the header has {len(names)} names",
                        "quote fields with separators in them", path=path, line=reader.line_num))
                if record:
                    yield dict(zip(names, record, strict=True))
    except UnicodeDecodeError as error:
        raise MhxError(Problem("not UTF-8", "save it as UTF-8", path=path)) from error
    except csv.Error as error:
        raise MhxError(Problem(f"not read: {error}", "check the quotes", path=path)) from error
    except OSError as error:
        raise os_problem(error, path, reading=True) from error


def _parquet(path: Path) -> Iterator[Row]:
    import polars as pl

    try:
        lazy = pl.scan_parquet(path)
        total = lazy.select(pl.len()).collect().item()
        for start in range(0, total, ROWS):
            yield from lazy.slice(start, ROWS).collect().iter_rows(named=True)
    except OSError as error:
        raise os_problem(error, path, reading=True) from error
    except pl.exceptions.PolarsError as error:
        what = f"cannot be read as PARQUET: {str(error).splitlines()[0]}"
        raise MhxError(Problem(what, "check the file", path=path)) from error


def with_origin(rows: Iterable[Row], name: str) -> Iterator[Row]:
    """The rows with `origin`, where a TMX unit's id comes from: FILE#ROW unless they have one."""
    for number, row in enumerate(rows, start=1):
        yield {**row, "origin": row.get("origin") or f"{name}#{number}"}


def check_output(path: Path, out: Path) -> None:
    """Raises UsageError for an output that cannot hold the rows of `path`, or is `path` itself."""
    able = WRITTEN.get(path.suffix.lower(), ())
    if able and out.suffix.lower() not in able:
        raise UsageError(f"--out {out}: rows of {path.suffix} are not written so",
                         f"end it in {', '.join(able)}")
    if out.exists() and path.exists() and out.samefile(path):
        raise UsageError(f"--out {out} is the file that is read", "name another file")


def write_rows(out: Path, rows: Iterable[Row], sides: Sides, *, name: str) -> None:
    """Write rows to a file whole or not at all, as they come. `name` is of what they came from."""
    if out.suffix.lower() == ".tmx":
        units = (_unit(row, sides, f"{name}#{number}") for number, row in enumerate(rows, start=1))
        write_tmx(out, units, source=sides.source, target=sides.target, creator="mhx")
        return
    with _writer(out) as add:
        for row in rows:
            add({key: value.isoformat() if isinstance(value, date) else value
                 for key, value in row.items()} if out.suffix.lower() != ".parquet" else row)


def _unit(row: Row, sides: Sides, origin: str) -> Unit:
    one, two = (row.get(column) or "" for column in sides.columns)
    changed = row.get("changed")
    if isinstance(changed, str):
        changed = date.fromisoformat(changed[:10]) if changed else None
    if isinstance(changed, datetime):
        changed = changed.date()
    texts = {key: str(row.get(key) or "") for key in ("register", "gender", "author")}
    return Unit(one, two, str(row.get("origin") or origin), changed=changed, **texts)


@contextmanager
def _writer(out: Path) -> Iterator[Callable[[Row], object]]:
    opened: dict[str, Callable[[], AbstractContextManager[Callable[[Row], object]]]] = {
        ".jsonl": lambda: jsonl_writer(out),
        ".parquet": lambda: _parquet_rows(out),
        ".csv": lambda: _delimited(out),
        ".tsv": lambda: _delimited(out),
    }
    with opened[out.suffix.lower()]() as add:
        yield add


@contextmanager
def _delimited(out: Path) -> Iterator[Callable[[Row], object]]:
    with atomic_path(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, delimiter=SEPARATORS[out.suffix.lower()], lineterminator="\n")
        names: list[str] = []

        def add(row: Row) -> None:
            if not names:
                names.extend(row)
                writer.writerow(names)
            writer.writerow(["" if row[key] is None else row[key] for key in names])

        yield add


@contextmanager
def _parquet_rows(out: Path) -> Iterator[Callable[[Row], object]]:
    import polars as pl

    with parquet_writer(out) as writer:
        waiting: list[Row] = []

        def add(row: Row) -> None:
            waiting.append(row)
            if len(waiting) == ROWS:
                writer.add(pl.DataFrame(waiting, infer_schema_length=None))
                waiting.clear()

        yield add
        if waiting or not writer.rows:
            writer.add(pl.DataFrame(waiting, infer_schema_length=None))
