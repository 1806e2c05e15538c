"""What each step learns: a language's batches in order, and how languages share the steps."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from mhx.schema import TrainRecipe
from mhx.training.masks import Encoded

SIMILAR = 32  # tokens by which conversations of one batch may differ before they are sorted


@dataclass(frozen=True)
class Row:
    """A conversation in a step, and which language (its place among the run's) it belongs to."""

    owner: int
    item: Encoded

    @property
    def learned(self) -> list[int]:
        """Places of the tokens that are learned; the first token has nothing before it."""
        return [place for place, chosen in enumerate(self.item.mask) if chosen and place]


@dataclass(frozen=True)
class MicroBatch:
    """Tensors of one forward pass.

    `ids` is (rows, width); `positions` is (rows, width) where conversations stand one after the
    other in a row, else None (padded on the right: causal attention never looks there).
    `predicts` are flat places of the hidden states that predict a learned token, `targets` those
    tokens, `learners` the language of each; `owners` is the language of every token,
    (rows, width), -1 on padding; `bounds` are the starts of packed stretches and their end;
    `parents` is the stretch before each of them in its conversations (-1: none; None: every
    stretch is a conversation). `spans` are (language, first, last + 1) in flat places where each
    language stands in one piece, padding included, else None. `tokens` counts conversations'.
    """

    ids: Any
    positions: Any | None
    predicts: Any
    targets: Any
    learners: Any
    owners: Any
    active: tuple[int, ...]
    bounds: tuple[int, ...] | None
    tokens: int
    parents: tuple[int, ...] | None = field(default=None, kw_only=True)
    spans: tuple[tuple[int, int, int], ...] | None = field(default=None, kw_only=True)

    @property
    def padded(self) -> int:
        """Tokens with padding: what a forward pass costs."""
        return int(self.ids.numel())


def planned_batches(encoded: Sequence[Encoded], recipe: TrainRecipe) -> list[list[int]]:
    """Places of the conversations of each step: similar lengths together, order by the seed."""
    rng = random.Random(recipe.seed)
    size = recipe.batch_size
    count = max(1, math.ceil(len(encoded) / size))
    out: list[list[int]] = []
    whole = int(recipe.epochs)
    for _ in range(whole + (recipe.epochs > whole)):
        order = list(range(len(encoded)))
        rng.shuffle(order)
        order.sort(key=lambda place: len(encoded[place].ids) // SIMILAR)
        groups = [order[n * size : (n + 1) * size] for n in range(count)]
        rng.shuffle(groups)
        out += groups
    return out[: max(1, round(recipe.epochs * count))]


def spread(totals: Sequence[int]) -> list[list[int]]:
    """Which languages take part in each joint step: shorter courses are spread over the longest.

    Every language has its own number of steps; all end together.
    """
    longest = max(totals, default=0)
    return [
        [
            owner
            for owner, total in enumerate(totals)
            if (step + 1) * total // longest > step * total // longest
        ]
        for step in range(longest)
    ]


def collate(rows: Sequence[Row], pad: int, device: Any) -> MicroBatch:
    """Rows side by side, padded on the right to the longest."""
    import torch

    width = max(len(row.item.ids) for row in rows)
    ids = torch.full((len(rows), width), pad)
    owners = torch.full((len(rows), width), -1)
    for number, row in enumerate(rows):
        length = len(row.item.ids)
        ids[number, :length] = torch.tensor(row.item.ids)
        owners[number, :length] = row.owner
    places = [range(number * width, (number + 1) * width) for number in range(len(rows))]
    spans = _spans([(row.owner, width) for row in rows])
    return _made(rows, places, ids, owners, device, spans=spans)


def pack(rows: Sequence[Row], device: Any, *, shared: bool = False) -> MicroBatch:
    """Rows one after the other in a single row, without padding; positions start anew in each.

    With `shared` a beginning that rows of a language have in common stands there once (`prefixes`).
    """
    import torch

    from mhx.training.prefixes import laid, woven

    weave = woven(rows) if shared else laid(rows)
    parts = weave.stretches
    bounds = [0, *accumulate(len(part.tokens) for part in parts)]
    ids = torch.tensor([[token for part in parts for token in part.tokens]])
    owners = torch.tensor([[part.owner for part in parts for _ in part.tokens]])
    positions = torch.tensor(
        [[place for part in parts for place in range(part.first, part.first + len(part.tokens))]])
    parents = tuple(part.parent for part in parts)
    return _made(rows, weave.places, ids, owners, device, positions=positions, bounds=tuple(bounds),
                 parents=parents if max(parents) >= 0 else None,
                 spans=_spans([(part.owner, len(part.tokens)) for part in parts]))


def _spans(pieces: Sequence[tuple[int, int]]) -> tuple[tuple[int, int, int], ...] | None:
    """Where each language stands, of pieces as (language, tokens); None where it is scattered."""
    out: list[tuple[int, int, int]] = []
    place = 0
    for owner, length in pieces:
        if out and out[-1][0] == owner:
            out[-1] = (owner, out[-1][1], place + length)
        else:
            out.append((owner, place, place + length))
        place += length
    return tuple(out) if len({owner for owner, *_ in out}) == len(out) else None


def _made(
    rows: Sequence[Row],
    places: Sequence[Sequence[int]],
    ids: Any,
    owners: Any,
    device: Any,
    *,
    positions: Any | None = None,
    bounds: tuple[int, ...] | None = None,
    parents: tuple[int, ...] | None = None,
    spans: tuple[tuple[int, int, int], ...] | None = None,
) -> MicroBatch:
    import torch

    learned = [row.learned for row in rows]
    predicts = torch.tensor(
        [flat[place - 1] for flat, chosen in zip(places, learned, strict=True)
         for place in chosen], dtype=torch.long,
    )
    targets = torch.tensor(
        [row.item.ids[place] for row, chosen in zip(rows, learned, strict=True)
         for place in chosen], dtype=torch.long,
    )
    learners = torch.tensor(
        [row.owner for row, chosen in zip(rows, learned, strict=True) for _ in chosen],
        dtype=torch.long,
    )
    return MicroBatch(
        ids=ids.to(device),
        positions=None if positions is None else positions.to(device),
        predicts=predicts.to(device),
        targets=targets.to(device),
        learners=learners.to(device),
        owners=owners.to(device),
        active=tuple(sorted({row.owner for row in rows})),
        bounds=bounds,
        tokens=sum(len(row.item.ids) for row in rows),
        parents=parents,
        spans=spans,
    )
