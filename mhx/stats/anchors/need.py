"""How many anchors show that a scorer without bias has none, with the power asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from mhx.stats.distributions import normal_cdf, normal_quantile

MOST, STEP = 1_000_000, 1.1
DRAWS = 40  # quantiles of the raters' spread that the power is averaged over


@dataclass(frozen=True, kw_only=True)
class Linking:
    """The linking raters: how many, the SD between them of (severity in one language minus the
    other), and the variance that rating error adds to it at one anchor (over n: / n).
    """

    raters: int
    drift: float
    error: float


def tost_power(bound: float, se: float, alpha: float, *, truth: float = 0.0) -> float:
    """Power of TOST for |difference| < `bound` when it is `truth` and `se` is known."""
    half = max(0.0, bound - normal_quantile(1 - alpha) * se)
    if se <= 0:
        return float(abs(truth) < bound)
    return normal_cdf((half - truth) / se) - normal_cdf((-half - truth) / se)


def linked_power(bound: float, item_variance: float, alpha: float, n: int, linking: Linking, *,
                 truth: float = 0.0) -> float:
    """Power for the bias when the raters' drift is estimated as the test estimates it.

    Averaged over the distribution of the drift's estimate, a scaled chi-square: few raters make a
    poor estimate of it even where there is none, and that costs power.
    """
    from scipy.special import chdtri, ndtr, stdtrit

    items, error = item_variance / n, linking.error / n
    free = linking.raters - 1
    quantiles = (np.arange(DRAWS) + 0.5) / DRAWS
    seen = (linking.drift**2 + error) * chdtri(free, 1 - quantiles) / free
    drift = np.maximum(0.0, seen - error)
    raters = drift / linking.raters
    share = np.divide(drift, seen, out=np.zeros(DRAWS), where=drift > 0)
    of_raters = np.divide(raters**2, free * share**2, out=np.zeros(DRAWS), where=drift > 0)
    df = (items + raters) ** 2 / (items**2 / max(1, n - 2) + of_raters)
    half = np.maximum(0.0, bound - stdtrit(df, 1 - alpha) * np.sqrt(items + raters))
    se = sqrt(items + linking.drift**2 / linking.raters)
    return float((ndtr((half - truth) / se) - ndtr((-half - truth) / se)).mean())


def anchors_for(bias_variance: float, slope_variance: float | None, *, bound: float, alpha: float,
                power: float, linking: Linking | None = None, truth: float = 0.0) -> int | None:
    """The smallest number of anchors that certifies with `power`; None where none does.

    The variances are those of one anchor: over n they are variance / n. `slope_variance` None: the
    bias alone; else both must be shown (independent estimates). `linking` None: severity taken to
    be the same in both languages, the closed formula of Schuirmann (1987).
    """
    def reached(n: int) -> bool:
        slope = 1.0 if slope_variance is None else tost_power(bound, sqrt(slope_variance / n),
                                                              alpha)
        if slope < power:
            return False
        bias = tost_power(bound, sqrt(bias_variance / n), alpha, truth=truth) \
            if linking is None else linked_power(bound, bias_variance, alpha, n, linking,
                                                 truth=truth)
        return bias * slope >= power

    return _smallest(reached)


def _smallest(reached: Callable[[int], bool]) -> int | None:
    """Up in small steps: where few raters set the df, the power can fall again."""
    low, high = 2, 2
    while not reached(high):
        low, high = high + 1, max(high + 1, int(high * STEP))
        if high > MOST:
            return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle + 1, high)
    return low
