"""Two raters: percent agreement, Cohen's kappas, Gwet's AC1 and AC2, differences, concordance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from mhx.stats.categories import Categories
from mhx.stats.gwet import chance_corrected, expected_agreement
from mhx.stats.icc import intra_class
from mhx.stats.intervals import TINY, resampled, statistic
from mhx.stats.raters import PairAgreement
from mhx.stats.resample import Floats, Ints
from mhx.stats.statistic import PAIRWISE, Statistic

Coefficients = dict[str, Floats]
Triple = tuple[Coefficients, Coefficients, Coefficients]  # of all, of resamples, left out
BLOCK = 1 << 24  # items x columns of sums in memory at once


def pair_agreements(table: Floats, cluster: Ints, raters: Sequence[str], categories: Categories,
                    *, ac2_weights: str, system: str | None, alpha: float, resamples: int,
                    seed: int) -> tuple[list[PairAgreement], dict[str, Statistic]]:
    """Each pair's statistics and their mean over pairs. `table` is items x raters, nan: unrated.

    Clusters 0..n-1 of items are resampled, once for all pairs. Pairs without a common item are
    listed and not in the mean.
    """
    pairs = list(combinations(range(table.shape[1]), 2))
    if not pairs:
        return [], {}
    known = np.isfinite(table)
    width = pair_sums(table[:0, 0], table[:0, 0], categories).shape[1]
    sums = resampled(_blocks(table, pairs, width, categories), cluster, resamples=resamples,
                     seed=seed)
    found: list[PairAgreement] = []
    rated: list[Triple] = []
    for place, pair in enumerate(pairs):
        both = known[:, pair].all(1)
        n = int(both.sum())
        value, draws, left = (
            coefficients(part[:, place * width:(place + 1) * width], categories, ac2_weights)
            for part in sums)
        rated += [(value, draws, left)] if n else []
        drawn = np.unique(cluster[both])
        of_both = drawn if len(sums.left_out) else slice(0)
        found.append(PairAgreement(
            first=raters[pair[0]], second=raters[pair[1]], n=n, system=system,
            dropped=int(known[:, pair].any(1).sum()) - n,
            statistics={name: statistic(name, value[name][0], draws[name], left[name][of_both],
                                        alpha=alpha, items=len(drawn), clustered=len(drawn) < n,
                                        why=_why(name, n, categories)) for name in PAIRWISE},
            icc=intra_class(table[both][:, pair], categories, alpha=alpha)))
    items = len(np.unique(cluster[known.sum(1) > 1]))
    return found, _mean(rated, categories, alpha, items) if rated else {}


def _mean(pairs: Sequence[Triple], categories: Categories, alpha: float,
          items: int) -> dict[str, Statistic]:
    """The mean over pairs; not of the bias, whose sign hangs on the order of the raters."""
    out = {}
    for name in PAIRWISE:
        value, draws, left = (np.mean([pair[part][name] for pair in pairs], axis=0)
                              for part in range(3))
        why = f"in some pair: {_why(name, items, categories)}"
        out[name] = statistic("", float(value[0]), draws, left, alpha=alpha, items=items, why=why)
    return out | {"bias": Statistic(value=None, low=None, high=None,
                                    reason="its sign hangs on the order of the raters")}


def pair_sums(first: Floats, second: Floats, categories: Categories) -> Floats:
    """What each item adds to a pair's sums (items, columns): one, same, differences and moments
    of the ratings as shares of the range, and for each category whether either rater gave it."""
    columns = [np.ones(len(first)), first == second]
    if categories.numeric:
        one, two = categories.scaled(first), categories.scaled(second)
        columns += [abs(second - first) <= 1 + 1e-9, two - one, abs(two - one), (two - one) ** 2,
                    one, one**2, two, two**2]
    out = np.stack(columns, axis=1).astype(np.float64)
    if not categories.few:
        return out
    each = np.eye(len(categories.values))
    return np.hstack([out, each[categories.coded(first)], each[categories.coded(second)]])


def coefficients(sums: Floats, categories: Categories, ac2_weights: str) -> Coefficients:
    """Every name of PAIRWISE from B rows of summed `pair_sums`; nan where undefined.

    kappa = 1 - observed / expected disagreement: 1 for any difference, the distance of the
    values, or its square (Cohen 1960, 1968). Lin's (1989) concordance, with 1/n moments, is the
    quadratic kappa (Robieson 1999), which needs no categories.
    """
    out = dict.fromkeys(PAIRWISE, np.full(len(sums), np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums / sums[:, :1]
        out["percent_agreement"] = 100 * mean[:, 1]
        apart = {"identity": 1 - mean[:, 1]}
        if categories.numeric:
            near, bias, linear, square, one, one_square, two, two_square = mean[:, 2:10].T
            apart |= {"linear": linear, "quadratic": square}
            width = categories.width
            out |= {"within_one": near, "bias": width * bias, "mae": width * linear,
                    "rmse": width * np.sqrt(square)}
            spread = one_square - one**2 + two_square - two**2 + (one - two) ** 2
            out["ccc"] = out["kappa_quadratic"] = _kappa(square, spread)
        if categories.few:
            size = len(categories.values)
            first, second = mean[:, -2 * size:-size], mean[:, -size:]
            out["kappa"] = _kappa(apart["identity"], 1 - (first * second).sum(1))
            if categories.numeric:
                expected = ((first @ categories.distance) * second).sum(1)
                out["kappa_linear"] = _kappa(apart["linear"], expected)
            for name, kind in (("ac1", "identity"), ("ac2", ac2_weights)):
                if kind in apart:
                    chance = expected_agreement((first + second) / 2, categories, kind)
                    out[name] = chance_corrected(1 - apart[kind], chance)
    return out


def _blocks(table: Floats, pairs: Sequence[tuple[int, int]], width: int,
            categories: Categories) -> Iterator[Floats]:
    """Columns of as many pairs as fit in memory; nothing where one of the two did not rate."""
    step = max(1, BLOCK // (max(len(table), 1) * width))
    for start in range(0, len(pairs), step):
        some = pairs[start:start + step]
        block = np.zeros((len(table), width * len(some)))
        for place, pair in enumerate(some):
            both = np.isfinite(table[:, pair]).all(1)
            one, two = table[both][:, pair].T
            block[both, place * width:(place + 1) * width] = pair_sums(one, two, categories)
        yield block


def _kappa(observed: Floats, expected: Floats) -> Floats:
    return np.where(expected > TINY, 1 - observed / expected, np.nan)


def _why(name: str, n: int, categories: Categories) -> str:
    if not n:
        return "no item was rated by both"
    constant = "one category only" if name.startswith("ac") else "the raters never vary"
    return categories.why_not(name) or constant
