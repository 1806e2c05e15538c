"""Import of what reviewers sent: every answer checked, all problems at once, all or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import get_args

from mhx.errors import MhxError, Problem, unknown
from mhx.reviewing.answers import Answer
from mhx.reviewing.checking import Check, Open, decision_of
from mhx.reviewing.decisions import add_decisions, read_decisions
from mhx.reviewing.dialogues import lines_of, run_id
from mhx.reviewing.memory import add_to_memory
from mhx.reviewing.records import read_records, read_saved
from mhx.reviewing.sheet import read_sheet
from mhx.reviewing.xliff import read_dialogues
from mhx.run import Run
from mhx.schema.anchors_form import RATER
from mhx.schema.review import ReviewDecision, ReviewerRole

ROLES: tuple[str, ...] = get_args(ReviewerRole)
SUFFIXES = (".xlf", ".xliff", ".csv", ".jsonl", ".json")


def checked_reviewer(reviewer: str, role: str) -> None:
    """Raise MhxError for a name that is no pseudonym and for an unknown role."""
    problems = []
    if not re.fullmatch(RATER, reviewer):
        problems.append(Problem(f"{reviewer!r} is no pseudonym", "letters, digits, - and _, such "
                                "as r1: who it is stays with you", field="reviewer"))
    if role not in ROLES:
        problems += unknown("role", role, ROLES).problems
    if problems:
        raise MhxError(problems)


@dataclass(frozen=True)
class Taken:
    """What an import brought. `repeated` are decisions that the run had already."""

    decisions: tuple[ReviewDecision, ...]
    repeated: int
    open: tuple[Open, ...]
    memory: Path | None
    memory_units: int


def take(
    run: Run, paths: Sequence[Path], *, reviewer: str, role: str, day: date,
    settles: bool = False,
) -> Taken:
    """Read the files, add their decisions to the run and their texts to the user's memory.

    `settles` ends a disagreement of reviewers with these answers. Raises MhxError with every
    problem of every file; nothing is written then.
    """
    problems: list[Problem] = []
    answers = list(_read(paths, run, problems))
    check = _open(run, {answer.dialogue for answer in answers}, problems)
    found: dict[str, tuple[Answer, ReviewDecision]] = {}
    for answer in answers:
        decision = decision_of(answer, check, reviewer=reviewer, role=role, day=day,
                               settles=settles)
        if decision is None:
            continue
        earlier = found.setdefault(answer.dialogue, (answer, decision))
        if earlier[1] != decision:
            problems.append(answer.problem(
                f"decided twice, first in {earlier[0].path.name}", "import one of them"))
    if problems:
        raise MhxError(problems)
    decisions = [decision for _, decision in found.values()]
    added = add_decisions(run, decisions)
    memory, units = add_to_memory(run, list(found))
    left = [one for one in check.open if one.changed or one.dialogue not in found]
    return Taken(tuple(added), len(found) - len(added), tuple(left), memory, units)


def _open(run: Run, dialogues: Collection[str], problems: list[Problem]) -> Check:
    import polars as pl

    wanted = pl.col("dialogue").is_in(list(dialogues))
    gate = run.table("gate").filter(wanted).unique("dialogue", keep="first")
    frame = run.table("adapt").filter(wanted)
    lines = {part["dialogue"][0]: lines_of(part)
             for part in frame.partition_by("dialogue", maintain_order=True)}
    return Check(run, run_id(run), lines, dict(gate.select("dialogue", "decision").iter_rows()),
                  read_decisions(run), problems)


def _read(paths: Sequence[Path], run: Run, problems: list[Problem]) -> Iterator[Answer]:
    source, target = run.settings.source_lang, run.settings.lang

    def xliff(path: Path) -> list[Answer]:
        return read_dialogues(path, source=source, target=target)

    readers: dict[str, Callable[[Path], list[Answer]]] = {
        ".xlf": xliff, ".xliff": xliff, ".csv": read_sheet, ".jsonl": read_records,
        ".json": read_saved}
    for path in _files(paths, problems):
        reader = readers.get(path.suffix.lower())
        if reader is None:
            problems.append(Problem(f"no review file ({path.suffix or 'no suffix'})",
                                    f"give {', '.join(SUFFIXES)}", path=path))
            continue
        try:
            yield from reader(path)
        except MhxError as error:
            problems += error.problems


def _files(paths: Sequence[Path], problems: list[Problem]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = [file for file in sorted(path.iterdir())
                  if file.suffix.lower() in SUFFIXES and ".kept-" not in file.name]
        if not inside:
            problems.append(Problem("no review file in this folder",
                                    f"give {', '.join(SUFFIXES)}", path=path))
        yield from inside
