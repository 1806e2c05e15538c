"""How much memory of a GPU a training will take: an estimate by formula, before anything is loaded.

In bytes, for a base in bfloat16 and adapters in float32::

    base         2 P                             quantized: 1 Q (int8) or 0.52 Q (NF4) of Q weights
                                                 in layers, and the largest of them in bfloat16
    adapters     16 a                            weight, gradient, two moments of AdamW
    activations  t L c                           or, with gradient checkpointing, t (2 L d + c)
    head         10 V min(t, 1024)               logits of a chunk, in float32 and bfloat16, softmax
    runtime      1.5 GB                          CUDA context and libraries

P parameters, a of them in adapters, t tokens of a forward pass (at least one conversation; with
preference pairs both answers, each behind its prompt), L layers, d hidden size, V
vocabulary; c = 2 (12 d + 8 q + 7 k + 4 f) is what a layer keeps for the backward pass of a token: q
and k are the widths of queries and keys, f of the gated MLP; norms count twice, for they keep
float32. A tenth is added to activations for what the allocator leaves unused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mhx.schema import TrainRecipe
from mhx.schema.language import BaseShape, Quantization
from mhx.training.loss import CHUNK
from mhx.training.quantized import BYTES

GB = 1e9
RUNTIME = 1.5e9
UNUSED = 1.1


@dataclass(frozen=True)
class Memory:
    """Bytes by what takes them."""

    base: float
    adapters: float
    activations: float
    head: float
    runtime: float = RUNTIME

    @property
    def total(self) -> float:
        """All of them."""
        return self.base + self.adapters + self.activations + self.head + self.runtime

    def rows(self) -> dict[str, float]:
        """GB by part, and in all."""
        parts = ("base", "adapters", "activations", "head", "runtime", "total")
        return {name: round(getattr(self, name) / GB, 2) for name in parts}


def parameters(shape: BaseShape) -> int:
    """Weights of the base."""
    d, q, k, f = _widths(shape)
    norms = 2 * d + 2 * shape.head_dim
    layer = 2 * d * q + 2 * d * k + 3 * d * f + norms
    return shape.layers * layer + shape.vocab * d * (1 if shape.tied else 2) + d


def base_bytes(shape: BaseShape, kind: Quantization | None) -> float:
    """What the frozen base takes: bfloat16, or its layers' products quantized.

    A quantized weight is dequantized for its product, one at a time: the largest counts.
    """
    whole = 2.0 * parameters(shape)
    if kind is None:
        return whole
    d, q, k, f = _widths(shape)
    held = shape.layers * (2 * d * q + 2 * d * k + 3 * d * f)
    return whole - (2 - BYTES[kind]) * held + 2 * d * max(q, k, f)


def adapter_parameters(shape: BaseShape, rank: int) -> int:
    """Weights of an adapter on all linear layers but the head."""
    d, q, k, f = _widths(shape)
    return shape.layers * rank * (2 * (d + q) + 2 * (d + k) + 3 * (d + f))


def estimate(
    shape: BaseShape, recipes: Sequence[TrainRecipe], *, preference: bool = False
) -> Memory:
    """The memory of a training of all languages in one pass, by the module's formula.

    With `preference` a pass holds whole pairs: both answers, each with its prompt. The reference
    pass before the first step takes less than a step: one pair, nothing kept for a backward pass.
    """
    d, q, k, f = _widths(shape)
    limit = min(item.micro_batch_tokens for item in recipes)
    rows = 2 if preference else 1
    # one conversation, or one pair, may exceed the limit
    tokens = max(limit, *(rows * item.max_length for item in recipes))
    kept = 2 * (12 * d + 8 * q + 7 * k + 4 * f)
    spared = any(item.gradient_checkpointing for item in recipes)
    each = 2 * shape.layers * d + kept if spared else shape.layers * kept
    adapters = sum(adapter_parameters(shape, item.lora.r) for item in recipes)
    return Memory(
        base=base_bytes(shape, recipes[0].quantization),
        adapters=16 * adapters,
        activations=UNUSED * tokens * each,
        head=10 * shape.vocab * min(tokens, CHUNK),
    )


def shape_of(base: str) -> BaseShape | None:
    """The shape of a base by its configuration; None where it cannot be read or is unusual."""
    from transformers import AutoConfig

    from mhx.training.base import base_folder

    try:
        return shape_in(AutoConfig.from_pretrained(base_folder(base)))
    except (OSError, ValueError):
        return None


def shape_in(config: Any) -> BaseShape | None:
    """The shape that a model's configuration gives; None for an unusual one."""
    try:
        heads = config.num_attention_heads
        return BaseShape(
            layers=config.num_hidden_layers, hidden=config.hidden_size,
            intermediate=config.intermediate_size, heads=heads,
            kv_heads=getattr(config, "num_key_value_heads", None) or heads,
            head_dim=getattr(config, "head_dim", None) or config.hidden_size // heads,
            vocab=config.vocab_size, tied=bool(config.tie_word_embeddings),
        )
    except (ValueError, AttributeError):
        return None


def _widths(shape: BaseShape) -> tuple[int, int, int, int]:
    head = shape.head_dim
    return shape.hidden, shape.heads * head, shape.kv_heads * head, shape.intermediate
