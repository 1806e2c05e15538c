"""What the side-by-side benches share: one thread, wall times, peak memory, the JSON written."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

from mhx.files import write_json
from mhx.run import machine, peak_mib
from mhx.run import versions as own_versions

T = TypeVar("T")
RESULTS = Path(__file__).resolve().parent / "results"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")


def single_threaded() -> None:
    """Start this script again with one thread a library, unless it runs so; call it first."""
    if any(os.environ.get(name) != "1" for name in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, *sys.argv])


@dataclass(frozen=True)
class Timed:
    """Wall times of `repeat` runs, the peak memory of their process, what the last one gave."""

    seconds: list[float]
    peak_mib: float
    value: Any

    @property
    def median(self) -> float:
        """The median time."""
        return statistics.median(self.seconds)


def timed(prepare: Callable[[], T], work: Callable[[T], Any], repeat: int = 3) -> Timed:
    """`work` on what `prepare` makes (not timed), in a process of its own: its memory is known."""
    fork = multiprocessing.get_context("fork")
    receive, send = fork.Pipe(duplex=False)
    child = fork.Process(target=_run, args=(prepare, work, repeat, send))
    child.start()
    send.close()
    try:
        result: Timed = receive.recv()
    except EOFError:
        raise SystemExit("a timed run failed, see above") from None
    finally:
        child.join()
    return result


def _run(prepare: Callable[[], T], work: Callable[[T], Any], repeat: int, send: Any) -> None:
    given, times, value = prepare(), [], None
    for _ in range(repeat):
        start = time.perf_counter()
        value = work(given)
        times.append(time.perf_counter() - start)
    send.send(Timed(times, peak_mib(), value))


def side_by_side(name: str, ours: Timed, theirs: Timed | None, *, target: float,
                 **more: Any) -> dict[str, Any]:
    """A row of a comparison: medians, their ratio, whether it reaches `target`.

    `theirs` is None where the peer is not installed.
    """
    row = alone(name, ours, **more)
    if theirs is None:
        return row
    ratio = theirs.median / ours.median
    say(f"  peer {theirs.median:.2f} s, {ratio:.1f} times")
    return {**row, "peer": _figures(theirs), "ratio": ratio, "target_ratio": target,
            "met": ratio >= target}


def alone(name: str, ours: Timed, **more: Any) -> dict[str, Any]:
    """A row without a comparison."""
    say(f"{name}: {ours.median:.3f} s, {ours.peak_mib:.0f} MiB")
    return {"case": name, **more, "ours": _figures(ours)}


def sides_row(name: str, ours: list[dict[str, Any]], theirs: list[dict[str, Any]], *,
              target: float | None, unit: str, count: int, cpu: bool = False, **more: Any
              ) -> dict[str, Any]:
    """A row of two sides timed in turn (bench/sides.py): each repetition, medians, their ratio.

    `count` things of a `unit` are done in a repetition. `cpu`: the ratio of processor seconds.
    """
    key = "cpu_seconds" if cpu else "seconds"
    row: dict[str, Any] = {"case": name, "unit": unit, "clock": "cpu" if cpu else "wall", **more}
    medians = []
    for side, runs in (("ours", ours), ("peer", theirs)):
        medians.append(statistics.median(run[key] for run in runs))
        row[side] = {
            "seconds": [run["seconds"] for run in runs],
            "cpu_seconds": [run["cpu_seconds"] for run in runs],
            "median_s": medians[-1],
            "per_second": count / medians[-1],
            "peak_mib": max(run["peak_mib"] for run in runs),
            "value": runs[-1]["value"],
        }
    ratio = medians[1] / medians[0]
    say(f"{name}: {ratio:.1f} times ({count / medians[0]:.0f} and {count / medians[1]:.0f} {unit}"
        f" a second)")
    met = {} if target is None else {"target_ratio": target, "met": ratio >= target}
    return {**row, "ratio": ratio, **met}


def _figures(timed: Timed) -> dict[str, Any]:
    return {"seconds": timed.seconds, "median_s": timed.median, "peak_mib": timed.peak_mib}


def missing(package: str, install: str) -> str | None:
    """None where the peer is installed, else what to say and do."""
    try:
        version(package)
    except PackageNotFoundError:
        return f"peer not installed: pip install {install}"
    return None


def record(name: str, result: dict[str, Any], *, peers: Sequence[str] = (),
           found: Mapping[str, str] | None = None, folder: Path = RESULTS) -> None:
    """Write `results/NAME.json` with machine, load and versions, and print it.

    `peers` are looked up in this environment, `found` are versions of another one.
    """
    installed = dict(found or {})
    for peer in peers:
        try:
            installed[peer] = version(peer)
        except PackageNotFoundError:
            installed[peer] = "not installed"
    threads = {key: os.environ.get(key, "default") for key in THREADS}
    whole = {
        "bench": name, **result, "threads": threads, "load_average": list(os.getloadavg()),
        "machine": {**machine(), "platform": platform.platform()},
        "versions": {**own_versions(), **installed},
    }
    write_json(folder / f"{name}.json", whole)
    sys.stdout.write(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def say(line: str) -> None:
    """A line of progress on standard error."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
