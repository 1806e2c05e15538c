"""Conversations that begin alike are computed once up to where they part.

All conversations of a language begin with its system prompt. What a causal model makes of a token
depends on what stands before it alone, so a beginning that several conversations of a language
share needs one computation; gradients from all of them meet in it. Exact, without dropout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from mhx.training.batches import Row

LEAST = 16  # tokens that conversations must share before a beginning is split off


@dataclass(frozen=True)
class Stretch:
    """Consecutive tokens of one or several conversations of a language.

    `first` is the position of its first token in the conversation, `parent` the stretch that
    stands before it (-1: none).
    """

    owner: int
    tokens: Sequence[int]
    first: int = 0
    parent: int = -1


@dataclass
class Weave:
    """Stretches one after the other, parents first and languages apart.

    `places` says for each row, in the order given, at which flat place each of its tokens is.
    """

    stretches: list[Stretch] = field(default_factory=list)
    places: list[list[int]] = field(default_factory=list)
    width: int = 0

    def put(self, stretch: Stretch, rows: Sequence[int]) -> int:
        """Append a stretch of these rows; returns its number."""
        here = range(self.width, self.width + len(stretch.tokens))
        for row in rows:
            self.places[row].extend(here)
        self.stretches.append(stretch)
        self.width = here.stop
        return len(self.stretches) - 1


def laid(rows: Sequence[Row]) -> Weave:
    """Each conversation whole, in the order given."""
    weave = Weave(places=[[] for _ in rows])
    for number, row in enumerate(rows):
        weave.put(Stretch(row.owner, row.item.ids), [number])
    return weave


def woven(rows: Sequence[Row]) -> Weave:
    """Conversations with every common beginning (of at least LEAST tokens) laid out once."""
    weave = Weave(places=[[] for _ in rows])
    order = sorted(range(len(rows)), key=lambda number: _order(rows[number]))
    for _, part in groupby(order, key=lambda number: rows[number].owner):
        _grow(weave, rows, list(part), 0, -1)
    return weave


def _grow(weave: Weave, rows: Sequence[Row], sorted_: list[int], depth: int, parent: int) -> None:
    """Lay out the rest, from `depth`, of rows that are equal up to there."""

    def head(number: int) -> tuple[int, ...]:
        return tuple(rows[number].item.ids[depth : depth + LEAST])

    for _, same in groupby(sorted_, key=head):
        group = list(same)
        ids = rows[group[0]].item.ids
        end = common(ids, rows[group[-1]].item.ids)
        if len(group) > 1 and end - depth >= LEAST:
            stem = Stretch(rows[group[0]].owner, ids[depth:end], depth, parent)
            _grow(weave, rows, group, end, weave.put(stem, group))
            continue
        for number in group:
            row = rows[number]
            if depth < len(row.item.ids):
                weave.put(Stretch(row.owner, row.item.ids[depth:], depth, parent), [number])


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two conversations have in common from the start."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)


def gathered(rows: Sequence[Row], limit: int) -> list[list[Row]]:
    """Rows put into passes of at most `limit` tokens, those that begin alike together.

    A common beginning counts once in a pass; one conversation may exceed the limit.
    """
    groups: list[list[Row]] = []
    used = 0
    for row in sorted(rows, key=_order):
        last = groups[-1][-1] if groups else None
        shared = (common(last.item.ids, row.item.ids)
                  if last is not None and last.owner == row.owner else 0)
        new = len(row.item.ids) - (shared if shared >= LEAST else 0)
        if last is None or used + new > limit:
            groups.append([])
            used, new = 0, len(row.item.ids)
        groups[-1].append(row)
        used += new
    return groups


def _order(row: Row) -> tuple[int, list[int]]:
    return row.owner, row.item.ids
