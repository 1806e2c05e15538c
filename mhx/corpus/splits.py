"""Near-duplicates and splits: dialogues that say nearly the same stay on one side."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from mhx.schema.dialogue import Split

PERMUTATIONS, BANDS, SHINGLE = 64, 16, 5
TOP = (1 << 64) - 1


def signatures(texts: Sequence[str], *, seed: int = 1) -> Any:
    """MinHash signatures (Broder 1997) over word shingles: array [texts, PERMUTATIONS]."""
    rng = np.random.default_rng(seed)
    # multiply-add-shift (Dietzfelbinger 1996): the product wraps at 64 bits, the high half counts
    a = rng.integers(0, TOP, PERMUTATIONS, dtype=np.uint64) | np.uint64(1)
    b = rng.integers(0, TOP, PERMUTATIONS, dtype=np.uint64)
    out = np.empty((len(texts), PERMUTATIONS), dtype=np.uint64)
    for row, text in enumerate(texts):
        words = re.findall(r"\w+", text.lower())
        count = max(1, len(words) - SHINGLE + 1)
        shingles = {" ".join(words[start : start + SHINGLE]) for start in range(count)}
        hashes = np.fromiter((zlib.crc32(s.encode()) for s in shingles), np.uint64, len(shingles))
        out[row] = ((hashes[:, None] * a + b) >> np.uint64(32)).min(axis=0)
    return out


def near_duplicate_groups(texts: Sequence[str], keys: Sequence[str] | None = None) -> list[int]:
    """A group number for each text: texts that share an LSH band, or a non-empty key, are one.

    The number is the position of the group's first text.
    """
    parent = list(range(len(texts)))

    def find(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    seen: dict[Any, int] = {}
    rows = PERMUTATIONS // BANDS
    for position, signature in enumerate(signatures(texts)):
        marks: list[Any] = [
            (band, signature[band * rows : (band + 1) * rows].tobytes()) for band in range(BANDS)
        ]
        if keys is not None and keys[position]:
            marks.append(keys[position])
        for mark in marks:
            first = seen.setdefault(mark, position)
            one, two = find(first), find(position)
            parent[max(one, two)] = min(one, two)
    return [find(position) for position in range(len(texts))]


def assign_split(group: str, *, seed: int, valid: float = 0.1, test: float = 0.1) -> Split:
    """train, valid or test, from a hash of the group and the seed alone."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < test:
        return "test"
    return "valid" if place < test + valid else "train"
