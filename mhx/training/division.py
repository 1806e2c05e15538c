"""How the conversations of a step are divided among processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

from mhx.training.batches import MicroBatch, Row
from mhx.training.distributed import Processes
from mhx.training.layout import Cut

T = TypeVar("T")


@dataclass(frozen=True)
class Divided:
    """A layout of this process's part of the rows.

    `even` is for a sharded base, whose layers are gathered in every pass: then all processes must
    make the same number of passes, and some make passes without a learned token.
    """

    layout: Cut
    group: Processes
    even: bool = False

    def __call__(self, rows: Sequence[Row]) -> list[MicroBatch]:
        """This process's forward passes; together the processes make those of all rows."""
        passes = self.layout(portion(rows, lambda row: len(row.item.ids), self.group))
        return evened(passes, lambda: self.layout(rows[:1]), self.group) if self.even else passes


def portion(parts: Sequence[T], length: Callable[[T], int], group: Processes) -> list[T]:
    """This process's parts, in their order: the longest first, each to who has least by then."""
    if group.size == 1:
        return list(parts)
    load = [0] * group.size
    own = []
    for place in sorted(range(len(parts)), key=lambda place: -length(parts[place])):
        rank = load.index(min(load))
        load[rank] += length(parts[place])
        if rank == group.rank:
            own.append(place)
    return [parts[place] for place in sorted(own)]


def evened(
    passes: Sequence[MicroBatch], spare: Callable[[], Sequence[MicroBatch]], group: Processes
) -> list[MicroBatch]:
    """As many passes as the busiest process has: what is missing learns nothing."""
    missing = group.most(len(passes)) - len(passes)
    if not missing:
        return list(passes)
    least = min(passes or spare(), key=lambda batch: batch.padded)
    return [*passes, *[idle(least)] * missing]


def idle(batch: MicroBatch) -> MicroBatch:
    """The same forward pass with no token to learn."""
    learned = {one.name for one in fields(batch)} & {"predicts", "targets", "learners", "answers"}
    return replace(batch, tokens=0, **{name: getattr(batch, name)[:0] for name in learned})
