"""`--engine ray`: the same files as without it, also when a worker is killed in the middle."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mhx.api import open_run
from mhx.errors import MhxError
from mhx.pipeline import execute
from mhx.rayengine import Errand, OnRay, executor_of
from mhx.run import Run, Silent
from mhx.shelves import discover
from mhx.stages.translate import opened
from mhx.streaming import Executor, InProcess

ROOT = Path(__file__).resolve().parents[2]
FILES = ("load.parquet", "translate.parquet", "adapt.parquet", "gate.parquet", "review.jsonl",
         "corpus/train.jsonl", "corpus/README.md")
WHAT = ("I lie awake", "my mother called", "nothing helps me", "the work is too much", "I am tired")
# It translates by upper case; the first process that may die does, in the middle of its piece.
BACKEND = '''
"""A translator that shouts."""

import os
import signal
from pathlib import Path

from mhx.contracts import Reply

PLACE = Path("{place}")


class Shouting:
    signature = "shouting|1"

    def translate(self, batch):
        (PLACE / f"pid-{{os.getpid()}}").touch()
        try:
            (PLACE / "deadly").unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        except FileNotFoundError:
            pass
        return [Reply(f"Zdanie: {{one.text.upper()}}", "shouting", "1") for one in batch]

    def close(self):
        pass


def open(settings):
    return Shouting()
'''


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Run]:
    """A run of 24 dialogues of a user's file with a translator that is not shipped."""
    folder = tmp_path / "more/translation/shouting"
    folder.mkdir(parents=True)
    manifest = "name: shouting\ntitle: t\nkind: rules\nlocation: local\ntakes_model: false\n"
    (folder / "backend.yaml").write_text(manifest, encoding="utf-8")
    (folder / "backend.py").write_text(BACKEND.format(place=tmp_path), encoding="utf-8")
    rows = [
        {"seeker": f"Since Monday {WHAT[n % 5]}, number {n}. It goes on.",
         "supporter": f"That sounds hard, and {n} times you have said so."}
        for n in range(24)
    ]
    source = tmp_path / "talks.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    shelves = discover(extra=[tmp_path / "more"], allow_code=True, cwd=ROOT)

    def begin(name: str, reporter: Silent | None = None) -> Run:
        return open_run(
            "pl", shelves=shelves, source=str(source), translator="shouting", device="cpu",
            today=date(2026, 11, 21), out=tmp_path / name, reporter=reporter,
        )

    return begin


class Steps(Silent):
    """Remembers what was tracked."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}

    def track(self, items: Any, label: str) -> Iterator[Any]:
        for item in items:
            self.seen[label] = self.seen.get(label, 0) + 1
            yield item


@pytest.mark.slow
def test_two_workers_of_which_one_is_killed_give_the_same_files(
    start: Callable[..., Run], tmp_path: Path, same_bytes: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("ray", reason="ray is not installed")
    alone = start("alone")
    execute(alone, last="gate")
    for mark in tmp_path.glob("pid-*"):
        mark.unlink()
    (tmp_path / "deadly").touch()
    steps = Steps()
    run = start("ray", steps)
    with executor_of("ray", 2) as workers:
        for stage in ("load", "translate", "adapt", "gate"):
            # every stage of a ray starts new workers: adapt, which is like translate, is done here
            run.executor = InProcess() if stage == "adapt" else workers
            execute(run, last=stage)
    assert not (tmp_path / "deadly").exists(), "no worker was killed"
    assert len(list(tmp_path.glob("pid-*"))) >= 2, "the killed worker's piece was done by nobody"
    same_bytes(alone.folder, run.folder, FILES)
    counts = [{name: record.counts for name, record in one.records().items()}
              for one in (alone, run)]
    assert counts[0] == counts[1]
    assert steps.seen["pieces of load"] >= 8  # pieces: several for each worker
    assert capsys.readouterr().out == ""


def test_plugins_go_by_name_and_folder(start: Callable[..., Run]) -> None:
    run = start("named")
    run.shelves.module(run.shelves.get("translation", "shouting"), "backend.py")
    errand = Errand(
        run.folder, Path.cwd(), run.shelves.plugins, run.shelves.roots, run.shelves.allow_code,
        "mhx.stages.translate", "opened", "load", None,
    )
    sent = pickle.dumps(errand)
    assert b"Shouting" not in sent
    assert b"backend.yaml" in sent
    assert pickle.loads(sent) == errand


def test_a_budget_is_not_spent_by_every_worker(start: Callable[..., Run]) -> None:
    run = start("spent")
    run.settings = run.settings.model_copy(update={"token_budget": 100})
    with pytest.raises(MhxError, match="a budget is counted in one process"):
        next(OnRay(2).map(run, opened, "load"))


def test_without_ray_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MhxError, match=r"ray is needed.*pip install 'mhx\[ray\]'"):
        executor_of("ray").__enter__()


def test_what_is_wrong_with_the_options_is_said() -> None:
    with pytest.raises(MhxError, match=r"unknown engine 'rey'.*did you mean 'ray'"):
        executor_of("rey").__enter__()
    with pytest.raises(MhxError, match="--workers is of --engine ray"):
        executor_of("local", 2).__enter__()
    with executor_of("local") as found:
        here: Executor = found
        assert isinstance(here, InProcess)
