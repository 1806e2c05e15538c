"""`--recipe small|medium|large`: an open base of a size with settings that fit a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem, UsageError
from mhx.files import parse_model
from mhx.language import Language
from mhx.schema import SizedRecipe, TrainRecipe
from mhx.training.adapter import Part
from mhx.training.batches import planned_batches
from mhx.training.fitting import ROOM, advice
from mhx.training.masks import Encoded
from mhx.training.memory import GB, estimate, shape_of

SIZES = ("small", "medium", "large")
GPUS = ("24", "80")


def sized(languages: Sequence[Language], size: str) -> dict[str, SizedRecipe]:
    """The recipe of a size by language. All must name one base, as they are trained on one.

    Raises UsageError for an unknown size, MhxError for a language without it or other bases.
    """
    if size not in SIZES:
        raise UsageError(f"--recipe {size!r}", f"sizes are {', '.join(SIZES)}")
    found: dict[str, SizedRecipe] = {}
    problems = []
    for language in languages:
        known: Mapping[Any, SizedRecipe] = language.recipe.recipes
        if size in known:
            found[language.tag] = known[size]
        else:
            path = language.folder / "train.yaml"
            problems.append(Problem(f"{language.tag} has no recipe {size!r}",
                                    "write it under recipes, or give --base-model", path=path,
                                    field="recipes"))
    bases = {item.base for item in found.values()}
    if len(bases) > 1:
        problems.append(Problem(f"the languages' {size} recipes name {', '.join(sorted(bases))}",
                                "train them one by one, or give --base-model and --set"))
    if problems:
        raise MhxError(problems)
    return found


def on_gpu(recipe: TrainRecipe, chosen: SizedRecipe, gpu: str) -> TrainRecipe:
    """The language's recipe with the settings of a size and a card, checked like `train.yaml`.

    Settings for the same base under `overrides` come before. Raises UsageError for a card without
    settings, MhxError for a wrong setting.
    """
    cards: Mapping[Any, dict[str, Any]] = chosen.gpus
    if gpu not in cards:
        raise UsageError(f"--gpu {gpu}", f"cards of {' and '.join(GPUS)} GB have settings")
    fields = recipe.model_dump()
    layers = ({"base": chosen.base}, recipe.overrides.get(chosen.base, {}), chosen.settings,
              cards[gpu])
    for layer in layers:
        for key, value in layer.items():
            inner = fields.get(key)
            both = isinstance(value, dict) and isinstance(inner, dict)
            fields[key] = {**inner, **value} if both else value  # type: ignore[dict-item]
    return parse_model(fields, TrainRecipe, path=Path("train.yaml"))


def fitting_gpu(device: str) -> str:
    """The card whose settings to take: by the memory of the GPU at hand, else 24."""
    import torch

    if device == "cpu" or not torch.cuda.is_available():
        return "24"
    return "80" if torch.cuda.get_device_properties(0).total_memory >= 75e9 else "24"


def dry_run(
    parts: Sequence[Part], base: str, sizes: Mapping[str, SizedRecipe], gpu: str = ""
) -> list[dict[str, Any]]:
    """What would be trained, a row a language, with the memory of all of them in one pass.

    Nothing of the base is loaded but its configuration, and that only without a recipe's shape.
    Where a card of `gpu` GB is too small, the row says which settings fit.
    """
    shapes = [item.shape for item in sizes.values() if item.base == base]
    shape = shapes[0] if shapes else shape_of(base)
    recipes, pairs = [part.recipe for part in parts], parts[0].preference
    memory = estimate(shape, recipes, preference=pairs) if shape else None
    room = float(gpu) * GB if gpu else 0.0
    small = memory is not None and 0 < ROOM * room < memory.total
    rows = []
    for part in parts:
        recipe = part.recipe
        blank = [Encoded([], [])] * len(part.train)
        steps = len(planned_batches(blank, recipe)[: recipe.max_steps])
        rows.append({
            "lang": part.language.tag, "base": base, "adapter": str(part.out),
            "records": len(part.train), "validation": len(part.valid), "steps": steps,
            "batch_size": recipe.batch_size, "micro_batch_tokens": recipe.micro_batch_tokens,
            "gradient_checkpointing": recipe.gradient_checkpointing,
            "quantization": recipe.quantization,
            "lora": recipe.lora.model_dump(), "learning_rate": recipe.learning_rate,
            "memory_gb": memory.rows() if memory else None,
            **({"to_fit": advice(shape, recipes, room, preference=pairs)} if small else {}),
        })
    return rows
