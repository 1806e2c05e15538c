"""Held-out loss of each supporter's turn, for any model with or without an adapter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mhx.training.batches import Row, collate
from mhx.training.encoding import Record, encode_records
from mhx.training.loss import forward_inputs

Turns = dict[str, list[tuple[float, int]]]  # by conversation: nats and tokens of each turn


def turn_losses(
    model: Any, tokenizer: Any, records: Sequence[Record], *, base: str, max_length: int
) -> Turns:
    """Summed cross-entropy (nats) and learned tokens of each supporter's turn, by conversation.

    Turns beyond `max_length` tokens are missing, for every model alike.
    """
    import torch

    data = encode_records(records, base, max_length=max_length, tokenizer=tokenizer)
    left = set(data.left_out)
    names = [str(record["id"]) for record in records if record["id"] not in left]
    device = next(model.parameters()).device
    model.eval()
    found: Turns = {}
    with torch.inference_mode():
        for name, item in zip(names, data.encoded, strict=True):
            batch = collate([Row(0, item)], tokenizer.pad_token_id, device)
            logits = model(**forward_inputs(batch, model), logits_to_keep=batch.predicts).logits[0]
            each = torch.nn.functional.cross_entropy(logits.float(), batch.targets,
                                                     reduction="none").double().tolist()
            found[name] = _by_turn(Row(0, item).learned, each)
    return found


def _by_turn(places: Sequence[int], losses: Sequence[float]) -> list[tuple[float, int]]:
    """Sums over runs of neighbouring places: one run is one turn."""
    turns: list[tuple[float, int]] = []
    for number, (place, loss) in enumerate(zip(places, losses, strict=True)):
        if number and places[number - 1] == place - 1:
            total, count = turns[-1]
            turns[-1] = (total + loss, count + 1)
        else:
            turns.append((loss, 1))
    return turns
