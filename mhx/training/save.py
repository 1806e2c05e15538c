"""An adapter as PEFT's two files, each whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mhx.files import write_bytes, write_text
from mhx.training.base import TINY, tiny_folder


def save_adapter(state: Mapping[str, Any], config: Any, out: Path) -> None:
    """`adapter_model.safetensors` and `adapter_config.json`.

    The config names the base by its name, not by a path of this machine.
    """
    from safetensors.torch import save

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(state.items())}
    # as bytes first: the libraries' own errors on a full disk do not say that it is full
    write_bytes(out / "adapter_model.safetensors", save(tensors, metadata={"format": "pt"}))
    fields = config.to_dict()
    fields["inference_mode"] = True
    fields["base_model_name_or_path"] = _public_name(fields.get("base_model_name_or_path"))
    targets = fields.get("target_modules")
    if isinstance(targets, set | list):
        fields["target_modules"] = sorted(targets)
    text = json.dumps(fields, indent=1, sort_keys=True, default=str)
    write_text(out / "adapter_config.json", text + "\n")


def _public_name(path: Any) -> str:
    return TINY if str(path) == str(tiny_folder()) else str(path)
