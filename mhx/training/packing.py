"""Packed attention only where it computes what the base's own attention does.

What a base does beside the plain product (attention sinks, a state that runs through the row) is
in no common setting: it shows when the same conversations are computed both ways.
"""

from __future__ import annotations

from typing import Any

from mhx.errors import first_line
from mhx.training.attention import NAME, pack_where_possible
from mhx.training.batches import Row, collate, pack
from mhx.training.failures import is_out_of_memory
from mhx.training.loss import forward_inputs
from mhx.training.masks import Encoded
from mhx.training.prefixes import LEAST
from mhx.training.quantized import in_eight_bits

# norm of the difference of logits by their norm; half precision and int8 round far more
AGREES = {"float32": 1e-3}
ROUNDED = 0.1


def packed_where_it_agrees(model: Any, *, shared: bool) -> str:
    """Switch a model to packed attention; returns why that cannot be, or "".

    Three conversations of random tokens are computed each alone by the base's own attention and
    packed (`shared`: what they have in common from the start once). Where that differs, or does
    not run here, the model keeps its own attention. Adapters must be off.
    """
    import torch

    own, was_training = model.config._attn_implementation, model.training
    device = next(model.parameters()).device
    rows = _rows(int(model.config.vocab_size))
    model.eval()
    try:
        with torch.no_grad():
            alone = torch.cat([_logits(model, collate([row], 0, device)) for row in rows])
            if why := pack_where_possible(model):
                return why
            batch = pack(rows, device, shared=shared)
            off = float((_logits(model, batch) - alone).norm() / alone.norm())
        name = str(model.dtype).removeprefix("torch.")
        allowed = ROUNDED if in_eight_bits(model) else AGREES.get(name, ROUNDED)
        why = ("" if off <= allowed
               else f"the base has an attention of its own (logits packed differ by {off:.1%})")
    except (ImportError, RuntimeError, TypeError) as error:
        if is_out_of_memory(error) or model.config._attn_implementation != NAME:
            raise
        why = f"packed attention does not run here: {first_line(error)}"
    finally:
        model.train(was_training)
    if why:
        model.set_attn_implementation(own)
    return why


def _rows(vocab: int) -> list[Row]:
    """Conversations with a common beginning, the last half of each learned."""
    import torch

    drawn = torch.Generator().manual_seed(0)
    ids = torch.randint(0, vocab, (4, 2 * LEAST), generator=drawn).tolist()
    tails = [ids[1], ids[2][:LEAST], ids[3]]
    return [Row(0, Encoded([*ids[0], *tail], [False] * len(ids[0]) + [True] * len(tail)))
            for tail in tails]


def _logits(model: Any, batch: Any) -> Any:
    found = model(**forward_inputs(batch, model)).logits
    return found.reshape(-1, found.shape[-1]).index_select(0, batch.predicts).float()
