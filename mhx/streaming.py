"""Stages in pieces: a stage's function on whole dialogues, and who runs it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from mhx.run import Reporter, Run

T = TypeVar("T")
# Steps of the progress bar; rows of the least piece and of the largest. A row of one that is worked
# on takes some 6 KiB in adapt, the stage that takes most; beyond that no stage grows with the rows.
PIECES, LEAST, MOST = 50, 256, 5_000
# A frame of whole dialogues → their new frame, and what it adds to the stage's account.
Work = Callable[["pl.DataFrame"], tuple["pl.DataFrame", Any]]


class Opened(Protocol):
    """A module's function that opens what a stage's work needs, by the run and `given`.

    `given` is what the stage found out about all dialogues, small and of plain types. The work
    must depend on its dialogues, the run and `given` alone: pieces come in any size, in any
    process, and again after a process died.
    """

    __module__: str
    __name__: str

    def __call__(self, run: Run, given: Any) -> AbstractContextManager[Work]:
        """The work, ready until the block ends."""


class Executor(Protocol):
    """Runs a stage's work on a table, piece by piece."""

    def map(
        self, run: Run, opened: Opened, source: str, given: Any = None, *, most: int = MOST
    ) -> Generator[tuple[pl.DataFrame, Any], None, None]:
        """Of each piece of the table `source`, in order, what the work makes of it.

        A stage's name, or a table in the run folder; `most`: rows of a piece.
        """


def rows_at_once(total: int) -> int:
    """Rows of a piece of a table of `total` rows."""
    return min(MOST, max(LEAST, -(-total // PIECES)))


def label(source: str) -> str:
    """What a progress bar over the pieces of a table says."""
    return f"pieces of {source.rpartition('/')[2]}"


class InProcess:
    """The work here, one piece after the other."""

    def map(
        self, run: Run, opened: Opened, source: str, given: Any = None, *, most: int = MOST
    ) -> Generator[tuple[pl.DataFrame, Any], None, None]:
        """Of each piece, in order, what the work makes of it; progress in pieces if many."""
        pieces = run.pieces(source, min(most, rows_at_once(run.height(source))))
        inner = run if len(pieces) == 1 else replace(run, reporter=Spoken(run.reporter))
        outer: Iterable[tuple[int, int]] = pieces
        if len(pieces) > 1:
            outer = run.reporter.track(pieces, label(source))
        with opened(inner, given) as work:
            for first, rows in outer:
                yield work(run.piece(source, first, rows))


@dataclass
class Spoken:
    """A reporter inside another's progress bar: its messages, no bars."""

    reporter: Reporter

    def stage(self, name: str, state: str, detail: str = "") -> None:
        """Nothing: stages are told by the outer one."""

    def say(self, message: str) -> None:
        """The message."""
        self.reporter.say(message)

    def track(self, items: Iterable[T], label: str) -> Iterator[T]:
        """The items."""
        yield from items
