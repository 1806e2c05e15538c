"""Results as plain table rows for Rich, JSON, CSV and LaTeX: one dict a row, the same keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from mhx.stats.planted import Planted
from mhx.stats.raters import AgreementResult
from mhx.stats.results import ParityResult, to_plain
from mhx.stats.statistic import Statistic

Row = dict[str, Any]
PLACE = ("language", "system")  # columns left out of tables that have only one of them


def group_rows(result: ParityResult) -> list[Row]:
    """Groups: score, attribute, group, n, expected, coverage, units, mean, sd, interval."""
    return _rows(result.groups, drop=("kind",))


def contrast_rows(result: ParityResult) -> list[Row]:
    """Contrasts, everything: effects, both intervals, p, TOST, verdict, detectable effect."""
    return _rows(result.contrasts, drop=("kind",))


def largest_rows(result: ParityResult) -> list[Row]:
    """The largest gap of each score and attribute, calibrated."""
    return _rows(result.largest, drop=("kind",))


def worst_rows(result: ParityResult) -> list[Row]:
    """The worst group of each score and attribute, with its bound and the floor's verdict."""
    return _rows(result.worst, drop=("kind",))


def language_rows(result: ParityResult) -> list[Row]:
    """The cross-language gate: what is missing before languages may be compared."""
    return _rows(result.cross_language)


def forest_rows(result: ParityResult) -> list[Row]:
    """What a forest plot draws: gap, 95 % interval, TOST's 90 % interval, margin, verdict."""
    keys = ("score", "attribute", "group", "reference", "language", "system", "gap", "low", "high",
            "tost_low", "tost_high", "margin", "verdict")
    return [{key: getattr(one, key) for key in keys} for one in result.contrasts
            if one.gap is not None]


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
    return _rows(result.systems)


def planted_rows(trials: Iterable[Planted]) -> list[Row]:
    """One row a planted trial."""
    return _rows(trials)


def _rows(records: Iterable[Any], drop: tuple[str, ...] = ()) -> list[Row]:
    rows: list[Row] = [to_plain(asdict(record)) for record in records]
    empty = {name for name in PLACE if all(row.get(name) is None for row in rows)}
    return [{key: value for key, value in row.items() if key not in empty and key not in drop}
            for row in rows]


def _statistics(statistics: dict[str, Statistic]) -> Row:
    out: Row = {}
    for name, one in statistics.items():
        out |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    return out
