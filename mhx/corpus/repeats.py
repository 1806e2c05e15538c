"""Text that repeats itself: characters over and over in a row, a whole column at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mhx.corpus.codepoints import codes_of

if TYPE_CHECKING:
    import polars as pl

BATCH = 1 << 15  # characters looked through at once: they stay in the cache
BITS = 21  # of a code point


def repetitions(
    column: pl.Series, *, times: int = 2, shortest: int = 3, longest: int = 100
) -> Any:
    """How often each text's first repeated piece comes again: int64, 0 for none.

    A piece has `shortest` to `longest` + 1 characters, begins with no blank and comes at least
    `times` more, with any number of blanks between (OpusFilter's RepetitionFilter). Without its
    blanks such a text has a period, which is searched for first; the expression itself, slow, is
    only asked where one is found.
    """
    wanted = re.compile(rf"(\S.{{{shortest - 1},{longest}}}?)(?: *\1){{{times},}}")
    texts = column.to_list()
    out = np.zeros(len(texts), np.int64)
    start, size = 0, 0
    for stop, text in enumerate(texts, start=1):
        size += len(text)
        if size < BATCH and stop < len(texts):
            continue
        for row in _periodic(texts[start:stop], times, longest + 1):
            found = wanted.search(texts[start + row])
            if found is not None:
                out[start + row] = found[0].count(found[1]) - 1
        start, size = stop, 0
    return out


def _periodic(texts: Sequence[str], times: int, longest: int) -> list[int]:
    """Rows whose text without blanks is periodic somewhere, `times` periods and one long."""
    codes = codes_of([text.replace(" ", "") for text in texts])
    points, rows = codes.points.astype(np.uint64), codes.rows()
    if not len(points):
        return []
    threes = points.copy()  # three neighbours in one number: fewer chance matches
    threes[:-1] |= points[1:] << np.uint64(BITS)
    threes[:-2] |= points[2:] << np.uint64(2 * BITS)
    found: set[int] = set()
    for period in range(1, min(longest, len(points) - 1) + 1):
        values, need = (threes, times * period - 2) if period > 2 else (points, times * period)
        equal = np.flatnonzero(values[:-period] == values[period:])
        if len(equal) < need:
            continue
        first = equal[: len(equal) - need + 1]
        run = first[equal[need - 1 :] - first == need - 1]
        inside = run[rows[run] == rows[np.minimum(run + (times + 1) * period, len(rows)) - 1]]
        new = np.unique(rows[inside]).tolist()
        # one letter alone is a piece only with two blanks after it
        found.update(row for row in new if period > 1 or "  " in texts[row])
    return sorted(found)
