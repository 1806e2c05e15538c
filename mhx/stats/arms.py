"""Arms of an experiment on the same items: paired differences, averaged over the seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan, sqrt

import numpy as np

from mhx.stats.columns import Margin
from mhx.stats.contrasts import Tested, adjusted, contrast
from mhx.stats.distributions import t_quantile
from mhx.stats.pairs import Gap, at_floor, paired_estimates
from mhx.stats.resample import Floats, Seed
from mhx.stats.results import Contrast
from mhx.stats.signflip import flip_test

RESAMPLES = 5000
FLIPS = 10_000


@dataclass(frozen=True)
class Outcome:
    """What arms got on the same clusters of items, such as dialogues.

    `sums` holds (seeds, clusters) a name of an arm, nan where nothing was scored; `weights`
    (clusters,) is what a mean divides by (tokens, or 1).
    """

    name: str
    sums: dict[str, Floats]
    weights: Floats


@dataclass(frozen=True)
class Effect:
    """A contrast of two arms, the difference of each seed, and t limits over the seeds.

    The contrast's own limits are over the clusters, with the seeds averaged: they hold for these
    trainings. `seed_low` and `seed_high` are over the trainings, for these items; None with one.
    """

    contrast: Contrast
    by_seed: tuple[float, ...]
    seed_low: float | None
    seed_high: float | None


def effects(
    outcomes: Sequence[Outcome], pairs: Sequence[tuple[str, str]], *,
    margin: Margin | None = None, alpha: float = 0.05, seed: Seed = 0,
) -> list[Effect]:
    """Arm less the arm it is compared with, for every outcome; one family (Holm).

    p is that of the sign-flip test over clusters, the interval the cluster bootstrap's: both hold
    for these trainings. A difference is called different only where the trainings agree as well:
    the same sign in all seeds, and from three seeds on t limits over them that leave out zero.
    Equivalent needs every seed's difference within the margin, and from three seeds on those
    limits too. With one seed the note says that nothing is known of other trainings.
    """
    found = [_one(outcome, arm, other, margin, alpha, seed)
             for outcome in outcomes for arm, other in pairs]
    tested = adjusted([one for one, _ in found], alpha=alpha, adjust="holm")
    return [_with_seeds(one, by_seed, alpha)
            for one, (_, by_seed) in zip(tested, found, strict=True)]


def _one(
    outcome: Outcome, arm: str, other: str, margin: Margin | None, alpha: float, seed: Seed
) -> tuple[Contrast, Floats]:
    one, two = outcome.sums[arm], outcome.sums[other]
    kept = np.isfinite(one).all(0) & np.isfinite(two).all(0) & (outcome.weights > 0)
    one, two, weights = one[:, kept], two[:, kept], outcome.weights[kept]
    first, second = one.mean(0) / weights, two.mean(0) / weights
    both = np.concatenate([first, second])
    bottom = weights[:, None]
    top = (one - two).mean(0)[:, None]
    estimate = paired_estimates(top, top, bottom, reach=float(np.ptp(both)) if len(both) else 0.0,
                                resamples=RESAMPLES, seed=seed)[0]
    gap = Gap(estimate, first, second, len(first))
    test = flip_test(top, bottom, alpha=alpha, flips=FLIPS, seed=seed) if len(top) > 1 else None
    floored = bool(len(both)) and at_floor(gap, float(both.min()), float(both.max()))
    record = contrast(
        Tested(gap, None if test is None else float(test.p[0]), "sign flips, paired"),
        margin=margin, alpha=alpha, floored=floored, note="",
        where={"score": outcome.name, "attribute": "arm", "kind": "main", "group": arm,
               "reference": other},
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return record, (one - two).sum(1) / weights.sum()


def _with_seeds(one: Contrast, by_seed: Floats, alpha: float) -> Effect:
    count = len(by_seed)
    low = high = None
    if count > 1:
        half = t_quantile(1 - alpha / 2, count - 1) * float(by_seed.std(ddof=1)) / sqrt(count)
        low, high = float(by_seed.mean()) - half, float(by_seed.mean()) + half
    if one.verdict in ("different", "trivial", "equivalent"):
        one = _of_trainings(one, by_seed, low, high)
    return Effect(one, tuple(float(value) for value in by_seed), low, high)


def _of_trainings(
    one: Contrast, by_seed: Floats, low: float | None, high: float | None
) -> Contrast:
    """A verdict found over the items, as the trainings let it stand."""
    if len(by_seed) == 1:
        return _noted(one, "one seed: other trainings may differ by more")
    limits = [] if len(by_seed) == 2 or low is None or high is None else [low, high]
    if one.margin is not None and one.verdict != "different":
        if max(abs(value) for value in (*by_seed, *limits)) > one.margin:
            why = "trainings differ by more than the margin"
            return _noted(replace(one, verdict="inconclusive"), why)
        if one.verdict == "equivalent":
            return one
    why = ("the seeds disagree about the sign" if len(set(np.sign(by_seed))) > 1 else
           "no more than trainings differ by seed" if limits and limits[0] <= 0 <= limits[1]
           else "")
    if not why:
        return one
    # trivial is a difference and equivalence: the trainings leave the second
    less = replace(one, verdict="inconclusive" if one.verdict == "different" else "equivalent")
    return _noted(less, why)


def _noted(one: Contrast, note: str) -> Contrast:
    return replace(one, note="; ".join(filter(None, [one.note, note])))


def mean_of(outcome: Outcome, arm: str) -> float:
    """An arm's mean over all clusters and seeds; nan where nothing was scored."""
    sums = outcome.sums[arm]
    kept = np.isfinite(sums).all(0) & (outcome.weights > 0)
    total = float(outcome.weights[kept].sum())
    return float(sums[:, kept].mean(0).sum()) / total if total else nan
