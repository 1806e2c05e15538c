"""What waits for a person, written in the format that the person works with."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mhx.errors import MhxError, Problem, unknown
from mhx.files import hash_file
from mhx.reviewing.decisions import read_decisions
from mhx.reviewing.dialogues import OPEN, WAITING, Reviewable, reviewables, run_id
from mhx.reviewing.page import direction_of, write_page
from mhx.reviewing.records import write_records
from mhx.reviewing.settling import Settled
from mhx.reviewing.sheet import write_sheet
from mhx.reviewing.status import gate_has_seen, settled_of
from mhx.reviewing.xliff import glossary_of, write_dialogues
from mhx.run import Run

FORMATS = ("xliff", "csv", "jsonl", "html")


@dataclass(frozen=True)
class Exported:
    """What was written. `kept` are earlier files of these names with other content: a reviewer
    may have worked in them."""

    paths: tuple[Path, ...]
    kept: tuple[Path, ...]
    dialogues: int
    segments: int


def export(
    run: Run, *, form: str = "xliff", only: Collection[str] = (), every: bool = False,
    one_document: bool = False, out: Path | None = None,
) -> Exported:
    """Write the dialogues that wait: for XLIFF a document each, else one file for all.

    What was decided since the gate ran does not wait. `only` names reason codes, `every` adds all
    that is decided, by the gate or by people, `one_document` makes one XLIFF document for all.
    `out` is a folder; default `review/` in the run folder. Raises MhxError for an unknown format
    or code, and where nothing waits.
    """
    if form not in FORMATS:
        raise unknown("format", form, FORMATS)
    settled = settled_of(run, read_decisions(run))
    done = {name for name, one in settled.items() if one.outcome in ("accept", "reject")}
    decided = set() if every or gate_has_seen(run) else done
    found = [one for one in reviewables(run, decisions=OPEN if every else WAITING, only=only)
             if one.id not in decided]
    if not found:
        raise MhxError(Problem("nothing waits for review",
                               "to look at accepted dialogues too: --all", path=run.folder))
    folder = out or run.path("review")
    if form == "xliff" and not one_document:
        groups = [(folder / f"{name}.xlf", [one]) for one, name in _names(found)]
    else:
        groups = [(folder / f"review.{'xlf' if form == 'xliff' else form}", found)]
    write = _writer(run, form, found, settled)
    kept: list[Path] = []
    for path, items in groups:
        earlier = _aside(path)
        write(path, items)
        if earlier is not None and earlier.read_bytes() == path.read_bytes():
            earlier.unlink()
        elif earlier is not None:
            kept.append(earlier)
    return Exported(tuple(path for path, _ in groups), tuple(kept), len(found),
                    sum(len(one.lines) for one in found))


def _aside(path: Path) -> Path | None:
    """Rename a file that is in the way; its new name, or None where there is none."""
    if not path.is_file():
        return None
    kept = path.with_name(f"{path.stem}.kept-{hash_file(path)[:8]}{path.suffix}")
    return path.replace(kept)


def _writer(
    run: Run, form: str, found: list[Reviewable], settled: Mapping[str, Settled]
) -> Callable[[Path, list[Reviewable]], None]:
    """What writes dialogues in a format."""
    run_, source, target = run_id(run), run.settings.source_lang, run.settings.lang
    if form == "csv":
        return partial(write_sheet, run=run_)
    if form == "jsonl":
        return partial(write_records, run=run_)
    if form == "html":
        return partial(write_page, run=run_, lang=target, source=source)
    texts = [line.text for one in found[:50] for line in one.lines if line.text]
    confirmed = {
        one.id for one in found if one.id in settled and settled[one.id].outcome == "accept"
        and settled[one.id].texts == tuple(line.text for line in one.lines)}
    return partial(
        write_dialogues, run=run_, source=source, target=target,
        glossary=glossary_of(run.source, run.language),
        confirmed=confirmed,
        right_to_left=direction_of(texts) == "rtl")


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
