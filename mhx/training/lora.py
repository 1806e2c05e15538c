"""LoRA training with peft: seeded, resumable, byte-identical after a resume on a CPU."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import hash_json, write_bytes, write_text
from mhx.schema import TrainRecipe
from mhx.training.base import check_round_trip, load_model, load_tokenizer, require
from mhx.training.masks import Encoded, NothingToLearn, encode

CHECKPOINT = "checkpoint.pt"
CHECKPOINT_EVERY = 10  # steps


@dataclass(frozen=True)
class TrainResult:
    """What a training run did."""

    steps: int
    planned_steps: int
    left_out: tuple[str, ...]
    cut: int
    tokens: int
    labelled: int
    first_loss: float
    last_loss: float
    valid_loss: float | None
    resumed_at: int
    trainable: int
    losses: tuple[float, ...]


@dataclass(frozen=True)
class Dataset:
    """Encoded conversations, with what did not fit: ids left out, how many were cut."""

    tokenizer: Any
    encoded: list[Encoded]
    left_out: list[str]
    cut: int


def encode_records(
    records: Sequence[dict[str, Any]], base: str, *, max_length: int
) -> Dataset:
    """Conversations as tokens and masks; the tokenizer's round trip is checked first.

    A conversation without a learned token within `max_length` is left out and named; when none
    is left that is an error, as is every mask that does not decode to the supporter's words.
    """
    tokenizer = load_tokenizer(base)
    samples = [message["content"] for record in records[:8] for message in record["messages"]]
    check_round_trip(tokenizer, samples, base)
    problems: list[Problem] = []
    empty: list[Problem] = []
    left_out: list[str] = []
    out: list[Encoded] = []
    for record in records:
        name = str(record.get("id", "?"))
        try:
            out.append(encode(tokenizer, record["messages"], name=name, max_length=max_length))
        except NothingToLearn as error:
            left_out.append(name)
            empty += error.problems
        except MhxError as error:
            problems += error.problems
    if problems or (empty and not out):
        raise MhxError(problems or empty)
    cut = sum(item.full > len(item.ids) for item in out)
    return Dataset(tokenizer, out, left_out, cut)


def train_lora(
    train: Sequence[dict[str, Any]],
    valid: Sequence[dict[str, Any]],
    *,
    base: str,
    recipe: TrainRecipe,
    out: Path,
    device: str = "auto",
    progress: Callable[[int, int, float], None] | None = None,
) -> TrainResult:
    """Train one adapter on `train` and save it to `out` in PEFT's layout.

    A checkpoint (adapter, optimizer, order, random state) is written every CHECKPOINT_EVERY
    steps; the same call after a kill goes on from it and gives, on a CPU, the same bytes.
    Raises MhxError for an empty corpus or a text the tokenizer or template cannot carry.
    """
    require("torch", "transformers", "peft")
    import torch
    from peft import LoraConfig, get_peft_model, set_peft_model_state_dict

    if not train:
        raise MhxError(Problem("the training split is empty", "look into review.jsonl for why"))
    data = encode_records(train, base, max_length=recipe.max_length)
    tokenizer, encoded = data.tokenizer, data.encoded
    held = encode_records(valid, base, max_length=recipe.max_length).encoded if valid else []
    random.seed(recipe.seed)
    torch.manual_seed(recipe.seed)  # before LoRA draws its A matrices
    model = load_model(base, device=device)
    config = LoraConfig(
        r=recipe.lora.r,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules=recipe.lora.targets,
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(model, config)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(
        weights, lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    planned = list(_batches(encoded, recipe))
    batches = planned[: recipe.max_steps]
    total = len(batches)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, _schedule(recipe, total))
    key = hash_json([recipe.model_dump(), base, [item.ids for item in encoded]])
    start, losses = _restore(out, key, model, optimizer, scheduler, set_peft_model_state_dict)
    model.train()
    for step in range(start, total):
        loss = _step(model, batches[step], tokenizer.pad_token_id, recipe, weights)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss)
        if progress is not None:
            progress(step + 1, total, loss)
        if (step + 1) % CHECKPOINT_EVERY == 0 and step + 1 < total:
            _checkpoint(out, key, step + 1, losses, model, optimizer, scheduler)
    valid_loss = mean_loss(model, held, tokenizer.pad_token_id)[0] if held else None
    save_adapter(model, out)
    (out / CHECKPOINT).unlink(missing_ok=True)
    return TrainResult(
        steps=total,
        planned_steps=len(planned),
        left_out=tuple(data.left_out),
        cut=data.cut,
        tokens=sum(len(item.ids) for batch in batches for item in batch),
        labelled=sum(sum(item.mask) for batch in batches for item in batch),
        first_loss=losses[0],
        last_loss=losses[-1],
        valid_loss=valid_loss,
        resumed_at=start,
        trainable=sum(weight.numel() for weight in weights),
        losses=tuple(losses),
    )


def _batches(encoded: list[Encoded], recipe: TrainRecipe) -> Iterator[list[Encoded]]:
    """Batches of similar length, in an order drawn anew each epoch from the seed."""
    rng = random.Random(recipe.seed)
    count = max(1, math.ceil(len(encoded) / recipe.batch_size))
    for _ in range(max(1, round(recipe.epochs))):
        order = list(range(len(encoded)))
        rng.shuffle(order)
        order.sort(key=lambda place: len(encoded[place].ids) // 32)
        groups = [order[n * recipe.batch_size : (n + 1) * recipe.batch_size] for n in range(count)]
        rng.shuffle(groups)
        for group in groups:
            yield [encoded[place] for place in group]


def _schedule(recipe: TrainRecipe, total: int) -> Callable[[int], float]:
    warmup = max(1, round(recipe.warmup_ratio * total))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (total - step) / max(1, total - warmup))

    return factor


def collate(batch: Sequence[Encoded], pad: int, device: Any) -> tuple[Any, Any, Any]:
    """(input ids, attention mask, labels) of a batch; labels are -100 where nothing is learned."""
    import torch

    width = max(len(item.ids) for item in batch)
    ids = torch.full((len(batch), width), pad)
    attention = torch.zeros((len(batch), width), dtype=torch.long)
    labels = torch.full((len(batch), width), -100)
    for row, item in enumerate(batch):
        length = len(item.ids)
        ids[row, :length] = torch.tensor(item.ids)
        attention[row, :length] = 1
        mask = torch.tensor(item.mask)
        labels[row, :length][mask] = ids[row, :length][mask]
    return ids.to(device), attention.to(device), labels.to(device)


def token_losses(model: Any, batch: Sequence[Encoded], pad: int) -> Any:
    """Cross-entropy of every learned token of a batch (the head runs on columns that hold one)."""
    import torch

    device = next(model.parameters()).device
    ids, attention, labels = collate(batch, pad, device)
    targets = labels[:, 1:]
    # columns in which some row learns: the head is left out on all others
    columns = (targets != -100).any(dim=0).nonzero().squeeze(1)
    logits = model(
        input_ids=ids, attention_mask=attention, use_cache=False, logits_to_keep=columns
    ).logits
    targets = targets[:, columns]
    chosen = targets != -100
    return torch.nn.functional.cross_entropy(
        logits[chosen].float(), targets[chosen], reduction="none"
    )


def _step(model: Any, batch: list[Encoded], pad: int, recipe: TrainRecipe, weights: Any) -> float:
    import torch

    loss = token_losses(model, batch, pad).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(weights, recipe.max_grad_norm)
    return float(loss.detach())


def mean_loss(model: Any, encoded: Sequence[Encoded], pad: int) -> tuple[float, int]:
    """(mean cross-entropy, number of learned tokens) in nats a token, without gradients."""
    import torch

    was_training = model.training
    model.eval()
    total, count = 0.0, 0
    with torch.inference_mode():
        for item in encoded:
            losses = token_losses(model, [item], pad)
            total += float(losses.sum())
            count += int(losses.numel())
    model.train(was_training)
    return total / max(1, count), count


def save_adapter(model: Any, out: Path) -> None:
    """`adapter_model.safetensors` and `adapter_config.json`, each whole or not at all.

    The config names the base by its name, not by a path of this machine.
    """
    import json

    from peft import get_peft_model_state_dict
    from safetensors.torch import save

    state = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in sorted(get_peft_model_state_dict(model).items())
    }
    # as bytes first: the libraries' own errors on a full disk do not say that it is full
    write_bytes(out / "adapter_model.safetensors", save(state, metadata={"format": "pt"}))
    config = model.peft_config["default"].to_dict()
    config["inference_mode"] = True
    config["base_model_name_or_path"] = _public_name(config.get("base_model_name_or_path"))
    targets = config.get("target_modules")
    if isinstance(targets, set | list):
        config["target_modules"] = sorted(targets)
    text = json.dumps(config, indent=1, sort_keys=True, default=str)
    write_text(out / "adapter_config.json", text + "\n")


def _public_name(path: Any) -> str:
    from mhx.training.base import TINY, tiny_folder

    return TINY if str(path) == str(tiny_folder()) else str(path)


# ---------------------------------------------------------------- checkpoints


def _checkpoint(
    out: Path, key: str, step: int, losses: list[float], model: Any, optimizer: Any, scheduler: Any
) -> None:
    import torch
    from peft import get_peft_model_state_dict

    state = {
        "key": key,
        "step": step,
        "losses": losses,
        "adapter": get_peft_model_state_dict(model),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "rng": torch.get_rng_state(),
    }
    data = io.BytesIO()
    torch.save(state, data)
    write_bytes(out / CHECKPOINT, data.getvalue())


def _restore(
    out: Path, key: str, model: Any, optimizer: Any, scheduler: Any, load_adapter: Any
) -> tuple[int, list[float]]:
    """(step to go on from, losses so far); a checkpoint of other data or settings is ignored."""
    import torch

    path = out / CHECKPOINT
    if not path.is_file():
        return 0, []
    state = torch.load(path, weights_only=True, map_location="cpu")
    if state["key"] != key:
        return 0, []
    load_adapter(model, state["adapter"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["rng"])
    return int(state["step"]), list(state["losses"])
