"""All raters together, any ratings missing: Fleiss' kappa, AC1, AC2, Krippendorff's alpha."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mhx.stats.categories import Categories
from mhx.stats.gwet import chance_corrected, expected_agreement
from mhx.stats.intervals import TINY, Sums, resampled, statistic
from mhx.stats.krippendorff import alpha_interval, alpha_nominal, alpha_ordinal
from mhx.stats.resample import Floats, Ints
from mhx.stats.statistic import JOINT, Statistic

BLOCK = 1 << 24  # items x columns of sums in memory at once
MOST_WORK = 1 << 26  # items x columns beyond which an interval is not worth its minutes
MOST_COUNTS = 1 << 26  # items x categories that are counted
LEAST = 5  # columns of a block: of fewer the engine draws other weights


def joint_agreement(item: Ints, ratings: Floats, cluster: Ints, categories: Categories, *,
                    ac2_weights: str, alpha: float, resamples: int,
                    seed: int) -> dict[str, Statistic]:
    """The names of JOINT over the items 0..n-1 of the ratings; `cluster` (of each item, 0..m-1)
    is what is resampled.

    Fleiss' kappa and Gwet's AC follow Gwet (2014) where items have unequal numbers of ratings:
    agreement is averaged over items with at least two, category shares over all items (with
    equal numbers: Fleiss 1971). Alpha uses the pairable ratings, those of items with two or more.
    """
    items = int(item.max(initial=-1)) + 1
    sizes = np.bincount(item, minlength=items).astype(np.float64)
    drawn = {True: len(np.unique(cluster[sizes > 1])), False: len(np.unique(cluster))}
    if not drawn[True]:
        why = "no item has two ratings" if items else "no rating"
        return {name: Statistic(value=None, low=None, high=None, reason=why) for name in JOINT}
    counts = _counts(item, ratings, categories, items)
    sums = resampled(_blocks(item, ratings, categories, sizes, counts, ac2_weights), cluster,
                     resamples=resamples, seed=seed)
    value, draws, left = (_values(part, categories, counts is not None, ac2_weights)
                          for part in sums)
    if counts is not None and categories.numeric and counts.shape[1] > 1:
        size = len(categories.values)
        above = np.triu_indices(size, 1)
        if items * len(above[0]) <= MOST_WORK:
            together = resampled(_pairs(counts, sizes), cluster, resamples=resamples, seed=seed)
        else:
            alone = _coincidences(counts, sizes)[above][None]
            together = Sums(alone, alone[:0], alone[:0])
        for out, pairs, part in zip((value, draws, left), together, sums, strict=True):
            out["alpha.ordinal"] = alpha_ordinal(pairs[:, :len(above[0])],
                                                 part[:len(pairs), -size:])
    return {name: statistic(
        name, float(value[name][0]), draws[name], left[name], alpha=alpha,
        items=drawn[name.startswith("alpha")],
        why=_why(name, categories, counts is None)) for name in JOINT}


def _counts(item: Ints, ratings: Floats, categories: Categories, items: int) -> Floats | None:
    """Ratings of each item (rows) in each category; None for too many categories."""
    size = len(categories.values)
    if not categories.few or items * size > MOST_COUNTS:
        return None
    cells = np.bincount(item * size + categories.coded(ratings), minlength=items * size)
    return cells.reshape(items, size).astype(np.float64)


def _blocks(item: Ints, ratings: Floats, categories: Categories, sizes: Floats,
            counts: Floats | None, ac2_weights: str) -> Iterator[Floats]:
    """What each item adds: one, pairable, pairable ratings, then sums of the ratings, squared
    differences, agreements, category shares and pairable counts."""
    two = sizes > 1
    pairs = np.where(two, sizes * (sizes - 1), 1.0)
    columns = [np.ones(len(sizes)), two, sizes * two]
    if categories.numeric:
        scaled = categories.scaled(ratings)
        total = np.bincount(item, scaled, minlength=len(sizes))
        squares = np.bincount(item, scaled**2, minlength=len(sizes))
        apart = np.maximum(2 * (sizes * squares - total**2), 0) * two / pairs
        columns += [total * two, squares * two, apart * sizes]
    if counts is None:
        yield np.stack(columns, axis=1).astype(np.float64)
        return
    same = ((counts**2).sum(1) - sizes) * two / pairs
    columns += [same, (1 - same) * sizes * two]
    if categories.numeric:
        far = apart if ac2_weights == "quadratic" else (
            ((counts @ categories.distance) * counts).sum(1) * two / pairs)
        columns.append((1 - far) * two)
    first = np.stack(columns, axis=1).astype(np.float64)
    shares, pairable = counts / sizes[:, None], counts * two[:, None]
    if counts.shape[1] < LEAST:
        yield np.hstack([first, shares, pairable])
    else:
        yield from (first, shares, pairable)


def _values(sums: Floats, categories: Categories, counted: bool,
            ac2_weights: str) -> dict[str, Floats]:
    out = dict.fromkeys(JOINT, np.full(len(sums), np.nan))
    items, two, n = sums[:, :3].T
    place = 3
    if categories.numeric:
        total, squares, apart = sums[:, 3:6].T
        out["alpha.interval"] = alpha_interval(apart, n, total, squares)
        place = 6
    if not counted:
        return out
    size = len(categories.values)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = sums[:, place] / two
        shares = sums[:, -2 * size:-size] / items[:, None]
        expected = (shares**2).sum(1)
        out["fleiss_kappa"] = np.where(
            expected < 1 - TINY, (observed - expected) / (1 - expected), np.nan)
        out["ac1"] = chance_corrected(observed, expected_agreement(shares, categories, "identity"))
        out["alpha.nominal"] = alpha_nominal(sums[:, place + 1], sums[:, -size:])
        if categories.numeric:
            out["ac2"] = chance_corrected(sums[:, place + 2] / two,
                                          expected_agreement(shares, categories, ac2_weights))
    return out


def _coincidences(counts: Floats, sizes: Floats) -> Floats:
    """(K, K) coincidences of unequal categories (the diagonal is not meant)."""
    share = np.where(sizes > 1, 1 / np.maximum(sizes - 1, 1), 0.0)
    return counts.T @ (counts * share[:, None])


def _pairs(counts: Floats, sizes: Floats) -> Iterator[Floats]:
    """Each item's coincidences above the diagonal, in blocks of columns, padded to LEAST."""
    share = np.where(sizes > 1, 1 / np.maximum(sizes - 1, 1), 0.0)[:, None]
    first, second = np.triu_indices(counts.shape[1], 1)
    step = max(LEAST, BLOCK // len(counts))
    for start in range(0, len(first), step):
        block = counts[:, first[start:start + step]] * counts[:, second[start:start + step]] * share
        yield np.pad(block, ((0, 0), (0, max(0, LEAST - block.shape[1]))))


def _why(name: str, categories: Categories, uncounted: bool) -> str:
    why = categories.why_not(name)
    if not why and uncounted and name != "alpha.interval":
        why = "too many items times categories to count"
    return why or ("one category only" if name.startswith("ac") else "the ratings never vary")
