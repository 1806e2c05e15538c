"""Tables of parity records: the columns that say where a number belongs, one signature for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.fairness import alpha_of, percent
from mhx.reporting.table import PLACES, Column, Row, Table
from mhx.reporting.wording import (
    absent,
    agreement,
    answers_origin,
    mark,
    parity_signature,
    plain,
)

ALWAYS = ("score", "attribute")
CONTRAST = Column(key="contrast", title="contrast")
GROUP = Column(key="group", title="group")
NAMED = 6  # places that a note lists
NO_ROWS = "The analysis has no such rows"


def parity_table(evaluation: Evaluation, *, label: str, title: str, columns: tuple[Column, ...],
                 rows: list[Row], notes: Iterable[str] = (), what: str = "",
                 why: str = NO_ROWS) -> Table:
    """A table of parity records with the columns of their place in front.

    Rows get the score in words and `contrast`, "group − reference". Without rows the table says
    that `what` (the title by default) is not there, and `why`.
    """
    if not evaluation.systems:
        why = str(evaluation.data.get("parity_note") or "No parity was computed")
    return Table(
        label=label, title=title, columns=(*places(evaluation, rows), *columns),
        rows=tuple(words(row) for row in rows), notes=tuple(notes) if rows else (),
        origin=answers_origin(evaluation), mark=mark(evaluation),
        signature=parity_signature(evaluation), agreement=agreement(evaluation),
        missing="" if rows else absent(what or title[0].lower() + title[1:], why),
    )


def places(evaluation: Evaluation, rows: list[Row]) -> tuple[Column, ...]:
    """Columns of run, base, language, system, score and attribute: those that tell rows apart.

    Score and attribute always; the others where the results have several, whatever the rows.
    """
    several = {"language": len(evaluation.languages) > 1, "system": len(evaluation.systems) > 1}
    shown = []
    for name in PLACES:
        found = {str(row[name]) for row in rows if row.get(name) not in (None, "")}
        if name in ALWAYS or several.get(name, len(found) > 1):
            shown.append(Column(key=name, title=name))
    return tuple(shown)


def interval(evaluation: Evaluation, *, low: str = "low", high: str = "high", tails: int = 1,
             title: str = "", digits: int = 2) -> Column:
    """An interval column named by its level, which leaves `tails` times alpha outside."""
    level = f"{percent(alpha_of(evaluation), tails)} interval"
    return Column(key=low, upper=high, title=f"{title} {level}".strip(), kind="interval",
                  digits=digits)


def words(row: Row) -> Row:
    """`row` with its score in words and the contrast as "group − reference"."""
    out = {**row, "score": plain(row.get("score"))}
    if row.get("reference") is not None and row.get("group") is not None:
        out["contrast"] = f"{row['group']} − {row['reference']}"
    return out


def place(row: Row) -> str:
    """Where a row belongs in words: "adapter, pl, empathy by gender, female"."""
    by = f"{plain(row.get('score'))} by {row.get('attribute')}"
    parts = (row.get("run"), row.get("system"), row.get("language"), by, row.get("group"))
    return ", ".join(str(part) for part in parts if part not in (None, ""))


def notes_of(rows: Sequence[Row]) -> list[str]:
    """What rows say about themselves: each distinct note once, with the places it is about."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.get("note"):
            found.setdefault(str(row["note"]).rstrip("."), []).append(place(row))
    return [f"{note[0].upper()}{note[1:]}: {_listed(where, len(rows))}."
            for note, where in found.items()]


def single(evaluation: Evaluation, key: str) -> list[Row]:
    """The records of single attributes and of licensed languages: all but the intersections'."""
    return [row for row in evaluation.parity_rows(key) if row.get("kind") != "intersection"]


def beyond(evaluation: Evaluation, key: str) -> list[str]:
    """Where the same numbers of the intersections are, which a table leaves out."""
    count = len(evaluation.parity_rows(key, "intersection"))
    return [f"Intersections ({count}): the same numbers are in report.json, under parity, {key}."
            ] if count else []


def _listed(where: list[str], rows: int) -> str:
    """All rows, or the first places and how many more."""
    if len(where) == rows > 1:
        return f"all {rows} rows"
    more = f"; and {len(where) - NAMED} more" if len(where) > NAMED else ""
    return "; ".join(where[:NAMED]) + more


def matched(rows: Iterable[Row], others: Iterable[Row]) -> list[tuple[Row, Row]]:
    """Each of `rows` with the one of `others` about the same contrast; an empty row if none."""
    by = {key(row): row for row in others}
    return [(row, by.get(key(row), {})) for row in rows]


def key(row: Row) -> tuple[str, ...]:
    """What tells one contrast or group from another."""
    return tuple(str(row.get(name)) for name in (*PLACES, "kind", "group", "reference"))
