"""A frozen linear layer and the adapters on it as one differentiable operation.

Each language's low-rank product runs over its own rows alone and is added in place, forward and
backward, so several languages in a pass cost what they cost apart.
"""

from __future__ import annotations

from functools import cache
from typing import Any

Span = tuple[int, int]  # first row of a language in a pass, and the row after its last


@cache
def lora_linear() -> Any:
    """The autograd function (torch is imported late)."""
    import torch
    from torch.autograd.function import once_differentiable
    from torch.nn.functional import linear

    class LoraLinear(torch.autograd.Function):
        """``W x + b``, and on each span ``scale * B (A x)``.

        Takes x (rows, inputs), W (outputs, inputs), b, the spans with their scales, then A (rank,
        inputs) and B (outputs, rank) of each span. W and b get no gradient.
        """

        @staticmethod
        def forward(
            ctx: Any, x: Any, weight: Any, bias: Any, spans: tuple[tuple[Span, float], ...],
            *pairs: Any,
        ) -> Any:
            out = linear(x, weight, bias)
            inner = []
            for ((first, last), scale), down, up in zip(
                spans, pairs[::2], pairs[1::2], strict=True
            ):
                inner.append(linear(x[first:last], down))
                out[first:last].addmm_(inner[-1], up.t(), alpha=scale)
            ctx.spans = spans
            ctx.save_for_backward(x, weight, *inner, *pairs)
            return out

        @staticmethod
        @once_differentiable
        def backward(ctx: Any, gradient: Any) -> tuple[Any, ...]:
            x, weight, *rest = ctx.saved_tensors
            count = len(ctx.spans)
            inner, pairs = rest[:count], rest[count:]
            of_x = gradient @ weight if ctx.needs_input_grad[0] else None
            found: list[Any] = []
            for ((first, last), scale), seen, down, up in zip(
                ctx.spans, inner, pairs[::2], pairs[1::2], strict=True
            ):
                part = gradient[first:last]
                of_inner = (part @ up).mul_(scale)
                found += [of_inner.t() @ x[first:last], (part.t() @ seen).mul_(scale)]
                if of_x is not None:
                    of_x[first:last].addmm_(of_inner, down)
            return of_x, None, None, None, *found

    return LoraLinear
