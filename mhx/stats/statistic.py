"""One coefficient: its value, its interval, and why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PAIRWISE = ("percent_agreement", "kappa", "kappa_linear", "kappa_quadratic", "ac1", "ac2", "mae",
            "rmse", "within_one", "bias", "ccc")
ALPHAS = ("nominal", "ordinal", "interval")
JOINT = ("fleiss_kappa", "ac1", "ac2", *(f"alpha.{name}" for name in ALPHAS))
ICC = ("A1", "C1", "Ak", "Ck")


@dataclass(frozen=True, kw_only=True)
class Statistic:
    """A value with its interval; None where there is none, and then `reason` says why.

    `undefined` is the share of resamples without a value; they are left out of the interval.
    """

    value: float | None
    low: float | None
    high: float | None
    undefined: float = 0.0
    reason: str = ""

    @property
    def ci(self) -> list[float] | None:
        """[low, high], or None."""
        return None if self.low is None or self.high is None else [self.low, self.high]


@dataclass(frozen=True, kw_only=True)
class IntraClass(Statistic):
    """An ICC: `low` and `high` from F (McGraw & Wong 1996), `bootstrap` the percentile interval.

    The bootstrap interval keeps all replicates: one without a value counts at both ends.
    """

    bootstrap: tuple[float, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """``{"value", "ci", "ci_bootstrap"}``."""
        return {"value": self.value, "ci": self.ci, "ci_bootstrap": self.bootstrap}


def reasons(parts: Iterable[tuple[str, Mapping[str, Statistic]]]) -> dict[str, str]:
    """Why a value (key `name`) or only its interval (``ci.name``) is not there."""
    return {(prefix if one.value is None else f"ci.{prefix}") + name: one.reason
            for prefix, statistics in parts for name, one in statistics.items() if one.reason}
