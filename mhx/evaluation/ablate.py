"""Adapters on faithful, surface-adapted and fully adapted text, scored on the same items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from mhx.atomic import alone
from mhx.errors import MhxError, Problem, UsageError
from mhx.evaluation.ablation.arms import (
    FULL,
    SURFACE,
    Arm,
    arms_of,
    check_edits,
    taken,
)
from mhx.evaluation.ablation.course import (
    Course,
    adapter_of,
    courses,
    is_done,
    too_long,
)
from mhx.evaluation.ablation.findings import effects_of, means_of
from mhx.evaluation.ablation.items import Items, agreement_of
from mhx.evaluation.ablation.kinds import Kinds, kinds_of
from mhx.evaluation.ablation.outcomes import BASE, Scores, items_of, outcomes_of
from mhx.evaluation.ablation.texts import Text, test_texts, training_texts
from mhx.evaluation.case_job import BABBLE
from mhx.files import hash_json
from mhx.run import Reporter, Run
from mhx.training.adapter import recipe_for
from mhx.training.base import TINY, base_hash
from mhx.version import __version__

# source and faithful text of the train split are what mhx/training/tiny makes the base of
LEARNED = (
    "mhx-tiny was made from the faithful versions of these dialogues: its faithful arm meets them "
    "again, so contrasts with it show old text against new"
)


@dataclass(frozen=True)
class Wanted:
    """What is ablated. `margin` is in nats a token, of the losses alone."""

    minus: Sequence[str] = ()
    edits: str = "run"
    seeds: int = 2
    steps: int | None = None
    base: str = TINY
    device: str = "auto"
    answers: bool = True
    margin: float | None = None
    alpha: float = 0.05


@dataclass(frozen=True)
class Ablation:
    """Arms, trainings and items of an ablation that can be done, or only described."""

    run: Run
    wanted: Wanted
    arms: list[Arm]
    kinds: Kinds
    courses: list[Course]
    items: Items
    scored_on: str
    left_out: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    def described(self) -> dict[str, Any]:
        """What is trained on what, before any result."""
        wanted = self.wanted
        return {
            "language": self.run.language.tag, "base": wanted.base,
            "base_sha256": base_hash(wanted.base), "mhx": __version__,
            "text": {"edits": wanted.edits, "by_dimension": self.kinds.counts(),
                     "of_several": self.kinds.several()},
            "arms": [{"arm": arm.name, "dialogues": len(arm.records), "edits": arm.edits,
                      "text_sha256": arm.text_sha256} for arm in self.arms],
            "steps": len(self.courses[0].plan),
            "batch_size": self.courses[0].recipe.batch_size,
            "seeds": [course.recipe.seed for course in self.courses],
            "left_out": self.left_out, "cut": self.cut,
            "scored_on": {"what": self.scored_on, "dialogues": len(self.items.texts),
                          "edited_turns": len(self.items.edited)},
        }


def prepare(run: Run, wanted: Wanted) -> Ablation:
    """Arms and trainings of a run that is done to the gate.

    Raises MhxError for unknown kinds of edits, a text without edits, and no dialogue to train or
    to score on.
    """
    if wanted.margin is not None and not wanted.margin > 0:
        raise UsageError(f"--margin {wanted.margin:g}", "nats a token, above 0")
    texts = training_texts(run, wanted.edits)
    kinds, arms = _arms(run, wanted, texts)
    recipe = recipe_for(run.language, wanted.base)
    left, cut = too_long(arms, wanted.base, recipe)
    if left:
        texts = [text for text in texts if text.id not in set(left)]
        if not texts:
            raise MhxError(Problem(
                f"no training dialogue has a supporter's turn within {recipe.max_length} tokens in "
                "every arm", "raise max_length in train.yaml", path=run.folder))
        kinds, arms = _arms(run, wanted, texts)
    tests, what = test_texts(run)
    items = Items(tuple(tests), run.language, run.shelves, wanted.base, wanted.device,
                  recipe.max_length, wanted.answers)
    trainings = courses(arms[0], base=wanted.base, device=wanted.device, recipe=recipe,
                        seeds=wanted.seeds, steps=wanted.steps)
    seen = {name for course in trainings for step in course.plan for name in step}
    arms = [taken(arm, seen) for arm in arms]
    return Ablation(run, wanted, arms, kinds, trainings, items, what, left, cut)


def _arms(run: Run, wanted: Wanted, texts: list[Text]) -> tuple[Kinds, list[Arm]]:
    kinds = kinds_of(texts, run.language, run.territory, by_rules=wanted.edits == "run")
    arms = arms_of(texts, kinds, wanted.minus, run.language.prompts.system.strip())
    check_edits(arms)
    return kinds, arms


@dataclass(frozen=True)
class Ablated:
    """The record that is written and shown, and a row a dialogue, arm, seed and outcome."""

    record: dict[str, Any]
    items: list[dict[str, Any]]


def ablate(ablation: Ablation, into: Path, reporter: Reporter) -> Ablated:
    """Train and score every arm, and compare them.

    Adapters and scores are kept in `into` by what they depend on, so the same call goes on after
    a kill, and another call trains only what is new.
    """
    into.mkdir(parents=True, exist_ok=True)
    with alone(into / "ablation"):
        scores = _scored(ablation, into, reporter)
    found = outcomes_of(ablation.items, scores)
    both = (*found.losses, *found.answers)
    record = {
        **ablation.described(),
        "outcomes": [{"outcome": one.name, "arms": means_of(one)} for one in both],
        "effects": effects_of(
            ablation.arms, found.losses, found.answers, seeds=len(ablation.courses),
            margin=ablation.wanted.margin, alpha=ablation.wanted.alpha),
        "scorers": agreement_of(ablation.items.measures) if ablation.wanted.answers else {},
        "notes": _notes(ablation),
    }
    seeds = [course.recipe.seed for course in ablation.courses]
    return Ablated(record, items_of(both, found.dialogues, seeds))


def _scored(ablation: Ablation, into: Path, reporter: Reporter) -> Scores:
    """Losses and answers' scores of base and arms; each text of a seed is trained once."""
    # scores lie apart: the signature of answers hashes the adapter's folder
    folder, results = into / "adapters", into / "scores"
    items, jobs = ablation.items, [
        (arm, course) for course in ablation.courses for arm in ablation.arms]
    texts = {(arm.text_sha256, course.recipe.seed): (arm, course) for arm, course in jobs[::-1]}
    todo = [pair for pair in dict.fromkeys(course.key(arm) for arm, course in texts.values())
            if not is_done(folder / pair)]
    reporter.say(f"  {len(texts)} adapters of {len(ablation.courses[0].plan)} steps, "
                 f"{len(texts) - len(todo)} are there")
    scores = Scores()
    base = results / f"base-{items.base_key}"
    scores.add(BASE, *_scores_of(items, None, base))
    left, start = len(todo), monotonic()
    for arm, course in jobs:
        key, seed = course.key(arm), course.recipe.seed
        fresh = not is_done(folder / key)
        adapter = adapter_of(arm, course, folder, reporter)
        scores.add(arm.name, *_scores_of(items, adapter, results / key))
        if fresh:
            left -= 1
            seconds = (monotonic() - start) / (len(todo) - left) * left
            reporter.say(f"  {arm.name}, seed {seed}: done; {left} of {len(todo)} left, "
                         f"about {seconds:.0f} s")
    return scores


def _scores_of(items: Items, adapter: Path | None, folder: Path) -> tuple[Any, Any]:
    losses = items.losses(adapter, folder)
    return losses, items.scored(items.answered(adapter, folder)) if items.answers else {}


def _notes(ablation: Ablation) -> list[str]:
    """What a reader must know before the numbers."""
    wanted, arms = ablation.wanted, {arm.name: arm for arm in ablation.arms}
    notes = [BABBLE] if wanted.base == TINY else []
    if notes and ablation.run.settings.source is None:
        notes.append(LEARNED)
    if arms[SURFACE].edits == arms[FULL].edits:
        hint = "" if wanted.edits == "authored" or ablation.run.settings.source is not None else (
            "; --edits authored has those of the corpus's author")
        notes.append(f"the training text holds no deep edit: surface and full are one text{hint}")
    if ablation.kinds.several():
        notes.append(f"{ablation.kinds.several()} edits are of several dimensions (or merge two "
                     "operations): they go with the removal of either")
    made_by = ablation.run.settings.plugin_sha256.get("card")
    if made_by not in (None, hash_json(ablation.run.language.card.model_dump(mode="json"))):
        notes.append("the card has changed since this run: the kinds of edits are those of today's "
                     "card")
    if ablation.left_out:
        notes.append(f"{len(ablation.left_out)} dialogues are too long in one arm and left out of "
                     "all")
    seen = [len({name for step in course.plan for name in step}) for course in ablation.courses]
    if min(seen) < len(arms[FULL].records):
        notes.append(f"the steps take {', '.join(map(str, seen))} (by seed) of "
                     f"{len(arms[FULL].records)} dialogues: edits of the others tell no arms apart")
    if ablation.cut:
        notes.append(f"{len(ablation.cut)} dialogues are longer than max_length in some arm: each "
                     "arm learns its own beginning of them")
    if wanted.seeds == 1:
        notes.append("one seed: another training may differ by more than the interval says")
    if wanted.seeds == 2:
        notes.append("two seeds agree by chance half the time: from --seeds 3 on the trainings are "
                     "tested as well")
    notes.append("intervals are over the test dialogues, with the seeds averaged; p is that of "
                 "sign flips of whole dialogues, adjusted by Holm over all losses, and apart from "
                 "them over all scores of answers")
    notes.append("texts with a part of the edits were not gated again")
    return notes
