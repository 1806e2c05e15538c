"""What an ablation found, as rows: means of the arms, their contrasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mhx.evaluation.ablation.arms import Arm, pairs_of

if TYPE_CHECKING:
    from mhx.stats.arms import Effect, Outcome

SAME = "same text"


def means_of(outcome: Outcome) -> dict[str, float]:
    """Each arm's mean over dialogues and seeds."""
    from mhx.stats.arms import mean_of

    return {arm: mean_of(outcome, arm) for arm in outcome.sums}


def effects_of(
    arms: Sequence[Arm], losses: Sequence[Outcome], answers: Sequence[Outcome], *, seeds: int,
    margin: float | None, alpha: float,
) -> list[dict[str, Any]]:
    """Contrasts of the losses and, a family of their own, of the answers."""
    from mhx.stats.arms import effects
    from mhx.stats.columns import Margin

    pairs = pairs_of(arms)
    # arms of one text are one adapter: their contrasts are tested once, under the later name
    differ = list({(one.text_sha256, two.text_sha256): (one.name, two.name)
                   for one, two in pairs if one.text_sha256 != two.text_sha256}.values())
    within = None if margin is None else Margin(margin, "raw")
    rows = [
        *(_row(one, "loss") for one in effects(losses, differ, margin=within,
                                               alpha=alpha)),
        *(_row(one, "answers") for one in effects(answers, differ, alpha=alpha)),
    ]
    same = [
        {"family": "loss", "outcome": outcome.name, "arm": one.name, "against": two.name,
         "difference": 0.0, "verdict": SAME, "by_seed": [0.0] * seeds,
         "note": "no edit tells the two texts apart: one adapter"}
        for outcome in losses for one, two in pairs if one.text_sha256 == two.text_sha256
    ]
    return rows + same


def _row(effect: Effect, family: str) -> dict[str, Any]:
    one = asdict(effect.contrast)
    return {
        "family": family, "outcome": one["score"], "arm": one["group"],
        "against": one["reference"], "difference": one["gap"], "by_seed": list(effect.by_seed),
        **{name: one[name] for name in (
            "low", "high", "p", "p_adjusted", "verdict", "dz", "mde", "margin", "tost_low",
            "tost_high", "tost_p_adjusted", "clusters", "test")},
        "seed_low": effect.seed_low, "seed_high": effect.seed_high, "note": one["note"],
    }
