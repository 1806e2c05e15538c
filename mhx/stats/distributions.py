"""The probability functions the statistics need: the one module that loads scipy, and lazily."""

from __future__ import annotations

from functools import cache
from math import sqrt
from typing import Any

MANY_DF = 1000.0  # above this a t is a normal to three digits, and scipy's range is 60x faster


@cache
def _special() -> Any:
    from scipy import special

    return special


def normal_cdf(z: float) -> float:
    """P(Z <= z)."""
    return float(_special().ndtr(z))


def normal_quantile(p: float) -> float:
    """z with P(Z <= z) = p."""
    return float(_special().ndtri(p))


def t_cdf(t: float, df: float) -> float:
    """P(T <= t) of Student's t with `df` (a real number) degrees of freedom."""
    return float(_special().stdtr(df, t))


def t_quantile(p: float, df: float) -> float:
    """t with P(T <= t) = p."""
    return float(_special().stdtrit(df, p))


def two_sided(t: float, df: float) -> float:
    """The two-sided p value of a t statistic."""
    return min(1.0, 2.0 * t_cdf(-abs(t), df))


def range_tail(q: float, groups: int, df: float) -> float:
    """P(Q >= q) of the studentized range of `groups` means (Tukey 1953)."""
    if groups == 2:  # then it is the t test, and scipy's integral is slow
        return two_sided(q / sqrt(2), df)
    from scipy.stats import studentized_range

    return float(studentized_range.sf(q, groups, float("inf") if df > MANY_DF else df))


def range_quantile(p: float, groups: int, df: float) -> float:
    """q with P(Q <= q) = p of the studentized range."""
    if groups == 2:
        return sqrt(2) * t_quantile((1 + p) / 2, df)
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(p, groups, float("inf") if df > MANY_DF else df))


def share_lower_bound(hits: int, n: int, alpha: float) -> float:
    """Exact one-sided lower 1 - alpha bound of a proportion (Clopper & Pearson 1934).

    With 20 hits of 20 and alpha .05 it is .861: misses are bounded at 14 %.
    """
    return 0.0 if hits == 0 else float(_special().betaincinv(hits, n - hits + 1, alpha))


def share_upper_bound(hits: int, n: int, alpha: float) -> float:
    """Exact one-sided upper 1 - alpha bound of a proportion (Clopper & Pearson 1934)."""
    return 1.0 - share_lower_bound(n - hits, n, alpha)


def log_arrangements(n_first: int, n_second: int) -> float:
    """Natural log of the number of ways to split n_first + n_second rows into the two groups."""
    log_factorial = _special().gammaln
    total = log_factorial(n_first + n_second + 1)
    return float(total - log_factorial(n_first + 1) - log_factorial(n_second + 1))
