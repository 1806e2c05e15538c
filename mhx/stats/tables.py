"""Agreement as plain table rows: one dict a row, the same keys."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mhx.stats.raters import AgreementResult
from mhx.stats.results import to_plain
from mhx.stats.statistic import Statistic

Row = dict[str, Any]


def agreement_rows(result: AgreementResult) -> list[Row]:
    """One row a pair of raters and system, then the means over the pairs."""
    rows = [{"system": pair.system, "raters": f"{pair.first} – {pair.second}", "n": pair.n,
             **_statistics(pair.statistics)} for pair in result.pairs]
    rows += [{"system": system, "raters": "mean of pairs", "n": None, **_statistics(mean)}
             for system, mean in [(None, result.mean), *result.mean_by_system.items()] if mean]
    if not result.mean_by_system:
        for row in rows:
            del row["system"]
    return rows


def system_rows(result: AgreementResult) -> list[Row]:
    """Agreement of system means, one row a pair of raters."""
    return [to_plain(asdict(one)) for one in result.systems]


def _statistics(statistics: dict[str, Statistic]) -> Row:
    out: Row = {}
    for name, one in statistics.items():
        out |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    return out
