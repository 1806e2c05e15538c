"""Times parity() on 100,000 rows, 24 cells, 10,000 resamples, beside fairlearn if it is there.

    PYTHONPATH=. python bench/parity.py [--rows N] [--resamples N] [--out FILE]

Writes JSON with the machine and versions. Target: 5 s for each table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mhx.stats import parity

GENDERS, AGES, ORIGINS = ("woman", "man"), ("18-39", "40-69", "70+"), ("a", "b", "c", "d")
REFERENCE = {"gender": "man", "age": "18-39", "origin": "a", "cell": "c00"}
TARGET_S = 5.0


def table(rows: int, *, ordinal: bool, seed: int = 0) -> pl.DataFrame:
    """Scenario x 24 cells, one row each, scored 0-2 or on a continuous scale."""
    rng = np.random.default_rng(seed)
    scenarios = -(-rows // 24)
    latent = rng.normal(0, 0.7, (scenarios, 1)) + rng.normal(0, 1, (scenarios, 24))
    score = (latent[..., None] > np.array([-0.6, 0.7])).sum(-1).astype(float)
    cells = [(g, a, o) for g in GENDERS for a in AGES for o in ORIGINS]
    columns = [np.tile([cell[k] for cell in cells], scenarios)[:rows] for k in range(3)]
    return pl.DataFrame(
        {
            "scenario": np.repeat(np.arange(scenarios), 24)[:rows],
            "gender": columns[0],
            "age": columns[1],
            "origin": columns[2],
            "cell": np.tile([f"c{k:02d}" for k in range(24)], scenarios)[:rows],
            "score": (score if ordinal else latent).ravel()[:rows],
        }
    )


def seconds(work: Callable[[], Any], repeat: int = 3) -> list[float]:
    """Wall times of `repeat` runs."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times


def ours(
    frame: pl.DataFrame, groups: list[str], unit: list[str] | None, resamples: int
) -> Callable[[], Any]:
    """One parity() call."""
    return lambda: parity(
        frame,
        scores=["score"],
        groups=groups,
        unit=unit,
        margin=0.25,
        reference={name: REFERENCE[name] for name in groups},
        resamples=resamples,
    )


def peer(frame: pl.DataFrame, boots: int) -> dict[str, Any] | None:
    """fairlearn's MetricFrame over the 24 cells with bootstrap intervals.

    The cost of a resample is the slope between two numbers of resamples, so that what is paid
    once does not count 10,000 times.
    """
    try:
        from fairlearn.metrics import MetricFrame, mean_prediction
    except ImportError:
        return None
    data = frame.select("score", "cell").to_pandas()

    def work(n: int) -> None:
        found = MetricFrame(metrics=mean_prediction, y_true=data["score"], y_pred=data["score"],
                            sensitive_features=data["cell"], n_boot=n,
                            ci_quantiles=[0.025, 0.975], random_state=0)
        _ = found.by_group_ci, found.difference_ci()

    few = max(2, boots // 5)
    short, long = (seconds(lambda n=n: work(n), repeat=1)[0] for n in (few, boots))
    return {"tool": f"fairlearn {version('fairlearn')}", "resamples": [few, boots],
            "seconds": [short, long], "seconds_per_resample": (long - short) / (boots - few)}


def versions() -> dict[str, str]:
    """Versions of what was run."""
    out = {"python": platform.python_version()}
    for name in ("numpy", "polars", "scipy", "fairlearn"):
        try:
            out[name] = version(name)
        except PackageNotFoundError:
            out[name] = "not installed"
    return out


def main() -> None:
    """Run the rows of the table and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--peer-boots", type=int, default=50)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    results = []
    for name, ordinal, groups, unit in (
        ("24 cells, paired, 0-2 scores", True, ["cell"], ["scenario"]),
        ("24 cells, unpaired, 0-2 scores", True, ["cell"], None),
        ("24 cells, unpaired, continuous scores", False, ["cell"], None),
        (
            "3 attributes and their 24 intersections, paired",
            True,
            ["gender", "age", "origin"],
            ["scenario"],
        ),
    ):
        frame = table(options.rows, ordinal=ordinal)
        times = seconds(ours(frame, groups, unit, options.resamples))
        results.append(
            {
                "case": name,
                "seconds": times,
                "median": sorted(times)[1],
                "target": TARGET_S,
                "met": sorted(times)[1] <= TARGET_S,
            }
        )
        print(f"{name}: {sorted(times)[1]:.2f} s", file=sys.stderr)
    found = peer(table(options.rows, ordinal=True), options.peer_boots)
    if found is None:
        print("peer not installed (pip install fairlearn)", file=sys.stderr)
    else:
        whole = found["seconds_per_resample"] * options.resamples
        found |= {"seconds_at_full_size": whole, "times_slower_than": {
            result["case"]: whole / result["median"] for result in results}}
    report = {
        "bench": "parity",
        "rows": options.rows,
        "resamples": options.resamples,
        "results": results,
        "peer": found or "peer not installed",
        "machine": {
            "platform": platform.platform(),
            "processor": platform.processor(),
            "cores": len(os.sched_getaffinity(0)),
        },
        "versions": versions(),
    }
    text = json.dumps(report, indent=1)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
