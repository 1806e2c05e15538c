"""Which settings would let a training fit into a memory, by the estimate of `memory`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mhx.schema import TrainRecipe
from mhx.schema.language import BaseShape
from mhx.training.memory import GB, Memory, estimate, shape_in

ROOM = 0.95  # of a card's memory: the rest is the system's
LENGTHS = (1024, 512, 256)


def fitting(
    shape: BaseShape, recipes: Sequence[TrainRecipe], room: float, *, preference: bool = False
) -> tuple[dict[str, Any], Memory] | None:
    """The mildest change of settings with which a training fits into `room` bytes; None without.

    First what leaves the result as it is, then the quantized base, then shorter conversations.
    """
    for settings in _changes(recipes, 2 if preference else 1):
        changed = [item.model_copy(update=settings) for item in recipes]
        memory = estimate(shape, changed, preference=preference)
        if memory.total <= ROOM * room:
            return settings, memory
    return None


def advice(
    shape: BaseShape | None, recipes: Sequence[TrainRecipe], room: float, *,
    preference: bool = False,
) -> str:
    """The change in words, "" where nothing need or can be said."""
    if shape is None:
        return ""
    whole = estimate(shape, recipes, preference=preference).total
    found = fitting(shape, recipes, room, preference=preference)
    said = f"by the estimate of --dry-run {whole / GB:.1f} GB are needed and {room / GB:.1f} there"
    if found is None:
        return f"{said}: only a smaller base fits"
    settings, memory = found
    if not settings:
        return f"{said}: others may hold memory of this GPU (nvidia-smi)"
    chosen = ", ".join(f"{key}: {_yaml(value)}" for key, value in settings.items())
    return f"{said}; {memory.total / GB:.1f} GB with {chosen}"


def advice_here(model: Any, recipes: Sequence[TrainRecipe], *, preference: bool) -> str:
    """`advice` for a loaded base on the GPU that it lies on; "" on a CPU."""
    import torch

    place = next(model.parameters()).device
    if place.type != "cuda":
        return ""
    room = float(torch.cuda.get_device_properties(place).total_memory)
    return advice(shape_in(model.config), recipes, room, preference=preference)


def _changes(recipes: Sequence[TrainRecipe], rows: int) -> Iterator[dict[str, Any]]:
    settings: dict[str, Any] = {}
    yield {}
    longest = max(item.max_length for item in recipes)
    if not all(item.gradient_checkpointing for item in recipes):
        settings["gradient_checkpointing"] = True
        yield dict(settings)
    if min(item.micro_batch_tokens for item in recipes) > rows * longest:
        settings["micro_batch_tokens"] = rows * longest  # a conversation, or pair, is not divided
        yield dict(settings)
    if recipes[0].quantization is None:
        settings["quantization"] = "nf4"
        yield dict(settings)
    for length in LENGTHS:
        if length < longest:
            settings |= {"max_length": length, "micro_batch_tokens": rows * length}
            yield dict(settings)


def _yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
