"""The cumulative logit model (McCullagh 1980) by Newton's method."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np

from mhx.stats.resample import Floats, Ints

STEPS, CLOSE, RUNAWAY = 60, 1e-9, 30.0


@dataclass(frozen=True, kw_only=True)
class CumulativeLogit:
    """P(y <= k) = 1 / (1 + exp(-(threshold_k - x b))).

    `b` (covariates,), `log_likelihood` at the maximum and `null` that of the thresholds alone.
    """

    thresholds: Floats
    b: Floats
    log_likelihood: float
    null: float
    n: int

    @property
    def nagelkerke(self) -> float:
        """Nagelkerke's (1991) R2."""
        reached = 1 - exp(2 * (self.null - self.log_likelihood) / self.n)
        return reached / (1 - exp(2 * self.null / self.n))

    def expected(self, x: Floats, values: Floats) -> Floats:
        """Expected score at covariates (rows, covariates), `values` being the categories'."""
        below = 1 / (1 + np.exp(x @ self.b[:, None] - self.thresholds))
        out: Floats = values[-1] - below @ np.diff(values)
        return out


def cumulative_logit(y: Ints, x: Floats) -> CumulativeLogit | None:
    """Fit y (rows,), codes 0..K-1 all of which occur, on x (rows, covariates).

    None when there is no finite maximum (a covariate separates the categories) or fewer than two
    categories.
    """
    share = np.bincount(y) / len(y)
    if len(share) < 2:
        return None
    start = np.log(np.cumsum(share)[:-1] / (1 - np.cumsum(share)[:-1]))
    theta = np.concatenate([start, np.zeros(x.shape[1])])
    upper, lower = _designs(y, x, len(share))
    value = _log_likelihood(theta, y, upper, lower)
    for _ in range(STEPS):
        scores, hessian = _derivatives(theta, y, upper, lower)
        step = np.linalg.lstsq(-hessian, scores.sum(0), rcond=None)[0]
        size = 1.0
        while (new := _log_likelihood(theta + size * step, y, upper, lower)) < value - 1e-12:
            size /= 2
            if size < 1e-6:
                return None
        theta, gain, value = theta + size * step, new - value, new
        if gain < CLOSE and np.abs(step).max() < 1e-5:
            break
    else:
        return None
    if np.abs(theta[len(share) - 1:]).max(initial=0.0) > RUNAWAY:
        return None
    cut = len(share) - 1
    return CumulativeLogit(
        thresholds=theta[:cut], b=theta[cut:], log_likelihood=value,
        null=float(sum(len(y) * p * log(p) for p in share if p > 0)), n=len(y))


def _designs(y: Ints, x: Floats, categories: int) -> tuple[Floats, Floats]:
    """Rows that give, times the parameters, the linear predictor above and below each y."""
    steps = np.vstack([np.zeros((1, categories - 1)), np.eye(categories - 1),
                       np.zeros((1, categories - 1))])
    return np.hstack([steps[y + 1], -x]), np.hstack([steps[y], -x])


def _ends(theta: Floats, y: Ints, upper: Floats, lower: Floats) -> tuple[Floats, Floats]:
    top = np.where(y == y.max(), np.inf, upper @ theta)
    return top, np.where(y == 0, -np.inf, lower @ theta)


def _log_likelihood(theta: Floats, y: Ints, upper: Floats, lower: Floats) -> float:
    top, bottom = _ends(theta, y, upper, lower)
    mass = _cdf(top) - _cdf(bottom)
    return float(np.log(mass).sum()) if (mass > 0).all() else -np.inf


def _derivatives(theta: Floats, y: Ints, upper: Floats, lower: Floats) -> tuple[Floats, Floats]:
    """Scores (rows, parameters) and the Hessian."""
    top, bottom = _cdf(np.array(_ends(theta, y, upper, lower)))
    mass = top - bottom
    high, low = top * (1 - top) / mass, bottom * (1 - bottom) / mass
    scores = high[:, None] * upper - low[:, None] * lower
    curved = ((high * (1 - 2 * top))[:, None] * upper).T @ upper
    curved -= ((low * (1 - 2 * bottom))[:, None] * lower).T @ lower
    return scores, curved - scores.T @ scores


def _cdf(z: Floats) -> Floats:
    with np.errstate(over="ignore"):
        out: Floats = 1 / (1 + np.exp(-z))
    return out
