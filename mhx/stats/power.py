"""Power of a paired comparison by its number of units, for an SD of the differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from mhx.stats.effects import POWER
from mhx.stats.resample import Floats, Ints

NODES = 96  # of the quadrature over the estimated SD; more change nothing in the sixth digit
TAIL = 1e-14  # of the SD's distribution, left out at each end
MOST = 1_000_000  # units; a design that needs more is not one
STEPS = 32  # numbers of units tried at once
Units = Floats | Ints | Sequence[int]


def difference_power(units: Units, *, gap: float, sd: float, alpha: float) -> Floats:
    """Power of the two-sided paired t test at `alpha` to find a true `gap`, exact (noncentral t).

    units: numbers of pairs or clusters, each >= 2; `sd` is that of their differences.
    """
    from scipy import special

    count = np.asarray(units, dtype=float)
    df, shift = count - 1, abs(gap) / sd * np.sqrt(count)
    edge = special.stdtrit(df, 1 - alpha / 2)
    out: Floats = 1 - special.nctdtr(df, shift, edge) + special.nctdtr(df, shift, -edge)
    return out


def equivalence_power(units: Units, *, margin: float, sd: float, alpha: float,
                      gap: float = 0.0) -> Floats:
    """Power of TOST at `alpha` to show a true `gap` within the margin.

    Exact for normal differences, without the usual approximation that the two one-sided tests
    never fail together: the chance given the estimated SD, integrated over its distribution
    (Phillips 1990). units and sd as in `difference_power`.
    """
    from scipy import special

    nodes, weights = _legendre()
    count = np.asarray(units, dtype=float)[..., None]
    df, root = count - 1, np.sqrt(count)
    edge = special.stdtrit(df, 1 - alpha)
    # the estimated SD over the true one: from where it is all but impossible to where the
    # interval is as wide as the margins
    low, high = (np.sqrt(2 * found / df) for found in (
        special.gammaincinv(df / 2, TAIL), special.gammainccinv(df / 2, TAIL)))
    half = np.maximum(np.minimum(high, margin * root / (edge * sd)) - low, 0) / 2
    seen = low + half * (nodes + 1)
    log_density = (df / 2 * np.log(df / 2) - special.gammaln(df / 2) + np.log(2)
                   + (df - 1) * np.log(seen) - df * seen**2 / 2)
    room = margin * root / sd - edge * seen
    inside = special.ndtr(room - gap * root / sd) - special.ndtr(-room - gap * root / sd)
    out: Floats = (half * weights * np.exp(log_density) * inside).sum(-1)
    return out


@cache
def _legendre() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return nodes, weights


def units_for(power: Callable[[Ints], Floats], *, least: float = POWER) -> int | None:
    """The fewest units (2 to a million) whose `power` reaches `least`; None if none does."""
    low, high = 1, MOST
    while high - low > 1:
        tried = np.unique(np.geomspace(low + 1, high, STEPS).astype(np.int64))
        enough = np.flatnonzero(power(tried) >= least)
        if not len(enough):
            return None  # only in the first round: later ones end in a number that is enough
        first = int(enough[0])
        low, high = int(tried[first - 1]) if first else low, int(tried[first])
    return high
