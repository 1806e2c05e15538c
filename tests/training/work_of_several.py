"""Trainings that one process and two do alike; run as `work_of_several.py BASE OUT` it is two."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from small_bases import dialogue, recipe

from mhx.errors import MhxError
from mhx.training import lora
from mhx.training.distributed import Processes
from mhx.training.launching import processes
from mhx.training.loop import Training

Results = dict[str, lora.TrainResult]
ROWS = [dialogue(number) for number in range(10)]
PAIRS = [{"id": row["id"], "messages": row["messages"], "rejected": "Weź się w garść. " * length}
         for length, row in enumerate(ROWS[:5], start=1)]


class Stopped(Exception):
    """The training was made to end."""


@contextmanager
def stopping(step: int) -> Iterator[None]:
    """End a training, in every process, when it has stored a step's checkpoint."""
    store = Training._store

    def last(self: Training, at: int) -> None:
        store(self, at)
        if at == step:
            raise Stopped

    with patch.object(Training, "_store", last):
        yield


def joint(base: str, out: Path, *, shard: bool = False, **changes: Any) -> Results:
    """Three languages: one is stopped by its patience, one has a conversation a step."""
    jobs = [
        lora.Job("pl", ROWS, ROWS[:3], recipe(
            epochs=4, batch_size=3, learning_rate=0.06, warmup_ratio=0.4, valid_every=1,
            patience=1, **changes), out / "pl"),
        lora.Job("fa", ROWS[3:8], ROWS[:1], recipe(
            epochs=3, batch_size=2, seed=5, max_grad_norm=0.05, **changes), out / "fa"),
        lora.Job("es", ROWS[6:], [], recipe(
            epochs=2, batch_size=1, seed=9, weight_decay=0.1, **changes), out / "es"),
    ]
    return lora.train_adapters(jobs, base=base, folder=out, device="cpu", shard=shard)


def preferred(base: str, out: Path, *, shard: bool = False) -> Results:
    """DPO of two languages, five pairs: an odd one for two processes."""
    settings = recipe(epochs=2, batch_size=2, dpo_beta=0.3)
    jobs = [lora.Job("pl", PAIRS, PAIRS[:3], settings, out / "pl"),
            lora.Job("fa", PAIRS[2:], [], settings, out / "fa")]
    return lora.train_adapters(jobs, base=base, folder=out, device="cpu", preference=True,
                               shard=shard)


def solo(base: str, out: Path, **lora_: Any) -> Results:
    """One language, a checkpoint every second step."""
    adapter = {"r": 4, "alpha": 8, "dropout": 0.0, "targets": "all-linear", **lora_}
    job = lora.Job("pl", ROWS, ROWS[:2], recipe(batch_size=4, lora=adapter), out)
    with patch.object(lora, "CHECKPOINT_EVERY", 2):
        return lora.train_adapters([job], base=base, folder=out, device="cpu")


def _resumed(base: str, out: Path, **how: Any) -> Results:
    try:
        with stopping(4):
            solo(base, out, **how)
    except Stopped:
        return solo(base, out, **how)
    raise AssertionError("it was not stopped")


def _of_other_data(base: str, out: Path, group: Processes) -> str:
    job = lora.Job("pl", ROWS[group.rank :], [], recipe(), out)
    try:
        lora.train_adapters([job], base=base, folder=out, device="cpu")
    except MhxError as error:
        return str(error)
    return ""


def _gradients(group: Processes) -> list[Any]:
    """Sums of what the first process has a gradient of, what the second has, and what none has."""
    import torch

    weights = [torch.nn.Parameter(torch.zeros(2)) for _ in range(3)]
    weights[group.rank].grad = torch.full((2,), group.rank + 1.0)
    total = group.add_up(weights, torch.tensor([1.0, group.rank]))
    found = [None if one.grad is None else one.grad.tolist() for one in weights]
    return [total.tolist(), *found]


def _in_parts(base: str, out: Path, group: Processes) -> dict[str, Any]:
    """What a process holds of a sharded base; the second one has no weights on its disk."""
    import torch

    from mhx.training.base import load_model
    from mhx.training.sharding import load_sharded

    bare = out / "bare"
    if not group.leads:
        bare.mkdir(parents=True)
        (bare / "config.json").write_bytes((Path(base) / "config.json").read_bytes())
    model = load_sharded(base if group.leads else str(bare), group, device="cpu")
    whole = load_model(base, device="cpu")
    ids = torch.arange(2, 12).unsqueeze(0)
    with torch.no_grad():
        gap = float((model(input_ids=ids).logits - whole(input_ids=ids).logits).abs().max())
    layers = [one for one in model.parameters() if hasattr(one, "to_local")]
    return {"gap": gap, "layers": sum(one.numel() for one in layers),
            "here": sum(one.to_local().numel() for one in layers),
            "all": sum(one.numel() for one in whole.base_model.layers.parameters())}


def main(base: str, out: Path) -> None:
    """Every training of two processes; the second one is given folders that must stay unused."""
    with processes("cpu") as group:
        mine = out if group.leads else out / "second"
        trainings: dict[str, Callable[[], Results]] = {
            "joint": lambda: joint(base, mine / "joint"),
            "sharded": lambda: joint(base, mine / "sharded", shard=True,
                                     gradient_checkpointing=True),
            "preferred": lambda: preferred(base, mine / "preferred"),
            "preferred_sharded": lambda: preferred(base, mine / "preferred_sharded", shard=True),
            "dora": lambda: solo(base, mine / "dora", dora=True),
            "dropout": lambda: solo(base, mine / "dropout", dropout=0.3),
            "dropout_resumed": lambda: _resumed(base, mine / "dropout_resumed", dropout=0.3),
            "begun_by_one": lambda: solo(base, mine / "begun_by_one"),
        }
        told: dict[str, Any] = {"gradients": _gradients(group),
                                "other_data": _of_other_data(base, mine / "other", group),
                                "in_parts": _in_parts(base, out, group)}
        for name, training in trainings.items():
            told[name] = {tag: vars(done) | {"fertility": None}
                          for tag, done in training().items()}
    (out / f"{group.rank}.json").write_text(json.dumps(told), encoding="utf-8")


def _start(rank: int, port: int, base: str, out: Path) -> None:
    """A process with the variables that torchrun sets."""
    given = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1",
             "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in given.items()})
    main(base, out)


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    base, out = sys.argv[1], Path(sys.argv[2])
    lora.train_lora(ROWS[:1], [], base=base, recipe=recipe(max_steps=1), out=out / "warm",
                    device="cpu")  # imports all that both need, once
    shutil.rmtree(out / "warm")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    forks = multiprocessing.get_context("fork")
    both = [forks.Process(target=_start, args=(rank, port, base, out)) for rank in (0, 1)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    sys.exit(max(one.exitcode != 0 for one in both))
