"""The training that all arms share: same conversations in each step, same first weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from mhx.evaluation.ablation.arms import Arm
from mhx.files import hash_file, hash_json, write_json
from mhx.run import Reporter
from mhx.schema import TrainRecipe
from mhx.training.base import base_hash, load_tokenizer, pick_device
from mhx.training.batches import planned_batches
from mhx.training.encoding import encode_records
from mhx.training.lora import FREE, Job, Moment, train_adapters
from mhx.version import __version__

WEIGHTS, DONE = "adapter_model.safetensors", "arm.json"
ONE = "arm"  # the training's name of the adapter: arms of one text share it and its checkpoint


@dataclass(frozen=True)
class Course:
    """What every arm of a seed is trained by: the recipe, and the ids of each step."""

    base: str
    base_sha256: str | None
    device: str
    recipe: TrainRecipe
    plan: tuple[tuple[str, ...], ...]

    def key(self, arm: Arm) -> str:
        """What the adapter of an arm depends on."""
        return hash_json([
            __version__, self.base, self.base_sha256, pick_device(self.device),
            self.recipe.model_dump(mode="json", exclude=set(FREE)), self.plan, arm.text_sha256,
        ])[:16]


def too_long(arms: Sequence[Arm], base: str, recipe: TrainRecipe) -> tuple[list[str], list[str]]:
    """Ids of conversations that some arm's text would leave out, and of those it would cut.

    The first leave all arms. The others stay, and each arm learns its own beginning of them.
    """
    tokenizer = load_tokenizer(base)
    left: set[str] = set()
    cut: set[str] = set()
    for arm in {one.text_sha256: one for one in arms}.values():
        data = encode_records(arm.records, base, max_length=recipe.max_length, tokenizer=tokenizer)
        out = set(data.left_out)
        left |= out
        names = [one["id"] for one in arm.records if one["id"] not in out]
        cut |= {name for name, item in zip(names, data.encoded, strict=True)
                if item.full > len(item.ids)}
    return sorted(left), sorted(cut - left)


def courses(
    first: Arm, *, base: str, device: str, recipe: TrainRecipe, seeds: int, steps: int | None
) -> list[Course]:
    """One course a seed. The steps are drawn from the lengths of `first`, the faithful arm.

    `steps` defaults to the recipe's; nothing is validated and nothing stops early.
    """
    encoded = encode_records(first.records, base, max_length=recipe.max_length).encoded
    ids = [str(record["id"]) for record in first.records]
    an_epoch = max(1, ceil(len(encoded) / recipe.batch_size))
    wanted = steps or recipe.max_steps or max(1, round(recipe.epochs * an_epoch))
    found, digest = [], base_hash(base)
    for seed in range(recipe.seed, recipe.seed + seeds):
        own = recipe.model_copy(update={
            "seed": seed, "max_steps": wanted, "patience": None,
            "epochs": float(ceil(wanted / an_epoch)),
        })
        batches = planned_batches(encoded, own)[:wanted]
        plan = tuple(tuple(ids[place] for place in batch) for batch in batches)
        found.append(Course(base, digest, device, own, plan))
    return found


def adapter_of(arm: Arm, course: Course, folder: Path, reporter: Reporter) -> Path:
    """The arm's adapter, trained or as an earlier call left it; a killed training goes on."""
    out = folder / course.key(arm)
    if is_done(out):
        return out

    def watch(moment: Moment) -> None:
        if moment.step == moment.total or moment.step % max(1, moment.total // 2) == 0:
            reporter.say(f"    step {moment.step} of {moment.total}, loss {moment.loss:.3f}, "
                         f"{moment.seconds_left:.0f} s left")

    job = Job(ONE, arm.records, (), course.recipe, out, course.plan)
    done = train_adapters([job], base=course.base, folder=out, device=course.device,
                          progress=watch)[ONE]
    write_json(out / DONE, {
        "steps": done.steps, "tokens": done.tokens, "labelled": done.labelled, "cut": done.cut,
        "first_loss": done.first_loss, "last_loss": done.last_loss, "notes": list(done.notes),
        "adapter_sha256": hash_file(out / WEIGHTS),
    })
    return out


def is_done(folder: Path) -> bool:
    """Whether the folder holds a finished adapter, as it was written."""
    import json

    if not (folder / DONE).is_file() or not (folder / WEIGHTS).is_file():
        return False
    stored = json.loads((folder / DONE).read_text(encoding="utf-8"))
    return bool(stored.get("adapter_sha256") == hash_file(folder / WEIGHTS))
