"""A corpus score that is the mean of segment scores, for the same resampling as the counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mhx.errors import MhxError, Problem
from mhx.stats.overlap import Tally
from mhx.stats.resample import Floats

REACH = 1.0  # points: most neural metrics are trained on scores between 0 and 1


class Score(NamedTuple):
    """A corpus score, as sacrebleu wraps one."""

    score: float


class Mean:
    """The metric of a `Tally` whose rows are (score, 1): their sums give the mean.

    `reach` is how far from the others a segment not yet seen may be: the range of the scores, and
    not less than `REACH`.
    """

    def __init__(self, reach: float) -> None:
        self.reach = reach

    def _compute_score_from_stats(self, sums: Sequence[float]) -> Score:
        return Score(sums[0] / sums[1])


def mean_tally(scores: Sequence[float], signature: str) -> Tally:
    """The tally of segment scores. Raises MhxError for none."""
    if not scores:
        raise MhxError(Problem("no segments to score", "give texts and scores"))
    column: Floats = np.array(scores, dtype=float)
    return Tally(Mean(max(REACH, float(np.ptp(column)))),
                 np.column_stack([column, np.ones(len(column))]), signature)
