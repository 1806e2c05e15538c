"""A base in 4 or 8 bits under float adapters (QLoRA, Dettmers et al. 2023), by bitsandbytes.

The linear layers but the head are stored as NF4 with double quantization, or as int8 by row, and
are dequantized layer by layer in each product; the rest of the base and the adapters stay as they
are. The adapter is an ordinary one: it loads on the base in full precision too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.schema import TrainRecipe
from mhx.schema.language import Quantization

# bytes of a weight: int8 and a scale a row; NF4 and, of 64 weights, a scale in 8 bits
BYTES: dict[Quantization, float] = {"int8": 1.0, "nf4": 0.5 + 1 / 64 + 4 / (64 * 256)}
INSTALL = "pip install 'mhx[qlora]'"


def load_quantized(path: str, kind: Quantization, device: str) -> Any:
    """The base of a folder or name with its linear layers quantized as they are read.

    Raises MhxError without bitsandbytes; OSError and ValueError come as transformers raises them.
    """
    import torch
    from transformers import AutoModelForCausalLM

    _require_bitsandbytes()
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    model: Any = AutoModelForCausalLM.from_pretrained(
        path, dtype=dtype, quantization_config=_config(kind, dtype), device_map={"": device})
    return prepared(model)


def prepared(model: Any) -> Any:
    """The model, fit to be trained on: its 4-bit layers keep the layout that has a gradient.

    On CPUs with AVX512-BF16 bitsandbytes repacks a layer in evaluation mode, for good; products
    with the repacked weight let no gradient through.
    """
    for layer in model.modules():
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            layer.support_avx512bf16_for_cpu = False
    return model


def in_eight_bits(model: Any) -> bool:
    """Whether the model's products round activations to 8 bits."""
    return bool(getattr(model, "is_loaded_in_8bit", False))


def shared(recipes: Sequence[TrainRecipe]) -> Quantization | None:
    """How the one frozen base of all recipes is held.

    Raises MhxError where they differ, and for DoRA on int8, whose weights PEFT cannot read back.
    """
    kinds = {recipe.quantization for recipe in recipes}
    if len(kinds) > 1:
        raise MhxError(Problem(
            "languages of one training differ in quantization",
            "give them the same in train.yaml, or train them one by one", field="quantization"))
    kind = kinds.pop()
    if kind == "int8" and any(recipe.lora.dora for recipe in recipes):
        raise MhxError(Problem("DoRA cannot be trained on a base in int8",
                               "quantization: nf4, or lora.dora: false", field="quantization"))
    return kind


def note(kind: Quantization | None) -> str:
    """What the run's result says of it; "" for a base in full precision."""
    if kind is None:
        return ""
    return (f"base in {kind} (bitsandbytes) while it trained; --merge goes onto the base in full "
            "precision, whose logits differ a little")


def _config(kind: Quantization, dtype: Any) -> Any:
    from transformers import BitsAndBytesConfig

    options: dict[str, Any] = {"load_in_8bit": True} if kind == "int8" else {
        "load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True,
        "bnb_4bit_compute_dtype": dtype}
    make: Any = BitsAndBytesConfig
    return make(**options)


def _require_bitsandbytes() -> None:
    from importlib.util import find_spec

    if find_spec("bitsandbytes") is None:
        raise MhxError(Problem("a quantized base needs bitsandbytes, which is not installed",
                               f"{INSTALL}, or train with quantization: null",
                               field="quantization"))
