"""agree: the raters of any table of ratings compared, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from mhx.cli import common

if TYPE_CHECKING:
    from mhx.stats.raters import AgreementResult
    from mhx.stats.statistic import IntraClass, Statistic

SIDE_BY_SIDE = 3  # up to so many pairs each has a column, with intervals
HEADS = {"percent_agreement": "agreement %", "kappa": "κ", "kappa_linear": "κ linear",
         "kappa_quadratic": "κ quadratic", "ac1": "AC1", "ac2": "AC2", "mae": "MAE",
         "rmse": "RMSE", "within_one": "within one point (share)", "bias": "bias (second − first)",
         "ccc": "concordance (CCC)", "fleiss_kappa": "Fleiss κ", "alpha.nominal": "α nominal",
         "alpha.ordinal": "α ordinal", "alpha.interval": "α interval", "A1": "ICC(A,1)",
         "C1": "ICC(C,1)", "Ak": "ICC(A,k)", "Ck": "ICC(C,k)"}
SHORT = {**HEADS, "percent_agreement": "%", "within_one": "±1", "bias": "bias", "ccc": "CCC",
         "kappa_linear": "κ lin", "kappa_quadratic": "κ quad"}


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(agree)


def agree(
    table: common.Table,
    item: Annotated[str, typer.Option(help="Column of the rated item.")],
    rater: Annotated[str, typer.Option(help="Column of the rater.")],
    rating: Annotated[str, typer.Option(help="Column of the rating.")],
    level: Annotated[str, typer.Option(help="nominal, ordinal or interval.")] = "nominal",
    by: Annotated[
        str | None, typer.Option(help="Column of systems: agreement of their means too.")
    ] = None,
    range_: Annotated[
        str | None, typer.Option("--range", help="Legal ratings, such as 1:5.")
    ] = None,
    seed: common.Draws = 0,
    json_: common.Json = False,
) -> None:
    """Agreement of raters: κ, AC1/AC2, α, ICC with intervals; illegal ratings counted.

    Example: mhx agree ratings.csv --item id --rater who --rating level --level ordinal --range 0:2
    """
    from mhx.errors import unknown
    from mhx.files import read_table
    from mhx.stats.agreement import agree as run_agree
    from mhx.stats.request import about, legal_range

    if level not in ("nominal", "ordinal", "interval"):
        raise unknown("level", level, ("nominal", "ordinal", "interval"))
    frame = read_table(table)
    with about(table, frame.columns):
        result = run_agree(
            frame,
            item=item,
            rater=rater,
            rating=rating,
            level=level,  # type: ignore[arg-type]
            range_=legal_range(range_, "--range"),
            by=by,
            seed=seed,
        )
    if json_:
        common.emit(result.to_dict())
    else:
        _show(result)


def _show(result: AgreementResult) -> None:
    from mhx.stats import tables

    pairs = [pair for pair in result.pairs if pair.system is None]
    if len(pairs) <= SIDE_BY_SIDE:
        _intervals({f"{one.first} – {one.second} (n {one.n})": one.statistics for one in pairs},
                   "two raters, item level (items both rated)")
    else:
        rows = [{"raters": f"{one.first} – {one.second}", "n": one.n, **_short(one.statistics)}
                for one in pairs]
        rows.append({"raters": "mean of pairs", "n": None, **_short(result.mean)})
        common.tabulate(rows, title="two raters, item level (items both rated); intervals: --json")
    _intervals({f"all {len(result.raters)} raters": result.joint}, "all raters, item level")
    _icc(result.icc, f"item level ({result.complete_items} of {result.items} items have all "
         "ratings)")
    if result.system is not None:
        _icc(result.system.icc, f"system level (means of {result.system.n} systems)")
        common.tabulate(tables.system_rows(result), title="two raters, system level (means)")
        within = [row for row in tables.agreement_rows(result) if row.get("system")]
        common.tabulate([{"system": row["system"], "raters": row["raters"], "n": row["n"],
                       **{SHORT[name]: row[name] for name in SHORT if row.get(name) is not None}}
                      for row in within], title="two raters, item level within each system")
    _say(result, {pair.dropped for pair in pairs})


def _intervals(columns: Mapping[str, Mapping[str, Statistic]], title: str) -> None:
    """A row a coefficient, a column what it is of; below, what could not be computed and why."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    known = [name for name in names
             if any(column[name].value is not None for column in columns.values())]
    common.tabulate([{"coefficient": HEADS[name],
                   **{head: _cell(column[name]) for head, column in columns.items()}}
                  for name in known], title=title)
    why: dict[str, list[str]] = {}
    for name in names:
        if name not in known:
            why.setdefault(next(iter(columns.values()))[name].reason, []).append(HEADS[name])
    for reason, absent in why.items():
        common.say(f"{title}, not given: {', '.join(absent)}: {reason}")


def _icc(icc: Mapping[str, IntraClass], where: str) -> None:
    if all(one.value is None for one in icc.values()):
        common.say(f"ICC, {where}, not given: {icc['A1'].reason}")
        return
    common.tabulate([{"coefficient": HEADS[name], "value, F-based interval": _cell(one),
                   "bootstrap interval": "–" if one.bootstrap is None else
                   f"[{common.shown(one.bootstrap[0])}, {common.shown(one.bootstrap[1])}]"}
                  for name, one in icc.items()], title=f"ICC, {where}")


def _cell(one: Statistic) -> str:
    if one.value is None:
        return f"– {one.reason}"
    limits = (f"[{common.shown(one.low)}, {common.shown(one.high)}]" if one.ci
              else f"({one.reason})")
    return f"{common.shown(one.value)} {limits}"


def _short(statistics: Mapping[str, Statistic]) -> dict[str, float | None]:
    return {SHORT[name]: one.value for name, one in statistics.items()}


def _say(result: AgreementResult, dropped: set[int]) -> None:
    if result.no_pairs:
        common.say(f"no pairs: {result.no_pairs}")
    illegal = "" if result.legal_range is None else (
        f", {result.outside_range} outside the legal range "
        f"{result.legal_range[0]:g} to {result.legal_range[1]:g} and left out")
    common.say(
        f"{result.ratings} ratings of {result.items} items; raters: {len(result.raters)}; "
        f"{result.missing} missing{illegal}; {result.single_items} items with one rating only "
        "enter no pair"
    )
    if dropped - {0}:
        common.say(f"A pair drops the items only one of the two rated: at most {max(dropped)}.")
    names = ", ".join(str(one) for one in result.categories) or "too many to list"
    common.say(f"Categories ({result.categories_from}): {names}. AC2 has {result.ac2_weights} "
               "weights; all weights are distances of the values. Intervals: "
               f"{100 * (1 - result.settings['alpha']):g} %, {result.settings['resampled']} items "
               "resampled; of ICC from F.")
