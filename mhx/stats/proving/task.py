"""What a procedure is asked and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import polars as pl

Estimand = Literal["pair", "largest"]


@dataclass(frozen=True, kw_only=True)
class Task:
    """The question about a table: which gap on the human scale, in raw points of `score`.

    `pair`: mean of `value` minus mean of `reference` in column `group` (within the language
    `within` where there is one). `largest`: the largest absolute gap between any two groups.
    `unit` names what is paired, `cluster` what else is random; `length`, `human` (one
    column a rater) and `inclusion` are None or empty in tables without such columns.
    """

    estimand: Estimand
    score: str
    group: str
    value: str
    reference: str
    unit: tuple[str, ...] = ()
    cluster: tuple[str, ...] = ()
    language: str | None = None
    within: str | None = None
    length: str | None = None
    human: tuple[str, ...] = ()
    inclusion: str | None = None
    margin: float
    alpha: float
    resamples: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A gap with its interval, the p of a zero gap, and whether parity is claimed.

    None is "not answered". `unsigned` answers are compared with the absolute true gap. Without a
    p, "different" is an interval that leaves out zero. `refused` says why there is no gap.
    """

    gap: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    equivalent: bool | None = None
    unsigned: bool = False
    refused: str = ""


Procedure = Callable[["pl.DataFrame", Task], Answer]
FIELDS = tuple(field.name for field in fields(Answer))


def as_answer(value: Any) -> Answer:
    """What a foreign function returned: an Answer, a mapping, or (gap, low, high[, p[, claim]]).

    Raises ValueError, in words, for anything else and for numbers that are not finite.
    """
    if isinstance(value, Answer):
        return value
    if isinstance(value, Mapping):
        unknown = sorted(set(value) - set(FIELDS))
        if unknown:
            raise ValueError(f"unknown key {unknown[0]!r}; an answer has {', '.join(FIELDS)}")
        found = dict(value)
    elif isinstance(value, Sequence) and not isinstance(value, str) and 3 <= len(value) <= 5:
        found = dict(zip(FIELDS, value, strict=False))
    else:
        raise ValueError(f"returned {type(value).__name__}; return a mapping with "
                         f"{', '.join(FIELDS)}, or a tuple (gap, low, high)")
    for name in ("gap", "low", "high", "p"):
        number = found.get(name)
        if number is not None:
            found[name] = float(number)
            if not isfinite(found[name]):
                raise ValueError(f"{name} is {number}; return None where there is no number")
    if found.get("equivalent") is not None:
        found["equivalent"] = bool(found["equivalent"])
    return Answer(**found)
