"""Intraclass correlations of the two-way model (McGraw & Wong 1996), F-based and bootstrapped."""

from __future__ import annotations

from math import isfinite

import numpy as np

from mhx.stats.categories import Categories
from mhx.stats.estimate import FEW_CLUSTERS, small_sample
from mhx.stats.intervals import TINY, resampled
from mhx.stats.resample import Floats, Ints, percentile_interval
from mhx.stats.statistic import ICC, IntraClass

NO_WIDTH = "no residual variance: an F interval would have no width"
NO_LIMITS = "the F limits are outside the coefficient's domain"


def intra_class(table: Floats, categories: Categories, *, alpha: float, resamples: int = 0,
                seed: int = 0, unit: str = "items",
                cluster: Ints | None = None) -> dict[str, IntraClass]:
    """ICC(A,1), ICC(C,1), ICC(A,k), ICC(C,k) of complete ratings (items, raters).

    A: absolute agreement (a rater's severity counts), C: consistency; 1: of one rater, k: of the
    raters' mean. `unit` is what the rows are called. The bootstrap resamples clusters 0..n-1 of
    rows (each row by default); there is none without `resamples` or with fewer than ten clusters.
    F takes rows for independent.
    """
    items, raters = table.shape
    why = (categories.why_not("icc") or ("fewer than two raters" if raters < 2 else
           f"{unit} with all {raters} ratings: {items}; at least two are needed" if items < 2
           else ""))
    if why:
        return {name: IntraClass(value=None, low=None, high=None, reason=why) for name in ICC}
    sums = item_sums(categories.scaled(table) - float(categories.scaled(table).mean()))
    msr, msc, mse = mean_squares(sums.sum(0)[None], raters)
    values = coefficients(msr, msc, mse, items, raters)
    cluster = np.arange(items) if cluster is None else cluster
    clusters = int(cluster.max()) + 1
    drawn = resampled([sums], cluster, resamples=resamples if clusters >= FEW_CLUSTERS else 0,
                      seed=seed).drawn
    draws = coefficients(*mean_squares(drawn, raters), drawn[:, 0], raters)
    limits = f_limits(msr[0], msc[0], mse[0], items, raters, alpha)
    missing = NO_LIMITS if mse[0] > 0 else NO_WIDTH
    return {name: _icc(float(values[name][0]), limits.get(name), missing, draws[name], alpha,
                       clusters) for name in ICC}


def item_sums(table: Floats) -> Floats:
    """What each item adds (items, raters + 3): one, each rating, its squared sum, its squares."""
    return np.hstack([np.ones((len(table), 1)), table, table.sum(1, keepdims=True) ** 2,
                      (table**2).sum(1, keepdims=True)])


def mean_squares(sums: Floats, raters: int) -> tuple[Floats, Floats, Floats]:
    """Mean squares of items, raters and residual of B rows of summed `item_sums`."""
    n, columns, rows, squares = sums[:, 0], sums[:, 1:-2], sums[:, -2], sums[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        center = columns.sum(1) ** 2 / (n * raters)
        between = rows / raters - center
        severity = (columns**2).sum(1) / n - center
        total = squares - center
        floor = TINY * squares
        between, severity, residual = (
            np.where(one > floor, one, 0.0)
            for one in (between, severity, total - between - severity))
        return between / (n - 1), severity / (raters - 1), residual / ((n - 1) * (raters - 1))


def coefficients(msr: Floats, msc: Floats, mse: Floats, n: Floats | int,
                 raters: int) -> dict[str, Floats]:
    """The four ICCs (McGraw & Wong 1996, table 4); nan where items do not differ enough."""
    def ratio(below: Floats) -> Floats:
        return np.where(below > TINY * (msr + msc + mse), (msr - mse) / below, np.nan)

    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "A1": ratio(msr + (raters - 1) * mse + raters / n * (msc - mse)),
            "C1": ratio(msr + (raters - 1) * mse),
            "Ak": ratio(msr + (msc - mse) / n), "Ck": ratio(msr),
        }


def f_limits(msr: np.float64, msc: np.float64, mse: np.float64, n: int, raters: int,
             alpha: float) -> dict[str, tuple[float, float]]:
    """F-based 1 - alpha limits (McGraw & Wong 1996, table 7); none without residual variance.

    Those of ICC(A,k) are the Spearman-Brown step up of those of ICC(A,1), as in the table.
    """
    from scipy.special import fdtri

    if mse <= 0:
        return {}
    k, level = raters, 1 - alpha / 2
    df = n - 1, (n - 1) * (k - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = msr / mse / fdtri(*df, level), msr / mse * fdtri(*df[::-1], level)
        rho = (msr - mse) / (msr + (k - 1) * mse + k / n * (msc - mse))
        a, b = k * rho / (n * (1 - rho)), 1 + k * rho * (n - 1) / (n * (1 - rho))
        v = (a * msc + b * mse) ** 2 / ((a * msc) ** 2 / (k - 1) + (b * mse) ** 2 / df[1])
        above, below = fdtri(df[0], v, level), fdtri(v, df[0], level)
        tops = n * (msr - above * mse), n * (below * msr - mse)
        rest = k * msc + (k * n - k - n) * mse
        bottoms = above * (msc - mse) + n * msr, msc - mse + n * below * msr
        out = {
            "A1": (tops[0] / (above * rest + n * msr), tops[1] / (rest + n * below * msr)),
            "C1": ((low - 1) / (low + k - 1), (high - 1) / (high + k - 1)),
            "Ak": (tops[0] / bottoms[0], tops[1] / bottoms[1]), "Ck": (1 - 1 / low, 1 - 1 / high),
        }
    if min(bottoms) <= 0:
        del out["Ak"]
    return {name: (float(ends[0]), float(ends[1])) for name, ends in out.items()
            if all(map(isfinite, ends))}


def _icc(value: float, limits: tuple[float, float] | None, missing: str, draws: Floats,
         alpha: float, clusters: int) -> IntraClass:
    if not np.isfinite(value):
        return IntraClass(value=None, low=None, high=None,
                          reason="the rows do not differ beyond the raters' disagreement")
    low, high = limits or (None, None)
    reason = "" if limits else missing
    if not len(draws):
        return IntraClass(value=value, low=low, high=high, reason=reason)
    unknown = ~np.isfinite(draws)
    ends = percentile_interval(np.stack([np.where(unknown, side, draws) for side in (-1.0, 1.0)],
                                        axis=1),
                               tail=alpha / 2, df=clusters - 1, inflate=small_sample(clusters))
    return IntraClass(value=value, low=low, high=high, undefined=float(unknown.mean()),
                      reason=reason, bootstrap=(float(ends[0, 0]), float(ends[1, 1])))
