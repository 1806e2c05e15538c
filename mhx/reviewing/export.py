"""What waits for a person, written in the format that the person works with."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mhx.errors import MhxError, Problem, unknown
from mhx.reviewing.decisions import read_decisions
from mhx.reviewing.dialogues import OPEN, WAITING, Reviewable, reviewables, run_id
from mhx.reviewing.page import direction_of, write_page
from mhx.reviewing.records import write_records
from mhx.reviewing.sheet import write_sheet
from mhx.reviewing.xliff import glossary_of, write_dialogues
from mhx.run import Run

FORMATS = ("xliff", "csv", "jsonl", "html")


@dataclass(frozen=True)
class Exported:
    """What was written."""

    paths: tuple[Path, ...]
    dialogues: int
    segments: int


def export(
    run: Run, *, form: str = "xliff", only: Collection[str] = (), every: bool = False,
    one_document: bool = False, out: Path | None = None,
) -> Exported:
    """Write the dialogues that wait: for XLIFF a document each, else one file for all.

    `only` names reason codes, `every` adds dialogues that the gate accepted, `one_document` makes
    one XLIFF document for all. `out` is a folder; default `review/` in the run folder. Raises
    MhxError for an unknown format or code, and where nothing waits.
    """
    if form not in FORMATS:
        raise unknown("format", form, FORMATS)
    found = list(reviewables(run, decisions=OPEN if every else WAITING, only=only))
    if not found:
        raise MhxError(Problem("nothing waits for review",
                               "to look at accepted dialogues too: --all", path=run.folder))
    folder, run_ = out or run.path("review"), run_id(run)
    if form == "xliff":
        paths = _xliff(run, found, folder, run_, one_document)
    else:
        paths = [folder / f"review.{form}"]
        if form == "csv":
            write_sheet(paths[0], found, run=run_)
        elif form == "jsonl":
            write_records(paths[0], found, run=run_)
        else:
            write_page(paths[0], found, run=run_, lang=run.settings.lang,
                       source=run.settings.source_lang)
    return Exported(tuple(paths), len(found), sum(len(one.lines) for one in found))


def _xliff(
    run: Run, found: list[Reviewable], folder: Path, run_: str, one_document: bool
) -> list[Path]:
    from mhx.reviewing.status import confirmed

    accepted = confirmed(run, read_decisions(run))
    glossary = glossary_of(run.source, run.language)
    texts = [line.text for one in found[:50] for line in one.lines if line.text]
    groups = ([(folder / "review.xlf", found)] if one_document
              else [(folder / f"{name}.xlf", [one]) for one, name in _names(found)])
    for path, items in groups:
        write_dialogues(
            path, items, run=run_, source=run.settings.source_lang, target=run.settings.lang,
            glossary=glossary, confirmed=accepted,
            right_to_left=direction_of(texts) == "rtl")
    return [path for path, _ in groups]


def _names(found: list[Reviewable]) -> list[tuple[Reviewable, str]]:
    """A file name for each dialogue: its id where that is one, and no two alike."""
    taken: set[str] = set()
    out = []
    for number, one in enumerate(found, start=1):
        name = re.sub(r"[^\w.-]+", "_", one.id).strip("._")[:80] or "dialogue"
        if name.lower() in taken:
            name = f"{name}-{number}"
        taken.add(name.lower())
        out.append((one, name))
    return out
