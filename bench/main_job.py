"""Stage times and peak memory of the main job: ``python bench/main_job.py [--lang pl] [--runs 3]``.

Runs ``mhx adapt`` in a fresh folder several times and writes medians with machine and versions to
``bench/results/main_job.json``. Times are of this machine; quote ratios, not seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from mhx.files import write_json
from mhx.run import machine, versions

HERE = Path(__file__).resolve().parent


def once(lang: str) -> dict[str, Any]:
    """One run of the main job in an empty folder: wall, CPU, peak memory, seconds a stage."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "mhx", "adapt", "--lang", lang, "--out", folder, "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        stages = json.loads(done.stdout)["stages"]
    return {
        "wall_s": wall,
        "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_mib": after.ru_maxrss / 1024,
        "stages": {
            name: {"s": record["seconds"], "peak_mib": record["peak_mib"]}
            for name, record in stages.items()
        },
    }


def main() -> None:
    """Run, take medians, write the JSON and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lang", default="pl")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    runs = [once(options.lang) for _ in range(options.runs)]
    names = list(runs[0]["stages"])
    result = {
        "what": f"mhx adapt --lang {options.lang}, embedded default, empty output folder",
        "runs": options.runs,
        "load_average": os.getloadavg(),
        "median": {
            key: round(statistics.median(run[key] for run in runs), 2)
            for key in ("wall_s", "cpu_s", "peak_mib")
        },
        "stage_median_s": {
            name: round(statistics.median(run["stages"][name]["s"] for run in runs), 2)
            for name in names
        },
        "stage_peak_mib": {
            name: round(statistics.median(run["stages"][name]["peak_mib"] for run in runs))
            for name in names
        },
        "all": runs,
        "machine": machine(),
        "versions": versions(),
    }
    write_json(HERE / "results" / f"main_job_{options.lang}.json", result)
    print(json.dumps({key: result[key] for key in result if key != "all"}, indent=1))


if __name__ == "__main__":
    main()
