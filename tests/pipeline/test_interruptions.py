"""Ctrl-C and kill -9 in real processes: nothing half-written, and the same bytes afterwards."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from stopping import signal_at

from mhx.language import load_language
from mhx.run import Run

Go = Callable[..., tuple[Run, dict[str, str]]]
Start = Callable[..., subprocess.Popen[str]]
CHECKPOINTS = [
    sys.executable,
    "-c",
    "from mhx.training import lora; lora.CHECKPOINT_EVERY = 1; from mhx.cli import main; main()",
]
ADAPTER = ("adapter/adapter_model.safetensors", "adapter/adapter_config.json",
           "adapter/curves.jsonl")


@pytest.mark.parametrize("stage", ["load", "translate", "adapt", "gate"])
def test_ctrl_c_in_a_stage_leaves_nothing_half_written_and_the_next_run_finishes(
    stage: str, tmp_path: Path, command: Start, go: Go, undisturbed: Path,
    same_bytes: Callable[..., None], leftovers: Callable[[Path], list[str]],
) -> None:
    out = tmp_path / "runs"
    process = command(out, "--until", "gate", few=True)
    said = signal_at(process, f"{stage} …", signal.SIGINT)
    assert process.returncode == 130, said
    assert "interrupted: the same command goes on from here" in said
    assert "Traceback" not in said
    assert leftovers(out) == []
    run, stages = go(out)
    assert run.folder.name == "2026-11-21-1"
    assert "done" in stages.values()
    same_bytes(run.folder, undisturbed)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory, shelves: object) -> Path:
    """Short dialogues that the shipped memory holds, as a user's file: they train in seconds."""
    rows = []
    held = [item for item in load_language("en").source_corpus if item.split != "test"]
    for item in held[:18]:  # few enough steps that every one is reported
        words: dict[str, str] = {}
        for turn in item.turns:
            words.setdefault(turn.role, turn.segments[0])
        rows.append({"seeker": words["seeker"], "supporter": words["supporter"]})
    path = tmp_path_factory.mktemp("short") / "short.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(short: Path, go: Go, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run on the short dialogues that trained undisturbed."""
    out = tmp_path_factory.mktemp("trained") / "runs"
    return go(out, until="train", source=str(short))[0].folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_training_that_is_stopped_ends_in_the_same_adapter(
    number: signal.Signals, short: Path, trained: Path, tmp_path: Path, command: Start, go: Go,
    same_bytes: Callable[..., None], leftovers: Callable[[Path], list[str]],
) -> None:
    out = tmp_path / "runs"
    shutil.copytree(trained.parent.parent, out)
    folder = out / "pl" / trained.name
    shutil.rmtree(folder / "adapter")
    process = command(out, "--until", "train", "--source", str(short), program=CHECKPOINTS)
    said = signal_at(process, "  step 2 ", number)  # the checkpoint of the first is written
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL), said
    assert (folder / "adapter/checkpoint.pt").is_file()
    assert not (folder / "adapter/adapter_model.safetensors").exists()
    if number == signal.SIGINT:
        assert leftovers(out) == []
    run, stages = go(out, until="train", source=str(short))
    assert stages == {**dict.fromkeys(("load", "translate", "adapt", "gate"), "reused"),
                      "train": "done"}
    assert "resumed at step" in " ".join(run.records()["train"].counts.notes)  # type: ignore[union-attr]
    same_bytes(run.folder, trained, ADAPTER)
    assert not (folder / "adapter/checkpoint.pt").exists()


def test_a_reader_that_goes_away_is_no_error(undisturbed: Path) -> None:
    command = f"{sys.executable} -m mhx card show pl | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True,
                          env=dict(os.environ), check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
