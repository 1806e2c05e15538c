"""Runs shared by the pipeline tests: one up to the gate, one to the report."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mhx.api import open_run
from mhx.pipeline import execute
from mhx.run import Run, Silent
from mhx.shelves import Shelves

TODAY = date(2026, 11, 21)
FEW = 16  # dialogues: all three splits and a risk among them
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
COMMAND = [sys.executable, "-m", "mhx"]


@dataclass
class Recorder(Silent):
    """A reporter that remembers what happened to each stage."""

    stages: dict[str, str] = field(default_factory=dict)

    def stage(self, name: str, state: str, detail: str = "") -> None:
        """Keep the last state of each stage."""
        self.stages[name] = state


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Two OpenMP threads wait for each other by spinning: slow on a machine with other work."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def go(shelves: Shelves) -> Callable[..., tuple[Run, dict[str, str]]]:
    """Run the pipeline here on the first dialogues (limit=None: all); the run, stages' states."""

    def run(
        out: Path, *, first: str | None = None, until: str | None = "gate", **options: Any
    ) -> tuple[Run, dict[str, str]]:
        recorder = Recorder()
        few = None if "source" in options else FEW
        settings = {"lang": "pl", "today": TODAY, "device": "cpu", "limit": few, **options}
        opened = open_run(shelves=shelves, out=out, reporter=recorder, **settings)
        execute(opened, first=first, last=until)
        return opened, recorder.stages

    return run


@pytest.fixture(scope="session")
def undisturbed(
    go: Callable[..., tuple[Run, dict[str, str]]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of a Polish run up to the gate that nothing disturbed."""
    return go(tmp_path_factory.mktemp("undisturbed"))[0].folder


@pytest.fixture(scope="session")
def command() -> Callable[..., subprocess.Popen[str]]:
    """Start `mhx adapt --lang pl` as its own process, with `--limit FEW` if asked."""

    def start(
        out: Path, *arguments: str, program: list[str] | None = None, few: bool = False
    ) -> Any:
        limit = ["--limit", str(FEW)] if few else []
        return subprocess.Popen(
            [*(program or COMMAND), "adapt", "--lang", "pl", "--out", str(out), "--today",
             TODAY.isoformat(), "--device", "cpu", *limit, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ONE_THREAD,
            cwd=out.parent,
        )

    return start


@pytest.fixture(scope="session")
def full(
    command: Callable[..., subprocess.Popen[str]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of `mhx adapt --lang pl`, the whole job (a minute or more)."""
    out = tmp_path_factory.mktemp("full") / "runs"
    process = command(out)
    told, said = process.communicate(timeout=560)
    assert process.returncode == 0, said
    folder = out / "pl" / f"{TODAY}-1"
    (out.parent / "stdout.txt").write_text(told, encoding="utf-8")
    (out.parent / "stderr.txt").write_text(said, encoding="utf-8")
    return folder


CORPUS = ("corpus/train.jsonl", "corpus/valid.jsonl", "corpus/test.jsonl", "corpus/README.md")
TABLES = ("load.parquet", "translate.parquet", "adapt.parquet", "gate.parquet", "review.jsonl")


@pytest.fixture(scope="session")
def same_bytes() -> Callable[..., None]:
    """Assert that two run folders hold the same bytes in these files."""

    def compare(one: Path, two: Path, names: tuple[str, ...] = (*TABLES, *CORPUS)) -> None:
        differ = [name for name in names if (one / name).read_bytes() != (two / name).read_bytes()]
        assert not differ

    return compare


@pytest.fixture(scope="session")
def leftovers() -> Callable[[Path], list[str]]:
    """Half-written files below a folder."""

    def find(folder: Path) -> list[str]:
        return [str(path) for path in folder.rglob("*.tmp")]

    return find
