"""A mixed and an ordinal model of the gaps: checks beside the design-based result."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

import numpy as np

from mhx.stats.analysis import Analysis
from mhx.stats.columns import compact
from mhx.stats.distributions import t_quantile, two_sided
from mhx.stats.resample import Floats, Ints
from mhx.stats.results import Contrast, ModelCheck, number

MOST_LEVELS = 10  # distinct scores up to which an ordinal model is fitted


@dataclass(frozen=True)
class Fit:
    """A model's gaps by group code with standard errors and degrees of freedom, or why not."""

    values: Mapping[int, float]
    errors: Mapping[int, float]
    df: float
    note: str = ""


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
    fits = {"mixed": _guarded(_mixed, own), "ordinal": _guarded(_ordinal, own, scores)}
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
        return record if fit.note else replace(
            record, note="not estimable: the group's scores are all the same, or too few")
    half, p = t_quantile(1 - alpha / 2, fit.df) * se, two_sided(value / se, fit.df)
    agrees = None
    if beside is not None and beside.gap is not None and beside.p is not None:
        agrees = (value > 0) == (beside.gap > 0) and (p < alpha) == (beside.p < alpha)
    return replace(record, estimate=value, se=se, low=value - half, high=value + half, p=p,
                   agrees=agrees)


def _guarded(fit: Callable[..., Fit], *given: Any) -> Fit:
    """The fit with its warnings as a note; without numbers where it breaks off."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            found = fit(*given)
        except (np.linalg.LinAlgError, ValueError, FloatingPointError) as error:
            return _none(f"could not be fitted: {error}")
    said = dict.fromkeys(_plain(str(one.message)) for one in caught)
    return replace(found, note="; ".join(filter(None, [found.note, *said])))


def _plain(warning: str) -> str:
    if "boundary" in warning:
        return "units do not differ beyond chance: as good as no random intercept"
    return warning.strip().splitlines()[0].split(". ")[0].rstrip(".")


def _none(note: str) -> Fit:
    return Fit({}, {}, 0.0, note)


def _mixed(own: Analysis) -> Fit:
    sample = own.sample
    if len(sample.clusters) > 1:
        return _none("random factors that cross are not fitted")
    y, group, unit = sample.y, sample.group, sample.clusters[0]
    if sample.grid is not None:
        unit, group = np.nonzero(np.isfinite(sample.grid))
        y = sample.grid[unit, group]
    spread = float(y.std()) if len(y) else 0.0
    filled, units = _filled(group, sample.layout.reference), len(np.unique(unit))
    if not filled or spread <= 1e-12:
        return _none("the scores are constant" if filled else "fewer than two groups have scores")
    if units == len(y):
        return _none("no unit has two scores: there is nothing to take a random intercept from")
    from statsmodels.regression.mixed_linear_model import MixedLM

    dummies = np.column_stack([np.ones(len(y)), *(group == one for one in filled)]).astype(float)
    fit = MixedLM(y / spread, dummies, groups=unit).fit(reml=True)
    if not fit.converged:
        return _none("did not converge")
    df = units - 1 if sample.grid is not None else units - len(filled) - 1
    return _by_group(filled, fit.fe_params[1:] * spread, fit.bse_fe[1:] * spread, df)


def _ordinal(own: Analysis, scores: Floats) -> Fit:
    layout = own.sample.layout
    kept = np.flatnonzero(np.isfinite(scores[layout.rows]) & (own.sample.n[layout.group] > 0))
    y, group = scores[layout.rows][kept], layout.group[kept]
    levels, codes = np.unique(y, return_inverse=True)
    if not 2 <= len(levels) <= MOST_LEVELS:
        return _none("the scores are constant" if len(levels) < 2 else
                     f"{len(levels)} distinct scores are no ordinal scale")
    spread = [one for one in np.unique(group) if np.ptp(y[group == one]) > 0]
    filled = _filled(np.array(spread), layout.reference)
    if not filled:
        return _none("the reference's scores are all the same, or no other group's differ")
    inside = np.isin(group, spread)
    codes, group = compact(codes[inside]), group[inside]
    clusters = [compact(factor[kept][inside]) for factor in layout.clusters] or [
        np.arange(len(codes), dtype=np.int64)]
    from statsmodels.genmod.cov_struct import Independence
    from statsmodels.genmod.generalized_estimating_equations import OrdinalGEE

    dummies = np.column_stack([group == one for one in filled]).astype(float)
    values: Floats = np.zeros(len(filled))
    total, largest = np.zeros(len(filled)), np.zeros(len(filled))
    for many in range(1, len(clusters) + 1):
        for chosen in combinations(clusters, many):
            place = np.unique(np.stack(chosen), axis=1, return_inverse=True)[1].ravel()
            fit = OrdinalGEE(codes, dummies, groups=place, cov_struct=Independence()).fit()
            if not fit.converged:
                return _none("did not converge")
            values, part = fit.params[-len(filled):], np.diag(fit.cov_params())[-len(filled):]
            total += part if many % 2 else -part
            largest = np.maximum(largest, part) if many == 1 else largest
    variance = np.maximum(total, largest) if len(clusters) > 1 else total
    df = min(int(factor.max()) for factor in clusters)
    return _by_group(filled, np.asarray(values), np.sqrt(variance), df)


def _filled(group: Ints, home: int) -> list[int]:
    """The groups that occur, without the reference; none where that does not occur."""
    present = [int(one) for one in np.unique(group)]
    return [one for one in present if one != home] if home in present else []


def _by_group(filled: Sequence[int], values: Floats, errors: Floats, df: float) -> Fit:
    return Fit(dict(zip(filled, map(float, values), strict=True)),
               dict(zip(filled, map(float, errors), strict=True)), float(df))
