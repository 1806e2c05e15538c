"""Attention of packed conversations: each sees itself alone, without a mask in memory.

On a GPU torch's variable-length kernel; elsewhere one product a stretch, where a beginning that
conversations share stands in the row once and is seen by each of them.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

NAME = "mhx_packed"


def pack_where_possible(model: Any) -> str:
    """Switch a model to packed attention; returns why that cannot be, or "".

    Scores that are bent (softcap), layers with another kind of attention and bases with dropout
    of their own stay with the model's own. What settings do not tell, `packing` finds.
    """
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface

    config = model.config
    if getattr(config, "attn_logit_softcapping", None):
        return "the base bends its attention scores (softcap)"
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    if kinds - {"full_attention", "sliding_attention"}:
        return f"the base has layers of {', '.join(sorted(kinds))}"
    # the packed product drops nothing, and a beginning that is shared would share what is dropped
    if drops := dropouts(config):
        return f"the base drops out in training ({', '.join(drops)})"
    if not getattr(model, "_supports_attention_backend", False):
        return "the base has an attention of its own"
    AttentionInterface.register(NAME, packed_attention)
    AttentionMaskInterface.register(NAME, _no_mask)
    model.set_attn_implementation(NAME)
    return ""


def dropouts(config: Any) -> list[str]:
    """Names of a base's own dropout rates above zero, but for heads that are no LM's."""
    return [name for name, rate in config.to_dict().items()
            if re.search("(?<!layer)drop", name) and not re.match("summary|classifier", name)
            and isinstance(rate, float) and rate > 0]


def _no_mask(*given: Any, **named: Any) -> None:
    """Packed attention needs no mask: the bounds say who sees whom."""


def packed_attention(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any = None,
    *,
    scaling: float | None = None,
    sliding_window: int | None = None,
    bounds: tuple[int, ...] | None = None,
    parents: tuple[int, ...] | None = None,
    **rest: Any,
) -> tuple[Any, None]:
    """Causal attention within each stretch of `bounds`; (1, tokens, heads, size) and no weights.

    Tensors come as (1, heads, tokens, size). Without bounds the row is one conversation. A stretch
    with a parent sees that whole stretch too, and what it sees.
    """
    if bounds is None:
        bounds = (0, query.shape[2])
    window = sliding_window or 0
    if query.is_cuda and parents is None:
        return _by_kernel(query, key, value, bounds, scaling, window), None
    parents = parents or (-1,) * (len(bounds) - 1)
    return _one_by_one(query, key, value, bounds, parents, scaling, window), None


def _by_kernel(
    query: Any, key: Any, value: Any, bounds: tuple[int, ...], scaling: float | None, window: int
) -> Any:
    import torch
    from torch.nn.attention.varlen import varlen_attn

    starts = torch.tensor(bounds, dtype=torch.int32).to(query.device, non_blocking=True)
    longest = max(end - start for start, end in pairwise(bounds))
    rows = [tensor[0].transpose(0, 1).contiguous() for tensor in (query, key, value)]
    out: Any = varlen_attn(
        rows[0], rows[1], rows[2], starts, starts, longest, longest,
        scale=scaling,
        window_size=(window - 1 if window else -1, 0),
        enable_gqa=key.shape[1] != query.shape[1],
    )
    return out.unsqueeze(0)


def _one_by_one(
    query: Any, key: Any, value: Any, bounds: tuple[int, ...], parents: tuple[int, ...],
    scaling: float | None, window: int,
) -> Any:
    import torch

    lengths = [end - start for start, end in pairwise(bounds)]
    # one split and one joining: a slice's gradient would be as large as the whole row, each
    queries, keys, values = (list(part.split(lengths, dim=2)) for part in (query, key, value))
    parts = []
    for number, (length, parent) in enumerate(zip(lengths, parents, strict=True)):
        if parent >= 0:
            for part in (keys, values):
                part[number] = torch.cat([part[parent], part[number]], dim=2)
        before = keys[number].shape[2] - length
        near = None
        if before or (window and length > window):
            gap = (torch.arange(before, before + length, device=query.device).unsqueeze(1)
                   - torch.arange(before + length, device=query.device))
            near = (gap >= 0) & (gap < window) if window else gap >= 0
        parts.append(torch.nn.functional.scaled_dot_product_attention(
            queries[number], keys[number], values[number], attn_mask=near,
            is_causal=near is None, scale=scaling, enable_gqa=key.shape[1] != query.shape[1],
        ))
    return torch.cat(parts, dim=2).transpose(1, 2).contiguous()
