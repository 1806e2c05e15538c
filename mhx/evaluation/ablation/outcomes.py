"""Scores of base and arms as outcomes: the same dialogues in the same order for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan
from typing import TYPE_CHECKING, Any

from mhx.evaluation.ablation.items import ADAPTED, FAITHFUL, Items, sums_of
from mhx.evaluation.ablation.losses import Turns

if TYPE_CHECKING:
    from mhx.stats.arms import Outcome

BASE = "base"
EDITED = "edited"
Answers = dict[str, dict[str, float]]  # by score and dialogue


@dataclass
class Scores:
    """Losses and scores of answers by arm, a list in the order of the seeds."""

    losses: dict[str, list[dict[str, Turns]]] = field(default_factory=dict)
    answers: dict[str, list[Answers]] = field(default_factory=dict)

    def add(self, arm: str, losses: dict[str, Turns], answers: Answers) -> None:
        """Take what an arm's next adapter got, or the base without one."""
        self.losses.setdefault(arm, []).append(losses)
        self.answers.setdefault(arm, []).append(answers)


@dataclass(frozen=True)
class Outcomes:
    """Losses in nats a token, scores of answers by their own scale, and whose they are."""

    losses: list[Outcome]
    answers: list[Outcome]
    dialogues: list[str]


def outcomes_of(items: Items, scores: Scores) -> Outcomes:
    """Loss on the adapted and faithful test text and on its edited turns; scores of answers.

    An outcome that no dialogue has a number for is left out.
    """
    names = [text.id for text in items.texts]
    losses = [
        _loss(f"loss_{ADAPTED}", scores, names, ADAPTED, None),
        _loss(f"loss_{EDITED}", scores, names, ADAPTED, items.edited),
        _loss(f"loss_{FAITHFUL}", scores, names, FAITHFUL, None),
    ]
    found = dict.fromkeys(
        name for several in scores.answers.values() for one in several for name in one)
    answers = [_answers(name, scores, names) for name in found]
    return Outcomes([one for one in losses if one.weights.any()],
                    [one for one in answers if one.weights.any()], names)


def _loss(
    name: str, scores: Scores, names: Sequence[str], kind: str, only: set[tuple[str, int]] | None
) -> Outcome:
    import numpy as np

    from mhx.stats.arms import Outcome

    sums, weights = {}, np.zeros(len(names))
    for arm, several in scores.losses.items():
        parts = [sums_of(one[kind], names, only) for one in several]
        sums[arm] = np.array([nats for nats, _ in parts])
        weights = np.array(parts[0][1])
    return Outcome(name, sums, weights)


def _answers(name: str, scores: Scores, names: Sequence[str]) -> Outcome:
    import numpy as np

    from mhx.stats.arms import Outcome

    sums = {
        arm: np.array([[one.get(name, {}).get(dialogue, nan) for dialogue in names]
                       for one in several])
        for arm, several in scores.answers.items()
    }
    scored = [np.isfinite(one).any(0) for one in sums.values()]
    return Outcome(name, sums, np.any(scored, axis=0).astype(float))


def items_of(
    outcomes: Sequence[Outcome], names: Sequence[str], seeds: Sequence[int]
) -> list[dict[str, Any]]:
    """A row a dialogue, arm, seed and outcome: what other statistics may be done on."""
    return [
        {"dialogue": name, "arm": arm, "seed": seed if arm != BASE else None,
         "outcome": outcome.name, "score": float(values[place] / outcome.weights[place]),
         "weight": float(outcome.weights[place])}
        for outcome in outcomes
        for arm, several in outcome.sums.items()
        for seed, values in zip(seeds, several, strict=False)
        for place, name in enumerate(names)
        if outcome.weights[place] and values[place] == values[place]
    ]
