"""Near-duplicate groups beside datasketch's MinHash and LSH.

    python bench/neardup.py [--size 20000] [--peer-python PYTHON]

Dialogues of real sentences (bench/texts.py), a tenth of them again with some words changed. Both
sides: shingles of five words without case, 64 permutations, 16 bands of 4 rows, and groups of what
shares a band (union-find). The peer is timed with its default SHA-1 and with CRC-32, as fast a
hash as Python has; both hash all texts in one `bulk`. Recall is the share of planted pairs that
fall into one group, beside what the pairs' Jaccard indices let any MinHash expect; strangers
joined are texts grouped beyond the planted ones.
Target 5 times the faster of the peer's two.
"""

from __future__ import annotations

import random
import re
import sys
import zlib
from typing import Any

from sides import Side, Work, arguments, in_turn

TARGET = 5.0
PERMUTATIONS, BANDS, SHINGLE = 64, 16, 5
AGAIN = 0.1  # share of the texts that are there a second time, changed
CHANGED = (1, 12)  # words changed in a copy
CHANCE = 0.05  # a recall may lie this far from what is expected of any MinHash


def made(options: dict[str, Any]) -> tuple[list[str], list[tuple[int, int]]]:
    """Texts, and the places of each planted pair."""
    import texts

    draw = random.Random(1)
    first = int(options["size"] / (1 + AGAIN))
    plain = [" ".join(text for _, text in turns) for turns in texts.dialogues(first)]
    pairs = []
    for at in draw.sample(range(first), options["size"] - first):
        words = plain[at].split()
        for _ in range(draw.randint(*CHANGED)):
            words[draw.randrange(len(words))] = draw.choice(words)
        pairs.append((at, len(plain)))
        plain.append(" ".join(words))
    return plain, pairs


def answer(groups: list[int], pairs: list[tuple[int, int]]) -> dict[str, Any]:
    """Recall of the planted pairs, and how many texts are grouped beyond them."""
    found = sum(groups[one] == groups[two] for one, two in pairs)
    joined = sum(group != at for at, group in enumerate(groups))
    return {"recall": found / max(len(pairs), 1), "planted": len(pairs),
            "strangers_joined": joined - found}


def shingles(text: str) -> set[bytes]:
    """Shingles of words as datasketch's own examples make them."""
    words = re.findall(r"\w+", text.lower())
    count = max(1, len(words) - SHINGLE + 1)
    return {" ".join(words[at : at + SHINGLE]).encode() for at in range(count)}


def expected_recall(texts: list[str], pairs: list[tuple[int, int]]) -> float:
    """The share of planted pairs that bands find on average, by the pairs' Jaccard indices."""
    rows, out = PERMUTATIONS // BANDS, 0.0
    for first, second in pairs:
        one, two = shingles(texts[first]), shingles(texts[second])
        out += 1 - (1 - (len(one & two) / len(one | two)) ** rows) ** BANDS
    return out / len(pairs)


def ours(options: dict[str, Any]) -> Work:
    """Our groups."""
    from mhx.corpus import splits

    assert (splits.PERMUTATIONS, splits.BANDS, splits.SHINGLE) == (PERMUTATIONS, BANDS, SHINGLE)
    texts, pairs = made(options)
    return lambda case: answer(splits.near_duplicate_groups(texts), pairs)


def theirs(options: dict[str, Any]) -> Work:
    """datasketch."""
    from datasketch import MinHash, MinHashLSH

    texts, pairs = made(options)

    def work(case: str) -> dict[str, Any]:
        more = {"hashfunc": zlib.crc32} if case == "crc32" else {}
        signed = MinHash.bulk((shingles(text) for text in texts), num_perm=PERMUTATIONS, **more)
        index = MinHashLSH(num_perm=PERMUTATIONS, params=(BANDS, PERMUTATIONS // BANDS))
        parent = list(range(len(texts)))

        def root(item: int) -> int:
            while parent[item] != item:
                parent[item] = parent[parent[item]]
                item = parent[item]
            return item

        for at, one in enumerate(signed):
            for other in index.query(one):
                two = sorted((root(at), root(other)))
                parent[two[1]] = two[0]
            index.insert(at, one, check_duplication=False)
        return answer([root(at) for at in range(len(texts))], pairs)

    return work


def main() -> None:
    """Time both and write `results/neardup.json`."""
    import common

    common.single_threaded()
    given = arguments(__doc__, size=20_000).parse_args()
    options = {"size": given.size}
    one = Side(sys.executable, "neardup", "ours", options)
    two = Side(given.peer_python, "neardup", "theirs", options, ["datasketch", "numpy"])
    rows = [
        common.sides_row(f"datasketch with {case}", *in_turn((one, two), case, given.repeats),
                         target=TARGET, unit="texts", count=given.size)
        for case in ("sha1", "crc32")
    ]
    wanted = expected_recall(*made(options))
    for row in rows:
        for side in ("ours", "peer"):
            assert abs(row[side]["value"]["recall"] - wanted) < CHANCE, (wanted, row)
    parameters = {"permutations": PERMUTATIONS, "bands": BANDS, "shingle_words": SHINGLE,
                  "expected_recall": wanted}
    common.record("neardup", {**options, **parameters, "results": rows}, found=two.versions,
                  folder=given.out)


if __name__ == "__main__":
    main()
