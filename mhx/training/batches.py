"""What each step learns: a language's batches in order, and how languages share the steps."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
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
    (rows, width), -1 on padding; `bounds` are the starts of packed conversations and their end.
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
    starts = [number * width for number in range(len(rows))]
    return _made(rows, starts, ids, owners, None, None, device)


def pack(rows: Sequence[Row], device: Any) -> MicroBatch:
    """Rows one after the other in a single row, without padding; positions start anew in each."""
    import torch

    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row.item.ids))
    ids = torch.tensor([[token for row in rows for token in row.item.ids]])
    owners = torch.tensor([[row.owner for row in rows for _ in row.item.ids]])
    positions = torch.tensor([[place for row in rows for place in range(len(row.item.ids))]])
    return _made(rows, starts[:-1], ids, owners, positions, tuple(starts), device)


def _made(
    rows: Sequence[Row],
    starts: Sequence[int],
    ids: Any,
    owners: Any,
    positions: Any | None,
    bounds: tuple[int, ...] | None,
    device: Any,
) -> MicroBatch:
    import torch

    learned = [row.learned for row in rows]
    predicts = torch.tensor(
        [start + place - 1 for start, places in zip(starts, learned, strict=True)
         for place in places], dtype=torch.long,
    )
    targets = torch.tensor(
        [row.item.ids[place] for row, places in zip(rows, learned, strict=True)
         for place in places], dtype=torch.long,
    )
    learners = torch.tensor(
        [row.owner for row, places in zip(rows, learned, strict=True) for _ in places],
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
    )
