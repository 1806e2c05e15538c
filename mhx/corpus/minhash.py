"""MinHash signatures of many texts at once (Broder 1997): equal places estimate the Jaccard index.

Shingles are hashed by polynomials modulo 2^64 over the code points, read off running sums, so that
no shingle is ever built. Every permutation is h → a · h + b modulo 2^32 with odd a, of a mixed h
(as datasketch's `affine32`). All hashes are our own: the same on every machine and version.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from mhx.corpus.codepoints import LetterTable, codes_of

BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64
INVERSE = pow(BASE, -1, 1 << 64)
CHUNK = 1 << 15  # shingles permuted at once: they and their products stay in the cache
BATCH = 1 << 17  # characters hashed at once, for the same reason


def _lower(letter: str) -> int:
    lower = letter.lower()
    return ord(lower if len(lower) == 1 else letter) + 1  # 0 is no letter


def _lower_word(letter: str) -> int:
    return _lower(letter) if re.match(r"\w", letter) else 0


LETTERS = LetterTable(lambda letters: [_lower(letter) for letter in letters], np.int32)
WORDS = LetterTable(lambda letters: [_lower_word(letter) for letter in letters], np.int32)


def signatures(
    texts: Sequence[str], *, permutations: int, shingle: int, letters: bool = False, seed: int = 1
) -> Any:
    """MinHash signatures over shingles of `shingle` words: uint32 [texts, permutations].

    Words are runs of letters, digits and underscores, without case. `letters`: shingles of
    characters instead, blanks and all. A text shorter than a shingle is one shingle.
    """
    out = np.empty((len(texts), permutations), np.uint32)
    start, size = 0, 0
    for stop, text in enumerate(texts, start=1):
        size += len(text)
        if size >= BATCH or stop == len(texts):
            codes = codes_of(texts[start:stop])
            units, starts = (LETTERS if letters else WORDS).of(codes.points), codes.starts
            if not letters:
                units, starts = _words(units, starts)
            _fill(out[start:stop], *_shingles(units, starts, shingle), seed)
            start, size = stop, 0
    return out


def mixed(values: Any) -> Any:
    """The finalizer of splitmix64 (Steele et al. 2014), a bijection that scatters uint64."""
    out = values.astype(np.uint64) + np.uint64(BASE)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        out ^= out >> np.uint64(shift)
        out *= np.uint64(factor)
    return out ^ (out >> np.uint64(31))


def _words(points: Any, starts: Any) -> tuple[Any, Any]:
    """Hashes of the words of all texts, and where each text's words begin."""
    inside = points > 0
    begins, ends = inside.copy(), inside.copy()
    begins[1:] &= ~inside[:-1]
    ends[:-1] &= ~inside[1:]
    border = starts[(starts > 0) & (starts < len(inside))]
    begins[border] = inside[border]
    ends[border - 1] = inside[border - 1]
    first, last = np.flatnonzero(begins), np.flatnonzero(ends) + 1
    return mixed(_spans(points, first, last)), np.searchsorted(first, starts)


def _spans(units: Any, first: Any, last: Any) -> Any:
    """Σ units[i] · BASE^(i - first) over each span: equal for equal spans wherever they stand."""
    powers, back = _powers(max(2 * BATCH, 1 << len(units).bit_length()))
    running = np.zeros(len(units) + 1, np.uint64)
    np.cumsum(units.astype(np.uint64) * powers[: len(units)], out=running[1:])
    return (running[last] - running[first]) * back[first]


@lru_cache(maxsize=2)
def _powers(size: int) -> tuple[Any, Any]:
    """BASE^i and BASE^-i modulo 2^64 for i < `size`."""
    both = [np.full(size, factor, np.uint64) for factor in (BASE, INVERSE)]
    for powers in both:
        powers[0] = 1
        np.cumprod(powers, out=powers)
    return both[0], both[1]


def _shingles(units: Any, starts: Any, width: int) -> tuple[Any, Any]:
    """32-bit hashes of every shingle, and where each text's shingles begin; one at least each."""
    counts = np.maximum(np.diff(starts) - width + 1, 1)
    begin = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=begin[1:])
    first = np.arange(begin[-1]) + np.repeat(starts[:-1] - begin[:-1], counts)
    last = np.minimum(first + width, np.repeat(starts[1:], counts))
    return (mixed(_spans(units, first, last)) >> np.uint64(32)).astype(np.uint32), begin


def _fill(out: Any, hashes: Any, begin: Any, seed: int) -> None:
    """The least permuted hash of each text, for every permutation."""
    draw = np.random.default_rng(seed)
    count = out.shape[1]
    factors = draw.integers(0, 1 << 32, count, dtype=np.uint32) | np.uint32(1)
    terms = draw.integers(0, 1 << 32, count, dtype=np.uint32)
    row = 0
    while row < len(out):
        stop = max(row + 1, int(np.searchsorted(begin, begin[row] + CHUNK, side="right")) - 1)
        part = hashes[begin[row] : begin[stop]]
        places = begin[row:stop] - begin[row]
        for at in range(count):
            out[row:stop, at] = np.minimum.reduceat(part * factors[at] + terms[at], places)
        row = stop
