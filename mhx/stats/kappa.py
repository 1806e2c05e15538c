"""Percent agreement and Cohen's kappa of rater pairs, with a joint bootstrap over items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mhx.stats.estimate import small_sample
from mhx.stats.raters import STATISTICS, PairAgreement, Statistic
from mhx.stats.resample import Floats, bootstrap_sums, percentile_interval


@dataclass(frozen=True)
class _Cells:
    """A pair's cross table: the (K, 2) value pairs that occur and which item is in which."""

    first: int
    second: int
    values: Floats
    member: Floats


def pair_agreements(table: Floats, raters: Sequence[str], *, numeric: bool, system: str | None,
                    alpha: float, resamples: int,
                    seed: int) -> tuple[list[PairAgreement], dict[str, Statistic]]:
    """Each pair's statistics and their mean over pairs. `table` is items x raters, nan: unrated.

    Items are resampled once for all pairs: what is drawn are the items' cells in the cross
    tables, so a resample is a product of weights and cell membership.
    """
    cells = [_cells(table, *pair) for pair in combinations(range(table.shape[1]), 2)]
    cells = [one for one in cells if len(one.values)]
    if not cells:
        return [], {}
    member = np.hstack([one.member for one in cells])
    sums = bootstrap_sums(member, resamples=resamples, seed=seed)[0]
    ends = np.cumsum([len(one.values) for one in cells])
    values = [kappas(one.member.sum(0)[None], one.values, numeric) for one in cells]
    draws = [kappas(sums[:, end - len(one.values): end], one.values, numeric)
             for one, end in zip(cells, ends, strict=True)]
    names = STATISTICS if numeric else STATISTICS[:2]
    pairs = [
        PairAgreement(
            first=raters[one.first], second=raters[one.second], n=int(one.member.sum()),
            system=system,
            statistics={name: _statistic(value[name][0], draw[name], alpha,
                                         int(one.member.sum())) for name in names},
        )
        for one, value, draw in zip(cells, values, draws, strict=True)
    ]
    items = int((np.isfinite(table).sum(1) > 1).sum())
    mean = {
        name: _statistic(float(np.mean([value[name][0] for value in values])),
                         np.mean([draw[name] for draw in draws], axis=0), alpha, items)
        for name in names
    }
    return pairs, mean


def kappas(counts: Floats, cells: Floats, numeric: bool) -> dict[str, Floats]:
    """Percent agreement and kappas of B cross tables given as counts (B, K) of K value pairs.

    kappa = 1 - observed / expected disagreement, with disagreement 1 for any difference, or the
    distance of the values, or its square (Cohen 1960, 1968); nan where none is expected.
    """
    used, place = np.unique(cells, return_inverse=True)
    place = place.reshape(cells.shape)
    apart = abs(used[:, None] - used[None, :])
    weights = {"kappa": (apart > 0).astype(float)}
    if numeric:
        weights |= {"kappa_linear": apart, "kappa_quadratic": apart**2}
    with np.errstate(invalid="ignore", divide="ignore"):
        share = counts / counts.sum(1, keepdims=True)
        first, second = (share @ np.eye(len(used))[place[:, side]] for side in (0, 1))
        out: dict[str, Floats] = {
            "percent": 100 * share @ (place[:, 0] == place[:, 1]).astype(np.float64)}
        for name, weight in weights.items():
            observed = share @ weight[place[:, 0], place[:, 1]]
            expected = ((first @ weight) * second).sum(1)
            out[name] = np.where(expected > 1e-12, 1 - observed / expected, np.nan)
    return out


def _cells(table: Floats, first: int, second: int) -> _Cells:
    both = np.isfinite(table[:, [first, second]]).all(1)
    values, place = np.unique(table[both][:, [first, second]], axis=0, return_inverse=True)
    member = np.zeros((len(table), len(values)))
    member[np.flatnonzero(both), place.reshape(-1)] = 1.0
    return _Cells(first, second, values, member)


def _statistic(value: float, draws: Floats, alpha: float, items: int) -> Statistic:
    known = draws[np.isfinite(draws)]
    if not np.isfinite(value) or items < 2 or not len(known):
        return Statistic(value=float(value) if np.isfinite(value) else None, low=None, high=None)
    low, high = percentile_interval(known, tail=alpha / 2, df=items - 1,
                                    inflate=small_sample(items))
    return Statistic(value=float(value), low=float(low), high=float(high),
                     undefined=1 - len(known) / len(draws))
