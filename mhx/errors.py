"""The three ways mhx stops: a problem the user can fix, a usage error, a bug of ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

EXIT_DONE, EXIT_FIXABLE, EXIT_USAGE, EXIT_BUG, EXIT_INTERRUPTED = 0, 1, 2, 3, 130


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where, and what to do: ``path:line: field: what — fix``."""

    what: str
    fix: str = ""
    path: Path | str | None = None
    line: int | None = None
    field: str = ""

    def __str__(self) -> str:
        place = "" if self.path is None else str(self.path)
        if place and self.line is not None:
            place += f":{self.line}"
        parts = [part for part in (place, self.field, self.what) if part]
        return ": ".join(parts) + (f" — {self.fix}" if self.fix else "")


class MhxError(Exception):
    """Something the user can fix (exit code 1). Holds every problem found, not the first."""

    exit_code = EXIT_FIXABLE

    def __init__(self, problems: Problem | Sequence[Problem] | str, fix: str = "") -> None:
        if isinstance(problems, str):
            problems = Problem(problems, fix)
        self.problems: list[Problem] = (
            [problems] if isinstance(problems, Problem) else list(problems)
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(MhxError):
    """The command itself is wrong (exit code 2)."""

    exit_code = EXIT_USAGE


def unknown(kind: str, name: str, known: Iterable[str], *, fix: str = "") -> MhxError:
    """The error for a name nobody knows: lists the known ones and offers the nearest."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    listing = ", ".join(names) if names else "none found"
    tail = f"; {fix}" if fix else ""
    return MhxError(Problem(f"unknown {kind} {name!r}", f"{hint}known: {listing}{tail}"))


def first_line(error: Exception) -> str:
    """The first line of a message; the error's type where it has none."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def os_problem(
    error: OSError, path: Path | str | None = None, *, reading: bool = False
) -> MhxError:
    """A failed file operation as a message: full disk, no permission, missing file."""
    import errno

    fixes = {
        errno.ENOSPC: "the disk is full: free space or give another folder with --out; "
        "nothing was half-written and the next run goes on from here",
        errno.EDQUOT: "the disk quota is used up: free space or give another folder with --out",
        errno.EACCES: "no permission: choose a folder you may write to (--out DIR)",
        errno.EPERM: "no permission: choose a folder you may write to (--out DIR)",
        errno.EROFS: "a read-only file system: choose another folder (--out DIR)",
        errno.ENOENT: "check the path",
        errno.EISDIR: "this is a folder; give a file",
        errno.ENOTDIR: "a part of this path is a file, not a folder",
    }
    where = path if path is not None else (error.filename or None)
    fix = fixes.get(error.errno or 0, "")
    if reading and error.errno in (errno.EACCES, errno.EPERM):
        fix = "no permission to read it: chmod u+r FILE, or ask its owner"
    return MhxError(Problem(error.strerror or str(error), fix, path=where))
