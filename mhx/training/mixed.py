"""Linear layers with the LoRA adapters of several languages at once, each token with its own.

Where each language stands in one piece of the pass, its product runs over that piece (`fused`).
Else all A matrices are stacked into one product and all B matrices into another; a mask between
them leaves each token its language's rank columns: ``y = W x + B_all (M * (A_all x))``, where M
holds alpha / r (alpha / sqrt(r) for rsLoRA) of the token's language and zero elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.training.batches import MicroBatch
from mhx.training.fused import lora_linear


@dataclass(frozen=True)
class LoraShape:
    """Rank, factor and dropout of one language's adapter; `owner` is its place in the run."""

    owner: int
    rank: int
    scale: float
    dropout: float


@dataclass
class Routing:
    """Which language each token of the present forward pass belongs to; one for all layers."""

    active: tuple[int, ...] = ()
    owners: Any = None
    spans: tuple[tuple[int, int, int], ...] | None = None
    masks: dict[Any, Any] = field(default_factory=dict)

    def set(self, batch: MicroBatch) -> None:
        """Route the next forward pass by this batch."""
        self.active, self.owners = batch.active, batch.owners.reshape(-1)
        self.spans, self.masks = batch.spans, {}

    def mask(self, shapes: tuple[LoraShape, ...], dtype: Any) -> Any:
        """M of the languages' stacked ranks, (tokens, sum of ranks)."""
        import torch

        key = (shapes, dtype)
        if key not in self.masks:
            device = self.owners.device
            owners = [shape.owner for shape in shapes for _ in range(shape.rank)]
            scales = [shape.scale for shape in shapes for _ in range(shape.rank)]
            same = self.owners.unsqueeze(1) == torch.tensor(owners, device=device)
            self.masks[key] = same * torch.tensor(scales, device=device, dtype=dtype)
        return self.masks[key]


@cache
def mixed_linear() -> Any:
    """The layer's class (torch is imported late)."""
    import torch
    from torch.nn.functional import dropout, linear

    class MixedLinear(torch.nn.Module):
        """A frozen linear layer and the adapters on it; float32 weights, products in x's type."""

        def __init__(self, base: Any, routing: Routing) -> None:
            super().__init__()
            self.base, self.routing = base, routing
            self.down, self.up = torch.nn.ParameterDict(), torch.nn.ParameterDict()
            self.shapes: dict[int, tuple[str, LoraShape]] = {}

        @property
        def weight(self) -> Any:
            """The frozen weight: some models read its type."""
            return self.base.weight

        def add(self, name: str, shape: LoraShape, down: Any, up: Any) -> None:
            """An adapter: A is (rank, inputs), B is (outputs, rank)."""
            self.down[name] = torch.nn.Parameter(down)
            self.up[name] = torch.nn.Parameter(up)
            self.shapes[shape.owner] = (name, shape)

        def forward(self, x: Any) -> Any:
            """W x, and of each token's language B A x."""
            chosen = [self.shapes[one] for one in self.routing.active if one in self.shapes]
            flat = x.reshape(-1, x.shape[-1])
            if len(self.routing.active) > 1 and len(flat) != len(self.routing.owners):
                raise MhxError(Problem(
                    "a layer of the base gets other rows than the tokens of the pass (experts?), "
                    "so whose they are is not known",
                    "train the languages one by one, or leave that layer out of lora.targets",
                    field="lora.targets"))
            lora = [shape for _, shape in chosen]
            rate = lora[0].dropout if chosen else 0.0
            if chosen and not rate and self.routing.spans and type(self.base) is torch.nn.Linear:
                out = self._in_spans(flat, self.routing.spans)
                return out.view(*x.shape[:-1], out.shape[-1])
            out = self.base(flat)
            if chosen:
                seen = dropout(flat, rate, self.training) if rate else flat
                down = [self.down[name].to(x.dtype) for name, _ in chosen]
                up = [self.up[name].to(x.dtype) for name, _ in chosen]
                if len(self.routing.active) == 1:
                    out = out.addmm_(linear(seen, down[0]), up[0].t(), alpha=lora[0].scale)
                else:
                    inner = linear(seen, torch.cat(down)) * self.routing.mask(tuple(lora), x.dtype)
                    out = out.addmm_(inner, torch.cat(up, dim=1).t())
            return out.view(*x.shape[:-1], out.shape[-1])

        def _in_spans(self, flat: Any, spans: tuple[tuple[int, int, int], ...]) -> Any:
            """All in one operation, where each language stands in one piece."""
            given, pairs = [], []
            for owner, first, last in spans:
                if owner in self.shapes:
                    name, shape = self.shapes[owner]
                    given.append(((first, last), shape.scale))
                    pairs += [self.down[name].to(flat.dtype), self.up[name].to(flat.dtype)]
            return lora_linear().apply(
                flat, self.base.weight, self.base.bias, tuple(given), *pairs)

    return MixedLinear


def install(model: Any, routing: Routing, names: list[str]) -> Mapping[str, Any]:
    """Put a MixedLinear in the place of each named layer; returns them by name."""
    layers = {}
    for name in names:
        parent, _, last = name.rpartition(".")
        owner = model.get_submodule(parent)
        layers[name] = mixed_linear()(getattr(owner, last), routing)
        setattr(owner, last, layers[name])
    return layers
