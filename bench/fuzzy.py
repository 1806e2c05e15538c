"""Fuzzy look-up in a translation memory beside translate-toolkit's `match.matcher`.

    python bench/fuzzy.py [--size 100000] [--queries 100] [--peer-python PYTHON]

Entries and queries are crossed from real sentences (bench/texts.py); half of the queries are an
entry with up to three words changed. Both sides get the same normalized texts and threshold, one
best match. The scores differ: ours is 100 · (1 - d / (m + n)) over insertions and deletions, the
peer's 100 · (1 - d / max(m, n)) with substitutions; its limit of 70 characters is lifted. Ours
finds what a search through all entries finds (tests/test_fuzzy.py), which is asserted here for
some queries; the share of queries with a match is stated for each side. Target 10 times.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from sides import Side, Work, arguments, in_turn

TARGET = 10.0
THRESHOLDS = ("90", "75")
CHECKED = 20  # queries compared with a search through all entries


def made(options: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Entries and queries."""
    import texts

    entries = [text.lower() for text in texts.sentences(options["size"])]
    return entries, [text.lower() for text in texts.altered(entries, options["queries"])]


def ours(options: dict[str, Any]) -> Work:
    """Our index."""
    from rapidfuzz import fuzz, process

    from mhx.corpus.fuzzy import FuzzyIndex

    entries, queries = made(options)
    start = time.perf_counter()
    index = FuzzyIndex(entries)
    built = time.perf_counter() - start
    for query in queries[:CHECKED]:
        found = process.extractOne(query, entries, scorer=fuzz.ratio, score_cutoff=75)
        assert index.nearest(query, 75) == (found and (found[2], found[1])), query

    def work(case: str) -> dict[str, Any]:
        found = [index.nearest(query, int(case)) for query in queries]
        return {"found": sum(one is not None for one in found), "build_s": built}

    return work


def theirs(options: dict[str, Any]) -> Work:
    """translate-toolkit."""
    from translate.search.match import matcher
    from translate.storage.base import TranslationStore, TranslationUnit

    entries, queries = made(options)
    store = TranslationStore()
    for text in entries:
        unit = TranslationUnit(text)
        unit.target = text
        store.units.append(unit)
    longest = max(map(len, entries + queries))
    start = time.perf_counter()
    memory = matcher(store, max_candidates=1, max_length=longest)
    built = time.perf_counter() - start

    def work(case: str) -> dict[str, Any]:
        memory.setparameters(max_candidates=1, min_similarity=int(case), max_length=longest)
        found = [memory.matches(query) for query in queries]
        return {"found": sum(bool(one) for one in found), "build_s": built}

    return work


def main() -> None:
    """Time both and write `results/fuzzy.json`."""
    import common

    common.single_threaded()
    parser = arguments(__doc__, size=100_000)
    parser.add_argument("--queries", type=int, default=100)
    given = parser.parse_args()
    options = {"size": given.size, "queries": given.queries}
    one = Side(sys.executable, "fuzzy", "ours", options)
    two = Side(given.peer_python, "fuzzy", "theirs", options, ["translate-toolkit", "rapidfuzz"])
    rows = [
        common.sides_row(f"threshold {case} %", *in_turn((one, two), case, given.repeats),
                         target=TARGET, unit="look-ups", count=given.queries)
        for case in THRESHOLDS
    ]
    common.record("fuzzy", {**options, "results": rows}, found=two.versions, folder=given.out)


if __name__ == "__main__":
    main()
