"""Several parity results as one: records side by side, p values adjusted over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Literal

from mhx.stats.contrasts import adjusted
from mhx.stats.results import ParityResult

SIDE_BY_SIDE = (
    "groups", "largest", "worst", "cross_language", "overlap", "differences", "models",
    "lengths", "conditional",
)


def one_family(
    results: Sequence[ParityResult], *, alpha: float, adjust: Literal["holm", "bh"]
) -> ParityResult:
    """One result of parity() calls on different rows under one plan.

    The contrasts of all calls are one family: p values are adjusted over all of them, and
    verdicts follow. Raises ValueError for no result.
    """
    if not results:
        raise ValueError("no result to join")
    joined: dict[str, Any] = {
        name: tuple(chain.from_iterable(getattr(one, name) for one in results))
        for name in SIDE_BY_SIDE
    }
    for name in ("contrasts", "corrected"):
        found = list(chain.from_iterable(getattr(one, name) for one in results))
        joined[name] = tuple(adjusted(found, alpha=alpha, adjust=adjust))
    notes = dict.fromkeys(chain.from_iterable(one.notes for one in results))
    settings = {
        **results[0].settings,
        "groups": [name for one in results for name in one.settings["groups"]],
        "reference": {k: v for one in results for k, v in one.settings["reference"].items()},
    }
    return replace(results[0], **joined, notes=tuple(notes), settings=settings)
