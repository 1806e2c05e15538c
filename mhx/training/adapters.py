"""The adapters of a run, whatever trains them: stacked layers, or PEFT's own for DoRA."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from mhx.errors import MhxError, Problem
from mhx.schema import TrainRecipe
from mhx.training.batches import MicroBatch
from mhx.training.mixed import LoraShape, Routing, install

State = dict[str, Any]  # PEFT's names to tensors
PREFIX = "base_model.model."


class Adapters(Protocol):
    """One adapter a language on one frozen base."""

    names: tuple[str, ...]
    mixed: bool  # whether languages may share a forward pass
    configs: Mapping[str, Any]  # PEFT's configuration of each

    def weights(self, name: str) -> list[Any]:
        """The trained tensors of a language."""

    def state(self, name: str) -> State:
        """A language's weights under PEFT's names."""

    def load(self, name: str, state: State) -> None:
        """Put stored weights in their places."""

    def route(self, batch: MicroBatch) -> None:
        """Prepare the next forward pass: which languages it holds."""

    def off(self, batch: MicroBatch) -> AbstractContextManager[None]:
        """Forward passes within are the base's own."""


@dataclass
class Stacked:
    """Adapters in MixedLinear layers."""

    names: tuple[str, ...]
    configs: Mapping[str, Any]
    layers: Mapping[str, Any]
    routing: Routing
    mixed: bool = True

    def weights(self, name: str) -> list[Any]:
        """See Adapters."""
        return [tensor for layer in self.layers.values() if name in layer.down
                for tensor in (layer.down[name], layer.up[name])]

    def state(self, name: str) -> State:
        """See Adapters."""
        return {
            f"{PREFIX}{place}.lora_{letter}.weight": part[name].detach()
            for place, layer in self.layers.items() if name in layer.down
            for letter, part in (("A", layer.down), ("B", layer.up))
        }

    def load(self, name: str, state: State) -> None:
        """See Adapters."""
        import torch

        with torch.no_grad():
            for key, tensor in self.state(name).items():
                tensor.copy_(state[key])

    def route(self, batch: MicroBatch) -> None:
        """See Adapters."""
        self.routing.set(batch)

    @contextmanager
    def off(self, batch: MicroBatch) -> Iterator[None]:
        """See Adapters."""
        self.routing.set(replace(batch, active=()))
        yield


@dataclass
class ByPeft:
    """Adapters in PEFT's layers (DoRA): languages take turns, a forward pass each."""

    names: tuple[str, ...]
    configs: Mapping[str, Any]
    model: Any
    mixed: bool = False

    def weights(self, name: str) -> list[Any]:
        """See Adapters."""
        return [weight for key, weight in self.model.named_parameters() if f".{name}." in key]

    def state(self, name: str) -> State:
        """See Adapters."""
        from peft import get_peft_model_state_dict

        return dict(get_peft_model_state_dict(self.model, adapter_name=name))

    def load(self, name: str, state: State) -> None:
        """See Adapters."""
        from peft import set_peft_model_state_dict

        set_peft_model_state_dict(self.model, state, adapter_name=name)

    def route(self, batch: MicroBatch) -> None:
        """See Adapters."""
        self.model.set_adapter(self.names[batch.active[0]])

    @contextmanager
    def off(self, batch: MicroBatch) -> Iterator[None]:
        """See Adapters."""
        with self.model.disable_adapter():
            yield


def lora_config(recipe: TrainRecipe) -> Any:
    """PEFT's configuration of a recipe."""
    from peft import LoraConfig

    return LoraConfig(
        r=recipe.lora.r,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules=recipe.lora.targets,
        use_rslora=recipe.lora.rslora,
        use_dora=recipe.lora.dora,
        task_type="CAUSAL_LM",
    )


def attach(model: Any, recipes: Mapping[str, TrainRecipe]) -> Adapters:
    """Adapters of all languages on a frozen base, each drawn as PEFT draws it from its seed.

    DoRA needs PEFT's layers; all else gets stacked ones. Raises MhxError for targets that the
    base does not have.
    """
    names = tuple(recipes)
    if any(recipe.lora.dora for recipe in recipes.values()):
        return _by_peft(model, recipes)
    if len({recipe.lora.dropout for recipe in recipes.values()}) > 1:
        raise MhxError(Problem(
            "languages of one training differ in lora.dropout",
            "give them the same in train.yaml, or train them one by one", field="lora.dropout"))
    drawn: dict[str, State] = {}
    configs: dict[str, Any] = {}
    for name, recipe in recipes.items():
        drawn[name], configs[name] = _drawn(model, recipe)
    places = list(dict.fromkeys(key.removeprefix(PREFIX).rsplit(".lora_", 1)[0]
                                for state in drawn.values() for key in state))
    routing = Routing()
    layers = install(model, routing, places)
    for owner, (name, recipe) in enumerate(recipes.items()):
        lora = recipe.lora
        scale = lora.alpha / (math.sqrt(lora.r) if lora.rslora else lora.r)
        shape = LoraShape(owner, lora.r, scale, lora.dropout)
        for place, layer in layers.items():
            down = drawn[name].get(f"{PREFIX}{place}.lora_A.weight")
            if down is not None:
                up = drawn[name][f"{PREFIX}{place}.lora_B.weight"]
                layer.add(name, shape, down.float(), up.float())
    return Stacked(names, configs, layers, routing)


def _drawn(model: Any, recipe: TrainRecipe) -> tuple[State, Any]:
    """First weights of an adapter and its configuration; the model is left as it was."""
    import torch
    from peft import get_peft_model, get_peft_model_state_dict

    torch.manual_seed(recipe.seed)
    wrapped = _wrapped(get_peft_model, model, lora_config(recipe))
    state = {key: tensor.detach().clone()
             for key, tensor in get_peft_model_state_dict(wrapped).items()}
    config = wrapped.peft_config["default"]
    wrapped.unload()
    return state, config


def _by_peft(model: Any, recipes: Mapping[str, TrainRecipe]) -> ByPeft:
    import torch
    from peft import get_peft_model

    wrapped: Any = None
    for name, recipe in recipes.items():
        torch.manual_seed(recipe.seed)
        config = lora_config(recipe)
        if wrapped is None:
            wrapped = _wrapped(get_peft_model, model, config, adapter_name=name)
        else:
            _wrapped(wrapped.add_adapter, name, config)
    return ByPeft(tuple(recipes), dict(wrapped.peft_config), wrapped)


def _wrapped(make: Any, *given: Any, **named: Any) -> Any:
    try:
        return make(*given, **named)
    except ValueError as error:  # targets that no layer has
        what = f"no adapter can be put on this base: {str(error).splitlines()[0]}"
        fix = "lora.targets names layers of the base, or is all-linear"
        raise MhxError(Problem(what, fix, field="lora.targets")) from error
