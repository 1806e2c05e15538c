"""The human side of the anchors: item means freed of rater severity, and their error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mhx.stats.resample import Floats


@dataclass(frozen=True, kw_only=True)
class Rated:
    """Ratings of one language by one panel, after the fit rating = item + rater + error.

    `mean` (items,) is what the panel as a whole would give: the mean of an item's ratings less the
    severity of who rated it; nan where nobody did. `count` (items,) are its ratings, `squares` and
    `free` (items,) its part of the error sum of squares and of the degrees of freedom.
    `severity` (raters,) sums to zero. `inverse` (raters, raters) times the error variance is its
    covariance, `centering` (items, raters, raters) each item's projection.
    """

    mean: Floats
    count: Floats
    squares: Floats
    free: Floats
    severity: Floats
    inverse: Floats
    centering: Floats
    residuals: Floats

    @property
    def error(self) -> float:
        """Variance of a single rating's error, nan if no item was rated twice."""
        return float(self.squares.sum() / self.free.sum()) if self.free.sum() > 0 else float("nan")


def fit(ratings: Floats) -> Rated | None:
    """Least squares of item and rater effects; `ratings` is (items, raters), nan: not rated.

    None when the raters fall into groups that share no item: their severities then cannot be
    told from the items' levels.
    """
    seen = np.isfinite(ratings)
    values = np.where(seen, ratings, 0.0)
    count = seen.sum(1).astype(float)
    shares = np.divide(seen, count[:, None], out=np.zeros(seen.shape), where=count[:, None] > 0)
    centering = seen[:, :, None] * (np.eye(seen.shape[1]) - shares[:, None, :])
    laplacian = centering.sum(0)
    raters = seen.shape[1]
    if np.linalg.matrix_rank(laplacian, tol=1e-8 * max(1.0, count.sum())) < raters - 1:
        return None
    inverse = np.linalg.pinv(laplacian, hermitian=True)
    severity = inverse @ np.einsum("ikl,il->k", centering, values)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (values - seen * severity).sum(1) / count
    residuals = np.where(seen, values - severity - np.nan_to_num(mean)[:, None], 0.0)
    free = np.maximum(count - 1, 0.0)
    spare = free.sum() - (raters - 1)
    squares = (residuals**2).sum(1)
    if spare > 0:  # the severities were fitted too
        free = free * spare / free.sum()
    else:
        free = np.zeros_like(free)
    return Rated(mean=mean, count=count, squares=squares, free=free, severity=severity,
                 inverse=inverse, centering=centering, residuals=residuals)


def drift(first: Rated, second: Rated) -> tuple[float, float]:
    """Variance between raters of (severity in one language minus the other), and its df.

    Severity that differs by language cannot be told from the scorer's bias: each linking rater
    is one draw of it. Method of moments: the spread of the raters' differences less what rating
    error puts there; zero if that is negative. The df are those of the estimate (Satterthwaite).
    """
    raters = len(first.severity)
    apart = first.severity - second.severity
    noise = first.error * first.inverse + second.error * second.inverse
    both = np.einsum("ikl,ilm->km", first.centering, second.centering)
    shared = _shared_error(first, second)
    cross = shared * first.inverse @ both @ second.inverse
    expected = float(np.trace(noise - cross - cross.T)) / (raters - 1)
    found = float(apart @ apart) / (raters - 1)
    variance = max(0.0, found - expected)
    return variance, (raters - 1) * (variance / found) ** 2 if variance > 0 else float("inf")


def _shared_error(first: Rated, second: Rated) -> float:
    """Covariance of a rater's errors on the two versions of one item."""
    both = np.einsum("ikl,ilm->ikm", first.centering, second.centering)
    weight = float(np.einsum("ikk->", both))
    if weight <= 1e-9:
        return 0.0
    return float((first.residuals * second.residuals).sum()) / weight
