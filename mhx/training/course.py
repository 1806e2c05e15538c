"""One language's way through a training: what it learns, how far it is, when it stops."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from mhx.schema import TrainRecipe
from mhx.training.adapters import State
from mhx.training.masks import Encoded
from mhx.training.optimizer import AdapterOptimizer

KEPT = ("done", "losses", "curve", "best", "best_loss", "best_step", "waited", "stopped",
        "base_loss")


@dataclass
class Course:
    """One language's way: what it learns, in which batches, and how far it is."""

    name: str
    recipe: TrainRecipe
    encoded: list[Encoded]
    ids: list[str]
    held: list[Encoded]
    batches: list[list[int]]
    optimizer: AdapterOptimizer
    unit: int = 1  # rows of `encoded` that are learned together: two of a preference pair
    done: int = 0
    losses: list[float] = field(default_factory=list)
    curve: list[dict[str, Any]] = field(default_factory=list)
    best: State | None = None
    best_loss: float | None = None
    best_step: int = 0
    waited: int = 0
    stopped: bool = False
    base_loss: float | None = None  # of the held-out conversations before the first step

    @property
    def seen(self) -> list[Encoded]:
        """The rows that some step learns, in their order."""
        places = {place for batch in self.batches for place in batch}
        return [self.encoded[place] for place in sorted(places)]

    @property
    def epoch(self) -> int:
        """Steps of one pass over the data."""
        return max(1, math.ceil(len(self.encoded) / self.unit / self.recipe.batch_size))

    @property
    def validates(self) -> bool:
        """Whether a validation is due after the steps done."""
        every = self.recipe.valid_every or self.epoch
        return bool(self.held) and (self.done % every == 0 or self.done == len(self.batches))

    def learned(self, loss: float, rate: float) -> None:
        """Note the loss of a step in the curve, nats a token."""
        self.losses.append(loss)
        self.curve.append({
            "step": len(self.losses), "language": self.name, "loss": loss, "valid_loss": None,
            "learning_rate": rate,
        })

    def validated(self, loss: float, adapter: State) -> None:
        """Note a validation's loss; with patience, keep the best weights and stop in time."""
        self.curve[-1]["valid_loss"] = loss
        if self.best_loss is None or loss < self.best_loss:
            self.best_loss, self.best_step, self.waited = loss, self.done, 0
            if self.recipe.patience is not None:
                self.best = {name: tensor.cpu().clone() for name, tensor in adapter.items()}
        else:
            self.waited += 1
            self.stopped = self.waited >= (self.recipe.patience or math.inf)

    def state(self) -> dict[str, Any]:
        """All that a resumed training needs, beside the adapter."""
        return {"optimizer": self.optimizer.state(), **{name: getattr(self, name) for name in KEPT}}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a stored state."""
        self.optimizer.load(state["optimizer"])
        for name, value in state.items():
            if name != "optimizer":
                setattr(self, name, value)
