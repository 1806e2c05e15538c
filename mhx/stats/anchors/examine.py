"""One score and one pair of languages: estimated where it can be, judged, and put on record."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Any

import numpy as np

from mhx.schema.anchors import AnchorLicence, DifRow, Drift, Equivalence, Panel
from mhx.stats.anchors.dif import dif_row
from mhx.stats.anchors.invariance import Invariance, invariance
from mhx.stats.anchors.raters import agreement
from mhx.stats.anchors.severity import Rated, fit
from mhx.stats.anchors.study import Scale, Study
from mhx.stats.anchors.verdict import LEAST_LINKING, Judged, judge, two_sided_p
from mhx.stats.effects import ANCHOR_MARGIN_SHARE, POWER
from mhx.stats.estimate import Estimate
from mhx.stats.resample import Floats


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is to be certified: scorer differences within `share` of `margin`, in raw points."""

    margin: float
    scale: Scale
    rating_scale: Scale
    share: float = ANCHOR_MARGIN_SHARE
    alpha: float = 0.05
    power: float = POWER

    @property
    def bound(self) -> float:
        """The largest difference that is let pass."""
        return self.share * self.margin


def examine(study: Study, score: str, pair: tuple[str, str],
            terms: Terms) -> tuple[AnchorLicence, DifRow | None]:
    """The licence of `pair` (language, reference) on `score`, and the DIF row where there is one.

    Only the raters who rated in both languages enter.
    """
    at, linking = [study.languages.index(name) for name in pair], study.linking(*pair)
    first, second = (fit(study.ratings[:, place][:, linking]) for place in at)
    human = np.isfinite(study.ratings[:, at][:, :, linking]).any(2)
    scores = np.where(human, study.scores[score][:, at], np.nan)
    here = np.isfinite(scores)
    both = here.all(1)
    fields: dict[str, Any] = {
        "score": score, "language": pair[0], "reference": pair[1],
        "anchors": int(here.sum(0).min()), "scorers": study.scorers[score],
        "design": "unpaired" if not both.any() else "paired" if here[~both].sum() == 0 else "mixed",
        "panels": {name: _panel(study, name, one)
                   for name, one in zip(pair, (first, second), strict=True)}}
    found, why = _estimate(study, pair, linking, (first, second), scores, terms)
    row, judged = None, Judged(verdict="insufficient anchors", why=why, needed=None)
    if found is not None:
        row = dif_row(scores, (first, second), found, score=score,
                      languages=pair, scale=terms.scale, rating_scale=terms.rating_scale)
        judged = judge(found, row, anchors=fields["anchors"], linking=len(linking),
                       bound=terms.bound, alpha=terms.alpha, power=terms.power)
    return AnchorLicence(**fields, **_numbers(found, terms), verdict=judged.verdict,
                         why=judged.why, needed=judged.needed), row


def _estimate(study: Study, pair: tuple[str, str], linking: list[int], rated: tuple[Rated, Rated],
              scores: Floats, terms: Terms) -> tuple[Invariance | None, str]:
    """The differences, or why there are none."""
    if len(linking) < LEAST_LINKING:
        return None, (f"{study.raters[linking[0]]} alone rated in both languages: whether that "
                      "rater is as severe in both cannot be told from the scorer's bias")
    loose = [name for name, one in zip(pair, rated, strict=True) if not one.connected]
    if loose:
        return None, (f"in {' and '.join(loose)} some linking raters share no item with the "
                      "others: their severity cannot be told from the items' levels")
    once = [name for name, one in zip(pair, rated, strict=True) if not isfinite(one.error)]
    if once:
        return None, (f"in {' and '.join(once)} too few items were rated by two linking raters: "
                      "the ratings' error is unknown")
    if (np.isfinite(scores).sum(0) < 3).any():
        return None, "fewer than three anchors of a language have ratings and a score"
    if (np.nanmax(scores, axis=0) - np.nanmin(scores, axis=0) < 1e-12).any():
        return None, "the score is constant on the anchors of a language"
    found = invariance(scores, rated, reach=terms.scale[1] - terms.scale[0])
    return found, "" if found else "people's ratings of the anchors vary no more than their error"


def _numbers(found: Invariance | None, terms: Terms) -> dict[str, Any]:
    names = ("human_mean", "human_sd", "residual_sd", "correlation", "bias", "slope", "drift")
    if found is None:
        return dict.fromkeys(names)
    values = (found.center, found.spread, found.residual_sd, found.correlation,
              _equivalence(found.bias, found.item_se, found.rater_se, terms),
              _equivalence(found.slope, found.slope.se, 0.0, terms),
              Drift(raters=found.drift.raters, sd=sqrt(found.drift.variance), p=found.drift.p,
                    error=found.drift.error))
    return dict(zip(names, values, strict=True))


def _equivalence(one: Estimate, item_se: float, rater_se: float, terms: Terms) -> Equivalence:
    low, high = one.limits(terms.alpha) or (one.value, one.value)
    return Equivalence(estimate=one.value, se=one.se, df=one.df, low=low, high=high,
                       p=two_sided_p(one), tost_p=one.p_equivalent(terms.bound), item_se=item_se,
                       rater_se=rater_se)


def _panel(study: Study, language: str, one: Rated) -> Panel:
    known = np.isfinite(one.mean)
    means = one.mean[known]
    variance = float(means.var(ddof=1)) if len(means) > 1 else 0.0
    error = one.error if isfinite(one.error) else None
    share = float((1 / one.seen.sum(1)[known]).mean())
    reliable = None if error is None or variance == 0 else max(0.0, 1 - error * share / variance)
    return Panel(items=len(means), ratings=int(one.seen.sum()), mean=float(means.mean()),
                 sd=sqrt(variance), rating_sd=None if error is None else sqrt(error),
                 reliability=reliable, agreement=agreement(study, language))
