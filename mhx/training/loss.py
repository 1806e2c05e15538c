"""Cross-entropy of the learned tokens alone, its gradient formed in the forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mhx.training.attention import NAME as PACKED
from mhx.training.batches import MicroBatch, Row, collate
from mhx.training.masks import Encoded

CHUNK = 1024  # learned tokens whose logits are in memory at a time
AGREES = {"float32": 1e-4, "bfloat16": 3e-2, "float16": 1e-2}  # relative, of two sums of a loss


class Objective(Protocol):
    """What a step minimizes. It gives the value to differentiate and each token's own loss."""

    def __call__(self, batch: MicroBatch, weights: Any) -> tuple[Any, Any]:
        """(weighted sum with a gradient, losses of the learned tokens without one).

        `weights` has one number a learned token: 1 / (its language's learned tokens in the step).
        """


@dataclass(frozen=True)
class Parts:
    """A causal LM taken apart: what makes hidden states, and the frozen head on them."""

    body: Any
    head: Any
    softcap: float | None


def parts_of(model: Any) -> Parts | None:
    """Body and head, or None where the head is trained or is no plain linear layer."""
    import torch

    head = model.get_output_embeddings()
    body = model.base_model
    plain = (isinstance(head, torch.nn.Linear) and not head.weight.requires_grad
             and head.weight.is_floating_point())  # a base may come with a quantized head
    if not plain or body is model:
        return None
    return Parts(body, head, getattr(model.config, "final_logit_softcapping", None))


class HeadLoss:
    """The exact loss from hidden states: no logits of unlearned tokens, no backward head GEMM."""

    def __init__(self, parts: Parts, chunk: int = CHUNK) -> None:
        self.parts, self.chunk, self.function = parts, chunk, _function()

    def __call__(self, batch: MicroBatch, weights: Any) -> tuple[Any, Any]:
        """See Objective."""
        return self.score(self.states(batch), batch, weights)

    def states(self, batch: MicroBatch) -> Any:
        """The hidden states that predict the learned tokens, (learned tokens, width)."""
        hidden = self.parts.body(**forward_inputs(batch, self.parts.body)).last_hidden_state
        return hidden.reshape(-1, hidden.shape[-1]).index_select(0, batch.predicts)

    def score(self, states: Any, batch: MicroBatch, weights: Any) -> tuple[Any, Any]:
        """The objective from hidden states."""
        head = self.parts.head
        total, losses = self.function.apply(
            states, head.weight, head.bias, batch.targets, weights, self.parts.softcap, self.chunk
        )
        return total, losses


class FullLoss:
    """The plain loss through the model's own logits: where its head is unusual or trained."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __call__(self, batch: MicroBatch, weights: Any) -> tuple[Any, Any]:
        """See Objective."""
        losses = self.losses(batch)
        return (losses * weights).sum(), losses.detach()

    def losses(self, batch: MicroBatch) -> Any:
        """Each learned token's loss, with its gradient."""
        import torch

        logits = self.model(**forward_inputs(batch, self.model)).logits
        chosen = logits.reshape(-1, logits.shape[-1]).index_select(0, batch.predicts)
        return torch.nn.functional.cross_entropy(chosen.float(), batch.targets, reduction="none")


def forward_inputs(batch: MicroBatch, model: Any) -> dict[str, Any]:
    """Arguments of a forward pass. No mask: padding stands right of all that is attended to.

    `use_cache=False` is what keeps packed conversations apart (transformers builds the block
    mask from the positions only then).
    """
    inputs: dict[str, Any] = {"input_ids": batch.ids, "use_cache": False}
    if batch.positions is not None:
        inputs["position_ids"] = batch.positions
        if model.config._attn_implementation == PACKED:
            inputs |= {"bounds": batch.bounds, "parents": batch.parents}
        elif batch.parents is not None:
            raise ValueError("conversations that share a beginning need packed attention")
    return inputs


def objective_for(model: Any, sample: Sequence[Row], pad: int) -> tuple[Objective, str]:
    """The fast loss where it agrees with the model's own logits on a sample, else the plain one.

    Returns the reason for the plain one as well, or "".
    """
    import torch

    parts = parts_of(model)
    full = FullLoss(model)
    if parts is None:
        return full, "the head is trained or not a plain linear layer"
    device = next(model.parameters()).device
    batch = collate(sample[:1], pad, device)
    weights = torch.ones(len(batch.targets), device=device)
    fast = HeadLoss(parts)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        ours, theirs = (float(loss(batch, weights)[0]) for loss in (fast, full))
    model.train(was_training)
    name = str(parts.head.weight.dtype).removeprefix("torch.")
    if abs(ours - theirs) <= AGREES.get(name, 1e-4) * max(1.0, abs(theirs)):
        return fast, ""
    return full, f"the model scores hidden states in its own way ({ours:.4f} against {theirs:.4f})"


def _function() -> Any:
    """The autograd function (torch is imported late)."""
    import torch

    class LabelledCrossEntropy(torch.autograd.Function):
        """Sum of weighted losses; the gradient of the hidden states is ready when it returns."""

        @staticmethod
        def forward(
            ctx: Any, hidden: Any, head: Any, bias: Any, targets: Any, weights: Any,
            softcap: float | None, chunk: int,
        ) -> tuple[Any, Any]:
            wants = ctx.needs_input_grad[0]
            gradient = torch.empty_like(hidden) if wants else None
            losses = torch.empty(len(targets), dtype=torch.float32, device=hidden.device)
            for start in range(0, len(targets), chunk):
                part = slice(start, start + chunk)
                logits = torch.nn.functional.linear(hidden[part], head, bias).float()
                if softcap is not None:
                    bent = torch.tanh(logits / softcap)
                    logits = bent * softcap
                norm = torch.logsumexp(logits, dim=-1, keepdim=True)
                wanted = targets[part].unsqueeze(1)
                losses[part] = (norm - logits.gather(1, wanted)).squeeze(1)
                if gradient is None:
                    continue
                logits.sub_(norm).exp_()  # softmax
                logits.scatter_add_(1, wanted, torch.full_like(norm, -1.0))
                logits.mul_(weights[part].unsqueeze(1))
                if softcap is not None:
                    logits.mul_(1 - bent * bent)
                gradient[part] = logits.to(head.dtype) @ head
            ctx.save_for_backward(*([gradient] if gradient is not None else []))
            ctx.mark_non_differentiable(losses)
            return (losses * weights).sum(), losses

        @staticmethod
        def backward(ctx: Any, of_total: Any, of_losses: Any) -> tuple[Any, ...]:
            (gradient,) = ctx.saved_tensors
            return gradient * of_total.to(gradient.dtype), None, None, None, None, None, None

    return LabelledCrossEntropy


def held_out_sums(
    objective: Objective, cut: Callable[[Sequence[Row]], list[MicroBatch]], rows: Sequence[Row]
) -> tuple[float, int]:
    """(cross-entropy in nats, number) of the learned tokens in the passes, without gradients."""
    import torch

    total, count = 0.0, 0
    with torch.no_grad():
        for batch in cut(rows):
            weights = torch.ones(len(batch.targets), device=batch.targets.device)
            losses = objective(batch, weights)[1]
            total += float(losses.double().sum())
            count += len(losses)
    return total, count


def mean_loss(model: Any, encoded: Sequence[Encoded], pad: int) -> tuple[float, int]:
    """(mean cross-entropy, number of learned tokens) in nats a token, without gradients.

    By the model's own logits, one conversation at a time: for any model, with or without PEFT.
    """
    import torch

    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    total, count = 0.0, 0
    with torch.inference_mode():
        for item in encoded:
            batch = collate([Row(0, item)], pad, device)
            if not len(batch.targets):
                continue
            logits = model(**forward_inputs(batch, model), logits_to_keep=batch.predicts).logits[0]
            total += float(
                torch.nn.functional.cross_entropy(logits.float(), batch.targets, reduction="sum")
            )
            count += len(batch.targets)
    model.train(was_training)
    return total / max(1, count), count
