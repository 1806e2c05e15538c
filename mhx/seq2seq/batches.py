"""Batches of near-equal length within a token budget, and how long an answer may be."""

from __future__ import annotations

from collections.abc import Sequence


def batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Places of texts, the longest first, in batches of at most `budget` padded source tokens.

    A text longer than the budget is a batch of its own. Units: tokens of the model.
    """
    out: list[list[int]] = []
    longest = 0
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        if not out or (len(out[-1]) + 1) * longest > budget:
            out.append([])
            longest = max(1, lengths[place])
        out[-1].append(place)
    return out


def answer_budget(length: int, limit: int) -> int:
    """New tokens an answer may have, end mark included, by its source's tokens.

    Each text has its own, so that its neighbors in a batch do not change its answer. `limit` is
    the number of positions the model has.
    """
    return min(2 * length + 16, limit - 1)
