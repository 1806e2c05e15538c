"""Tables as booktabs LaTeX that pdflatex compiles: caption, label, notes, everything escaped."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from mhx.reporting.table import Column, Table
from mhx.reporting.templates import template

LONG = 38  # rows; a float of more does not fit a page
REPEATED = ("language", "base", "run", "system", "score")  # set once above their rows
COLUMN, PAGE = 219.0, 455.0  # points: a column and the text width of an ACL paper
SIZES = {"footnotesize": 4.2, "scriptsize": 3.7}  # points a character takes, about
GUTTER = 4.0  # points at each side of a column
# sizes, and after how many characters text wraps: the first that fits the page is taken
TRIES = (("footnotesize", 60), ("footnotesize", 34), ("scriptsize", 34), ("scriptsize", 22),
         ("scriptsize", 14))
REPLACED = "[non-Latin text]"
SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar\allowbreak{}",
    '"': r"\textquotedbl{}", "'": "'",
    "−": "$-$", "±": r"$\pm$", "×": r"$\times$", "κ": r"$\kappa$", "δ": r"$\delta$",
    "α": r"$\alpha$", "≥": r"$\geq$", "≤": r"$\leq$", "≠": r"$\neq$", "→": r"$\rightarrow$",
    "≈": r"$\approx$", "Δ": r"$\Delta$",
    "–": r"\textendash{}", "—": r"\textemdash{}", "“": "``", "”": "''",
    "„": r"\quotedblbase{}", "‘": "`", "’": "'",
    "…": r"\ldots{}", "·": r"\textperiodcentered{}", "∅": r"$\emptyset$", "\u00a0": "~",
    "\u200c": "", "\u200e": "", "\u200f": "", "\n": " ",
}
# one letter for one letter, after ALA-LC: the short vowels are not written
ARABIC = dict(zip(
    "ابپتجچدرزژسشغفقکگلمنوهیكيىآةؤئءأإ،؛؟ثحخذصضطظع",
    ("a", "b", "p", "t", "j", "ch", "d", "r", "z", "zh", "s", "sh", "gh", "f", "q", "k", "g", "l",
     "m", "n", "v", "h", "y", "k", "y", "y", r"\={a}", "h", "v", "y", "'", "a", "a", ",", ";",
     "?", r"\b{s}", r"\d{h}", "kh", r"\b{z}", r"\d{s}", r"\.{z}", r"\d{t}",
     r"\d{z}", "`"), strict=True))
HASH = re.compile(r"[0-9a-f]{24,}")  # may be broken after every eighth character
T1 = set("ĄąĆćĘęŁłŃńŚśŹźŻżČčĎďĚěŇňŘřŠšŤťŮůŽžĂăĐđŐőŰűĞğİıŒœŸ")


def escape(text: str) -> str:
    """`text` with LaTeX's characters escaped, Arabic script letter by letter in Latin.

    What pdflatex cannot set is said, not dropped.
    """
    out: list[str] = []
    for one in unicodedata.normalize("NFC", str(text)):
        shown = _character(one)
        if shown is not None:
            out.append(shown)
        elif out[-1:] != [REPLACED] and out[-2:] != [REPLACED, " "]:
            out.append(REPLACED)
        elif out[-1] == " ":
            out.pop()  # words of one run of another script are one replacement
    joined = "".join(out).replace(r" \%", r"~\%").replace("--", r"\mbox{-{}-}")
    return HASH.sub(lambda found: r"\allowbreak{}".join(
        found[0][at : at + 8] for at in range(0, len(found[0]), 8)), joined)


def _character(one: str) -> str | None:
    """One character for LaTeX; None for a letter or sign of another script."""
    if one in SPECIAL or one in ARABIC:
        return SPECIAL.get(one) or ARABIC.get(one, "")
    if " " <= one <= "~" or ("\u00a1" <= one <= "\u00ff" and one != "\u00ad") or one in T1:
        return one
    plain = unicodedata.normalize("NFKD", one).encode("ascii", "ignore").decode()
    if plain:
        return "".join(SPECIAL.get(letter, letter) for letter in plain)
    if unicodedata.digit(one, None) is not None:
        return str(unicodedata.digit(one))
    return None if unicodedata.category(one)[0] in "LNPS" else ""


def is_romanized(text: str) -> bool:
    """Whether `text` has letters that stand in the paper as Latin ones."""
    return any(one in ARABIC for one in text)


@dataclass(frozen=True)
class Layout:
    """How a table is set: the columns left after grouping, row groups, width and size.

    `spec` are the column letters; text longer than a cell holds wraps. `squeezed`: even so it is
    wider than the page, and has to be scaled.
    """

    columns: tuple[Column, ...]
    groups: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    spec: str
    wide: bool
    size: str
    squeezed: bool


def layout(table: Table) -> Layout:
    """The table for a two-column page: what repeats in the first columns becomes a line above."""
    head = 0
    while head < len(table.columns) - 1 and _repeats(table, table.columns[head]):
        head += 1
    cells = [tuple(row) for row in table.cells()]
    values = dict.fromkeys(row[:head] for row in cells)
    if not cells or len(values) > len(cells) / 2:
        head, values = 0, dict.fromkeys([()])
    columns = table.columns[head:]
    groups = tuple((", ".join(value), tuple(row[head:] for row in cells if row[:head] == value))
                   for value in values)
    longest = [max(len(text) for text in (column.title, *(row[number] for _, rows in groups
                                                          for row in rows)))
               for number, column in enumerate(columns)]
    needed = {(size, wrap): _points(columns, longest, size, wrap) for size, wrap in TRIES}
    wide = needed[TRIES[0]] > COLUMN
    place = PAGE if wide else COLUMN
    size, wrap = next((one for one in TRIES if needed[one] <= place), TRIES[-1])
    spec = "".join(_letter(column, long, size, wrap)
                   for column, long in zip(columns, longest, strict=True))
    return Layout(columns, groups, f"@{{}}{spec}@{{}}", wide, size, needed[size, wrap] > PAGE)


def _repeats(table: Table, column: Column) -> bool:
    """Whether the column's value is set above its rows; the attribute where it is the only one."""
    return column.key in REPEATED or (column.key == "attribute" and column in table.same)


def _points(columns: tuple[Column, ...], longest: list[int], size: str, wrap: int) -> float:
    """The width of the table, about, when text wraps after `wrap` characters."""
    chars = sum(long if column.numeric else min(long, wrap)
                for column, long in zip(columns, longest, strict=True))
    return chars * SIZES[size] + 2 * GUTTER * (len(columns) - 1)


def _letter(column: Column, longest: int, size: str, wrap: int) -> str:
    if column.numeric or longest <= wrap:
        return "r" if column.numeric else "l"
    return rf">{{\raggedright\arraybackslash}}p{{{wrap * SIZES[size]:.0f}pt}}"


def to_latex(table: Table) -> str:
    """The table as a float of one column or two, or as a longtable where it fills a page."""
    return template("table.tex.j2").render(
        table=table, long=is_long(table), layout=layout(table),
        sources=[f"{name}: {text.rstrip('.')}." for name, text in table.sources]
        if table.rows else [],
        notes=[*table.notes, *([table.missing] if table.missing else [])],
    )


def is_long(table: Table) -> bool:
    """Whether the table is longer than a page: it then stands in one column, in an appendix."""
    return len(table.rows) > LONG


def to_document(tables: list[Table]) -> str:
    """A standalone document that reads every table, to check that they compile."""
    return template("all.tex.j2").render(tables=tables)
