"""One training by several processes that a launcher started, each with a share of every step.

All processes read the same data, plan the same steps and hold the same adapters. A step's
conversations are divided among them, their gradients added up; then each takes the same optimizer
step. The first one alone writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mhx.errors import MhxError, Problem


@dataclass(frozen=True)
class Processes:
    """This process (`rank` of `size`; `local` on its machine) and what it shares with the others.

    Every method is a collective: all processes call the same ones in the same order.
    """

    rank: int = 0
    size: int = 1
    local: int = 0

    @property
    def leads(self) -> bool:
        """Whether this process writes, reports and loads checkpoints."""
        return self.rank == 0

    def summed(self, tensor: Any) -> Any:
        """A tensor added up over the processes, in place."""
        if self.size > 1:
            import torch

            torch.distributed.all_reduce(tensor)
        return tensor

    def most(self, number: int) -> int:
        """The largest of the processes' numbers."""
        if self.size == 1:
            return number
        import torch

        found = torch.tensor(number)
        torch.distributed.all_reduce(found, torch.distributed.ReduceOp.MAX)
        return int(found)

    def gathered(self, value: Any) -> list[Any]:
        """Every process's value, by rank."""
        if self.size == 1:
            return [value]
        import torch

        found: list[Any] = [None] * self.size
        torch.distributed.all_gather_object(found, value)
        return found

    def told(self, state: Any) -> Any:
        """The first process's state (dicts, lists, numbers, tensors), its tensors on the CPU."""
        if self.size == 1:
            return state
        import io

        import torch

        data = io.BytesIO()
        if self.leads:
            torch.save(state, data)
        sent = [data.getvalue()]
        torch.distributed.broadcast_object_list(sent, src=0, device=torch.device("cpu"))
        return torch.load(io.BytesIO(sent[0]), weights_only=True, map_location="cpu")

    def add_up(self, weights: Sequence[Any], sums: Any) -> Any:
        """Give each weight the sum of its gradients; returns the sum of the vectors `sums`.

        A weight that no process has a gradient of keeps none, as in one process.
        """
        import torch

        here = [weight.grad is not None for weight in weights]
        grads = [torch.zeros_like(weight) if weight.grad is None else weight.grad
                 for weight in weights]
        head = torch.cat([sums, torch.tensor(here, device=sums.device, dtype=sums.dtype)])
        parts = [head, *(grad.reshape(-1) for grad in grads)]
        whole = self.summed(torch.cat(parts)).split([len(part) for part in parts])
        total, having = whole[0].split([len(sums), len(weights)])
        for weight, grad, some in zip(weights, whole[1:], having.tolist(), strict=True):
            weight.grad = grad.view_as(weight) if some else None
        return total

    def agree(self, key: str) -> None:
        """Raise MhxError where the processes hold other keys: other data, settings or files."""
        if len(set(self.gathered(key))) > 1:
            raise MhxError(Problem(
                "the processes do not train the same: data, settings or base differ",
                "give every machine the same files and the same command"))
