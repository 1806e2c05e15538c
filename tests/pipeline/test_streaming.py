"""translate, adapt and gate in pieces: any size gives the same files, and a kill costs a stage."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mhx import streaming
from mhx.run import Run, Silent

Go = Callable[..., tuple[Run, dict[str, str]]]
# The command with pieces of one dialogue, killed when it asks for the fifth one of a table.
KILLED = """
import os, signal
from mhx import streaming
from mhx.run import Run
streaming.LEAST, streaming.PIECES, whole, seen = 1, 10**6, Run.piece, []
def piece(self, stage, first, rows):
    seen.append(stage)
    if seen.count("{stage}") == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(self, stage, first, rows)
Run.piece = piece
from mhx.cli import main
main()
"""


class Watched(Silent):
    """Steps of every progress bar."""

    def __init__(self) -> None:
        self.bars: list[str] = []

    def track(self, items: Any, label: str) -> Iterator[Any]:
        for item in items:
            self.bars.append(label)
            yield item


@pytest.mark.parametrize("least", [1, 200])
def test_pieces_of_any_size_give_the_same_files(
    least: int, go: Go, undisturbed: Path, tmp_path: Path, same_bytes: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "LEAST", least)
    monkeypatch.setattr(streaming, "PIECES", 10**6)
    heights: list[int] = []
    whole = Run.piece

    def piece(self: Run, stage: str, first: int, rows: int) -> pl.DataFrame:
        frame = whole(self, stage, first, rows)
        heights.append(frame.height)
        return frame

    monkeypatch.setattr(Run, "piece", piece)
    run, _ = go(tmp_path)
    longest = run.table("load").group_by("dialogue").len()["len"].max()
    assert isinstance(longest, int)
    assert max(heights) < least + longest
    same_bytes(run.folder, undisturbed)
    assert [one.counts for one in run.records().values()] == [
        one.counts for one in Run(
            undisturbed, run.settings, run.language, run.source, run.territory, run.shelves
        ).records().values()]


def test_the_bar_counts_pieces_and_no_bar_is_inside_another(
    monkeypatch: pytest.MonkeyPatch, undisturbed: Path, go: Go, tmp_path: Path
) -> None:
    monkeypatch.setattr(streaming, "LEAST", 300)
    monkeypatch.setattr(streaming, "PIECES", 1)
    run, _ = go(tmp_path, until="load")
    run.reporter = watched = Watched()

    def told(inner: Run) -> Callable[[pl.DataFrame], tuple[pl.DataFrame, None]]:
        def work(frame: pl.DataFrame) -> tuple[pl.DataFrame, None]:
            list(inner.reporter.track(range(3), "inside"))
            return frame, None
        return work

    @contextmanager
    def opened(inner: Run, given: Any) -> Iterator[Any]:
        yield told(inner)

    monkeypatch.setattr(streaming, "MOST", 300)
    frames = [frame for frame, _ in run.executor.map(run, opened, "load")]
    assert pl.concat(frames).equals(run.table("load"))
    assert watched.bars == ["pieces of load"] * len(frames)
    assert len(frames) > 1
    watched.bars.clear()
    monkeypatch.setattr(streaming, "MOST", 10**6)
    monkeypatch.setattr(streaming, "LEAST", 10**6)
    assert len(list(run.executor.map(run, opened, "load"))) == 1
    assert watched.bars == ["inside"] * 3


@pytest.mark.parametrize("stage", ["translate", "adapt"])  # what adapt and gate read
def test_kill_9_in_the_middle_of_a_table_and_the_next_run_finishes(
    stage: str, command: Callable[..., subprocess.Popen[str]], go: Go, undisturbed: Path,
    tmp_path: Path, same_bytes: Callable[..., None],
) -> None:
    out = tmp_path / "runs"
    program = [sys.executable, "-c", KILLED.format(stage=stage)]
    process = command(out, "--until", "gate", program=program, few=True)
    _, said = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, said
    (folder,) = (out / "pl").iterdir()
    after = {"translate": "adapt", "adapt": "gate"}[stage]
    assert not (folder / f"{after}.parquet").exists()
    assert {path.suffix for path in folder.glob(".*")} == {".parts", ".tmp"}
    run, stages = go(out)
    assert stages[stage] == "reused"
    assert stages[after] == "done"
    same_bytes(run.folder, undisturbed)
    left = [path.name for path in folder.iterdir() if path.name.startswith(".")]
    assert left == [], "what the killed process left"
