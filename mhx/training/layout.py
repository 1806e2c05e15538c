"""How the conversations of a step are laid out as forward passes: sorted and padded, or packed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mhx.training.batches import MicroBatch, Row, collate, pack
from mhx.training.prefixes import gathered

# A forward pass costs about as much as so many tokens, whatever it holds: two passes with less
# padding are worth it only when they save more.
PASS_TOKENS = 64
# In a shared pass every token meets the A and B of every language in it: so much more for each.
SHARING = 0.03
Cut = Callable[[Sequence[Row]], list[MicroBatch]]


@dataclass(frozen=True)
class Padded:
    """Rows sorted by length and cut where padding would cost more than another pass.

    `limit` is the most padded tokens of a pass (one conversation may exceed it); `mixed` says
    whether languages may share one: they do where that costs less than a pass each.
    """

    pad: int
    device: Any
    limit: int
    mixed: bool = True

    def __call__(self, rows: Sequence[Row]) -> list[MicroBatch]:
        """The forward passes of a step."""
        apart, shared = (
            [group for part in _apart(rows, mixed) for group in cheapest(part, self.limit)]
            for mixed in (False, True)
        )
        if self.mixed and cost(shared) < cost(apart):
            apart = shared
        return [collate(sorted(group, key=lambda row: row.owner), self.pad, self.device)
                for group in apart]


@dataclass(frozen=True)
class Packed:
    """Rows one after the other up to `limit` tokens a pass, whole conversations only.

    `shared`: what conversations have in common from the start is in a pass once. It needs packed
    attention (`attention.pack_where_possible`).
    """

    device: Any
    limit: int
    mixed: bool = True
    shared: bool = False

    def __call__(self, rows: Sequence[Row]) -> list[MicroBatch]:
        """The forward passes of a step."""
        return [
            pack(group, self.device, shared=self.shared)
            for part in _apart(rows, self.mixed)
            for group in (gathered if self.shared else filled)(part, self.limit)
        ]


def _apart(rows: Sequence[Row], mixed: bool) -> list[list[Row]]:
    if mixed:
        return [list(rows)]
    owners = sorted({row.owner for row in rows})
    return [[row for row in rows if row.owner == owner] for owner in owners]


def cheapest(rows: Sequence[Row], limit: int) -> list[list[Row]]:
    """The cut of the rows, sorted by length, with the fewest padded tokens and passes.

    Dynamic programming over the sorted order: best[n] is the cost of the n shortest rows.
    """
    order = sorted(rows, key=lambda row: len(row.item.ids))
    best: list[float] = [0.0]
    cuts = [0]
    for end in range(1, len(order) + 1):
        width = len(order[end - 1].item.ids)
        options = [
            (best[start] + width * (end - start) + PASS_TOKENS, start)
            for start in range(end)
            if end - start == 1 or width * (end - start) <= limit
        ]
        cost, start = min(options)
        best.append(cost)
        cuts.append(start)
    groups: list[list[Row]] = []
    end = len(order)
    while end:
        groups.append(order[cuts[end] : end])
        end = cuts[end]
    return groups[::-1]


def cost(groups: Sequence[Sequence[Row]]) -> float:
    """What padded passes cost, in tokens of a pass with one language."""
    total = 0.0
    for group in groups:
        languages = len({row.owner for row in group})
        padded = len(group) * max(len(row.item.ids) for row in group)
        total += padded * (1 + SHARING * (languages - 1)) + PASS_TOKENS
    return total


def filled(rows: Sequence[Row], limit: int) -> list[list[Row]]:
    """Rows put into passes of at most `limit` tokens: the longest first, where it still fits."""
    groups: list[list[Row]] = []
    room: list[int] = []
    for row in sorted(rows, key=lambda row: -len(row.item.ids)):
        length = len(row.item.ids)
        place = next((n for n, left in enumerate(room) if left >= length), None)
        if place is None:
            groups.append([])
            room.append(limit)
            place = len(groups) - 1
        groups[place].append(row)
        room[place] -= length
    return groups
