"""An estimate with what it needs for intervals and one-sided p values that agree with them."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np

from mhx.stats.distributions import normal_quantile, share_lower_bound, t_cdf, t_quantile
from mhx.stats.resample import Floats, percentile_interval

FEW_CLUSTERS = 10  # below this bootstraps cover badly (.71 to .88 for 2 to 5) and t is used
SAME = 1e-12  # spread below this share of the scores' range is rounding
TAIL_DRAWS = 10  # fewer draws beyond a threshold: the normal tail instead of their share


@dataclass(frozen=True)
class Estimate:
    """A mean or a gap in raw points.

    `se` is the cluster-robust standard error with `df` degrees of freedom, `draws` the bootstrap
    distribution (resamples,) or None where a t interval is used, `inflate` the ratio of `se` to
    the bootstrap's standard error in expectation. `reach` is how far from the others a score not
    yet seen could be: it bounds estimates without any spread.
    """

    value: float
    se: float
    df: float
    clusters: int
    reach: float
    inflate: float = 1.0
    draws: Floats | None = None

    @property
    def known(self) -> bool:
        """Whether there are at least two clusters to take a spread from."""
        return self.clusters >= 2 and isfinite(self.se) and self.df > 0

    @property
    def constant(self) -> bool:
        """Whether no cluster differs from another."""
        return self.se <= SAME * (self.reach or 1.0)

    @property
    def resampled(self) -> bool:
        """Whether intervals come from the bootstrap (else from t)."""
        return self.draws is not None and self.clusters >= FEW_CLUSTERS

    def limits(self, tail: float) -> tuple[float, float] | None:
        """Lower and upper limit that leave `tail` outside on each side; None if unknowable."""
        if not self.known:
            return None
        if self.constant:
            slack = self.reach * (1 - share_lower_bound(self.clusters, self.clusters, tail))
            return self.value - slack, self.value + slack
        if self.draws is None or not self.resampled:
            half = -t_quantile(tail, self.df) * self.se
            return self.value - half, self.value + half
        low, high = percentile_interval(
            self.draws, tail=tail, df=self.df, inflate=self.inflate
        )
        return float(low), float(high)

    def p_below(self, threshold: float) -> float:
        """One-sided p of "the true value is below `threshold`" against "at or above it".

        The inversion of `limits`: it is under alpha when the upper limit with tail alpha is
        below the threshold.
        """
        room = threshold - self.value
        if not self.known or room <= 0:
            return 1.0
        if self.constant:
            return max(0.0, 1 - room / self.reach) ** self.clusters if self.reach > 0 else 0.0
        if self.draws is None or not self.resampled:
            return t_cdf(-room / self.se, self.df)
        beyond = int(np.count_nonzero(self.draws >= threshold))
        if beyond < TAIL_DRAWS:
            z = -room / float(np.nanstd(self.draws))
        else:
            z = normal_quantile(beyond / len(self.draws))
        return t_cdf(z / self.inflate, self.df)

    def p_above(self, threshold: float) -> float:
        """One-sided p of "the true value is above `threshold`" against "at or below it"."""
        return self.mirrored().p_below(-threshold)

    def mirrored(self) -> Estimate:
        """The estimate of the negative value."""
        draws = None if self.draws is None else -self.draws
        return Estimate(-self.value, self.se, self.df, self.clusters, self.reach, self.inflate,
                        draws)

    def p_equivalent(self, margin: float) -> float:
        """TOST (Schuirmann 1987): p of "the true value lies within -margin..margin"."""
        return max(self.p_below(margin), self.p_above(-margin))


def small_sample(clusters: float) -> float:
    """Unbiased over plug-in standard error of a mean of `clusters` clusters."""
    return sqrt(clusters / (clusters - 1)) if clusters > 1 else 1.0

