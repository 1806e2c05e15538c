"""Agreement of system means: what raters say of systems, beside what they say of items."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from mhx.stats.categories import Categories
from mhx.stats.icc import intra_class
from mhx.stats.kappa import coefficients, pair_sums
from mhx.stats.raters import SystemAgreement, SystemLevel
from mhx.stats.resample import Floats, Ints


def system_level(tables: Sequence[Floats], complete: Floats, system: Ints, raters: Sequence[str],
                 categories: Categories, *, alpha: float, resamples: int,
                 seed: int) -> SystemLevel:
    """ICC of the raters' means per system and, for each pair, bias, errors and concordance.

    `tables` holds each system's items x raters (nan: unrated; empty for too many raters to pair),
    `complete` the items that every rater rated and `system` whose they are.
    """
    found = np.unique(system)
    means = np.array([complete[system == one].mean(0) for one in found]).reshape(
        len(found), len(raters))
    pairs = [_pair(tables, raters, *pair) for pair in combinations(range(len(raters)), 2)
             if tables and categories.numeric]
    return SystemLevel(
        n=len(found), pairs=tuple(pair for pair in pairs if pair is not None),
        icc=intra_class(means, categories, alpha=alpha, resamples=resamples, seed=seed,
                        unit="systems"))


def _pair(tables: Sequence[Floats], raters: Sequence[str], first: int,
          second: int) -> SystemAgreement | None:
    both = [table[np.isfinite(table[:, [first, second]]).all(1)][:, [first, second]]
            for table in tables]
    means = np.array([one.mean(0) for one in both if len(one)])
    if not len(means):
        return None
    scale = Categories(np.unique(means), "observed values")
    sums = pair_sums(means[:, 0], means[:, 1], scale).sum(0)[None]
    found = coefficients(sums, scale, "quadratic")
    value = {name: float(found[name][0]) for name in ("bias", "mae", "rmse", "ccc")}
    defined = len(means) > 1 and np.isfinite(value["ccc"])
    return SystemAgreement(
        first=raters[first], second=raters[second], systems=len(means), bias=value["bias"],
        mae=value["mae"], rmse=value["rmse"], concordance=value["ccc"] if defined else None)
