"""LoRA training of one language, or of several in one pass: seeded and resumable.

On a CPU a training that was killed and resumed ends with the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import hash_json, write_jsonl, write_text
from mhx.schema import TrainRecipe
from mhx.training import checkpoint, quantized
from mhx.training.adapters import Adapters, attach
from mhx.training.attention import pack_where_possible
from mhx.training.base import base_hash, load_model, load_tokenizer, require
from mhx.training.batches import Row, collate, planned_batches
from mhx.training.course import Course
from mhx.training.division import Divided
from mhx.training.encoding import Dataset, Record, encode_records
from mhx.training.failures import Fits, check_causal
from mhx.training.fertility import fertility
from mhx.training.fitting import advice_here
from mhx.training.launching import current
from mhx.training.layout import Cut, Packed, Padded
from mhx.training.loop import Moment, Training, Watch
from mhx.training.loss import mean_loss, objective_for
from mhx.training.optimizer import AdapterOptimizer
from mhx.training.pair_data import encode_pairs
from mhx.training.preference import Say, as_pairs, silent
from mhx.training.result import TrainResult, result_of
from mhx.training.save import save_adapter
from mhx.training.sharding import check_shardable, is_sharded, load_sharded
from mhx.training.templates import is_folded

__all__ = ["Job", "Moment", "TrainResult", "encode_records", "mean_loss", "train_adapters",
           "train_lora", "train_on"]

CHECKPOINT = checkpoint.NAME
CHECKPOINT_EVERY = 10  # steps
CURVES = "curves.jsonl"
TEMPLATE = "chat_template.jinja"  # where the base must be served with another than its own
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


def train_lora(
    train: Sequence[Record],
    valid: Sequence[Record],
    *,
    base: str,
    recipe: TrainRecipe,
    out: Path,
    device: str = "auto",
    progress: Watch | None = None,
    name: str = "default",
) -> TrainResult:
    """Train one adapter on `train` and save it to `out` in PEFT's layout.

    A checkpoint is written every CHECKPOINT_EVERY steps; the same call after a kill goes on from
    it. Raises MhxError for an empty corpus, a text that the tokenizer or template cannot carry, a
    base that is not causal, a loss that is no number, and a lack of memory.
    """
    job = Job(name, train, valid, recipe, out)
    return train_adapters([job], base=base, folder=out, device=device, progress=progress)[name]


def train_adapters(
    jobs: Sequence[Job],
    *,
    base: str,
    folder: Path,
    device: str = "auto",
    progress: Watch | None = None,
    preference: bool = False,
    shard: bool = False,
    say: Say = silent,
) -> dict[str, TrainResult]:
    """Train the adapters of all jobs in one pass over one frozen base; each is saved to its `out`.

    Each adapter is the one its job alone would give: own batches, clipping, schedule and
    optimizer (equal to float32 rounding; with dropout the random masks differ). `folder` holds
    the checkpoint. With `preference` the records are pairs (`pair_data`) and are learned by DPO.
    Within `distributed.processes` the work of each step is divided; `shard` spreads the base too.
    Raises MhxError as `train_lora` does.
    """
    require("torch", "transformers", "peft")
    _refuse_empty(jobs)
    tokenizer = load_tokenizer(base)
    kind = quantized.shared([job.recipe for job in jobs])
    group = current()
    if shard:
        check_shardable([job.recipe for job in jobs], group)

    def load() -> Any:
        return (load_sharded(base, group, device=device) if shard
                else load_model(base, device=device, quantization=kind))

    return train_on(load, tokenizer, jobs, base=base, folder=folder, progress=progress,
                    preference=preference, say=say)


def train_on(
    load: Callable[[], Any],
    tokenizer: Any,
    jobs: Sequence[Job],
    *,
    base: str,
    folder: Path,
    progress: Watch | None = None,
    preference: bool = False,
    say: Say = silent,
) -> dict[str, TrainResult]:
    """`train_adapters` on a model that `load` gives once the data are known to be good.

    `base` names it in messages, hashes and files; `say` takes what is said before the first step.
    """
    import torch

    encoded = encode_pairs if preference else encode_records
    data, held = (
        {job.name: encoded(records, base, max_length=job.recipe.max_length, tokenizer=tokenizer)
         for job, records in part if records}
        for part in ([(job, job.train) for job in jobs], [(job, job.valid) for job in jobs])
    )
    with Fits().outside("loading the base"):
        model = load()
    recipes = [job.recipe for job in jobs]
    fits = Fits(lambda: advice_here(model, recipes, preference=preference))
    check_causal(model, base)
    adapters = attach(model, {job.name: job.recipe for job in jobs})
    if any(job.recipe.gradient_checkpointing for job in jobs):
        name = "activation_checkpointing_enable"  # since transformers 5.20; before, the other
        getattr(model, name, model.gradient_checkpointing_enable)()
    group, even = current(), is_sharded(model)
    torch.manual_seed(jobs[0].recipe.seed + group.rank)  # what dropout draws
    sample = [Row(0, item) for item in data[jobs[0].name].encoded[:1]]
    place = next(model.parameters()).device
    adapters.route(collate(sample, tokenizer.pad_token_id, place))
    objective, slower = objective_for(model, sample, tokenizer.pad_token_id)
    cut, unpacked = _layout(model, jobs, adapters, tokenizer.pad_token_id)
    unit = 2 if preference else 1
    courses = [_course(job, data[job.name], held.get(job.name), adapters, unit) for job in jobs]
    if preference:
        rows = [Row(owner, item) for owner, course in enumerate(courses)
                for item in [*course.seen, *course.held]]
        betas = [job.recipe.dpo_beta for job in jobs]
        with fits.outside("scoring the pairs by the base"):
            objective, cut = as_pairs(model, adapters, objective, cut, betas, rows, group,
                                      even=even, say=say if group.leads else silent)
    elif group.size > 1:
        cut = Divided(cut, group, even)
    run = Training(
        model=model, adapters=adapters, courses=courses, objective=objective, cut=cut,
        folder=folder, key=_key(jobs, base, data, held, unit), every=CHECKPOINT_EVERY,
        watch=progress if group.leads else None, group=group,
        fits=fits,
    )
    with fits.outside("in a step"):
        resumed = run.run()
    folded = is_folded(tokenizer)
    notes = tuple(note for note in (
        quantized.note(jobs[0].recipe.quantization),
        f"base sharded over {group.size} processes (FSDP2)" if even else "",
        "" if adapters.mixed else "DoRA: PEFT's own layers, one language a forward pass",
        f"plain loss: {slower}" if slower else "",
        f"padded batches: {unpacked}" if unpacked else "",
        f"the base's template takes no system prompt: serve with {TEMPLATE}" if folded else "",
    ) if note)
    results = {}
    for job, course in zip(jobs, courses, strict=True):
        if group.leads:
            state = course.best or adapters.state(job.name)
            save_adapter(state, adapters.configs[job.name], job.out)
            write_jsonl(job.out / CURVES, course.curve)
            if folded:
                write_text(job.out / TEMPLATE, str(tokenizer.chat_template))
        results[job.name] = result_of(course, data[job.name], adapters, resumed, notes,
                                    fertility(tokenizer, _said(job.train)))
    if group.leads:
        checkpoint.drop(folder)
    return results


def _refuse_empty(jobs: Sequence[Job]) -> None:
    problems = [
        Problem(f"{job.name}: the training split is empty", "look into review.jsonl for why")
        for job in jobs if not job.train
    ]
    if problems:
        raise MhxError(problems)


def _layout(
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
    why = pack_where_possible(model)
    if not why:
        return Packed(device, limit, adapters.mixed, shared=not on_gpu), ""
    return Padded(pad, device, limit, adapters.mixed), why if on_gpu else ""


def _course(
    job: Job, data: Dataset, held: Dataset | None, adapters: Adapters, unit: int
) -> Course:
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


def _key(
    jobs: Sequence[Job], base: str, data: dict[str, Dataset], held: dict[str, Dataset], unit: int
) -> str:
    return hash_json([base, base_hash(base), unit, [
        [job.name, job.recipe.model_dump(exclude=set(FREE)), *([job.plan] if job.plan else []),
         *([[item.ids, item.mask] for item in part[job.name].encoded] if job.name in part else []
           for part in (data, held))] for job in jobs
    ]])


def _said(records: Sequence[Record]) -> list[str]:
    """What people say in conversations: the system prompt is the same in all."""
    return [message["content"] for record in records for message in record["messages"]
            if message["role"] != "system"]
