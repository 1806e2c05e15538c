"""The optimizer of one language: its own clipping, schedule and steps, whoever shares the batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mhx.schema import TrainRecipe


class AdapterOptimizer:
    """AdamW on one adapter. A language that is absent from a step is not stepped: nothing of it,
    neither moments nor decay nor schedule, moves."""

    def __init__(self, weights: list[Any], recipe: TrainRecipe, total: int) -> None:
        import torch

        self.weights, self.limit = weights, recipe.max_grad_norm
        self.adamw = torch.optim.AdamW(
            weights,
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            fused=weights[0].device.type in ("cpu", "cuda"),
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.adamw, warmup_then_linear(recipe.warmup_ratio, total)
        )

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return float(self.schedule.get_last_lr()[0])

    def step(self) -> Any:
        """Clip by this adapter's norm, step, go on in the schedule, forget the gradients.

        Returns the norm before clipping, on the device.
        """
        import torch

        norm = torch.nn.utils.clip_grad_norm_(self.weights, self.limit)
        self.adamw.step()
        self.schedule.step()
        self.adamw.zero_grad(set_to_none=True)
        return norm

    def state(self) -> dict[str, Any]:
        """Moments and the place in the schedule."""
        return {"adamw": self.adamw.state_dict(), "schedule": self.schedule.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a stored state."""
        self.adamw.load_state_dict(state["adamw"])
        self.schedule.load_state_dict(state["schedule"])


def warmup_then_linear(ratio: float, total: int) -> Callable[[int], float]:
    """The factor on the learning rate at each step: up over `ratio` of them, then down to 0."""
    warmup = max(1, round(ratio * total))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (total - step) / max(1, total - warmup))

    return factor
