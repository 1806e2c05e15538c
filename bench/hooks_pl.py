"""Speed of the Polish hooks on real subtitles: sentences a second, one thread.

    python bench/hooks_pl.py [--sentences N] [--repeats 3]

Cold: a fresh process, so Morfeusz and the caches are empty. Warm: the same sentences again. The
plan is a woman's who is addressed as Pani, so that much is found and repaired. There is no peer:
no other free tool repairs Polish agreement and address by a plan.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import common
import gest_pl

from mhx.contracts import Hooks

Work = tuple[Hooks, list[str]]


def sentences(limit: int) -> list[str]:
    """Distinct Polish subtitles, in their order."""
    return dict(gest_pl.right_texts(gest_pl.DATA))["XED subtitles"][:limit]


def repair(given: Work) -> int:
    """Findings and edits of every sentence, said by the supporter."""
    polish, texts = given
    plan = gest_pl.plan("female", "male")
    return sum(
        len(polish.analyze(text, "supporter", plan)) + len(polish.realize(text, "supporter", plan))
        for text in texts
    )


def clean(given: Work) -> int:
    """Normalized text, split into sentences."""
    polish, texts = given
    return sum(len(polish.split_sentences(polish.normalize(text))) for text in texts)


def main() -> None:
    """Run every case and write `results/hooks_pl.json`."""
    common.single_threaded()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sentences", type=int, default=7_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    texts = sentences(options.sentences)

    def fresh() -> Work:
        return gest_pl.hooks(), texts

    def warm() -> Work:
        given = fresh()
        repair(given)
        return given

    cases: tuple[tuple[str, Callable[[], Work], Callable[[Work], int], int], ...] = (
        ("analyze and realize, cold", fresh, repair, 1),
        ("analyze and realize, warm", warm, repair, options.repeats),
        ("normalize and split", fresh, clean, options.repeats),
    )
    rows: list[dict[str, Any]] = []
    for name, prepare, work, repeats in cases:
        timed = common.timed(prepare, work, repeats)
        rate = len(texts) / timed.median
        rows.append(common.alone(name, timed, sentences=len(texts), sentences_per_s=rate))
    common.record("hooks_pl", {"sentences": len(texts), "rows": rows}, peers=["morfeusz2"])


if __name__ == "__main__":
    main()
