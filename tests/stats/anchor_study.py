"""Anchor studies with a known scorer: ratings by linking raters and scores in two languages."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

LANGUAGES = ("pl", "en")
THRESHOLDS = (0.5, 1.5)


@dataclass(frozen=True, kw_only=True)
class World:
    """What is true. Human levels of an item's two versions are normal with mean 1 + `shift`, SD
    `human_sd` and correlation `human_correlation`; a rating adds the rater's severity (SD
    `severity`, and `drift` for its difference between the languages) and error (`rating_sd`,
    correlated `rating_correlation` between the versions).
    The scorer is `steep` x level + noise (`noise`, correlated `noise_correlation` between the
    versions); in the first language it has a `bias` at the pooled level and a `slope` more per SD.
    `ordinal`: ratings are 0, 1, 2 and the level is the panel's expected rating.
    """

    items: int = 416
    raters: int = 3
    per_item: int = 2
    bias: float = 0.0
    slope: float = 0.0
    steep: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    human_sd: float = 0.6
    human_correlation: float = 0.8
    noise: float = 0.52
    noise_correlation: float = 0.667
    rating_sd: float = 0.424
    rating_correlation: float = 0.0
    severity: float = 0.3
    drift: float = 0.0
    paired: bool = True
    ordinal: bool = False


def draw(world: World, seed: int | list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Scores (items, 2) and ratings (items, 2, raters), nan where there is none."""
    rng = np.random.default_rng(seed)
    n, raters = world.items, world.raters

    def twins(sd: float, correlation: float) -> np.ndarray:
        return sd * rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], n)

    latent = 1 + np.array(world.shift) + twins(world.human_sd, world.human_correlation)
    severity = rng.normal(0, world.severity, raters) + rng.normal(
        0, world.drift / np.sqrt(2), (2, raters))
    error = rng.normal(0, 1, (n, 2, raters)) * np.sqrt(1 - world.rating_correlation)
    error += rng.normal(0, 1, (n, 1, raters)) * np.sqrt(world.rating_correlation)
    given = latent[:, :, None] + severity + world.rating_sd * error
    level = latent
    if world.ordinal:
        from scipy.special import ndtr

        away = latent[:, :, None] + severity.mean(0)
        level = sum(ndtr((away - cut) / world.rating_sd) for cut in THRESHOLDS).mean(2)
        given = (given > THRESHOLDS[0]).astype(float) + (given > THRESHOLDS[1])
    noise = twins(world.noise, world.noise_correlation)
    center, spread = level.mean(), float(np.sqrt(level.var(0).mean()))
    scores = world.steep * (level - center) + noise + 1
    scores[:, 0] += world.bias + world.slope * (level[:, 0] - center) / spread
    teams = np.array(list(combinations(range(raters), world.per_item)))
    team = teams[np.arange(n) % len(teams)]
    seen = np.zeros((n, raters), dtype=bool)
    seen[np.arange(n)[:, None], team] = True
    ratings = np.where(seen[:, None, :], given, np.nan)
    if not world.paired:
        for side in (0, 1):
            scores[side::2, side] = np.nan
            ratings[side::2, side] = np.nan
    return scores, ratings


def frames(world: World, seed: int,
           scorer: str = "judge 1") -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same as tables: ratings (item, language, rater, rating), scores (item, language,
    empathy, scorer)."""
    scores, ratings = draw(world, seed)
    rated: list[dict[str, Any]] = [
        {"item": f"i{i:03}", "language": LANGUAGES[side], "rater": f"r{k + 1}",
         "rating": float(ratings[i, side, k])}
        for i, side, k in zip(*np.nonzero(np.isfinite(ratings)), strict=True)]
    scored: list[dict[str, Any]] = [
        {"item": f"i{i:03}", "language": LANGUAGES[side], "empathy": float(scores[i, side]),
         "scorer": scorer} for i, side in zip(*np.nonzero(np.isfinite(scores)), strict=True)]
    return pl.DataFrame(rated), pl.DataFrame(scored)
