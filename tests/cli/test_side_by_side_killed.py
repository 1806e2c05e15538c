"""generate --out killed with no warning: the same command ends with the bytes of a whole run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from mhx.files import read_text

PROMPTS = ("Nie śpię od tygodnia.", "Boję się jutra.", "Wszystko mnie drażni.", "Jestem sama.")
BATCHES = 8  # a prompt a batch, two systems


def arguments(out: Path) -> list[str]:
    asked = [part for text in PROMPTS for part in ("--prompt", text)]
    return ["generate", "--lang", "pl", *asked, "--out", str(out), "--system", "base",
            "--system", "adapter", "--batch-size", "1", "--max-new-tokens", "12",
            "--device", "cpu", "--json"]


def batches(journal: Path) -> int:
    """Whole batches in the journal."""
    return read_text(journal).count("\n") if journal.is_file() else 0


def test_kill_9_in_the_middle_and_the_same_command_ends_in_the_same_bytes(mhx, here):
    whole = mhx(*arguments(here / "whole.jsonl"))
    assert whole.code == 0, whole.err
    out, journal = here / "cut.jsonl", here / "cut.jsonl.part"
    process = subprocess.Popen([sys.executable, "-m", "mhx", *arguments(out)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "OMP_NUM_THREADS": "1"})
    while process.poll() is None and batches(journal) < 5:  # the base is done, the adapter began
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not out.exists() and 5 <= batches(journal) < BATCHES
    again = mhx(*arguments(out))
    assert again.code == 0 and again.json == whole.json
    assert out.read_bytes() == (here / "whole.jsonl").read_bytes() and not journal.exists()
