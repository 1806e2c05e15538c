"""One table for HTML, LaTeX, CSV and JSON: typed columns, rows, a caption that says its source."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Literal

Kind = Literal["text", "int", "number", "share", "p", "yesno", "interval"]
Row = dict[str, Any]
NOTHING = "–"
SHORT = 30  # characters
PLACES = ("run", "base", "language", "system", "score", "attribute")
MINUS = "−"
LEFT_TO_RIGHT = "\u200e"  # a mark without width
PIPELINE_CHECK = "Pipeline check, not a finding"


@dataclass(frozen=True, kw_only=True)
class Column:
    """`key` is the row's field. An interval runs from `key` to `upper`; `digits` are decimals."""

    key: str
    title: str
    kind: Kind = "text"
    upper: str | None = None
    digits: int = 2

    @property
    def numeric(self) -> bool:
        """Whether the column is set flush right."""
        return self.kind not in ("text", "yesno")

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields of the row that the column shows."""
        return (self.key,) if self.upper is None else (self.key, self.upper)

    def show(self, row: Row) -> str:
        """The cell as text."""
        if self.upper is None:
            return show(row.get(self.key), self.kind, self.digits)
        ends = [show(row.get(key), "number", self.digits) for key in self.keys]
        return NOTHING if NOTHING in ends else f"[{ends[0]}, {ends[1]}]"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows hold every raw number; columns say what is shown. `missing` says why rows is empty.

    `origin` is who wrote the text, `signature` how the numbers are made, `agreement` what is
    known of the scorer against people. `mark` flags numbers that are not a finding.
    """

    label: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    origin: str = ""
    signature: str = ""
    agreement: str = ""
    mark: str = ""
    missing: str = ""

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """What the caption repeats: (name, text) pairs, empty ones left out."""
        named = {"Text": self.origin, "Signature": self.signature, "Scorer": self.agreement}
        return tuple((name, text) for name, text in named.items() if text)

    @property
    def caption(self) -> str:
        """Title, mark and sources as one line of plain text."""
        if not self.rows:
            return f"{self.title}."
        parts = [self.title, self.mark, *(f"{name}: {text}" for name, text in self.sources)]
        return " ".join(f"{part.rstrip('.')}." for part in parts if part)

    @property
    def same(self) -> tuple[Column, ...]:
        """The columns of place (language, system, score, …) with one text in all of several rows.
        """
        return tuple(one for one in self.columns if one.key in PLACES and len(self.rows) > 1
                     and len({one.show(row) for row in self.rows}) == 1)

    def breaks(self, column: Column) -> bool:
        """Whether a text of the column is so long that it may be broken into lines."""
        return max((len(column.show(row)) for row in self.rows), default=0) > SHORT

    def cells(self) -> list[list[str]]:
        """The shown text, one list a row."""
        return [[column.show(row) for column in self.columns] for row in self.rows]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data: the rows are raw, not rounded."""
        return {
            "label": self.label, "title": self.title, "caption": self.caption,
            "origin": self.origin, "signature": self.signature, "agreement": self.agreement,
            "mark": self.mark, "missing": self.missing, "notes": list(self.notes),
            "columns": [{"key": one.key, "upper": one.upper, "title": one.title, "kind": one.kind,
                         "digits": one.digits}
                        for one in self.columns],
            "rows": list(self.rows),
        }


def show(value: Any, kind: Kind = "text", digits: int = 2) -> str:
    """A value as a table shows it; a dash for null and for numbers that are not finite."""
    if value is None or value == "" or (isinstance(value, float) and not isfinite(value)):
        return NOTHING
    if kind == "yesno":
        return "yes" if value else "no"
    if kind == "text" or isinstance(value, str | bool):
        return ordered(str(value))
    if kind == "p":
        return "<0.001" if value < 0.001 else f"{value:.3f}"
    if kind == "share":
        return _percent(value)
    return _number(value, 0 if kind == "int" else digits)


def _percent(share: float) -> str:
    """Whole percents; what is not none and not all is not rounded to it."""
    text = f"{100 * share:.0f}"
    if text in ("0", "100") and 0 < share < 1:
        text = f"{min(max(100 * share, 0.1), 99.9):.1f}"
    return f"{text} %"


def ordered(text: str, sign: str = f" {MINUS} ") -> str:
    """`text` with what `sign` joins kept from left to right.

    Between two right-to-left names a minus is one of their letters (Unicode UAX 9), so that
    "group − reference" would be drawn as "reference − group".
    """
    if not any(unicodedata.bidirectional(one) in ("R", "AL") for one in text):
        return text
    mark = LEFT_TO_RIGHT
    return mark + f"{mark}{sign}{mark}".join(text.split(sign)) if sign in text else text


def finer(table: Table, digits: int) -> Table:
    """The table with its numbers of two decimals set with `digits`."""
    columns = tuple(replace(one, digits=digits) if one.digits == Column.digits else one
                    for one in table.columns)
    return replace(table, columns=columns)


def _number(value: float, digits: int) -> str:
    """Grouped from 10,000 on; a rounded zero has no sign."""
    text = f"{value:,.{digits}f}" if abs(value) >= 10_000 else f"{value:.{digits}f}"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else MINUS + text[1:]
    return text
