"""A frozen base whose decoder layers are spread over the processes (FSDP2), for what one GPU
cannot hold.

Each process keeps its part of every layer and gathers a whole one just for its products; what
stands around the layers (embeddings, head) and the adapters are whole everywhere.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from mhx.errors import MhxError, Problem, UsageError
from mhx.schema import TrainRecipe
from mhx.training.base import base_folder, load_model, pick_device
from mhx.training.distributed import Processes
from mhx.training.launching import SEVERAL, current


def asked_by_accelerate() -> bool:
    """Whether accelerate's configuration asks for FSDP (its other FSDP settings have no effect).

    Raises UsageError for what mhx does not do: FSDP of version 1, offloading, DeepSpeed.
    """
    given = {name: os.environ.get(name, "").lower() for name in (
        "ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED", "FSDP_VERSION", "FSDP_OFFLOAD_PARAMS")}
    if given["ACCELERATE_USE_DEEPSPEED"] == "true":
        raise UsageError("accelerate is set to DeepSpeed", "use_fsdp with fsdp_version: 2")
    if given["ACCELERATE_USE_FSDP"] != "true":
        return False
    if given["FSDP_VERSION"] != "2":
        raise UsageError("accelerate is set to FSDP of version 1", "fsdp_version: 2")
    if given["FSDP_OFFLOAD_PARAMS"] == "true":
        raise UsageError("fsdp_offload_params: mhx keeps the base's parts on the GPUs",
                         "fsdp_offload_params: false")
    return True


def check_shardable(recipes: Sequence[TrainRecipe], group: Processes) -> None:
    """Raise MhxError for a single process, and for adapters that read the base's weights."""
    problems = []
    if group.size == 1:
        problems.append(Problem("one process has nobody to share the base with",
                                f"start several by {SEVERAL}", field="--shard"))
    if any(recipe.lora.dora for recipe in recipes):
        problems.append(Problem("DoRA reads the base's weights, which are in parts",
                                "lora.dora: false, or leave --shard out", field="lora.dora"))
    if any(recipe.quantization for recipe in recipes):
        problems.append(Problem("a quantized base is not sharded",
                                "quantization: null, or leave --shard out", field="quantization"))
    if problems:
        raise MhxError(problems)


def load_sharded(name: str, group: Processes, *, device: str = "auto") -> Any:
    """The base, read by the first process alone and sent to the others layer by layer.

    In float32 on CPUs and bfloat16 on GPUs. Raises MhxError for a base that cannot be loaded or
    does not name its layers.
    """
    import torch
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    place = pick_device(device)
    dtype = torch.bfloat16 if place == "cuda" else torch.float32
    model = load_model(name, device="cpu", dtype=dtype) if group.leads else _empty(name, dtype)
    layers = _layers(model, name)
    inner = {id(part) for layer in layers for part in layer.modules()}
    rest = [part for part in model.modules() if id(part) not in inner]
    mesh = init_device_mesh(place, (group.size,))
    model.requires_grad_(False)
    for layer in layers:
        _send(list(layer.modules()), place, group)
        fully_shard(layer, mesh=mesh)
    _send(rest, place, group)
    whole = {one for part in rest for one in part.parameters(recurse=False)}
    fully_shard(model.base_model, mesh=mesh, ignored_params=whole)
    return model


def is_sharded(model: Any) -> bool:
    """Whether the model's layers are in parts."""
    if current().size == 1:
        return False
    from torch.distributed.fsdp import FSDPModule

    return isinstance(model.base_model, FSDPModule)


def _empty(name: str, dtype: Any) -> Any:
    """The base without weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(  # type: ignore[no-untyped-call]
            AutoConfig.from_pretrained(base_folder(name)), dtype=dtype).eval()


def _layers(model: Any, name: str) -> list[Any]:
    """The decoder layers, by the classes that the model says must stay whole on a device."""
    kinds = set(getattr(model, "_no_split_modules", None) or ())
    found = [part for part in model.modules() if type(part).__name__ in kinds]
    if not found:
        raise MhxError(Problem(f"the base {name!r} does not say which of its layers to shard",
                               "leave --shard out, or choose another base"))
    return found


def _send(parts: Sequence[Any], place: str, group: Processes) -> None:
    """Put the first process's tensors of the modules on every process's device."""
    import torch

    sent: dict[Any, Any] = {}
    for part in parts:
        for store in (part._parameters, part._buffers):
            for key, tensor in store.items():
                if tensor is None:
                    continue
                if tensor not in sent:  # tied weights are one tensor, and stay so
                    data = (tensor.detach().to(place) if group.leads
                            else torch.empty_like(tensor, device=place))
                    torch.distributed.broadcast(data, src=0)
                    sent[tensor] = (torch.nn.Parameter(data, requires_grad=False)
                                    if store is part._parameters else data)
                store[key] = sent[tensor]
