"""load, translate, adapt and gate of many segments: peak memory of the process tree, speed.

    python bench/stream.py [--segments 1000000] [--workers N]

Dialogues of real subtitle and FLORES sentences (bench/texts.py) as JSON Lines; a memory with their
aligned Polish answers, so that adapt and gate work on real text. Sentences are drawn again and
again (`distinct` says how many there are); text that repeats itself less costs more where an
engine's answers or the analyses of words are kept. The stages run as the command
does; the resident memory of the command and its children is read every 50 ms from /proc and stored
with each stage. Target: 1,536 MiB at 1,000,000 segments. `--workers`: the same on Ray Data, written
to `results/stream_ray.json`; ray's own processes count, and what they share counts for each.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import common
import texts

from mhx.corpus.tmx import Unit, write_tmx

TARGET_MIB = 1536
EVERY = 0.05  # seconds between two looks
PAGE = os.sysconf("SC_PAGE_SIZE") / 2**20
STAGES = ("load", "translate", "adapt", "gate")


def main() -> None:
    """Run the command and write the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--segments", type=int, default=1_000_000)
    parser.add_argument("--until", choices=STAGES, default="gate")
    parser.add_argument("--workers", type=int, help="of --engine ray; without: one process")
    parser.add_argument("--out", type=Path, default=common.RESULTS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        source, memory = place / "source.jsonl", place / "memory.tmx"
        dialogues, turns = write_source(source, given.segments)
        pairs = dict(texts.aligned())
        units = (Unit(one, two, f"p{n}") for n, (one, two) in enumerate(pairs.items()))
        write_tmx(memory, units, source="en", target="pl", creator="bench")
        command = [sys.executable, "-m", "mhx", "adapt", "--lang", "pl", "--source", str(source),
                   "--translator", "memory", "--memory", str(memory), "--until", given.until,
                   "--out", str(place / "runs"), "--json"]
        if given.workers:
            command += ["--engine", "ray", "--workers", str(given.workers)]
        peaks = watched(command, place / "runs")
        (folder,) = (place / "runs" / "pl").iterdir()
        records = json.loads((folder / "stages.json").read_text(encoding="utf-8"))
        held, distinct = rows_of(folder / "load.parquet")
    rows = [
        {"stage": stage, "seconds": record["seconds"], "peak_tree_mib": peaks.get(stage),
         "segments_per_second": held / record["seconds"], "dialogues": record["counts"]["rows_in"],
         "accepted": record["counts"]["accepted"]}
        for stage, record in records.items()
    ]
    for row in rows:
        common.say(f"{row['stage']}: {row['segments_per_second']:.0f} segments/s, "
                   f"{row['peak_tree_mib']:.0f} MiB")
    peak = max(peaks.values())
    common.record("stream_ray" if given.workers else "stream", {
        "workers": given.workers, "segments": held, "distinct": distinct,
        "dialogues": dialogues, "turns": turns,
        "peak_tree_mib": peak, "target_mib": TARGET_MIB, "met": peak <= TARGET_MIB,
        "results": rows}, folder=given.out)


def write_source(path: Path, segments: int) -> tuple[int, int]:
    """Dialogues until about so many sentences are written; how many dialogues and turns."""
    done = dialogues = turns = 0
    with path.open("w", encoding="utf-8") as handle:
        for dialogue in texts.dialogues(segments):
            messages = [{"role": role, "content": text} for role, text in dialogue]
            handle.write(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")
            dialogues, turns = dialogues + 1, turns + len(dialogue)
            done += sum(len(re.findall(r"[.!?…](?=\s|$)", text)) or 1 for _, text in dialogue)
            if done >= segments:
                break
    return dialogues, turns


def rows_of(path: Path) -> tuple[int, int]:
    """Rows of a stage's table, and how many texts of segments differ."""
    import polars as pl

    counts = pl.len().alias("rows"), pl.col("text_sha").n_unique().alias("distinct")
    rows, distinct = pl.scan_parquet(path).select(counts).collect().row(0)
    return int(rows), int(distinct)


def watched(command: list[str], runs: Path) -> dict[str, float]:
    """Peak resident MiB of the command and its children during each stage, by the run's log."""
    peaks: dict[str, float] = {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            stage = stage_now(runs)
            peaks[stage] = max(peaks.get(stage, 0.0), resident(process.pid))
            time.sleep(EVERY)
    if process.returncode:
        raise SystemExit(f"mhx adapt ended with {process.returncode}")
    return peaks


def stage_now(runs: Path) -> str:
    """The stage that was started last; the first one before that."""
    for log in runs.glob("pl/*/log.jsonl"):
        lines: list[dict[str, Any]] = [
            json.loads(line) for line in log.read_text(encoding="utf-8").split("\n") if line]
        started = [line["stage"] for line in lines if line["event"] == "start"]
        return str(started[-1]) if started else STAGES[0]
    return STAGES[0]


def resident(root: int) -> float:
    """MiB of a process and all below it; one that ends meanwhile counts nothing."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    total, waiting = 0.0, [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
        except (OSError, IndexError):
            continue
    return total


if __name__ == "__main__":
    main()
