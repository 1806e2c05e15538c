"""Counts behind chrF for a whole corpus at once: sorted integer codes instead of Counters.

sacrebleu slices every n-gram of every segment into a Python string; here an n-gram is an integer
(segment, then one digit a symbol), and one sort an order counts all segments. The counts are the
same integers, so the score and its signature are too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from mhx.stats.resample import Ints

BLOCK = 1 << 15  # symbols sorted at once: codes and keys stay in the cache
CODE_LIMIT = 1 << 62  # codes are ranked anew before they outgrow 64 bits


@dataclass(frozen=True)
class Symbols:
    """Segments as integers, one after the other: `values` (all symbols,), `lengths` (segments,)."""

    values: Ints
    lengths: Ints


def chrf_counts(metric: Any, hypotheses: Sequence[str], references: Sequence[str]) -> Ints:
    """Counts (segments, 3 * orders) of hypothesis, reference and matched n-grams, order by order.

    `metric` is sacrebleu's CHRF with its settings; the rows equal its own segment statistics for
    one reference a segment. Characters come first, then words (chrF++).
    """
    texts = [metric._preprocess_segment(text) for text in (*hypotheses, *references)]
    half = len(hypotheses)
    plain = texts if metric.whitespace else ["".join(text.split()) for text in texts]
    parts = [_counts(*_split(_characters(plain), half), metric.char_order)]
    if metric.word_order:
        parts.append(_counts(*_split(_tokens(texts, metric._remove_punctuation), half),
                             metric.word_order))
    return np.hstack(parts)


def _characters(texts: Sequence[str]) -> Symbols:
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    points = np.frombuffer(joined, dtype=np.uint32)
    present = np.zeros(int(points.max(initial=0)) + 1, dtype=bool)
    present[points] = True
    dense = present.cumsum() - 1
    return Symbols(dense[points], np.array([len(text) for text in texts], dtype=np.int64))


def _tokens(texts: Sequence[str], split: Callable[[str], list[str]]) -> Symbols:
    known: dict[str, int] = {}
    rows = [[known.setdefault(word, len(known)) for word in split(text)] for text in texts]
    values = np.array([code for row in rows for code in row], dtype=np.int64)
    return Symbols(values, np.array([len(row) for row in rows], dtype=np.int64))


def _split(symbols: Symbols, half: int) -> tuple[Symbols, Symbols]:
    lengths, middle = symbols.lengths, int(symbols.lengths[:half].sum())
    return (Symbols(symbols.values[:middle], lengths[:half]),
            Symbols(symbols.values[middle:], lengths[half:]))


def _counts(made: Symbols, wanted: Symbols, orders: int) -> Ints:
    """Segments are independent: they are counted in blocks of about BLOCK symbols."""
    segments = len(made.lengths)
    out = np.zeros((segments, 3 * orders), dtype=np.int64)
    ends, wanted_ends = made.lengths.cumsum(), wanted.lengths.cumsum()
    block = (ends + wanted_ends) // BLOCK
    edges = [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), segments]
    for first, last in pairwise(edges):
        here = slice(first, last)
        out[here] = _block(_part(made, ends, here), _part(wanted, wanted_ends, here), orders)
    return out


def _part(symbols: Symbols, ends: Ints, here: slice) -> Symbols:
    first = int(ends[here.start - 1]) if here.start else 0
    return Symbols(symbols.values[first : int(ends[here.stop - 1])], symbols.lengths[here])


def _block(made: Symbols, wanted: Symbols, orders: int) -> Ints:
    segments, middle = len(made.lengths), len(made.values)
    values = np.concatenate([made.values, wanted.values])
    lengths = np.concatenate([made.lengths, wanted.lengths])
    base = int(values.max(initial=0)) + 1
    room = np.repeat(lengths.cumsum(), lengths) - np.arange(len(values))
    start, bound = np.arange(len(values)), segments
    code = np.repeat(np.tile(np.arange(segments), 2), lengths)
    out = np.zeros((segments, 3 * orders), dtype=np.int64)
    for order in range(1, orders + 1):
        keep = room[start] >= order
        start, code = start[keep], code[keep]
        if 2 * bound * base >= CODE_LIMIT:
            found, code = np.unique(code, return_inverse=True)
            bound = len(found)
        code, bound = code * base + values[start + order - 1], bound * base
        n_made = np.maximum(made.lengths - order + 1, 0)
        n_wanted = np.maximum(wanted.lengths - order + 1, 0)
        place = 3 * (order - 1)
        # as sacrebleu has it: nothing is asked of an order the reference is too short for
        out[:, place] = np.where(n_wanted > 0, n_made, 0)
        out[:, place + 1] = n_wanted
        out[:, place + 2] = _matches(2 * code + (start >= middle), n_made + n_wanted)
    return out


def _matches(keys: Ints, sizes: Ints) -> Ints:
    """Matched n-grams a segment; the last bit of a key says which side it is on.

    Codes begin with the segment, so that sorted keys lie segment by segment, `sizes` of each.
    """
    if not len(keys):
        return np.zeros(len(sizes), dtype=np.int64)
    keys.sort()
    first = np.flatnonzero(np.diff(keys >> 1, prepend=-1))
    wanted = np.add.reduceat(keys & 1, first)
    made = np.diff(first, append=len(keys)) - wanted
    home = np.repeat(np.arange(len(sizes)), sizes)[first]
    matched = np.bincount(home, weights=np.minimum(made, wanted), minlength=len(sizes))
    return matched.astype(np.int64)
