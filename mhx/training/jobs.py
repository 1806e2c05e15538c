"""The languages of a training as jobs: what each learns, in which batches, and what tells one
training from another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import hash_json
from mhx.schema import TrainRecipe
from mhx.training.adapters import Adapters
from mhx.training.base import base_hash
from mhx.training.batches import Row, collate, planned_batches
from mhx.training.course import Course
from mhx.training.encoding import Dataset, Record
from mhx.training.layout import Cut, Packed, Padded
from mhx.training.masks import Encoded
from mhx.training.optimizer import AdapterOptimizer
from mhx.training.packing import packed_where_it_agrees

# settings that change memory or what is looked at, not the weights: a resume may change them
FREE = frozenset({"micro_batch_tokens", "gradient_checkpointing", "overrides", "recommended_bases",
                  "recipes"})


@dataclass(frozen=True)
class Job:
    """One language's part: its conversations, settings and the folder of its adapter.

    `plan` names the conversations of each step by id, in place of the order that lengths and seed
    give: two texts of the same conversations are then learned in the same order.
    """

    name: str
    train: Sequence[Record]
    valid: Sequence[Record]
    recipe: TrainRecipe
    out: Path
    plan: Sequence[Sequence[str]] = ()


def refuse_empty(jobs: Sequence[Job]) -> None:
    """Raise MhxError naming the jobs without a conversation."""
    problems = [
        Problem(f"{job.name}: the training split is empty", "look into review.jsonl for why")
        for job in jobs if not job.train
    ]
    if problems:
        raise MhxError(problems)


def layout_of(
    model: Any, jobs: Sequence[Job], adapters: Adapters, pad: int
) -> tuple[Cut, str]:
    """Packed, on a CPU with common beginnings once; else padded and sorted by length.

    Returns as well why a GPU's batches are not packed, or "".
    """
    device = next(model.parameters()).device
    limit = min(job.recipe.micro_batch_tokens for job in jobs)
    on_gpu = device.type == "cuda"
    # shared tokens would share their dropout too
    if not on_gpu and any(job.recipe.lora.dropout for job in jobs):
        return Padded(pad, device, limit, adapters.mixed), ""
    with adapters.off(collate([Row(0, Encoded([pad], [False]))], pad, device)):
        why = packed_where_it_agrees(model, shared=not on_gpu)
    if not why:
        return Packed(device, limit, adapters.mixed, shared=not on_gpu), ""
    return Padded(pad, device, limit, adapters.mixed), why if on_gpu else ""


def course_of(
    job: Job, data: Dataset, held: Dataset | None, adapters: Adapters, unit: int
) -> Course:
    """A job's batches, by its plan where there is one, with its own optimizer."""
    left_out = set(data.left_out)
    ids = [str(item.get("id", "?")) for item in job.train]
    if job.plan:
        kept = [name for name in ids if name not in left_out]
        units = [[kept.index(name) for name in batch] for batch in job.plan]
    else:
        units = planned_batches(data.encoded[::unit], job.recipe)[: job.recipe.max_steps]
    batches = [[unit * place + part for place in batch for part in range(unit)] for batch in units]
    return Course(
        name=job.name,
        recipe=job.recipe,
        encoded=data.encoded,
        ids=[one for one in ids if one not in left_out for _ in range(unit)],
        held=held.encoded if held else [],
        batches=batches,
        optimizer=AdapterOptimizer(adapters.weights(job.name), job.recipe, len(batches)),
        unit=unit,
    )


def key_of(
    jobs: Sequence[Job], base: str, data: dict[str, Dataset], held: dict[str, Dataset], unit: int,
    model: Any,
) -> str:
    """A hash of all that decides the adapters: a checkpoint of another key is not gone on from.

    A loaded model says what a name does not: the kind of device, for another one computes in
    another precision, and the commit of a base from the hub.
    """
    commit = getattr(model.config, "_commit_hash", None)
    where = [next(model.parameters()).device.type, commit]
    return hash_json([base, base_hash(base), where, unit, [
        [job.name, job.recipe.model_dump(exclude=set(FREE)), *([job.plan] if job.plan else []),
         *([[item.ids, item.mask] for item in part[job.name].encoded] if job.name in part else []
           for part in (data, held))] for job in jobs
    ]])


def said(records: Sequence[Record]) -> list[str]:
    """What people say in conversations: the system prompt is the same in all."""
    return [message["content"] for record in records for message in record["messages"]
            if message["role"] != "system"]
