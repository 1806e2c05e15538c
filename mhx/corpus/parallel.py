"""Parallel text in files, row by row: TMX, CSV, TSV, JSON Lines and Parquet, read and written."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mhx.atomic import atomic_path
from mhx.corpus.tables import check_names, records
from mhx.corpus.tmx import Unit, read_tmx, write_tmx
from mhx.errors import MhxError, Problem, UsageError
from mhx.files import jsonl_writer, read_jsonl, table_errors
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
        row = asdict(unit)
        row["origin"] = unit.origin.removeprefix(f"{path.name}#")  # a unit's id stays its id
        yield {one: row.pop("source"), two: row.pop("target"), **row}


def _records(path: Path, separator: str) -> Iterator[Row]:
    names: list[str] = []
    for line, record in records(path, separator):
        if not names:
            names = record
            check_names(names, path)
        elif record and len(record) != len(names):
            raise MhxError(Problem(
                f"{len(record)} fields where the header has {len(names)} names",
                "quote fields with separators in them", path=path, line=line))
        elif record:
            yield dict(zip(names, record, strict=True))


def _parquet(path: Path) -> Iterator[Row]:
    import polars as pl

    with table_errors(path):
        lazy = pl.scan_parquet(path, glob=False)
        total = lazy.select(pl.len()).collect().item()
        for start in range(0, total, ROWS):
            yield from lazy.slice(start, ROWS).collect().iter_rows(named=True)


def columns_of(path: Path, sides: Sides) -> dict[str, Any]:
    """The columns of a file's rows as far as they are known before the first: name → polars type,
    None where it is not known. A file of which no row is kept has them too."""
    suffix = path.suffix.lower()
    if suffix in SEPARATORS:
        return dict.fromkeys(next(records(path, SEPARATORS[suffix]), (1, []))[1])
    if suffix == ".parquet":
        import polars as pl

        with table_errors(path):
            return dict(pl.scan_parquet(path, glob=False).collect_schema())
    units = [item.name for item in fields(Unit)[2:]] if suffix == ".tmx" else []
    return dict.fromkeys([*sides.columns, *units])


def with_origin(rows: Iterable[Row], name: str) -> Iterator[Row]:
    """The rows with `origin`, where a TMX unit's id comes from: FILE#ROW unless they have one."""
    for number, row in enumerate(rows, start=1):
        yield {**row, "origin": row.get("origin") or f"{name}#{number}"}


def check_output(path: Path, out: Path, dropped: Path | None = None) -> None:
    """Raises UsageError for an output that cannot hold the rows of `path`, or is `path` itself;
    for a file of dropped rows that is one of the two."""
    able = WRITTEN.get(path.suffix.lower(), ())
    if able and out.suffix.lower() not in able:
        raise UsageError(f"--out {out}: rows of {path.suffix} are not written so",
                         f"end it in {', '.join(able)}")
    if out.resolve() == path.resolve():
        raise UsageError(f"--out {out} is the file that is read", "name another file")
    if dropped is not None and dropped.resolve() in (out.resolve(), path.resolve()):
        what = f"--dropped {dropped} is the file that is read or the clean one"
        raise UsageError(what, "name another file")


def write_rows(out: Path, rows: Iterable[Row], sides: Sides, *, read: Path) -> None:
    """Write rows to a file whole or not at all, as they come. `read` is the file they are of."""
    suffix = out.suffix.lower()
    if suffix == ".tmx":
        units = (
            _unit(row, sides, f"{read.name}#{number}", read)
            for number, row in enumerate(rows, start=1)
        )
        write_tmx(out, units, source=sides.source, target=sides.target, creator="mhx")
        return
    with _writer(out, columns_of(read, sides)) as add:
        for row in rows:
            add({key: value.isoformat() if isinstance(value, date) else value
                 for key, value in row.items()} if suffix != ".parquet" else row)


def _unit(row: Row, sides: Sides, origin: str, path: Path) -> Unit:
    one, two = (row.get(column) or "" for column in sides.columns)
    changed = row.get("changed")
    if isinstance(changed, str):
        try:
            changed = date.fromisoformat(changed[:10]) if changed else None
        except ValueError as error:
            what = f"'changed' is no day but {changed!r} ({origin})"
            fix = "write it as 2026-01-31, leave it empty, or rename the column"
            raise MhxError(Problem(what, fix, path=path)) from error
    if isinstance(changed, datetime):
        changed = changed.date()
    texts = {key: str(row.get(key) or "") for key in ("register", "gender", "author")}
    return Unit(one, two, str(row.get("origin") or origin), changed=changed, **texts)


@contextmanager
def _writer(out: Path, columns: Mapping[str, Any]) -> Iterator[Callable[[Row], object]]:
    opened: dict[str, Callable[[], AbstractContextManager[Callable[[Row], object]]]] = {
        ".jsonl": lambda: jsonl_writer(out),
        ".parquet": lambda: _parquet_rows(out, columns),
        ".csv": lambda: _delimited(out, list(columns)),
        ".tsv": lambda: _delimited(out, list(columns)),
    }
    with opened[out.suffix.lower()]() as add:
        yield add


@contextmanager
def _delimited(out: Path, names: list[str]) -> Iterator[Callable[[Row], object]]:
    with atomic_path(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, delimiter=SEPARATORS[out.suffix.lower()], lineterminator="\n")
        writer.writerow(names)
        yield lambda row: writer.writerow(["" if row[key] is None else row[key] for key in names])


@contextmanager
def _parquet_rows(out: Path, columns: Mapping[str, Any]) -> Iterator[Callable[[Row], object]]:
    """Rows of a Parquet file keep its types; of others each part has its own, the file what
    holds them all."""
    import polars as pl

    known = dict(columns) if None not in columns.values() else None
    with parquet_writer(out) as writer:
        waiting: list[Row] = []
        parts: list[Path] = []
        schemas = [pl.DataFrame(schema=known or dict.fromkeys(columns, pl.String))]

        def flush() -> None:
            part = pl.DataFrame(waiting, schema=known, infer_schema_length=None)
            waiting.clear()
            schemas.append(part.clear())
            parts.append(writer.folder / f"rows-{len(parts):06d}.parquet")
            part.write_parquet(parts[-1], compression="lz4", statistics=False)

        def add(row: Row) -> None:
            waiting.append(row)
            if len(waiting) == ROWS:
                flush()

        yield add
        if waiting:
            flush()
        with table_errors(out):
            whole = pl.concat(schemas[1:] or schemas, how="diagonal_relaxed")
            writer.add(whole)
            for path in parts:
                part = pl.read_parquet(path)
                writer.add(pl.concat([whole, part], how="diagonal_relaxed"))
                path.unlink()
