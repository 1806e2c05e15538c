"""Effect sizes, sample sizes and corrections for many tests: closed formulas, nothing drawn."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, lgamma, sqrt

import numpy as np

from mhx.stats.distributions import normal_quantile, t_quantile
from mhx.stats.resample import Floats

POWER = 0.8
ANCHOR_SD_SHARE = 0.3  # residual SD of a score given the human rating, as a share of its range
ANCHOR_CORRELATION = 0.5  # of the two languages' residuals on the same anchor
ANCHOR_MARGIN_SHARE = 0.5  # of the margin that scorer bias may use up


def hedges_g(group: Floats, reference: Floats) -> float | None:
    """(mean difference) / pooled SD with the exact small-sample factor (Hedges 1981).

    For paired scores too the SD is that of the scores, not of the differences, so that the
    number compares across designs. None when there is no spread or fewer than 3 scores.
    """
    df = len(group) + len(reference) - 2
    if min(len(group), len(reference)) < 1 or df < 1:
        return None
    squares = ((group - group.mean()) ** 2).sum() + ((reference - reference.mean()) ** 2).sum()
    pooled = sqrt(float(squares) / df)
    if pooled <= 1e-12 or df < 2:
        return None
    factor = exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)
    return factor * float(group.mean() - reference.mean()) / pooled


def cliffs_delta(group: Floats, reference: Floats) -> float | None:
    """P(group > reference) - P(group < reference) over all pairs of scores (Cliff 1993)."""
    if not len(group) or not len(reference):
        return None
    ordered = np.sort(reference)
    below = np.searchsorted(ordered, group, side="left").sum()
    above = len(reference) * len(group) - np.searchsorted(ordered, group, side="right").sum()
    return float((int(below) - int(above)) / (len(group) * len(reference)))


def detectable(se: float, df: float, alpha: float) -> float:
    """The smallest gap a two-sided test at `alpha` finds with 80 % power, in raw points."""
    return (t_quantile(1 - alpha / 2, df) + t_quantile(POWER, df)) * se


def smallest_margin(se: float, df: float, alpha: float) -> float:
    """The smallest margin TOST at `alpha` certifies with 80 % power when the gap is zero."""
    return (t_quantile(1 - alpha, df) + t_quantile((1 + POWER) / 2, df)) * se


def units_needed(margin: float, sd: float, *, alpha: float = 0.05, power: float = POWER) -> int:
    """Paired units TOST needs to certify |gap| < `margin` when the gap is zero.

    n = ((z[1-alpha] + z[(1+power)/2]) * sd / margin)**2 with `sd` that of the differences
    (Schuirmann 1987, normal approximation): 96 for sd = 1, margin = .3.
    """
    z = normal_quantile(1 - alpha) + normal_quantile((1 + power) / 2)
    return ceil((z * sd / margin) ** 2)


def anchors_needed(margin: float, residual_sd: float, *, correlation: float = ANCHOR_CORRELATION,
                   alpha: float = 0.05) -> int:
    """Anchors (rated by humans in both languages) that certify a scorer's intercept bias.

    The difference of the two languages' scorer intercepts must be shown equivalent to zero
    within half the margin; its spread per anchor is residual_sd * sqrt(2 (1 - correlation)).
    With margin .25, residual SD .6 and correlation .5: 198 (reference/statistics.md: about 197).
    """
    sd = residual_sd * sqrt(2 * (1 - correlation))
    return units_needed(ANCHOR_MARGIN_SHARE * margin, sd, alpha=alpha)


def holm(p: Sequence[float]) -> list[float]:
    """Holm's (1979) adjusted p values: family-wise error, any dependence."""
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")
    steps = values[order] * (len(values) - np.arange(len(values)))
    out = np.empty_like(values)
    out[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return [float(value) for value in out]


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Benjamini & Hochberg's (1995) adjusted p values: false discovery rate, for screens."""
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")[::-1]
    steps = values[order] * len(values) / (len(values) - np.arange(len(values)))
    out = np.empty_like(values)
    out[order] = np.minimum(1.0, np.minimum.accumulate(steps))
    return [float(value) for value in out]


def shrink(means: Floats, variances: Floats) -> Floats:
    """Group means pulled to their precision-weighted mean (DerSimonian & Laird 1986).

    `variances` are the squared standard errors; a mean with none is left as it is. Weight of
    the raw mean: tau2 / (tau2 + variance), tau2 by the method of moments.
    """
    known = np.isfinite(means) & np.isfinite(variances) & (variances > 0)
    if known.sum() < 3:
        return means
    weight = 1 / variances[known]
    grand = float((weight * means[known]).sum() / weight.sum())
    q = float((weight * (means[known] - grand) ** 2).sum())
    spread = float(weight.sum() - (weight**2).sum() / weight.sum())
    tau2 = max(0.0, (q - (known.sum() - 1)) / spread)
    out = means.copy()
    trust = tau2 / (tau2 + variances[known])
    out[known] = grand + trust * (means[known] - grand)
    return out
