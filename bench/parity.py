"""`mhx parity` on 100,000 rows, 24 cells, 10,000 resamples: wall time and peak memory.

    python bench/parity.py [--rows N] [--resamples N] [--repeats 3]

The command is run whole, start and reading included, with one thread a library. Targets: 5 s and
1 GiB for each table. The comparison with fairlearn is `bench/groups_fairlearn.py`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import common
import numpy as np
import polars as pl

GENDERS, AGES, ORIGINS = ("woman", "man"), ("18-39", "40-69", "70+"), ("a", "b", "c", "d")
REFERENCE = {"gender": "man", "age": "18-39", "origin": "a", "cell": "c00"}
CASES = (
    ("24 cells, paired, 0-2 scores", True, ("cell",), True),
    ("24 cells, unpaired, 0-2 scores", True, ("cell",), False),
    ("24 cells, unpaired, continuous scores", False, ("cell",), False),
    ("24 cells, paired, continuous scores", False, ("cell",), True),
    ("3 attributes and their 24 intersections, paired", True, ("gender", "age", "origin"), True),
)
TARGET_S, TARGET_MIB = 5.0, 1024.0


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


def once(path: Path, groups: tuple[str, ...], paired: bool, resamples: int) -> tuple[float, float]:
    """Seconds and peak MiB of one command on the table. Raises SystemExit where it fails.

    The peak is at least that of this script, which the new process is forked from.
    """
    command = [sys.executable, "-m", "mhx", "parity", str(path), "--score", "score", "--margin",
               "0.25", "--resamples", str(resamples), "--json"]
    for group in groups:
        command += ["--group", group, "--reference", f"{group}={REFERENCE[group]}"]
    if paired:
        command += ["--unit", "scenario"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return time.perf_counter() - start, used.ru_maxrss / 1024


def main() -> None:
    """Run every case and write `results/parity.json`."""
    common.single_threaded()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=common.RESULTS)
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, ordinal, groups, paired in CASES:
            path = Path(folder) / "scores.parquet"
            table(options.rows, ordinal=ordinal).write_parquet(path)
            runs = [once(path, groups, paired, options.resamples) for _ in range(options.repeats)]
            median = statistics.median(run[0] for run in runs)
            peak = max(run[1] for run in runs)
            results.append({
                "case": name, "seconds": [run[0] for run in runs], "median_s": median,
                "peak_mib": peak, "target_s": TARGET_S, "target_mib": TARGET_MIB,
                "met": median <= TARGET_S and peak <= TARGET_MIB,
            })
            common.say(f"{name}: {median:.2f} s, {peak:.0f} MiB")
    common.record("parity", {"rows": options.rows, "resamples": options.resamples,
                             "results": results}, folder=options.out)


if __name__ == "__main__":
    main()
