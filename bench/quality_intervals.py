"""Standard error and paired tests of chrF beside lm-eval and sacrebleu, one thread each.

    python bench/quality_intervals.py [--segments 1000] [--repeats 3] [--long-repeats 1]

The texts are synthetic, seeded, of 25 and of 150 words. lm-eval scores every resample anew, 100
of them; ours is timed whole, counts included, with 2,000. Targets: 100 times for the standard
error, twice for the paired tests, with equal scores. lm-eval's call takes about a minute at 25
words and five at 150, so that the long one is timed `--long-repeats` times. Without lm-eval that
part is left out: ``pip install lm-eval`` beside mhx.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
from math import sqrt
from pathlib import Path
from typing import Any

import common
import numpy as np
from sacrebleu.metrics import CHRF
from sacrebleu.significance import PairedTest

from mhx.stats.corpus_score import corpus_interval
from mhx.stats.overlap import tally
from mhx.stats.randomization import SystemContrast, compare_systems

TARGET_ERROR, TARGET_PAIRED = 100.0, 2.0
LENGTHS = (25, 150)
PEER_RESAMPLES, RESAMPLES = 100, 2000
TRIALS = {"ar": 10_000, "bs": 1000}
SHARES = (0.300, 0.308)  # of words replaced by the two systems
LETTERS = list("eeeaaoinrtslcudpmhgbfywkvzj")
VOCABULARY = 4000
Texts = tuple[list[str], list[str], list[str]]


def texts(segments: int, words: int, seed: int = 0) -> Texts:
    """References of words drawn by Zipf's law, and two systems that replace some of them."""
    rng = np.random.default_rng([seed, words])
    known = np.array(["".join(rng.choice(LETTERS, rng.integers(2, 10)))
                      for _ in range(VOCABULARY)])
    share = 1 / np.arange(1, VOCABULARY + 1)
    reference = rng.choice(known, (segments, words), p=share / share.sum())
    systems = [np.where(rng.random(reference.shape) < part, rng.choice(known, reference.shape),
                        reference) for part in SHARES]
    lines = [[" ".join(row) for row in table] for table in (reference, *systems)]
    return lines[0], lines[1], lines[2]


def standard_error(segments: int, words: int, repeats: int, peer_repeats: int) -> dict[str, Any]:
    """chrF's standard error by us and by lm-eval."""
    own = common.timed(lambda: texts(segments, words), _own_error, repeats)
    absent = common.missing("lm_eval", "lm-eval")
    theirs = None
    if not absent:
        theirs = common.timed(lambda: texts(segments, words), _peer_error, peer_repeats)
        spread = 4 * sqrt(1 / (2 * PEER_RESAMPLES) + 1 / (2 * RESAMPLES))
        assert abs(own.value / theirs.value - 1) < spread, "not the same standard error"
    return common.side_by_side(
        f"standard error of chrF, {segments} segments of {words} words", own, theirs,
        target=TARGET_ERROR, tool=absent or "lm-eval bootstrap_stderr",
        resamples={"ours": RESAMPLES, "peer": PEER_RESAMPLES},
        standard_error={"ours": own.value, "peer": theirs and theirs.value})


def _own_error(given: Texts) -> float | None:
    reference, system, _ = given
    return corpus_interval(tally(CHRF(), system, [reference]), resamples=RESAMPLES).se


def _peer_error(given: Texts) -> float:
    from lm_eval.api.metrics import bootstrap_stderr, chrf

    pairs = list(zip(given[0], given[1], strict=True))
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        error: float = bootstrap_stderr(chrf, pairs, PEER_RESAMPLES)
    return error


def paired(segments: int, words: int, test: str, repeats: int) -> dict[str, Any]:
    """A paired chrF test by us (randomization and bootstrap at once) and by sacrebleu."""
    own = common.timed(lambda: texts(segments, words), _own_test, repeats)
    theirs = common.timed(lambda: texts(segments, words), lambda given: _peer_test(given, test),
                          repeats)
    found, peer = own.value, theirs.value
    assert (found.baseline, found.score) == peer["scores"], "unequal scores"
    return common.side_by_side(
        f"paired {test} test of chrF, {segments} segments of {words} words", own, theirs,
        target=TARGET_PAIRED, tool=f"sacrebleu PairedTest({test!r})", equal_scores=True,
        scores=peer["scores"], trials={"ours": TRIALS, "peer": TRIALS[test]},
        p={"ours": found.p if test == "ar" else found.p_bootstrap, "peer": peer["p"]})


def _own_test(given: Texts) -> SystemContrast:
    reference, new, old = given
    one, two = (tally(CHRF(), system, [reference]) for system in (new, old))
    return compare_systems(one, two, flips=TRIALS["ar"], resamples=TRIALS["bs"])


def _peer_test(given: Texts, test: str) -> dict[str, Any]:
    reference, new, old = given
    done = PairedTest([("old", old), ("new", new)], {"chrf": CHRF()}, [reference], test,
                      n_samples=TRIALS[test])()[1]["chrF2"]
    return {"scores": (done[0].score, done[1].score), "p": done[1].p_value}


def main() -> None:
    """Time both parts at both lengths and write `results/quality_intervals.json`."""
    os.environ["DISABLE_MULTIPROC"] = "1"  # lm-eval: one process
    common.single_threaded()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--segments", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--long-repeats", type=int, default=1)
    parser.add_argument("--out", type=Path, default=common.RESULTS)
    options = parser.parse_args()
    rows = [paired(options.segments, words, test, options.repeats)
            for words in LENGTHS for test in TRIALS]
    for words in LENGTHS:
        many = options.repeats if words == LENGTHS[0] else options.long_repeats
        rows.append(standard_error(options.segments, words, options.repeats, many))
    common.record("quality_intervals", {"results": rows}, peers=("lm_eval",), folder=options.out)


if __name__ == "__main__":
    main()
