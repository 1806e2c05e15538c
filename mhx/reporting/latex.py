"""Tables as booktabs LaTeX that pdflatex compiles: caption, label, notes, everything escaped."""

from __future__ import annotations

import unicodedata

from mhx.reporting.table import Column, Table
from mhx.reporting.templates import template

LONG = 38  # rows; a float of more does not fit a page
REPLACED = "[non-Latin text]"
SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar\allowbreak{}",
    '"': r"\textquotedbl{}", "'": "'",
    "−": "$-$", "±": r"$\pm$", "×": r"$\times$", "κ": r"$\kappa$", "δ": r"$\delta$",
    "α": r"$\alpha$", "≥": r"$\geq$", "≤": r"$\leq$", "≠": r"$\neq$", "→": r"$\rightarrow$",
    "–": "--", "—": "---", "“": "``", "”": "''", "„": r"\quotedblbase{}", "‘": "`", "’": "'",
    "…": r"\ldots{}", "·": r"\textperiodcentered{}", "∅": r"$\emptyset$", "\u00a0": "~",
    "\u200c": "", "\u200e": "", "\u200f": "", "\n": " ",
}
T1 = set("ĄąĆćĘęŁłŃńŚśŹźŻżČčĎďĚěŇňŘřŠšŤťŮůŽžĂăĐđŐőŰűĞğİıŒœŸ")


def escape(text: str) -> str:
    """`text` with LaTeX's characters escaped; what pdflatex cannot set is said, not dropped."""
    out: list[str] = []
    for one in unicodedata.normalize("NFC", str(text)):
        shown = _character(one)
        if shown is not None:
            out.append(shown)
        elif out[-1:] != [REPLACED] and out[-2:] != [REPLACED, " "]:
            out.append(REPLACED)
        elif out[-1] == " ":
            out.pop()  # words of one run of another script are one replacement
    return "".join(out)


def _character(one: str) -> str | None:
    """One character for LaTeX; None for a letter or sign of another script."""
    if one in SPECIAL:
        return SPECIAL[one]
    if " " <= one <= "~" or ("\u00a1" <= one <= "\u00ff" and one != "\u00ad") or one in T1:
        return one
    plain = unicodedata.normalize("NFKD", one).encode("ascii", "ignore").decode()
    if plain:
        return "".join(SPECIAL.get(letter, letter) for letter in plain)
    return None if unicodedata.category(one)[0] in "LNPS" else ""


def to_latex(table: Table) -> str:
    """The table as a float, or as a longtable when it is longer than a page."""
    return template("table.tex.j2").render(
        table=table, long=len(table.rows) > LONG, spec=_spec(table.columns),
        notes=[*table.notes, *([table.missing] if table.missing else [])],
    )


def to_document(tables: list[Table]) -> str:
    """A standalone document that reads every table, to check that they compile."""
    return template("all.tex.j2").render(tables=tables)


def _spec(columns: tuple[Column, ...]) -> str:
    return "@{}" + "".join("r" if column.numeric else "l" for column in columns) + "@{}"
