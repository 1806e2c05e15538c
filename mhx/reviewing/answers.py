"""What comes back from a reviewer, whatever the format: answers with the lines they stand on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mhx.errors import Problem


@dataclass(frozen=True)
class Given:
    """A segment as it came back. `source` is None where the format brings none.

    `state` is an XLIFF state; `faults` are what the reader could not make text of.
    """

    at: str
    target: str | None
    source: str | None = None
    line: int | None = None
    state: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """One dialogue's answer. `whole` says that the format brings every segment, so that a
    missing one was removed; else only changed ones are given. `run` is None in the run's own
    file, whose hashes alone bind it."""

    path: Path
    line: int | None
    run: str | None
    dialogue: str
    text_sha256: str
    verdict: str | None
    comment: str
    given: tuple[Given, ...]
    whole: bool = True

    def problem(self, what: str, fix: str = "", *, line: int | None = None,
                field: str = "") -> Problem:
        """A problem at this answer or at one of its lines."""
        return Problem(what, fix, path=self.path, line=line or self.line,
                       field=field or self.dialogue)
