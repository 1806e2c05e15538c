"""The user's table as records: CSV, TSV, Parquet and JSON Lines some thousand rows at a time.

JSON and XLSX are read whole: an array has one end, and a sheet holds 1,048,576 rows at most.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.files import read_jsonl, read_table, read_text, same_width, table_errors
from mhx.parquet import ROWS

if TYPE_CHECKING:
    import polars as pl

Record = dict[str, Any]
BLOCK = 1 << 20  # bytes whose encoding is checked at once


@dataclass(frozen=True)
class Table:
    """A table's column names, and what gives its rows, in order, with some of the columns."""

    columns: list[str]
    rows: Callable[[Sequence[str]], Iterator[Record]]


def open_table(path: Path) -> Table:
    """The table of a file, whose rows are read as they are asked for.

    Values of a CSV or TSV file are text, as written. Names are stripped of blanks around them.
    Raises MhxError for an unknown kind, another encoding than UTF-8 and rows of another width;
    while rows are read, for what cannot be parsed.
    """
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv", ".parquet"):
        return _scanned(path, suffix)
    if suffix in (".jsonl", ".ndjson"):
        return _lines(path)
    frame = read_table(path)
    return Table(frame.columns, lambda names: frame.select(names).iter_rows(named=True))


def _scanned(path: Path, suffix: str) -> Table:
    import polars as pl

    with table_errors(path):
        if suffix == ".parquet":
            lazy = pl.scan_parquet(path, glob=False)
        else:
            separator = "\t" if suffix == ".tsv" else ","
            _check_encoding(path)
            same_width(path, separator)
            lazy = pl.scan_csv(path, separator=separator, infer_schema=False, glob=False)
        written = {name.strip(): name for name in lazy.collect_schema()}
    return Table(list(written), lambda names: _batched(path, lazy, names, written))


def _batched(
    path: Path, lazy: pl.LazyFrame, names: Sequence[str], written: dict[str, str]
) -> Iterator[Record]:
    import polars as pl

    some = lazy.select(pl.col(written[name]).alias(name) for name in names)
    with table_errors(path):
        for frame in some.collect_batches(chunk_size=ROWS, maintain_order=True, lazy=True):
            yield from frame.iter_rows(named=True)


def _check_encoding(path: Path) -> None:
    """Raise MhxError for a file that is missing or no UTF-8, as `read_text` does."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as handle:
            while block := handle.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except (OSError, UnicodeDecodeError):
        read_text(path)  # says which byte and line, or why the file cannot be opened
        raise


def _lines(path: Path) -> Table:
    written: dict[str, str] = {}
    for _, record in read_jsonl(path):
        for name in record:
            written.setdefault(name.strip(), name)

    def rows(names: Sequence[str]) -> Iterator[Record]:
        for _, record in read_jsonl(path):
            yield {name: record.get(written[name]) for name in names}

    return Table(list(written), rows)
