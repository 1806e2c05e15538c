"""The gate before languages are compared: without anchors there is no gap, only what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from mhx.stats.columns import Margin
from mhx.stats.effects import (
    ANCHOR_CORRELATION,
    ANCHOR_MARGIN_SHARE,
    ANCHOR_SD_SHARE,
    anchors_needed,
)
from mhx.stats.resample import Floats
from mhx.stats.results import CrossLanguage


def cross_language(scores: Mapping[str, Floats], languages: Sequence[str], *,
                   reference: str | None, margin: Margin | None,
                   alpha: float) -> list[CrossLanguage]:
    """One record a score and pair of languages (each against `reference` where it is named).

    Scores of two languages compare only if the scorer is shown to mean the same in both: on
    anchors with human ratings in both, its intercepts must be equivalent within half the margin
    (non-significant bias is not comparability). No anchors are given here, so the verdict is
    ``insufficient anchors`` with the number that would certify an unbiased scorer with 80 %
    power, at a residual SD of .3 of the score's range and a correlation of .5 between the
    languages: 198 for a margin of .25 on a 0-2 scale.
    """
    pairs = [pair for pair in combinations(sorted(languages), 2)
             if reference is None or reference in pair]
    ordered = [(b, a) if reference is None or a == reference else (a, b) for a, b in pairs]
    out = []
    for score, values in scores.items():
        needed, assumption = _needed(values, margin, alpha)
        out += [CrossLanguage(score=score, language=language, reference=home, anchors=0,
                              verdict="insufficient anchors", anchors_needed=needed,
                              assumption=assumption) for language, home in ordered]
    return out


def _needed(values: Floats, margin: Margin | None, alpha: float) -> tuple[int | None, str]:
    known = values[np.isfinite(values)]
    span = float(np.ptp(known)) if len(known) else 0.0
    if margin is None or margin.unit == "dz":
        return None, "a margin in raw points is needed to say how many anchors are missing"
    if span == 0:
        return None, "the score is constant"
    points = margin.value if margin.unit == "raw" else margin.value * float(known.std(ddof=1))
    sd = ANCHOR_SD_SHARE * span
    return anchors_needed(points, sd, alpha=alpha), (
        f"intercepts equivalent within {ANCHOR_MARGIN_SHARE * points:.3g} "
        f"({ANCHOR_MARGIN_SHARE:.0%} of the margin), residual SD {sd:.3g}, "
        f"correlation {ANCHOR_CORRELATION}, power 80 %, alpha {alpha:g}")
