"""Intervals of a corpus score: whole texts resampled, the metric read from their summed counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mhx.stats.estimate import Estimate, small_sample
from mhx.stats.overlap import SCALE, Tally, legal, scores
from mhx.stats.resample import Floats, Ints, Seed, bootstrap_sums
from mhx.stats.results import number

LEVEL = 0.95
RESAMPLES = 2000


@dataclass(frozen=True, kw_only=True)
class CorpusScore:
    """A corpus score with its standard error and 95 % interval.

    `units` counts segments, `clusters` what is resampled (segments, or the texts they come
    from). `se` is the bootstrap's, below ten clusters the jackknife's; None with one cluster.
    """

    score: float
    low: float | None
    high: float | None
    se: float | None
    units: int
    clusters: int
    resamples: int
    signature: str


def corpus_interval(system: Tally, *, clusters: Ints | None = None, resamples: int = RESAMPLES,
                    seed: Seed = 0) -> CorpusScore:
    """The corpus score with its interval; `clusters` (segments,) says which text each is from."""
    rows = by_cluster(system.rows, clusters)
    found = estimate([(system.metric, rows)], resamples=resamples, seed=seed)
    limits = found.limits((1 - LEVEL) / 2)
    lowest, highest = legal(system.metric)
    low, high = (None, None) if limits is None else (
        max(lowest, limits[0]), min(highest, limits[1]))
    return CorpusScore(
        score=system.score, low=low, high=high, se=standard_error(found), units=len(system.rows),
        clusters=found.clusters, resamples=resamples if found.resampled else 0,
        signature=system.signature,
    )


def by_cluster(rows: Floats, clusters: Ints | None) -> Floats:
    """Counts (clusters, K) of the segments of each cluster; `clusters` holds any integers."""
    if clusters is None:
        return rows
    names, place = np.unique(clusters, return_inverse=True)
    out = np.zeros((len(names), rows.shape[1]))
    np.add.at(out, place, rows)
    return out


def estimate(systems: Sequence[tuple[Any, Floats]], *, resamples: int, seed: Seed) -> Estimate:
    """The score of one system, or that of the first less the second, on the same resamples.

    Each system is its metric and its (clusters, K) rows. The standard error is the jackknife's,
    one cluster left out at a time (Efron & Stein 1981). A text not yet seen may be as far off as
    the scale is long, which bounds scores without any spread.
    """
    rows = np.hstack([part for _, part in systems])
    edges = np.cumsum([part.shape[1] for _, part in systems])[:-1]
    size = len(rows)

    def value(sums: Floats) -> Floats:
        parts = np.split(sums, edges, axis=-1)
        found = [scores(metric, part) for (metric, _), part in zip(systems, parts, strict=True)]
        return found[0] if len(found) == 1 else found[0] - found[1]

    total = rows.sum(0)
    without = value(total - rows)
    error = np.sqrt((size - 1) / size * ((without - without.mean()) ** 2).sum())
    reach = max(float(getattr(metric, "reach", SCALE)) for metric, _ in systems)
    draws = value(bootstrap_sums(rows, resamples=resamples, seed=seed)[0])
    return Estimate(float(value(total)), float(error) if size > 1 else float("nan"),
                    float(size - 1), size, reach, small_sample(size), draws)


def standard_error(found: Estimate) -> float | None:
    """The bootstrap's standard error with the small-sample factor, the jackknife's for few."""
    if not found.known:
        return None
    if found.draws is None or not found.resampled:
        return number(found.se)
    return number(found.inflate * float(found.draws.std()))
