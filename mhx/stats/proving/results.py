"""How often a procedure was right: rates over replicates with their Monte Carlo errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import sqrt
from statistics import fmean, stdev
from typing import Any

from mhx.stats.proving.task import Answer
from mhx.stats.results import to_plain


@dataclass(frozen=True, kw_only=True)
class Rates:
    """A procedure on `replicates` tables of a design whose true gap is `gap`.

    `answered` is the share of tables with a gap. `rejected`: "there is a gap" (p below alpha, or
    an interval without zero): the type I error where the gap is zero, else power. `claimed`:
    parity is claimed: the false-parity rate where the true gap is the margin or more. Both are
    over all tables: no answer claims nothing. Over the answered ones, `coverage`: the interval
    holds the true gap; `bias`: the mean error of the estimate; `width` that of the interval.
    Each `_se` is a Monte Carlo standard error, for rates after Agresti & Coull (1998), so never
    zero.
    """

    design: str
    title: str
    estimand: str
    procedure: str
    gap: float
    margin: float
    replicates: int
    answered: float | None = None
    answered_se: float | None = None
    coverage: float | None = None
    coverage_se: float | None = None
    rejected: float | None = None
    rejected_se: float | None = None
    claimed: float | None = None
    claimed_se: float | None = None
    bias: float | None = None
    bias_se: float | None = None
    width: float | None = None
    note: str = ""
    key: str = ""

    @property
    def type_1(self) -> float | None:
        """Share of tables where a gap is found that is not there."""
        return self.rejected if self.gap == 0 else None

    @property
    def power(self) -> float | None:
        """Share of tables where the gap is found."""
        return self.rejected if self.gap != 0 else None

    @property
    def false_parity(self) -> float | None:
        """Share of tables where parity is claimed although the gap is the margin or more."""
        return self.claimed if not self.within_margin else None

    @property
    def true_parity(self) -> float | None:
        """Share of tables where parity is claimed and the gap is inside the margin."""
        return self.claimed if self.within_margin else None

    @property
    def within_margin(self) -> bool:
        """Whether parity holds in truth."""
        return abs(self.gap) < self.margin - 1e-9

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, with the named rates."""
        derived = {name: getattr(self, name)
                   for name in ("type_1", "power", "false_parity", "true_parity")}
        plain: dict[str, Any] = to_plain({**asdict(self), **derived})
        return plain


@dataclass(frozen=True, kw_only=True)
class Proof:
    """All rates with the settings that made them and the procedures' rules."""

    rows: tuple[Rates, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    procedures: tuple[dict[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"settings": to_plain(self.settings), "procedures": list(self.procedures),
                "rows": [row.to_dict() for row in self.rows]}


def summarize(answers: Sequence[Answer], *, gap: float, alpha: float) -> dict[str, Any]:
    """The measured fields of Rates over the answers to one question."""
    given = [one for one in answers if one.gap is not None and not one.refused]
    reasons = list(dict.fromkeys(one.refused for one in answers if one.refused))
    errors = [one.gap - _truth(one, gap) for one in given if one.gap is not None]
    bounded = [one for one in given if one.low is not None and one.high is not None]
    inside = [low <= _truth(one, gap) <= high for one, low, high in _limits(bounded)]
    silent = [False] * (len(answers) - len(given))
    out: dict[str, Any] = {
        "answered": len(given) / len(answers) if answers else None,
        "answered_se": rate_error(len(given), len(answers)) if answers else None,
        "bias": fmean(errors) if errors else None,
        "bias_se": stdev(errors) / sqrt(len(errors)) if len(errors) > 1 else None,
        "width": fmean(high - low for _, low, high in _limits(bounded)) if bounded else None,
        "note": "; ".join(reasons),
    }
    for name, found, rest in (
        ("coverage", inside, []), ("rejected", [_rejects(one, alpha) for one in given], silent),
        ("claimed", [one.equivalent for one in given], silent),
    ):
        hits = [hit for hit in found if hit is not None]
        hits += rest if hits or not found else []
        out[name] = fmean(hits) if hits else None
        out[f"{name}_se"] = rate_error(sum(hits), len(hits)) if hits else None
    return out


def rate_error(hits: float, n: int) -> float:
    """Standard error of a share, with two hits and two misses added (Agresti & Coull 1998)."""
    share = (hits + 2) / (n + 4)
    return sqrt(share * (1 - share) / (n + 4))


def _limits(answers: Sequence[Answer]) -> list[tuple[Answer, float, float]]:
    return [(one, one.low, one.high) for one in answers
            if one.low is not None and one.high is not None]


def _truth(answer: Answer, gap: float) -> float:
    return abs(gap) if answer.unsigned else gap


def _rejects(answer: Answer, alpha: float) -> bool | None:
    if answer.p is not None:
        return answer.p < alpha
    if answer.low is None or answer.high is None:
        return None
    return answer.low > 0 or answer.high < 0
