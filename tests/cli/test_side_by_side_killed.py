"""generate --out killed with no warning: the same command ends with the bytes of a whole run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mhx.files import read_text

PROMPTS = ("Nie śpię od tygodnia.", "Boję się jutra.", "Wszystko mnie drażni.", "Jestem sama.",
           "Nie mam siły wstać.", "Pokłóciłam się z siostrą.")


def command(out: Path) -> list[str]:
    """Two systems, three batches each."""
    asked = [part for text in PROMPTS for part in ("--prompt", text)]
    return [sys.executable, "-m", "mhx", "generate", "--lang", "pl", *asked, "--out", str(out),
            "--system", "base", "--system", "adapter", "--batch-size", "2",
            "--max-new-tokens", "8", "--device", "cpu", "--json"]


def started(out: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(command(out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**os.environ, "OMP_NUM_THREADS": "1"}, cwd=out.parent)


def lines(journal: Path) -> int:
    """Whole batches in the journal."""
    return read_text(journal).count("\n") if journal.is_file() else 0


@pytest.mark.parametrize("batches", [1, 4], ids=["in the base", "in the adapter"])
def test_kill_9_between_batches(batches: int, whole: bytes, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    journal = tmp_path / "answers.jsonl.part"
    process = started(out)
    while process.poll() is None and lines(journal) < batches:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not out.exists() and batches <= lines(journal) < 6
    kept = journal.read_bytes()
    process = started(out)
    told, said = process.communicate()
    assert process.returncode == 0, said
    assert out.read_bytes() == whole and not journal.exists()
    assert kept.splitlines()[0] and {"prompt", "base", "adapter"} == set(json.loads(told)[0])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of an undisturbed run."""
    out = tmp_path_factory.mktemp("whole") / "answers.jsonl"
    process = started(out)
    _, said = process.communicate()
    assert process.returncode == 0, said
    assert len(out.read_bytes().splitlines()) == 2 * len(PROMPTS)
    return out.read_bytes()
