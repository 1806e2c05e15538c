"""Means of 24 groups and the largest gap, with intervals, beside fairlearn, one thread each.

    python bench/groups_fairlearn.py [--rows 4800] [--resamples 200] [--repeats 3]

Both give each group's mean with its interval and the max-min gap with its interval, from as many
resamples; ours adds tests, effect sizes and detectable gaps of all pairs with the reference, and
is timed with the 10,000 resamples of a paper as well. fairlearn's interval of the gap does not
cover a true gap of zero (see `docs/parity.md`), which no time shows. Target: 50 times.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import common
import numpy as np
import polars as pl

from mhx.stats import parity

TARGET = 50.0
CELLS = 24
MANY = 10_000


def scores(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores 0 to 2 of equal groups, and the group of each."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(0, 1.2, rows)
    groups = np.array([f"c{number % CELLS:02d}" for number in range(rows)])
    return (latent[:, None] > np.array([-0.6, 0.7])).sum(-1).astype(float), groups


def table(rows: int) -> pl.DataFrame:
    """The scores as the table we read."""
    score, cell = scores(rows)
    return pl.DataFrame({"score": score, "cell": cell})


def ours(frame: pl.DataFrame, resamples: int) -> dict[str, Any]:
    """Group means and the largest gap, by parity()."""
    found = parity(frame, scores=["score"], groups=["cell"], reference={"cell": "c00"},
                   resamples=resamples)
    return {"means": [group.mean for group in found.groups], "gap": found.largest[0].gap,
            "gap_interval": [found.largest[0].low, found.largest[0].high]}


def peer(given: tuple[np.ndarray, np.ndarray], resamples: int) -> dict[str, Any]:
    """The same by fairlearn's MetricFrame."""
    from fairlearn.metrics import MetricFrame, mean_prediction

    score, cell = given
    found = MetricFrame(metrics=mean_prediction, y_true=score, y_pred=score,
                        sensitive_features=cell, n_boot=resamples, ci_quantiles=[0.025, 0.975],
                        random_state=0)
    _ = found.by_group_ci
    return {"means": found.by_group.tolist(), "gap": float(found.difference()),
            "gap_interval": [float(limit) for limit in found.difference_ci()]}


def main() -> None:
    """Time both and write `results/groups_fairlearn.json`."""
    common.single_threaded()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=4800)
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=common.RESULTS)
    options = parser.parse_args()
    absent = common.missing("fairlearn", "fairlearn")
    theirs = None if absent else common.timed(
        lambda: scores(options.rows), lambda given: peer(given, options.resamples),
        options.repeats)
    own, many = (
        common.timed(lambda: table(options.rows), lambda frame, count=count: ours(frame, count),
                     options.repeats) for count in (options.resamples, MANY))
    if theirs:
        assert np.allclose(own.value["means"], theirs.value["means"]), "unequal means"
    sizes = f"{CELLS} groups, {options.rows} rows"
    rows = [
        common.side_by_side(
            f"{sizes}, {options.resamples} resamples", own, theirs, target=TARGET,
            tool=absent or "fairlearn MetricFrame",
            found={"ours": own.value, "peer": theirs and theirs.value}),
        common.alone(f"{sizes}, {MANY} resamples, ours", many),
    ]
    common.record("groups_fairlearn", {"results": rows}, peers=("fairlearn",), folder=options.out)


if __name__ == "__main__":
    main()
