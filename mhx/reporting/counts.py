"""Tables of what the analysis counted: rows and units of every cell, drops, shared units."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.records import GROUP, parity_table
from mhx.reporting.table import PLACES, Column, Row, Table
from mhx.reporting.wording import plain

COUNTED = ("expected", "n", "units")


def tables(evaluation: Evaluation) -> list[Table]:
    """Cell counts and drops; groups that share units."""
    return [_cells(evaluation), _overlap(evaluation)]


def _cells(evaluation: Evaluation) -> Table:
    rows = cells(evaluation)
    columns = (
        GROUP,
        Column(key="expected", title="expected", kind="int"),
        Column(key="n", title="scored", kind="int"),
        Column(key="dropped", title="not scored", kind="int"),
        Column(key="coverage", title="coverage", kind="share"),
        Column(key="units", title="units", kind="int"),
        Column(key="compared", title="compared", kind="int"),
        Column(key="design", title="how"),
    )
    dropped = sum(row["dropped"] or 0 for row in rows)
    notes = [
        "Expected: rows that the design has, counted also where a cell is empty. Not scored: "
        "missing, refused and unparsable answers; none is imputed and none is replaced. "
        "Units: what is resampled.",
        "Compared: for pairs, the units that have a score in the group and in the reference, the "
        "only ones that enter the gap; else the group's scores.",
    ]
    if not dropped:
        notes.append("Every expected row has a score.")
    empty = [f"{row['attribute']} {row['group']}" for row in rows if not row["n"]]
    if empty:
        notes.append(f"Cells without any score: {', '.join(dict.fromkeys(empty))}.")
    return parity_table(evaluation, label="cells", title="Cell counts and drops", columns=columns,
                        rows=rows, notes=notes)


def cells(evaluation: Evaluation) -> list[Row]:
    """One row a cell; scores whose counts in the cell are equal share the row.

    Raises nothing: a group without a contrast is the reference of its attribute.
    """
    gaps = {_cell(row): row for row in evaluation.parity_rows("contrasts")}
    found: dict[tuple[object, ...], Row] = {}
    scores: dict[tuple[object, ...], list[str]] = {}
    for row in evaluation.parity_rows("groups"):
        gap = gaps.get(_cell(row))
        counted = {**row, "dropped": _dropped(row), "compared": _compared(gap),
                   "design": _design(gap)}
        key = (*_cell(row)[1:], *(counted.get(name) for name in (*COUNTED, "compared", "design")))
        found.setdefault(key, counted)
        scores.setdefault(key, []).append(plain(row.get("score")))
    every = len({row.get("score") for row in evaluation.parity_rows("groups")})
    return [{**row, "score": _scores(scores[key], every)} for key, row in found.items()]


def _cell(row: Row) -> tuple[object, ...]:
    """What tells one cell of one score from another; the score comes first."""
    places = (row.get(name) for name in PLACES if name != "score")
    return (row.get("score"), *places, row.get("kind"), row.get("group"))


def _scores(names: list[str], every: int) -> str:
    return f"all {every}" if len(names) == every > 1 else ", ".join(names)


def _dropped(row: Row) -> int | None:
    n, expected = row.get("n"), row.get("expected")
    return None if n is None or expected is None else int(expected) - int(n)


def _compared(gap: Row | None) -> int | None:
    if gap is None:
        return None
    value = gap.get("n_group") if gap.get("pairs") is None else gap["pairs"]
    return None if value is None else int(value)


def _design(gap: Row | None) -> str:
    if gap is None:
        return "reference"
    return "unpaired" if gap.get("pairs") is None else "pairs"


def _overlap(evaluation: Evaluation) -> Table:
    rows = evaluation.parity_rows("overlap")
    columns = (
        Column(key="first", title="group"), Column(key="second", title="and"),
        Column(key="shared", title="shared units", kind="int"),
        Column(key="n_first", title="units of the first", kind="int"),
        Column(key="n_second", title="of the second", kind="int"),
    )
    rows = [{**row, "score": "all"} for row in rows]
    return parity_table(
        evaluation, label="overlap", title="Groups that share units", columns=columns, rows=rows,
        what="groups that share units",
        why="No unit is in two groups of one attribute, except by a crossed design",
        notes=("These units count in both groups, so the groups are not independent; the "
               "intervals keep the covariance of what they share.",))
