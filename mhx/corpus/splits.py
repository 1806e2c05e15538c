"""Near-duplicates and splits: dialogues that say nearly the same stay on one side."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np

from mhx.corpus.minhash import mixed, signatures
from mhx.schema.dialogue import Split

PERMUTATIONS, BANDS, SHINGLE = 64, 16, 5
BATCH = 10_000  # texts whose signatures are made at once


class NearDuplicates:
    """Groups of texts that share an LSH band or a non-empty key, fed in batches.

    Two texts with a Jaccard index of s over shingles of five words share a band with probability
    1 - (1 - s^4)^16: .64 at .5, .99 at .7. What is kept of a text is 16 numbers, of a key its hash.
    """

    def __init__(self) -> None:
        self._bands: list[Any] = []
        self._keys: dict[bytes, int] = {}
        self._shared: list[tuple[int, int]] = []
        self._count = 0

    def add(self, texts: Sequence[str], keys: Sequence[str] | None = None) -> None:
        """The next texts; `keys` (one each) join texts that have the same one."""
        self.add_bands(bands_of(texts), keys)

    def add_bands(self, bands: Any, keys: Sequence[str] | None = None) -> None:
        """The next texts by what `bands_of` made of them."""
        self._bands.append(bands)
        for position, key in enumerate(keys or (), start=self._count):
            if not key:
                continue
            digest = hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=16).digest()
            if (first := self._keys.setdefault(digest, position)) != position:
                self._shared.append((first, position))
        self._count += len(bands)

    def groups(self) -> list[int]:
        """Of each text, the position of the first text of its group."""
        parent = list(range(self._count))

        def find(item: int) -> int:
            while parent[item] != item:
                parent[item] = parent[parent[item]]
                item = parent[item]
            return item

        # band by band: a copy of all of them would double what is kept
        bands = (
            np.concatenate([part[:, number] for part in self._bands])
            for number in range(BANDS if self._bands else 0)
        )
        for pair in chain(self._shared, chain.from_iterable(map(_sharing, bands))):
            one, two = sorted(map(find, pair))
            parent[two] = one
        return [find(position) for position in range(self._count)]


def bands_of(texts: Sequence[str]) -> Any:
    """What is compared of texts: uint64 [texts, BANDS]."""
    return band_hashes(signatures(texts, permutations=PERMUTATIONS, shingle=SHINGLE), BANDS)


def band_hashes(signed: Any, bands: int) -> Any:
    """One 64-bit hash for each band of a signature: uint64 [texts, bands]."""
    rows = signed.shape[1] // bands
    parts = signed[:, : bands * rows].reshape(len(signed), bands, rows)
    out = np.zeros((len(signed), bands), np.uint64)
    for row in range(rows):
        out = mixed(out ^ parts[:, :, row])
    return out


def _sharing(band: Any) -> Iterable[tuple[int, int]]:
    """(first text with a value of the band, a later text with it)."""
    order = np.argsort(band, kind="stable")
    ordered = band[order]
    new = np.ones(len(order), bool)
    new[1:] = ordered[1:] != ordered[:-1]
    first = order[np.flatnonzero(new)[np.cumsum(new) - 1]]
    yield from zip(first[~new].tolist(), order[~new].tolist(), strict=True)


def near_duplicate_groups(texts: Iterable[str], keys: Sequence[str] | None = None) -> list[int]:
    """A group number for each text: the position of the first text of its group."""
    found, rest, at = NearDuplicates(), iter(texts), 0
    while batch := list(islice(rest, BATCH)):
        found.add(batch, None if keys is None else keys[at : at + len(batch)])
        at += len(batch)
    return found.groups()


def assign_split(group: str, *, seed: int, valid: float = 0.1, test: float = 0.1) -> Split:
    """train, valid or test, from a hash of the group and the seed alone."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < test:
        return "test"
    return "valid" if place < test + valid else "train"
