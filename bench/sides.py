"""The two sides of a bench, each in a process of its own interpreter, timed in turn.

A bench module has one function a side: ``ours(options)`` and ``theirs(options)`` prepare (not
timed) and return what does a named case's work. Only the standard library is imported here, so
that a side may run in an environment without mhx (``--peer-python``).
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
Work = Callable[[str], Any]


class Side:
    """A side's process: it is prepared when this is made, and works when asked."""

    def __init__(self, python: str, module: str, side: str, options: dict[str, Any],
                 packages: Sequence[str] = ()) -> None:
        command = [python, str(HERE / "sides.py"), module, side, json.dumps(options), *packages]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONHASHSEED": "0"})
        self.versions: dict[str, str] = self._answer()

    def run(self, case: str) -> dict[str, Any]:
        """seconds, cpu_seconds, peak_mib and value of one repetition."""
        assert self._process.stdin is not None
        self._process.stdin.write(case + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a side of the bench failed, see above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def in_turn(sides: Sequence[Side], case: str, repeats: int) -> list[list[dict[str, Any]]]:
    """Of each side, its repetitions of a case; the sides take turns."""
    out: list[list[dict[str, Any]]] = [[] for _ in sides]
    for _ in range(repeats):
        for side, runs in zip(sides, out, strict=True):
            runs.append(side.run(case))
    return out


def arguments(doc: str | None, *, size: int, repeats: int = 5) -> argparse.ArgumentParser:
    """The options that these benches share."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=size)
    parser.add_argument("--repeats", type=int, default=repeats)
    parser.add_argument("--peer-python", default=sys.executable,
                        help="interpreter of an environment that holds the peer")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    return parser


def _serve(module: str, side: str, options: str, packages: Sequence[str]) -> None:
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    versions = {}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    work: Work = getattr(importlib.import_module(module), side)(json.loads(options))
    print(json.dumps(versions), file=out, flush=True)
    for line in sys.stdin:
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        value = work(line.strip())
        used = {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({**used, "peak_mib": peak, "value": value}), file=out, flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
