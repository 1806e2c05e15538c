"""A user's own procedure: ``FILE.py:function``, run only with the user's word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mhx.errors import MhxError, Problem, UsageError
from mhx.files import hash_file
from mhx.shelves import load_python
from mhx.stats.proving.procedures import Entry, entry
from mhx.stats.proving.task import Answer, Task, as_answer

if TYPE_CHECKING:
    import polars as pl


def is_foreign(name: str) -> bool:
    """Whether the name is that of a function in a file."""
    return ".py:" in name


def find(name: str, *, allow_code: bool) -> Entry:
    """A built-in procedure or the user's, ready to be run.

    Raises MhxError for unknown names, and for code that nobody allowed.
    """
    return load(name, allow_code=allow_code) if is_foreign(name) else entry(name)


def load(name: str, *, allow_code: bool) -> Entry:
    """The function as a procedure. What it raises on a table is "not answered", with the reason."""
    file, _, function = name.rpartition(":")
    path = Path(file)
    if not path.is_file():
        raise MhxError(Problem("no such file", "write FILE.py:function", path=path))
    if not function.isidentifier():
        raise UsageError(f"--procedure {name!r}", "write FILE.py:function")
    if not allow_code:
        raise MhxError(Problem("this procedure is Python code, which mhx did not run",
                               "read the file; if you trust it, add --allow-code", path=path))
    found = getattr(load_python(path, "mhx_procedure"), function, None)
    if not callable(found):
        raise MhxError(Problem(f"has no function {function!r}", "check the name", path=path))

    def answer(frame: pl.DataFrame, task: Task) -> Answer:
        try:
            return as_answer(found(frame, task))
        except Exception as error:  # whatever foreign code does on a table is its answer
            return Answer(refused=f"{type(error).__name__}: {error}")

    return Entry(name=name, title=f"{function} of {path.name}", claim="its own rule",
                 answer=answer)


def digest(name: str) -> str:
    """What identifies a procedure's code beyond its name: the hash of a foreign file."""
    return hash_file(Path(name.rpartition(":")[0])) if is_foreign(name) else ""
