"""The human side of the anchors: item means freed of rater severity, and their error."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from mhx.stats.resample import Floats


@dataclass(frozen=True, kw_only=True)
class Rated:
    """Ratings of one language by one panel, after the fit rating = item + rater + error.

    `seen` (items, raters) says who rated what. `mean` (items,) is what the whole panel would
    give: the mean of an item's ratings less the severity of who rated it; nan where nobody did.
    `squares` and `free` (items,) are its part of the error sum of squares and of the degrees of
    freedom. `severity` (raters,) sums to zero; `inverse` times the error variance is its
    covariance. Not `connected`: the raters fall into groups that share no item, and severities
    cannot be told from the items' levels.
    """

    seen: NDArray[np.bool_]
    mean: Floats
    squares: Floats
    free: Floats
    severity: Floats
    inverse: Floats
    residuals: Floats
    connected: bool

    @property
    def error(self) -> float:
        """Variance of a single rating's error, nan if no item was rated twice."""
        free = float(self.free.sum())
        return float(self.squares.sum()) / free if free > 0 else float("nan")


def fit(ratings: Floats) -> Rated:
    """Least squares of item and rater effects; `ratings` is (items, raters), nan: not rated."""
    seen = np.isfinite(ratings)
    values = np.where(seen, ratings, 0.0)
    count = seen.sum(1)
    shared = (seen / np.maximum(count, 1)[:, None]).T @ seen
    laplacian = np.diag(seen.sum(0).astype(float)) - shared
    raters = seen.shape[1]
    rank = np.linalg.matrix_rank(laplacian, tol=1e-8 * max(1, int(count.sum())))
    item_means = values.sum(1) / np.maximum(count, 1)
    inverse = np.linalg.pinv(laplacian, hermitian=True)
    severity = inverse @ (values - seen * item_means[:, None]).sum(0)
    mean = (values - seen * severity).sum(1) / np.maximum(count, 1)
    residuals = np.where(seen, values - severity - mean[:, None], 0.0)
    free = np.maximum(count - 1.0, 0.0)
    spare = max(0.0, float(free.sum()) - (raters - 1))  # the severities were fitted too
    return Rated(seen=seen, mean=np.where(count > 0, mean, np.nan), squares=(residuals**2).sum(1),
                 free=free * (spare / free.sum() if spare else 0.0), severity=severity,
                 inverse=inverse, residuals=residuals,
                 connected=bool(rank >= raters - 1))


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Spread between raters of (severity in one language minus severity in the other).

    `seen` is its variance over the raters, `error` what rating error puts there, `p` that of its
    being error alone.
    """

    raters: int
    seen: float
    error: float
    p: float

    @property
    def variance(self) -> float:
        """What error does not explain (method of moments); zero where that is negative."""
        return max(0.0, self.seen - self.error)

    @property
    def df(self) -> float:
        """Of `variance` (Satterthwaite 1946)."""
        known = self.variance > 0
        return (self.raters - 1) * (self.variance / self.seen) ** 2 if known else inf


def drift(first: Rated, second: Rated) -> Drift:
    """Severity that differs by language cannot be told from the scorer's bias, and each linking
    rater is one draw of it. Errors of one rater on both versions of an item may be correlated.
    """
    from scipy.special import chdtrc

    apart, free = first.severity - second.severity, len(first.severity) - 1
    seen = float(apart @ apart) / free
    both = _products(first.seen.astype(float), second.seen.astype(float))
    weight = float(np.trace(both))
    shared = float((first.residuals * second.residuals).sum()) / weight if weight > 1e-9 else 0.0
    cross = shared * first.inverse @ both @ second.inverse
    noise = first.error * first.inverse + second.error * second.inverse - cross - cross.T
    error = max(0.0, float(np.trace(noise)) / free)
    chance = float(chdtrc(free, free * seen / error)) if error > 1e-15 else float(seen <= 1e-15)
    return Drift(raters=free + 1, seen=seen, error=error, p=chance)


def _products(one: Floats, two: Floats) -> Floats:
    """Sum over items of the product of both languages' centering matrices, diag(m) - m m' / sum m
    of the indicators m of who rated."""
    first, second = (seen / np.maximum(seen.sum(1, keepdims=True), 1) for seen in (one, two))
    both = one * two
    common = both.sum(1, keepdims=True)
    out: Floats = (np.diag(both.sum(0)) - (both * second).T @ two - first.T @ both
                   + (first * common).T @ second)
    return out


def load_variance(one: Rated, used: NDArray[np.bool_]) -> float:
    """Variance that having to estimate severities adds to the mean over the `used` items.

    Zero when every rater has the same share in it.
    """
    seen = one.seen[used]
    load = (seen / seen.sum(1, keepdims=True)).mean(0)
    return one.error * float(load @ one.inverse @ load)
