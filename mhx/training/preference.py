"""Direct preference optimization: a pair's chosen answer against its rejected one.

Rafailov et al. 2023, equation 7: the mean over pairs of -log sigmoid(beta * margin), where the
margin is (log p - log p_base) of the chosen answer less that of the rejected one. The reference is
the base with the adapter off, scored once before the first step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from mhx.training.adapters import Adapters
from mhx.training.batches import MicroBatch, Row, collate, pack
from mhx.training.distributed import Processes
from mhx.training.division import evened, portion
from mhx.training.layout import Cut, Packed, Padded
from mhx.training.loss import FullLoss, HeadLoss, Objective
from mhx.training.masks import Encoded

Pair = tuple[Row, Row]  # chosen, rejected
Say = Callable[[str], object]
Reference = dict[int, float]  # log p of an answer under the base, by id() of its encoding


def silent(text: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class PairBatch(MicroBatch):
    """A forward pass of whole pairs: rows 2n and 2n + 1 are the answers of pair n.

    `answers` is the row of every learned token; `base` the base's log p of each row; `parts` each
    pair's share in its language's mean; `spread` what turns a pair's loss into losses of its
    tokens whose mean over the language's tokens is that mean; `betas` by pair.
    """

    answers: Any
    base: Any
    parts: Any
    spread: Any
    betas: Any


@dataclass(frozen=True)
class PairCut:
    """Pairs as forward passes of at most the layout's tokens; the two answers share a pass.

    Of several processes each takes a part of the pairs; `even` is `division.Divided`'s.
    """

    layout: Padded | Packed
    betas: Sequence[float]  # by language
    reference: Reference
    group: Processes = field(default_factory=Processes)
    even: bool = False

    def __call__(self, rows: Sequence[Row]) -> list[MicroBatch]:
        """The passes of all rows, which come as chosen, rejected, chosen, rejected, …"""
        pairs = list(zip(rows[::2], rows[1::2], strict=True))
        number = {row.owner: 0 for row in rows}
        learned = dict(number)
        for pair in pairs:
            number[pair[0].owner] += 1
            learned[pair[0].owner] += _tokens(pair)
        each = {owner: (1 / number[owner], learned[owner] / number[owner]) for owner in number}
        own = portion(pairs, lambda pair: sum(len(row.item.ids) for row in pair), self.group)
        passes: list[MicroBatch] = [self._batch(group, each) for group in self._groups(own)]
        if not self.even:
            return passes
        return evened(passes, lambda: [self._batch(pairs[:1], each)], self.group)

    def _groups(self, pairs: Sequence[Pair]) -> Iterator[list[Pair]]:
        group: list[Pair] = []
        for pair in sorted(pairs, key=lambda pair: (self._apart(pair), _width([pair]))):
            fits = self._cost([*group, pair]) <= self.layout.limit
            if group and not (fits and self._apart(group[0]) == self._apart(pair)):
                yield group
                group = []
            group.append(pair)
        if group:
            yield group

    def _apart(self, pair: Pair) -> int:
        """Languages that cannot share a pass sort apart."""
        return 0 if self.layout.mixed else pair[0].owner

    def _cost(self, group: Sequence[Pair]) -> int:
        if isinstance(self.layout, Packed):
            return sum(len(row.item.ids) for pair in group for row in pair)
        return 2 * len(group) * _width(group)

    def _batch(self, group: Sequence[Pair], each: Mapping[int, tuple[float, float]]) -> PairBatch:
        import torch

        rows = [row for pair in group for row in pair]
        layout, device = self.layout, self.layout.device
        batch = (pack(rows, device, shared=layout.shared) if isinstance(layout, Packed)
                 else collate(rows, layout.pad, device))
        answers = [place for place, row in enumerate(rows) for _ in row.learned]
        owners = [pair[0].owner for pair in group]
        values = {
            "base": [self.reference[id(row.item)] if self.reference else 0.0 for row in rows],
            "parts": [each[owner][0] for owner in owners],
            "spread": [each[owner][1] / _tokens(pair)
                       for owner, pair in zip(owners, group, strict=True)],
            "betas": [self.betas[owner] for owner in owners],
        }
        given: dict[str, Any] = {one.name: getattr(batch, one.name) for one in fields(batch)}
        given |= {name: torch.tensor(value, device=device) for name, value in values.items()}
        return PairBatch(**given, answers=torch.tensor(answers, device=device))


@dataclass(frozen=True)
class PairLoss:
    """The loss of whole pairs by the exact token loss that plain training takes."""

    inner: Objective

    def __call__(self, batch: MicroBatch, weights: Any) -> tuple[Any, Any]:
        """See Objective; a token's own loss is its pair's, spread over the answers' tokens."""
        import torch

        assert isinstance(batch, PairBatch)
        if isinstance(self.inner, HeadLoss):
            states = self.inner.states(batch)
            with torch.no_grad():
                tokens = self.inner.score(states.detach(), batch, weights)[1]
                margins = margins_of(tokens, batch)
                # the loss's derivative by each token's own loss: less of the chosen, more of the
                # rejected, the more so the less the pair is told apart
                pull = batch.betas * torch.sigmoid(-margins) * batch.parts
                by_row = torch.stack([pull, -pull], dim=1).reshape(-1)
            total, _ = self.inner.score(states, batch, by_row[batch.answers])
        else:
            assert isinstance(self.inner, FullLoss)
            margins = margins_of(self.inner.losses(batch), batch)
            total = -(torch.nn.functional.logsigmoid(margins) * batch.parts).sum()
        values = -torch.nn.functional.logsigmoid(margins.detach()) * batch.spread
        return total, values[batch.answers // 2]


def margins_of(tokens: Any, batch: PairBatch) -> Any:
    """beta times the margin of each pair, from the losses of its answers' tokens."""
    import torch

    gain = -sums(tokens, batch) - batch.base
    return batch.betas * (gain[0::2] - gain[1::2]).to(torch.float32)


def sums(tokens: Any, batch: PairBatch) -> Any:
    """The losses of a row's tokens, added up: -log p of each answer."""
    import torch

    empty = torch.zeros(len(batch.base), device=tokens.device, dtype=tokens.dtype)
    return empty.index_add(0, batch.answers, tokens)


def reference_of(
    model: Any,
    adapters: Adapters,
    inner: Objective,
    cut: PairCut,
    rows: Sequence[Row],
    say: Say = silent,
) -> Reference:
    """log p of every answer under the base, with the adapters off and dropout too.

    Of several processes each scores a part of the pairs.
    """
    import torch

    # a pair at a time: whatever the passes of a step, the reference has the same bits
    pairs = list(zip(rows[::2], rows[1::2], strict=True))
    turns = math.ceil(len(pairs) / cut.group.size)
    own: list[list[float]] = []
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for turn in range(turns):
            # the last turn begins anew: over a sharded base all processes make the same passes
            pair = pairs[(turn * cut.group.size + cut.group.rank) % len(pairs)]
            (batch,) = replace(cut, group=Processes(), even=False)(pair)
            assert isinstance(batch, PairBatch)
            with adapters.off(batch):
                losses = inner(batch, torch.ones_like(batch.targets, dtype=torch.float32))[1]
            own.append(sums(losses, batch).tolist())
            if turn + 1 == turns or (turn + 1) % max(1, turns // 5) == 0:
                done = min((turn + 1) * cut.group.size, len(pairs))
                say(f"  reference: the base has scored {done} of {len(pairs)} pairs")
    model.train(was_training)
    scored = [losses for turn in zip(*cut.group.gathered(own), strict=True) for losses in turn]
    return {
        id(row.item): -loss
        for pair, losses in zip(pairs, scored[: len(pairs)], strict=True)
        for row, loss in zip(pair, losses, strict=True)
    }


def as_pairs(
    model: Any,
    adapters: Adapters,
    inner: Objective,
    layout: Cut,
    betas: Sequence[float],
    rows: Sequence[Row],
    group: Processes | None = None,
    *,
    even: bool = False,
    say: Say = silent,
) -> tuple[PairLoss, PairCut]:
    """Objective and cut of a preference training; `rows` are all pairs it will see.

    `say` is told how far the base's scoring is, which comes before the first step.
    """
    assert isinstance(layout, Padded | Packed)
    cut = PairCut(layout, betas, {}, group or Processes(), even)
    reference = reference_of(model, adapters, inner, cut, rows, say)
    return PairLoss(inner), replace(cut, reference=reference)


def _tokens(pair: Pair) -> int:
    return len(pair[0].learned) + len(pair[1].learned)


def _width(group: Sequence[Pair]) -> int:
    return max(len(row.item.ids) for pair in group for row in pair)


def last_answer(item: Encoded) -> Encoded:
    """The encoding with its last answer alone learned: what came before is the prompt."""
    end = max(place for place, learned in enumerate(item.mask) if learned)
    start = end
    while start and item.mask[start - 1]:
        start -= 1
    mask = [start <= place <= end for place in range(len(item.mask))]
    return Encoded(item.ids, mask, item.full)
