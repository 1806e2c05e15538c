"""Tables and text as Markdown: pipe tables with caption, notes and signature."""

from __future__ import annotations

from mhx.reporting.table import Table

MARKED = str.maketrans({"<": "&lt;", "*": r"\*", "`": r"\`", "[": r"\[", "\n": " "})


def plain_text(text: str) -> str:
    """`text` with the characters escaped that would be markup."""
    return text.translate(MARKED)


def to_markdown(table: Table) -> str:
    """The table under its title; without rows, why."""
    if not table.rows:
        return plain_text(f"{table.title}: {table.missing}")
    lines = [_line([column.title for column in table.columns]),
             _rule([column.numeric for column in table.columns]),
             *(_line(cells) for cells in table.cells())]
    below = [*table.notes, *(f"{name}: {text.rstrip('.')}." for name, text in table.sources)]
    title = plain_text(" ".join(part for part in (f"{table.title}.", table.mark) if part))
    return "\n\n".join([f"**{title}**", "\n".join(lines), *map(plain_text, below)])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(plain_text(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _rule(numeric: list[bool]) -> str:
    return f"|{'|'.join('---:' if one else '---' for one in numeric)}|"
