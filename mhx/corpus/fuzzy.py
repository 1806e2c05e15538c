"""The nearest of many texts: exactly what a search through all of them finds, without one.

The score is rapidfuzz's `ratio`: 100 · (1 - d / (m + n)) for lengths m, n and the least number d of
characters to insert and delete. A candidate's d has lower bounds that cost a few machine words:

- d ≥ |m - n|;
- d ≥ the letters that one text has more of than the other (a bag distance);
- 3 d ≥ the pairs of neighbouring letters that one text has more of: one insertion or deletion
  takes and makes three pairs at most (Ukkonen 1992).

Bags are hashed into bits so that unequal bits count no more than unequal letters; only texts that
every bound lets through are compared. Nothing that `extractOne` would find is lost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from mhx.corpus.codepoints import codes_of

LETTER_BINS, LEVELS = 32, 8  # a bin counts up to 8 letters, one bit each: 4 words a text
PAIR_BITS = 512  # parities of pair counts: 8 words a text
BUILD = 2000  # texts indexed at once
FIRST = 64  # most promising candidates, compared before the others
SLACK = 1e-6  # on the distance a threshold allows, for rounding: it only lets more through
ROUNDING = 1e-3  # percent; extractOne keeps its cutoff in single precision


class FuzzyIndex:
    """Texts by length with the bits of their bags; some 100 bytes a text beside the text."""

    def __init__(self, texts: Sequence[str]) -> None:
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        self._order = np.argsort(lengths, kind="stable")
        self._lengths = lengths[self._order]
        self._texts = np.empty(len(texts), dtype=object)
        self._texts[:] = list(texts)
        self._texts = self._texts[self._order]
        letters = np.empty((len(texts), LETTER_BINS // 8), np.uint64)
        self._pairs = np.empty((len(texts), PAIR_BITS // 64), np.uint64)
        for start in range(0, len(texts), BUILD):
            part = slice(start, start + BUILD)
            letters[part], self._pairs[part] = bits_of(self._texts[part].tolist())
        self._letters = np.ascontiguousarray(letters.T)  # [word, text]: a scan reads one word

    def __len__(self) -> int:
        """How many texts."""
        return len(self._lengths)

    def nearest(self, text: str, threshold: float) -> tuple[int, float] | None:
        """(position, score) of the best text with at least `threshold` (1 to 100 percent), or None.

        The same answer as ``rapidfuzz.process.extractOne(text, texts, scorer=fuzz.ratio,
        score_cutoff=threshold)``: of equal scores the first text's.
        """
        places, bounds = self._candidates(text, threshold)
        if not len(places):
            return None
        if len(places) > FIRST:
            near = np.argpartition(bounds, FIRST)[:FIRST]
            best = self._best(text, places[near], threshold)
            if best is not None:
                # a cutoff equal to a score may lose it to rounding
                threshold = max(threshold, best[1] - ROUNDING)
                allowed = self._allowed(len(text), self._lengths[places], threshold)
                places = places[bounds <= allowed]
        return self._best(text, places, threshold)

    def _candidates(self, text: str, threshold: float) -> tuple[Any, Any]:
        """Places (by length) that no bound excludes, and the best bound of each."""
        size, share = len(text), max(threshold, 1.0) / 100
        shortest = math.ceil(size * share / (2 - share) - SLACK)
        longest = math.floor(size * (2 - share) / share + SLACK)
        low, high = (int(at) for at in np.searchsorted(self._lengths, [shortest, longest + 1]))
        if low == high:
            return self._order[:0], self._order[:0]
        letters, pairs = bits_of([text])
        unequal = np.bitwise_count(self._letters[0, low:high] ^ letters[0, 0])
        for word, own in zip(self._letters[1:], letters[0, 1:], strict=True):
            unequal += np.bitwise_count(word[low:high] ^ own)
        allowed = self._allowed(size, self._lengths[low:high], threshold)
        passed = np.flatnonzero(unequal <= allowed)
        other = np.bitwise_count(self._pairs[low + passed] ^ pairs[0]).sum(axis=1, dtype=np.int16)
        bounds = np.maximum(unequal[passed], (other + 2) // 3)
        kept = np.flatnonzero(bounds <= allowed[passed])
        return low + passed[kept], bounds[kept]

    @staticmethod
    def _allowed(size: int, lengths: Any, threshold: float) -> Any:
        """The greatest distance that a score of `threshold` allows, for each length."""
        most = (np.arange(lengths.max() + 1) + size) * (1 - threshold / 100) + SLACK
        return np.minimum(most, 2**15 - 1).astype(np.int16)[lengths]

    def _best(self, text: str, places: Any, threshold: float) -> tuple[int, float] | None:
        from rapidfuzz import fuzz, process

        first = self._order[places]
        order = np.argsort(first)
        found = process.extractOne(
            text, self._texts[places[order]].tolist(), scorer=fuzz.ratio, score_cutoff=threshold
        )
        return None if found is None else (int(first[order[found[2]]]), float(found[1]))


def bits_of(texts: Sequence[str]) -> tuple[Any, Any]:
    """Bags of letters [texts, 4] and of letter pairs [texts, 8] as bits in uint64 words."""
    codes = codes_of(texts)
    rows, count = codes.rows(), len(codes.starts) - 1
    bins = rows * LETTER_BINS + (codes.points & np.uint32(LETTER_BINS - 1))
    counts = np.bincount(bins, minlength=count * LETTER_BINS).reshape(count, LETTER_BINS)
    unary = (np.left_shift(1, np.minimum(counts, LEVELS)) - 1).astype(np.uint8)
    first, second = codes.points[:-1], codes.points[1:]
    inside = rows[:-1] == rows[1:]
    # multiplicative hashing (Knuth 6.4): the upper bits of the product
    mixed = (first * np.uint32(0x9E3779B1) + second * np.uint32(0x85EBCA77)) >> np.uint32(
        32 - PAIR_BITS.bit_length() + 1
    )
    pairs = (rows[:-1] * PAIR_BITS + mixed)[inside]
    parity = np.bincount(pairs, minlength=count * PAIR_BITS).reshape(count, PAIR_BITS) & 1
    packed = np.packbits(parity.astype(bool), axis=1)
    return unary.view(np.uint64), packed.view(np.uint64)
