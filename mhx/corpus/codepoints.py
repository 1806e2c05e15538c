"""Many texts as one array of code points: what the fast text work of the corpus counts on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl

BEYOND = 0x110000  # one more than the last code point


@dataclass(frozen=True)
class Codes:
    """Texts laid end to end.

    `points`: uint32 code points of all texts; `starts`: int64, where each text begins, with the
    whole length at the end, so that text n is ``points[starts[n]:starts[n + 1]]``.
    """

    points: Any
    starts: Any

    @property
    def lengths(self) -> Any:
        """Code points of each text, int64."""
        return np.diff(self.starts)

    def rows(self) -> Any:
        """The text each code point belongs to, int64."""
        return np.repeat(np.arange(len(self.starts) - 1), self.lengths)

    def count(self, member: Any) -> Any:
        """How many of each text's code points are in `member` (bool, one a code point)."""
        return per_text(member, self.starts)


def codes_of(texts: Sequence[str]) -> Codes:
    """The texts' code points. A lone surrogate counts as itself: no text is refused here."""
    return _laid("".join(texts), np.fromiter(map(len, texts), np.int64, len(texts)))


def column_codes(texts: pl.Series) -> Codes:
    """The code points of a column of texts without nulls."""
    return _laid(texts.str.join("").item(), texts.str.len_chars().to_numpy())


def _laid(text: str, lengths: Any) -> Codes:
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    starts = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    return Codes(points, starts)


def per_text(values: Any, starts: Any) -> Any:
    """Sums of `values` (bool, one a code point) over each text, int64; 0 for an empty text."""
    out = np.zeros(len(starts) - 1, dtype=np.int64)
    filled = starts[1:] > starts[:-1]
    if filled.any():
        out[filled] = np.add.reduceat(values.view(np.uint8), starts[:-1][filled], dtype=np.uint32)
    return out


class LetterTable:
    """A number for each code point; `values` is asked once for those that are first met.

    `kind` is the numbers' type; its greatest one stands for what was not asked yet.
    """

    def __init__(self, values: Callable[[list[str]], list[int]], kind: Any) -> None:
        self._values = values
        self._unknown = np.iinfo(kind).max
        self._table = np.full(BEYOND, self._unknown, dtype=kind)

    def of(self, points: Any) -> Any:
        """The numbers of the code points, one each."""
        at = points.astype(np.intp)  # numpy would do it in pieces, which takes thrice as long
        out = np.take(self._table, at, mode="clip")
        if len(out) and out.max() == self._unknown:
            new = np.unique(at[out == self._unknown])
            self._table[new] = self._values([chr(point) for point in new.tolist()])
            out = np.take(self._table, at, mode="clip")
        return out
