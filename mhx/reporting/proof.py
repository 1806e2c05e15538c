"""A proof in a folder: JSON to go on from, CSV, Markdown, the figure."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import read_text, write_json, write_text
from mhx.reporting.proving import proving_picture, proving_tables
from mhx.reporting.table import Table

NAME = "proving"


def write_proof(folder: Path, part: dict[str, Any], *, figures: bool = True) -> None:
    """Write `proving.json` and `proving.csv`; with `figures` also `.md`, `.pdf` and `.png`."""
    write_json(folder / f"{NAME}.json", part)
    rows = part["rows"]
    if not rows:
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / f"{NAME}.csv", text.getvalue())
    if not figures:
        return
    write_text(folder / f"{NAME}.md", "\n".join(markdown(one) for one in proving_tables(part)))
    found = proving_picture(part)
    if found is not None:
        found.write(folder)


def read_proof(path: Path) -> list[dict[str, Any]]:
    """The rows of an earlier `proving.json`; none where there is no file.

    Raises MhxError for a file that is not one.
    """
    if not path.exists():
        return []
    try:
        rows = json.loads(read_text(path))["rows"]
        if not all(isinstance(row, dict) for row in rows):
            raise TypeError
    except (ValueError, KeyError, TypeError) as error:
        raise MhxError(Problem("not the result of mhx prove", "give another folder with --out",
                               path=path)) from error
    return list(rows)


def markdown(table: Table) -> str:
    """A table as Markdown, its notes below it."""
    lines = [f"**{table.title}**", "", "| " + " | ".join(one.title for one in table.columns) + " |",
             "|" + "|".join("---:" if one.numeric else "---" for one in table.columns) + "|"]
    lines += ["| " + " | ".join(cells) + " |" for cells in table.cells()]
    return "\n".join([*lines, "", *table.notes, f"Signature: {table.signature}", ""])
