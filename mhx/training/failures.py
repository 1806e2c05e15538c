"""What stops a training, said so that the user knows which setting to change."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.training.base import not_causal
from mhx.training.quantized import in_eight_bits

KEPT = "; the checkpoint is kept: the same command goes on from it"


@dataclass
class Fits:
    """The largest forward and backward pass so far, in padded tokens: what memory is known to
    hold. `advice` says by an estimate what would fit, or ""."""

    advice: Callable[[], str] = str
    largest: int = 0
    tried: int = 0

    @contextmanager
    def watch(self, padded: int, *, learns: bool = True) -> Iterator[None]:
        """Turn a lack of memory into a problem that names the setting and what fits.

        A pass without a backward one (not `learns`) shows nothing of what fits.
        """
        self.tried = padded
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise self.problem() from error
        if learns:
            self.largest = max(self.largest, padded)

    def problem(self) -> MhxError:
        """The message: what was tried, what has fitted, what to set."""
        said = (f"{self.largest:,} have fitted in this run" if self.largest
                else "nothing has fitted yet")
        wanted = self.largest if 0 < self.largest < self.tried else max(16, self.tried // 2)
        fix = (f"set micro_batch_tokens: {wanted} in train.yaml (the result stays the same, but "
               "with lora.dropout > 0 other random masks are drawn), then "
               "gradient_checkpointing: true; where one conversation is too long, a smaller "
               f"max_length{self._estimated()}{KEPT}")
        what = f"out of memory in a forward pass of {self.tried:,} tokens ({said})"
        return MhxError(Problem(what, fix, field="micro_batch_tokens"))

    @contextmanager
    def outside(self, doing: str) -> Iterator[None]:
        """The same for what is no forward pass: loading the base, the optimizer's step."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            fix = ("gradient_checkpointing: true, a smaller micro_batch_tokens, quantization: nf4 "
                   f"or a smaller base{self._estimated()}{KEPT}")
            raise MhxError(Problem(f"out of memory {doing}", fix)) from error

    def _estimated(self) -> str:
        said = self.advice()
        return f"; {said}" if said else ""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch or of Python is a lack of memory."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error)
    return any(said in text for said in (
        "not enough memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED"))


def not_finite(
    name: str, step: int, dialogues: Sequence[str], rate: float, what: str = "loss"
) -> MhxError:
    """A loss (or `what` else) that is no number: whose, when, on what, and the rate to try."""
    shown = ", ".join(dialogues[:4]) + (" …" if len(dialogues) > 4 else "")
    on = f" (dialogues {shown})" if shown else ""
    said = f"{name}: the {what} of step {step} is not a number{on}"
    fix = (f"halve learning_rate (at this step {rate:.3g}) or raise warmup_ratio in train.yaml; "
           "the last checkpoint is from before it, but belongs to the old settings")
    return MhxError(Problem(said, fix, field="learning_rate"))


def check_weights(name: str, step: int, weights: Iterable[Any], rate: float) -> None:
    """Refuse weights that are no numbers, so that no checkpoint or adapter ever holds them."""
    import torch

    if not all(bool(torch.isfinite(tensor).all()) for tensor in weights):
        raise not_finite(name, step, (), rate, "adapter")


def check_base_loss(name: str, loss: float) -> None:
    """Refuse a base whose validation loss is no number before anything was learned."""
    if not math.isfinite(loss):
        raise MhxError(Problem(f"{name}: the loss of the base on the validation split is not a "
                               "number", "this base does not hold in this precision: take another, "
                               "or --device cpu, which is float32"))


def check_causal(model: Any, name: str) -> None:
    """Refuse a base whose tokens look ahead: a changed last token must change no other logit.

    Raises MhxError for an encoder such as BERT, which transformers loads as a causal LM too.
    """
    import torch

    if getattr(model.config, "is_encoder_decoder", False):
        raise not_causal(name, "an encoder with a decoder")
    device = next(model.parameters()).device
    ids = torch.arange(2, 8, device=device).unsqueeze(0) % int(model.config.vocab_size)
    other = ids.clone()
    other[0, -1] = ids[0, 0]
    was_training = model.training
    model.eval()
    with torch.no_grad():  # a sharded base refuses inference mode
        one, two = (model(input_ids=given).logits[0, :-1].float() for given in (ids, other))
    model.train(was_training)
    # int8 products: a column of outliers, wherever it comes, is not rounded in the whole pass
    rounding = (5e-2 if in_eight_bits(model) else 1e-5 if model.dtype == torch.float32 else 1e-2)
    if float((one - two).abs().max()) > rounding * float(one.abs().max()):
        raise not_causal(name, "a later token changes what comes before it")
