"""Parquet files larger than memory: written frame by frame, read by whole dialogues."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mhx.atomic import atomic_path, parts_folder
from mhx.files import system_errors

if TYPE_CHECKING:
    import polars as pl

ROWS = 20_000  # of a row group, and of a batch that is read


class Writer:
    """What `parquet_writer` gives: frames of one schema, added in order."""

    def __init__(self, folder: Path) -> None:
        self.rows = 0
        self.folder = folder  # hidden and gone at the end: a place for what is needed until then
        self._parts: list[Path] = []
        self._waiting: list[pl.DataFrame] = []
        self._size = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Take the next rows; what has been taken is on the disk but for a row group."""
        self._waiting.append(frame)
        self._size += frame.height
        self.rows += frame.height
        if self._size >= ROWS:
            self._flush()

    def _flush(self) -> None:
        import polars as pl

        if not self._waiting:
            return
        path = self.folder / f"{len(self._parts):06d}.parquet"
        with system_errors(path):
            pl.concat(self._waiting).write_parquet(path, compression="lz4", statistics=False)
        self._parts.append(path)
        self._waiting, self._size = [], 0

    def join(self, path: Path) -> None:
        """One file of all parts. At least one frame was added, be it without rows."""
        import polars as pl

        self._flush()
        with system_errors(path):
            pl.scan_parquet(self._parts).sink_parquet(
                path, compression="zstd", statistics=False, row_group_size=ROWS
            )


@contextmanager
def parquet_writer(path: Path) -> Iterator[Writer]:
    """A Parquet file that is there whole when the block ends well, else as it was before.

    Until then its parts lie in a hidden folder beside it, which goes in any case. Raises MhxError
    for a full disk or a missing permission.
    """
    with atomic_path(path) as temporary, parts_folder(path) as folder:
        writer = Writer(folder)
        yield writer
        writer.join(temporary)


def batches(
    path: Path, *, rows: int = ROWS, key: str = "dialogue", columns: list[str] | None = None
) -> Iterator[pl.DataFrame]:
    """Frames of about `rows` rows, in order, that never cut a run of equal values of `key`.

    A longer run comes whole. `columns`: only these, the key among them. A file without rows gives
    its empty frame once, so that there is always a schema.
    """
    import polars as pl

    lazy = pl.scan_parquet(path)
    if columns is not None:
        lazy = lazy.select(columns)
    rest: pl.DataFrame | None = None
    at = 0
    while True:
        part = lazy.slice(at, rows).collect()
        at += part.height
        whole = part if rest is None else pl.concat([rest, part])
        if part.height < rows:
            if whole.height or rest is None:
                yield whole
            return
        others = (whole[key] != whole[key][-1]).arg_true()
        cut = int(others[-1]) + 1 if len(others) else 0
        if cut:
            yield whole[:cut]
        rest = whole[cut:]
