"""Synthetic responders: one seeded table of a design, with the true gap planted exactly."""

from __future__ import annotations

from functools import cache
from math import sqrt
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from mhx.errors import MhxError
from mhx.stats.distributions import normal_cdf
from mhx.stats.proving.designs import Design
from mhx.stats.proving.task import Task
from mhx.stats.resample import Floats

if TYPE_CHECKING:
    import polars as pl

LABELS = "abcdefghijklmnopqrstuvwxyz"
LOG_WORDS, LOG_WORDS_SD = 4.5, 0.4  # an answer of 90 words, half to twice that usual
HARD, LOW = -0.5, -0.8  # latent SDs below which a scenario is hard and an answer low


def draw(design: Design, gap: float, *, seed: int, replicate: int) -> pl.DataFrame:
    """One table: scenario, group, score; language, name or rater, words, ratings, inclusion.

    A missing score is null. The draws depend on the design, the seed and the replicate, not on
    the gap: tables of two gaps differ by the gap alone.
    """
    import polars as pl

    rng = np.random.default_rng([seed, crc32(design.name.encode()), replicate])
    n, sides, many = design.scenarios, design.groups * design.languages, design.levels
    scenario = rng.normal(0, 1, (n, 1 if design.paired else sides, 1))
    level = rng.normal(0, 1, (1, 1, many))
    own_level = rng.normal(0, 1, (1, sides, many))
    latent = (design.scenario_sd * scenario
              + design.cell_sd * rng.normal(0, 1, (n, sides, 1))
              + design.level_sd * level + design.own_level_sd * own_level
              + design.noise_sd * rng.normal(0, 1, (n, sides, many)))
    human = _rated(
        latent[..., None] + design.severity_sd * rng.normal(0, 1, design.raters)
        + design.rating_sd * rng.normal(0, 1, (*latent.shape, design.raters)),
        design, sqrt(spread(design)**2 + design.severity_sd**2 + design.rating_sd**2), gap)
    length = rng.normal(0, 1, latent.shape)
    length[:, -1] += design.length_gap
    scored = (latent + design.scorer_sd * rng.normal(0, 1, latent.shape)
              + design.length_effect * length)
    score = _rated(scored, design, scorer_spread(design), gap + design.bias)
    score[rng.random(score.shape) < _missing(design, scenario, latent)] = np.nan
    held = np.isfinite(latent)
    for last, size in enumerate(design.sizes):
        held[size:, last] = False
    rows, side, which = np.nonzero(held)
    columns = {
        "scenario": rows if design.paired else rows * sides + side,
        "group": np.array(list(LABELS))[side % design.groups],
        "score": score[held],
    }
    if design.languages > 1:
        columns["language"] = np.array(list(LABELS))[side // design.groups]
    if design.levels > 1:
        columns[design.level] = side * many + which if design.own_level_sd else which
    if design.length_effect:
        columns["words"] = np.round(np.exp(LOG_WORDS + LOG_WORDS_SD * length[held]))
    if design.rated:
        chosen = np.zeros(n, dtype=bool)
        chosen[rng.permutation(n)[: round(design.rated * n)]] = True
        columns |= {name: np.where(chosen[rows], human[held][:, rater], np.nan)
                    for rater, name in enumerate(ratings(design))}
        columns["inclusion"] = np.full(len(rows), round(design.rated * n) / n)
    return pl.DataFrame(columns).with_columns(
        pl.col(name).fill_nan(None) for name in ("score", *ratings(design)))


def ratings(design: Design) -> tuple[str, ...]:
    """The columns of people's ratings, one a rater; none where nobody rated."""
    return tuple(f"human {rater + 1}" for rater in range(design.raters)) if design.rated else ()


def task(design: Design, *, margin: float, alpha: float, resamples: int, seed: int) -> Task:
    """The question that fits the design's tables."""
    between = design.estimand == "languages"
    spoken = design.languages > 1 and not between
    clusters: list[str] = [design.level] if design.random_level else []
    if not design.paired and design.levels > 1:
        clusters.append("scenario")
    return Task(
        estimand="largest" if design.estimand == "largest" else "pair", score="score",
        group="language" if between else "group", reference="a",
        value=LABELS[(design.languages if between else design.groups) - 1],
        unit=("scenario",) if design.paired else (), cluster=tuple(clusters),
        language="language" if design.languages > 1 else None,
        within=LABELS[design.languages - 1] if spoken else None,
        length="words" if design.length_effect else None,
        human=ratings(design), inclusion="inclusion" if design.rated else None,
        margin=margin, alpha=alpha, resamples=resamples, seed=seed)


def spread(design: Design) -> float:
    """SD of the latent true empathy of one answer."""
    return sqrt(design.scenario_sd**2 + design.cell_sd**2 + design.level_sd**2
                + design.own_level_sd**2 + design.noise_sd**2)


def scorer_spread(design: Design) -> float:
    """SD of the scorer's latent where the length is that of the other groups."""
    return sqrt(spread(design) ** 2 + design.scorer_sd**2 + design.length_effect**2)


def _rated(latent: Floats, design: Design, sd: float, gap: float) -> Floats:
    """Ratings whose expectation in the last group is `gap` above the others'."""
    shifted = latent.copy()
    shifted[:, -1] += shift(design.cuts, sd, gap)
    if not design.cuts:
        return shifted
    levels: Floats = (shifted[..., None] > np.array(design.cuts)).sum(-1).astype(np.float64)
    return levels


def _missing(design: Design, scenario: Floats, latent: Floats) -> Floats:
    """Probability that an answer has no score, (scenarios, sides, levels)."""
    out = np.full(latent.shape, design.missing)
    hard = np.broadcast_to(scenario < HARD, latent.shape)[:, -1]
    low = latent[:, -1] < LOW * spread(design)
    out[:, -1] += (design.missing_group + design.missing_hard * hard + design.missing_low * low)
    return out


@cache
def shift(cuts: tuple[float, ...], sd: float, gap: float) -> float:
    """The latent shift that raises the expected rating by `gap`, by bisection; `sd` is the
    latent one.

    Raises MhxError for a gap that the scale cannot have (0-2 ratings: beyond about .9).
    """
    if not cuts or gap == 0:
        return gap

    def expected(by: float) -> float:
        return sum(normal_cdf((by - cut) / sd) for cut in cuts)

    low, high = -12.0, 12.0
    target = expected(0.0) + gap
    if not expected(low) < target < expected(high):
        room = (expected(low) - expected(0.0), expected(high) - expected(0.0))
        raise MhxError(f"no responders have a gap of {gap:g} on this scale",
                       f"between {room[0]:.2f} and {room[1]:.2f} is possible")
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if expected(middle) < target else (low, middle)
    return (low + high) / 2
