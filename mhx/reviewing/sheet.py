"""Dialogues as a CSV sheet and back: one row a segment, the verdict in any row of a dialogue."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from mhx.corpus.xml_stream import write_pieces
from mhx.errors import MhxError, Problem
from mhx.files import read_text
from mhx.reviewing.answers import Answer, Given
from mhx.reviewing.dialogues import Reviewable

COLUMNS = ("run", "dialogue", "text_sha256", "at", "role", "source", "target", "reasons",
           "verdict", "comment")
# a spreadsheet would run such a cell as a formula; the apostrophe makes it text
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_SEPARATORS = (",", ";", "\t")


def write_sheet(path: Path, found: Iterable[Reviewable], *, run: str) -> None:
    """Write the sheet (UTF-8 with a byte-order mark, which spreadsheets ask for)."""
    write_pieces(path, _lines(found, run))


def _lines(found: Iterable[Reviewable], run: str) -> Iterator[str]:
    yield "\ufeff" + _line(COLUMNS)
    for one in found:
        for number, line in enumerate(one.lines):
            reasons = "; ".join(
                f"{reason['code']}: {reason['message']}".rstrip(": ")
                for reason in one.reasons if int(reason.get("segment") or 0) == number)
            yield _line((run, one.id, one.text_sha256, line.at, line.role, line.source,
                         line.text or "", reasons, "", ""))


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([
        f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue()


def read_sheet(path: Path) -> list[Answer]:
    """The answers of a sheet; a spreadsheet may have changed its separator.

    Raises MhxError with every problem: a missing column, two verdicts of one dialogue.
    """
    text = read_text(path)
    header = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: dict[tuple[str, str, str], list[tuple[int, dict[str, str]]]] = {}
    try:
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise MhxError(Problem(f"no column {', '.join(missing)}",
                                   "keep the columns of the export", path=path, line=1))
        before = reader.line_num
        for row in reader:
            line, before = before + 1, reader.line_num
            cells = {name: _cell(row.get(name)) for name in COLUMNS}
            if any(cells.values()):
                key = (cells["run"], cells["dialogue"], cells["text_sha256"])
                rows.setdefault(key, []).append((line, cells))
    except csv.Error as error:
        raise MhxError(Problem(f"not CSV: {error}", "save it as CSV again", path=path,
                               line=reader.line_num)) from error
    problems: list[Problem] = []
    answers = [_answer(path, *key, found, problems) for key, found in rows.items()]
    if problems:
        raise MhxError(problems)
    return answers


def _cell(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _answer(
    path: Path, run: str, dialogue: str, digest: str, rows: list[tuple[int, dict[str, str]]],
    problems: list[Problem],
) -> Answer:
    verdicts = {cells["verdict"].strip().lower(): line
                for line, cells in rows if cells["verdict"].strip()}
    if len(verdicts) > 1:
        problems.append(Problem(
            f"two verdicts: {', '.join(sorted(verdicts))}", "write one, in any row of it",
            path=path, line=max(verdicts.values()), field=dialogue))
    comments = [cells["comment"].strip() for _, cells in rows if cells["comment"].strip()]
    given = tuple(Given(cells["at"], cells["target"] or None, cells["source"], line)
                  for line, cells in rows)
    return Answer(path, rows[0][0], run, dialogue, digest, next(iter(verdicts), None),
                  "\n".join(dict.fromkeys(comments)), given)
