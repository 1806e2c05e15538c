"""Filters of parallel text beside their OpusFilter twins: speed and agreement of decisions.

    python bench/filters.py [--size 100000] [--peer-python PYTHON]

Distinct English-Polish pairs of one to three aligned sentences (bench/texts.py), a fifth with a
planted fault. Each side starts from its own form in memory (a column of a frame; a list of pairs)
and ends with one decision a pair, at OpusFilter's default thresholds. Slow filters get fewer of
the pairs (`SHARE`), both sides the same ones. Language identification: lingua among four
languages, its low-accuracy mode (OpusFilter's default) and its high one, one thread each, models
loaded before. Processor seconds (one thread, nothing waits). Target 10 times; none is set for
language identification, where both sides call the same library.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from sides import Side, Work, arguments, in_turn

TARGET = 10.0
LANGUAGES = ("en", "pl", "es", "fa")
SHARE = {"html": 0.2, "repetition": 0.05, "lingua low": 0.05, "lingua high": 0.02}
CASES = ("length in words", "length in characters", "length ratio in words",
         "length ratio in characters", "alphabet ratio", "character score", "terminal punctuation",
         "non-zero numerals", "html", "repetition", "lingua low", "lingua high")
Decide = Callable[[Any, Any], Any]


def made(options: dict[str, Any]) -> list[tuple[str, str]]:
    """The pairs."""
    import texts

    return texts.many_pairs(options["size"], faults=0.2)


def share_of(case: str, size: int) -> int:
    """How many of the pairs a case gets."""
    return max(1, int(size * SHARE.get(case, 1)))


def ours(options: dict[str, Any]) -> Work:
    """Columns at a time."""
    import numpy as np
    import polars as pl

    from mhx.corpus import filters as f
    from mhx.corpus.repeats import repetitions

    columns = [pl.Series(side) for side in zip(*made(options), strict=True)]
    among = frozenset({"ENGLISH", "POLISH", "SPANISH", "PERSIAN"})
    for quick in (True, False):
        f.confidence(pl.Series(["warm up"]), "ENGLISH", among, quick=quick)

    def between(values: Any) -> Any:
        return (values >= 1) & (values <= 100)

    def both(measured: Callable[[Any], Any], holds: Callable[[Any], Any]) -> Decide:
        return lambda one, two: holds(measured(one)) & holds(measured(two))

    def ratio(measured: Callable[[Any], Any]) -> Decide:
        return lambda one, two: f.length_ratio(measured(one), measured(two)) < 3

    def language(quick: bool) -> Decide:
        return lambda one, two: (f.confidence(one, "ENGLISH", among, quick=quick) > 0) & (
            f.confidence(two, "POLISH", among, quick=quick) > 0)

    decide: dict[str, Decide] = {
        "length in words": both(f.words, between),
        "length in characters": both(f.characters, between),
        "length ratio in words": ratio(f.words),
        "length ratio in characters": ratio(f.characters),
        "alphabet ratio": both(f.alphabetic, lambda share: share >= 0.75),
        "character score": both(lambda texts: f.in_script(texts, "Latin"), lambda s: s >= 1),
        "terminal punctuation": lambda one, two: f.punctuation(one, two) >= -2,
        "non-zero numerals": lambda one, two: f.numerals(one, two) >= 0.5,
        "html": both(f.tags, np.invert),
        "repetition": both(repetitions, lambda count: count < 2),
        "lingua low": language(True),
        "lingua high": language(False),
    }

    def work(case: str) -> str:
        count = share_of(case, options["size"])
        return np.packbits(decide[case](columns[0][:count], columns[1][:count])).tobytes().hex()

    return work


def theirs(options: dict[str, Any]) -> Work:
    """OpusFilter, a pair at a time."""
    import numpy as np
    from opusfilter import filters as f
    from opusfilter.lid import LinguaFilter

    pairs = made(options)
    known: dict[str, Any] = {
        "length in words": f.LengthFilter(unit="word"),
        "length in characters": f.LengthFilter(unit="char"),
        "length ratio in words": f.LengthRatioFilter(unit="word"),
        "length ratio in characters": f.LengthRatioFilter(unit="char"),
        "alphabet ratio": f.AlphabetRatioFilter(),
        "character score": f.CharacterScoreFilter(scripts=["Latin", "Latin"]),
        "terminal punctuation": f.TerminalPunctuationFilter(),
        "non-zero numerals": f.NonZeroNumeralsFilter(),
        "html": f.HtmlTagFilter(),
        "repetition": f.RepetitionFilter(),
    }
    for mode in ("low", "high"):
        known[f"lingua {mode}"] = LinguaFilter(
            languages=["en", "pl"], langid_languages=list(LANGUAGES), lingua_mode=mode)
        list(known[f"lingua {mode}"].score([("warm up", "warm up")]))

    def work(case: str) -> str:
        chosen, part = known[case], pairs[: share_of(case, options["size"])]
        return np.packbits([chosen.accept(s) for s in chosen.score(part)]).tobytes().hex()

    return work


def main() -> None:
    """Time both and write `results/filters.json`."""
    import common

    os.environ["RAYON_NUM_THREADS"] = "1"
    common.single_threaded()
    given = arguments(__doc__, size=100_000).parse_args()
    options = {"size": given.size}
    one = Side(sys.executable, "filters", "ours", options)
    two = Side(given.peer_python, "filters", "theirs", options,
               ["opusfilter", "regex", "beautifulsoup4", "lingua-language-detector", "numpy"])
    rows = []
    for case in CASES:
        count = share_of(case, given.size)
        row = common.sides_row(case, *in_turn((one, two), case, given.repeats), unit="pairs",
                               count=count, cpu=True, target=None if "lingua" in case else TARGET)
        rows.append(agreement(row, count))
    common.record("filters", {**options, "languages": LANGUAGES, "results": rows},
                  found=two.versions, folder=given.out)


def agreement(row: dict[str, Any], count: int) -> dict[str, Any]:
    """The row with counts in place of the decisions: kept by each side, and where they differ."""
    both = [int(row[side]["value"], 16) >> (-count % 8) for side in ("ours", "peer")]
    for side, bits in zip(("ours", "peer"), both, strict=True):
        row[side]["value"] = {"kept": bits.bit_count()}
    differ = (both[0] ^ both[1]).bit_count()
    return {**row, "pairs": count, "differ": differ, "agreement": 1 - differ / count}


if __name__ == "__main__":
    main()
