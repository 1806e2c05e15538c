"""Stopping a command where it says a certain thing."""

from __future__ import annotations

import subprocess


def signal_at(process: subprocess.Popen[str], mark: str, number: int) -> str:
    """Send a signal when a line of standard error holds the mark; returns what was said."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if mark in line:
            process.send_signal(number)
            break
    rest = process.stderr.read()
    process.wait(timeout=120)
    return "".join([*said, rest])
