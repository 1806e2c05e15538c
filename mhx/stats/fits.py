"""A mixed and an ordinal model of one slice, fitted by statsmodels; what it says becomes a note."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from mhx.stats.analysis import Analysis
from mhx.stats.columns import compact
from mhx.stats.resample import Floats, Ints

MOST_LEVELS = 10  # distinct scores up to which an ordinal model is fitted


@dataclass(frozen=True)
class Fit:
    """A model's gaps by group code with standard errors and degrees of freedom, or why not."""

    values: Mapping[int, float]
    errors: Mapping[int, float]
    df: float
    note: str = ""


def guarded(fit: Callable[..., Fit], *given: Any) -> Fit:
    """`fit(*given)` with its warnings as a note; without numbers where it breaks off."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            found = fit(*given)
        except (np.linalg.LinAlgError, ValueError, RuntimeError) as error:
            return _none(f"could not be fitted: {error}")
    said = dict.fromkeys(_plain(str(one.message)) for one in caught) if found.values else {}
    return replace(found, note="; ".join(filter(None, [found.note, *said])))


def _plain(warning: str) -> str:
    if "ptimization" in warning:  # an optimizer gave up and the next one converged
        return ""
    if any(word in warning for word in ("boundary", "Hessian", "singular")):
        return "units do not differ beyond chance: as good as no random intercept"
    return warning.strip().splitlines()[0].split(". ")[0].rstrip(".")


def _none(note: str) -> Fit:
    return Fit({}, {}, 0.0, note)


def mixed_fit(own: Analysis) -> Fit:
    """Score by group with the unit as random intercept, REML, on the sample's elements."""
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
    ratio = float(fit.cov_re[0, 0] / fit.scale)
    errors = np.sqrt(np.diag(fit.scale * _fixed_covariance(dummies, compact(unit), ratio)))
    return _by_group(filled, fit.fe_params[1:] * spread, errors[1:] * spread, df)


def _fixed_covariance(design: Floats, unit: Ints, ratio: float) -> Floats:
    """Inverse information of the fixed effects, in residual variances; `ratio` is the units'
    variance over the residual one. statsmodels takes it from a Hessian that is singular at 0."""
    sums = np.stack([np.bincount(unit, weights=column) for column in design.T], axis=1)
    shrunk = sums * (ratio / (1 + ratio * np.bincount(unit)))[:, None]
    information: Floats = design.T @ design - sums.T @ shrunk
    return np.asarray(np.linalg.inv(information), dtype=np.float64)


def ordinal_fit(own: Analysis, scores: Floats) -> Fit:
    """Cumulative logits of the rows' scores by group, sandwich errors clustered by unit."""
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
    values = np.zeros(len(filled))
    total, largest = np.zeros(len(filled)), np.zeros(len(filled))
    for many in range(1, len(clusters) + 1):
        for chosen in combinations(clusters, many):
            place = np.unique(np.stack(chosen), axis=1, return_inverse=True)[1].ravel()
            fit = OrdinalGEE(codes, dummies, groups=place, cov_struct=Independence()).fit()
            if not fit.converged:
                return _none("did not converge")
            values = np.asarray(fit.params, dtype=np.float64)[-len(filled):]
            part = np.diag(fit.cov_params())[-len(filled):]
            total += part if many % 2 else -part
            largest = np.maximum(largest, part) if many == 1 else largest
    variance = np.maximum(total, largest) if len(clusters) > 1 else total
    df = min(int(factor.max()) for factor in clusters)
    return _by_group(filled, values, np.sqrt(variance), df)


def _filled(group: Ints, home: int) -> list[int]:
    """The groups that occur, without the reference; none where that does not occur."""
    present = [int(one) for one in np.unique(group)]
    return [one for one in present if one != home] if home in present else []


def _by_group(filled: Sequence[int], values: Floats, errors: Floats, df: float) -> Fit:
    return Fit(dict(zip(filled, map(float, values), strict=True)),
               dict(zip(filled, map(float, errors), strict=True)), float(df))
