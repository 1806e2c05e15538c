"""LoRA training of one language, or of several in one pass: seeded and resumable.

On a CPU a training that was killed and resumed ends with the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mhx.files import write_jsonl, write_text
from mhx.schema import TrainRecipe
from mhx.training import checkpoint, quantized
from mhx.training.adapters import attach
from mhx.training.base import load_model, load_tokenizer, require
from mhx.training.batches import Row, collate
from mhx.training.division import Divided
from mhx.training.encoding import Record, encode_records
from mhx.training.failures import Fits, check_causal
from mhx.training.fertility import fertility
from mhx.training.fitting import advice_here
from mhx.training.jobs import FREE, Job, course_of, key_of, layout_of, refuse_empty, said
from mhx.training.launching import current
from mhx.training.loop import Moment, Training, Watch
from mhx.training.loss import mean_loss, objective_for
from mhx.training.pair_data import encode_pairs
from mhx.training.preference import Say, as_pairs, silent
from mhx.training.result import TrainResult, result_of
from mhx.training.save import save_adapter
from mhx.training.sharding import check_shardable, is_sharded, load_sharded
from mhx.training.templates import is_folded

__all__ = ["FREE", "Job", "Moment", "TrainResult", "encode_records", "mean_loss", "train_adapters",
           "train_lora", "train_on"]

CHECKPOINT = checkpoint.NAME
CHECKPOINT_EVERY = 10  # steps
CURVES = "curves.jsonl"
TEMPLATE = "chat_template.jinja"  # where the base must be served with another than its own


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
    refuse_empty(jobs)
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
    # the estimate knows no sharded base, and a quantized one is not sharded
    fits = Fits(lambda: "" if is_sharded(model)
                else advice_here(model, recipes, preference=preference))
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
    cut, unpacked = layout_of(model, jobs, adapters, tokenizer.pad_token_id)
    unit = 2 if preference else 1
    courses = [course_of(job, data[job.name], held.get(job.name), adapters, unit) for job in jobs]
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
        folder=folder, key=key_of(jobs, base, data, held, unit, model), every=CHECKPOINT_EVERY,
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
                                    fertility(tokenizer, said(job.train)))
    if group.leads:
        checkpoint.drop(folder)
    return results
