"""Ordinal DIF: at equal human rating, does the language move the score's categories?"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mhx.schema.anchors import CurvePoint, DifRow
from mhx.stats.anchors.cumulative import CumulativeLogit, cumulative_logit
from mhx.stats.anchors.invariance import Invariance
from mhx.stats.anchors.levels import levels, nearest
from mhx.stats.anchors.lines import Lines, item_rows, lines
from mhx.stats.anchors.severity import Rated
from mhx.stats.anchors.study import Scale
from mhx.stats.distributions import two_sided
from mhx.stats.resample import Floats, Ints

MODERATE, LARGE = 0.035, 0.070  # change in R2 (Jodoin & Gierl 2001)
MOST_CATEGORIES = 7
FOLDS = 25  # of items, left out one at a time
CURVE = 9  # points a curve is drawn through

Fits = tuple[CumulativeLogit, CumulativeLogit, CumulativeLogit]


def size_of(effect: float) -> Literal["negligible", "moderate", "large"]:
    """Jodoin & Gierl's (2001) class of a change in R2."""
    return "negligible" if effect < MODERATE else "moderate" if effect < LARGE else "large"


def dif_row(scores: Floats, rated: tuple[Rated, Rated], found: Invariance, *, score: str,
            languages: tuple[str, str], scale: Scale, rating_scale: Scale) -> DifRow:
    """The cumulative logit models score ~ human, + language, + human x language.

    scores: (items, 2), language and reference, nan where missing. Human ratings are shrunk by
    their reliability in each language first (Kelley 1947; regression calibration, Carroll et al.
    2006), else rating error makes uniform DIF where the languages' levels differ. The p values
    are of t tests with a delete-a-group jackknife over items, reliabilities included. Scores of
    more than 7 values are taken to the nearest step of the scale.
    """
    human = np.stack([one.mean for one in rated], axis=1) - found.center
    here = np.isfinite(scores) & np.isfinite(human)
    values = np.unique(scores[here])
    if len(values) > MOST_CATEGORIES:
        scores = np.where(here, nearest(scores, levels(scale)), np.nan)
        values = np.unique(scores[here])
    row = DifRow(score=score, language=languages[0], reference=languages[1], n=int(here.sum()),
                 categories=values.tolist(), uniform=None, uniform_p=None, nonuniform=None,
                 nonuniform_p=None, effect=None, size=None, difference=None,
                 note="no finite fit: the human rating separates the score's categories")
    whole = _fits(scores, human, here, found.lines, found.spread)
    if whole is None:
        return row
    base, shifted, crossed = whole
    uniform_p, nonuniform_p = _tests(scores, human, here, rated, found, whole)
    effect = max(0.0, crossed.nagelkerke - base.nagelkerke)
    places = _calibrated(human, found.lines)[here] / found.spread
    steps = np.linspace(*rating_scale, CURVE)
    curves = [CurvePoint(language=name, human=float(step), expected=float(value))
              for side, name in enumerate(languages) for step, value in zip(
                  steps, _expected(crossed, side, (steps - found.center) / found.spread, values),
                  strict=True)]
    gap = _expected(crossed, 0, places, values) - _expected(crossed, 1, places, values)
    return row.model_copy(update={
        "uniform": max(0.0, shifted.nagelkerke - base.nagelkerke), "uniform_p": uniform_p,
        "nonuniform": max(0.0, crossed.nagelkerke - shifted.nagelkerke),
        "nonuniform_p": nonuniform_p, "effect": effect, "size": size_of(effect),
        "difference": float(gap.mean()), "curves": curves, "note": ""})


def _calibrated(human: Floats, found: Lines) -> Floats:
    """Human means, measured from the center, shrunk to their language's mean."""
    reliability = found.variance / (found.variance + found.error)
    out: Floats = found.human + reliability * (human - found.human)
    return out


def _fits(scores: Floats, human: Floats, here: NDArray[np.bool_], found: Lines,
          spread: float) -> Fits | None:
    item, side = np.nonzero(here)
    x = _calibrated(human, found)[item, side] / spread
    codes: Ints = np.unique(scores[item, side], return_inverse=True)[1]
    focal = (side == 0).astype(float)
    design = np.stack([x, focal, x * focal], axis=1)
    first, second, third = (cumulative_logit(codes, design[:, :size]) for size in (1, 2, 3))
    return None if first is None or second is None or third is None else (first, second, third)


def _tests(scores: Floats, human: Floats, here: NDArray[np.bool_], rated: tuple[Rated, Rated],
           found: Invariance, whole: Fits) -> tuple[float | None, float | None]:
    """p of the language's and of the interaction's coefficient; None where a fold has no fit."""
    rows = item_rows(scores, human, here, rated)
    order = np.cumsum(here.any(1)) - 1
    folds = min(FOLDS, int(order[-1]) + 1)
    away = []
    for fold in range(folds):
        kept = here & (order % folds != fold)[:, None]
        fits = _fits(scores, human, kept, lines(rows[kept.any(1)].sum(0)), found.spread)
        if fits is None:
            return None, None
        away.append((fits[1].b[1] - whole[1].b[1], fits[2].b[2] - whole[2].b[2]))
    se = np.sqrt((folds - 1) / folds * (np.array(away) ** 2).sum(0))
    t = np.array([whole[1].b[1], whole[2].b[2]]) / np.maximum(se, 1e-12)
    return two_sided(float(t[0]), folds - 1), two_sided(float(t[1]), folds - 1)


def _expected(model: CumulativeLogit, side: int, x: Floats, values: Floats) -> Floats:
    focal = np.full(len(x), float(side == 0))
    return model.expected(np.stack([x, focal, x * focal], axis=1), values)
