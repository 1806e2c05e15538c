"""Attention of packed conversations: each sees itself alone, without a mask in memory.

On a GPU torch's variable-length kernel; elsewhere one causal product a conversation, which shows
on a CPU that the packing is right.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

NAME = "mhx_packed"


def pack_where_possible(model: Any) -> str:
    """Switch a model to packed attention; returns why that cannot be, or "".

    Scores that are bent (softcap) and layers with another kind of attention stay with the
    model's own.
    """
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface

    config = model.config
    if getattr(config, "attn_logit_softcapping", None):
        return "the base bends its attention scores (softcap)"
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    if kinds - {"full_attention", "sliding_attention"}:
        return f"the base has layers of {', '.join(sorted(kinds))}"
    if not getattr(model, "_supports_attention_backend", False):
        return "the base has an attention of its own"
    AttentionInterface.register(NAME, packed_attention)
    AttentionMaskInterface.register(NAME, _no_mask)
    model.set_attn_implementation(NAME)
    return ""


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
    **rest: Any,
) -> tuple[Any, None]:
    """Causal attention within each stretch of `bounds`; (1, tokens, heads, size) and no weights.

    Tensors come as (1, heads, tokens, size). Without bounds the row is one conversation.
    """
    if bounds is None:
        bounds = (0, query.shape[2])
    window = sliding_window or 0
    if query.is_cuda:
        return _by_kernel(query, key, value, bounds, scaling, window), None
    return _one_by_one(query, key, value, bounds, scaling, window), None


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
    query: Any, key: Any, value: Any, bounds: tuple[int, ...], scaling: float | None, window: int
) -> Any:
    import torch

    parts = []
    for start, end in pairwise(bounds):
        place = slice(start, end)
        near = None
        if window and end - start > window:
            apart = torch.arange(end - start, device=query.device)
            gap = apart.unsqueeze(1) - apart
            near = (gap >= 0) & (gap < window)
        parts.append(torch.nn.functional.scaled_dot_product_attention(
            query[:, :, place], key[:, :, place], value[:, :, place], attn_mask=near,
            is_causal=near is None, scale=scaling, enable_gqa=key.shape[1] != query.shape[1],
        ))
    return torch.cat(parts, dim=2).transpose(1, 2).contiguous()
