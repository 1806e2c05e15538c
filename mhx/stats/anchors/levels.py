"""The scorer's mean at each level of the human rating: what a calibration figure draws."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

import numpy as np

from mhx.schema.anchors import CalibrationRow
from mhx.stats.anchors.severity import fit
from mhx.stats.anchors.study import Scale, Study
from mhx.stats.distributions import t_quantile
from mhx.stats.resample import Floats

MOST_STEPS, STEPS = 10, 5


def levels(scale: Scale) -> Floats:
    """The whole numbers of a short scale, else five equal steps of it."""
    low, high = scale
    if low == round(low) and high == round(high) and high - low <= MOST_STEPS:
        return np.arange(low, high + 1, dtype=np.float64)
    return np.linspace(low, high, STEPS)


def nearest(values: Floats, steps: Floats) -> Floats:
    """Each value's nearest step; ties go up."""
    middles = np.array([(a + b) / 2 for a, b in pairwise(steps)])
    return steps[np.searchsorted(middles, values, side="right")]


def calibration_rows(study: Study, pairs: Sequence[tuple[str, str]],
                     rating_scale: Scale) -> list[CalibrationRow]:
    """By score and language; the human ratings are those of the language's first pair."""
    out = []
    for language in dict.fromkeys(name for pair in pairs for name in reversed(pair)):
        pair = next(pair for pair in pairs if language in pair)
        at = study.languages.index(language)
        rated = fit(study.ratings[:, at][:, study.linking(*pair)])
        for score, scores in study.scores.items():
            given = scores[:, at]
            here = np.isfinite(given) & np.isfinite(rated.mean)
            near = nearest(rated.mean[here], levels(rating_scale))
            out += [_row(score, language, float(level), given[here][near == level])
                    for level in np.unique(near)]
    return out


def _row(score: str, language: str, level: float, values: Floats) -> CalibrationRow:
    n, mean = len(values), float(values.mean())
    half = t_quantile(0.975, n - 1) * float(values.std(ddof=1)) / sqrt(n) if n > 1 else None
    return CalibrationRow(score=score, language=language, human=level, mean=mean, n=n,
                          low=None if half is None else mean - half,
                          high=None if half is None else mean + half)
