"""A mixed and an ordinal model of the gaps: checks beside the design-based result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from mhx.stats.analysis import Analysis
from mhx.stats.distributions import t_quantile, two_sided
from mhx.stats.fits import Fit, guarded, mixed_fit, ordinal_fit
from mhx.stats.resample import Floats
from mhx.stats.results import Contrast, ModelCheck, number


def model_checks(own: Analysis, scores: Floats, contrasts: Sequence[Contrast], *,
                 alpha: float) -> list[ModelCheck]:
    """Both models' estimates of every gap, beside the slice's `contrasts`.

    `scores` is the table's column. ``mixed``: the elements (unit x group means) by group, with
    the unit as random intercept, REML (statsmodels MixedLM), t with units - 1 degrees of freedom.
    In a balanced paired design of two groups it is the paired t test. ``ordinal``: the rows'
    cumulative logits by group (statsmodels OrdinalGEE, working independence; Lipsitz, Kim & Zhao
    1994), sandwich errors clustered by unit, for scores of 2 to 10 distinct values; crossed
    random factors after Cameron, Gelbach & Miller (2011). What cannot be fitted, or does not
    converge, has no numbers and a note.
    """
    found = {one.group: one for one in contrasts}
    fits = {"mixed": guarded(mixed_fit, own), "ordinal": guarded(ordinal_fit, own, scores)}
    labels, home = own.sample.layout.labels, own.sample.layout.reference
    empty = ModelCheck(**own.where, group="", reference=labels[home], n=0, model="mixed",
                       scale="raw points")
    out = []
    for group in range(own.sample.size):
        if group == home:
            continue
        base = replace(empty, group=labels[group],
                       n=int(own.sample.n[group] + own.sample.n[home]))
        out += [_record(base, "mixed", fits["mixed"], group, found.get(labels[group]), alpha),
                _record(base, "ordinal", fits["ordinal"], group, found.get(labels[group]), alpha)]
    return out


def _record(base: ModelCheck, model: Literal["mixed", "ordinal"], fit: Fit, group: int,
            beside: Contrast | None, alpha: float) -> ModelCheck:
    record = replace(base, model=model, note=fit.note,
                     scale="raw points" if model == "mixed" else "log odds")
    value, se = number(fit.values.get(group)), number(fit.errors.get(group))
    if value is None or se is None or se <= 0 or fit.df <= 0:
        return record if not fit.values else replace(
            record, note="not estimable: the group's scores are all the same, or too few")
    half, p = t_quantile(1 - alpha / 2, fit.df) * se, two_sided(value / se, fit.df)
    agrees = None
    if beside is not None and beside.gap is not None and beside.p is not None:
        agrees = (value > 0) == (beside.gap > 0) and (p < alpha) == (beside.p < alpha)
    return replace(record, estimate=value, se=se, low=value - half, high=value + half, p=p,
                   agrees=agrees)
