"""Greedy decoding of an encoder-decoder of transformers; a row that has ended leaves its batch.

The tokens are those of ``generate`` with one beam, which computes each row until the batch's
longest has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LEAVE = 8  # rows leave when one of so many has ended: to take them out moves the others' memory


def greedy(
    model: Any, rows: list[list[int]], limits: Sequence[int], *, start: int, forced: int | None,
    end: int, padding: int, barred: list[int] | None = None,
) -> list[list[int]]:
    """New token ids of each row, the end mark included, as many as its limit allows.

    `rows` are token ids of the sources, `start` and `forced` the answer's first two tokens
    (`forced` is part of the answer), `barred` ids that are never said.
    """
    import torch
    from transformers.modeling_outputs import BaseModelOutput

    width = max(map(len, rows))
    device = model.device
    padded = [row + [padding] * (width - len(row)) for row in rows]
    lengths = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
    mask = torch.tensor(lengths, device=device)
    first = [start] if forced is None else [start, forced]
    out: list[list[int]] = [first[1:] for _ in rows]
    if max(limits) < len(first):
        return [row[:limit] for row, limit in zip(out, limits, strict=True)]
    with torch.inference_mode():
        hidden = model.get_encoder()(
            input_ids=torch.tensor(padded, device=device), attention_mask=mask
        ).last_hidden_state
        cache = None  # the model makes its own kind
        said = torch.tensor([first] * len(rows), device=device)
        batch = list(range(len(rows)))  # the row of each place
        ended: set[int] = set()
        while True:
            told = model(
                encoder_outputs=BaseModelOutput(last_hidden_state=hidden), attention_mask=mask,
                decoder_input_ids=said, past_key_values=cache, use_cache=True,
            )
            scores, cache = told.logits[:, -1], told.past_key_values
            if barred is not None:
                scores[:, barred] = float("-inf")
            new = scores.argmax(-1)
            open_places = []
            for place, (row, token) in enumerate(zip(batch, new.tolist(), strict=True)):
                if row in ended:
                    continue
                out[row].append(token)
                if token == end or len(out[row]) >= limits[row]:
                    ended.add(row)
                else:
                    open_places.append(place)
            if not open_places:
                return out
            if len(batch) - len(open_places) >= max(1, len(batch) // LEAVE):
                at = torch.tensor(open_places, device=device)
                cache.batch_select_indices(at)
                hidden, mask, new = hidden[at], mask[at], new[at]
                batch = [batch[place] for place in open_places]
            said = new[:, None]
