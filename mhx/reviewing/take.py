"""Import of what reviewers sent: every answer checked, all problems at once, all or nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import get_args

from mhx.errors import MhxError, Problem, unknown
from mhx.files import parse_model
from mhx.reviewing.answers import Answer, Given
from mhx.reviewing.decisions import add_decisions, read_decisions
from mhx.reviewing.dialogues import OPEN, Line, codes_in, lines_of, run_id
from mhx.reviewing.memory import add_to_memory
from mhx.reviewing.records import read_records, read_saved
from mhx.reviewing.settling import Known, Settled, settle
from mhx.reviewing.sheet import read_sheet
from mhx.reviewing.xliff import read_dialogues
from mhx.run import Run
from mhx.schema.anchors_form import RATER
from mhx.schema.review import ReviewDecision, ReviewEdit, ReviewerRole, Verdict

ROLES: tuple[str, ...] = get_args(ReviewerRole)
VERDICTS: tuple[str, ...] = get_args(Verdict)
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
class Open:
    """A dialogue that came back without a decision, and why."""

    dialogue: str
    why: str
    path: Path


@dataclass(frozen=True)
class Taken:
    """What an import brought. `repeated` are decisions that the run had already."""

    decisions: tuple[ReviewDecision, ...]
    repeated: int
    open: tuple[Open, ...]
    memory: Path | None
    memory_units: int


@dataclass
class _Check:
    """The run's texts against which answers are checked; problems and open dialogues gather."""

    run: Run
    id: str
    lines: Mapping[str, tuple[Line, ...]]
    gate: Mapping[str, str]
    decisions: Mapping[str, list[ReviewDecision]]
    problems: list[Problem] = field(default_factory=list)
    open: list[Open] = field(default_factory=list)

    def settled(self, dialogue: str) -> Settled:
        """What holds of a dialogue before this import."""
        return settle(self.lines[dialogue], self.decisions.get(dialogue, ()))


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
    found: list[ReviewDecision] = []
    first: dict[str, Answer] = {}
    for answer in answers:
        if answer.dialogue in first:
            check.problems.append(answer.problem(
                f"answered twice (first in {first[answer.dialogue].path.name})",
                "import one of them"))
            continue
        first[answer.dialogue] = answer
        decision = _decision(answer, check, reviewer=reviewer, role=role, day=day,
                             settles=settles)
        if decision is not None:
            found.append(decision)
    if check.problems:
        raise MhxError(check.problems)
    added = add_decisions(run, found)
    memory, units = add_to_memory(run, [one.dialogue for one in found])
    return Taken(tuple(added), len(found) - len(added), tuple(check.open), memory, units)


def _open(run: Run, dialogues: Collection[str], problems: list[Problem]) -> _Check:
    import polars as pl

    wanted = pl.col("dialogue").is_in(list(dialogues))
    gate = run.table("gate").filter(wanted).unique("dialogue", keep="first")
    frame = run.table("adapt").filter(wanted)
    lines = {part["dialogue"][0]: lines_of(part)
             for part in frame.partition_by("dialogue", maintain_order=True)}
    return _Check(run, run_id(run), lines, dict(gate.select("dialogue", "decision").iter_rows()),
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
        inside = [file for file in sorted(path.iterdir()) if file.suffix.lower() in SUFFIXES]
        if not inside:
            problems.append(Problem("no review file in this folder",
                                    f"give {', '.join(SUFFIXES)}", path=path))
        yield from inside


def _decision(
    answer: Answer, check: _Check, *, reviewer: str, role: str, day: date, settles: bool
) -> ReviewDecision | None:
    """The decision of an answer; None where there is none or something is wrong with it."""
    known = _known(answer, check)
    if known is None:
        return None
    lines = check.lines[answer.dialogue]
    before = len(check.problems)
    edits = list(_edits(answer, lines, known, check))
    if len(check.problems) > before:
        return None
    verdict = answer.verdict
    if verdict is None and (waits := _not_confirmed(answer, check)):
        check.open.append(Open(answer.dialogue, waits + (
            f"; {len(edits)} texts changed" if edits else ""), answer.path))
        return None
    if verdict is not None and verdict not in VERDICTS:
        check.problems.append(answer.problem(
            f"{verdict!r} is no verdict", f"write {', '.join(VERDICTS)}", field="verdict"))
        return None
    if verdict in (None, "accept", "edit"):
        verdict = "edit" if edits else "accept"
    return parse_model(
        {"dialogue": answer.dialogue, "text_sha256": answer.text_sha256, "verdict": verdict,
         "edits": [edit.model_dump() for edit in edits], "comment": answer.comment.strip(),
         "reviewer": reviewer, "role": role, "decided": day, "settles": settles},
        ReviewDecision, path=answer.path, line=answer.line)


def _known(answer: Answer, check: _Check) -> Known | None:
    """The text that the answer is about, if it is one of this run's."""
    if answer.run not in (check.id, None):
        check.problems.append(answer.problem(
            f"of the run {answer.run or 'of no name'}, this one is {check.id}",
            "import it into its own run", field="run"))
        return None
    if answer.dialogue not in check.lines:
        check.problems.append(answer.problem("no such dialogue in this run", "export it again"))
        return None
    if check.gate.get(answer.dialogue) not in OPEN:
        check.problems.append(answer.problem(
            f"the gate holds it as {check.gate.get(answer.dialogue)}: nobody decides about it",
            "leave it out"))
        return None
    known = check.settled(answer.dialogue).known.get(answer.text_sha256)
    if known is None:
        check.problems.append(answer.problem(
            "its text changed after the export: the answer is about another one",
            "export it again and ask the reviewer once more", field="text_sha256"))
    return known


def _not_confirmed(answer: Answer, check: _Check) -> str:
    """Why an answer without a verdict decides nothing, or nothing if its states decide."""
    if not any(one.state for one in answer.given):
        return "no verdict"
    # what went out as reviewed says nothing when it comes back so
    confirmed = ("final",) if check.settled(answer.dialogue).outcome == "accept" else (
        "final", "reviewed")
    left = sum(one.state not in confirmed for one in answer.given)
    return f"{left} of {len(answer.given)} segments not confirmed" if left else ""


def _edits(
    answer: Answer, lines: Sequence[Line], known: Known, check: _Check
) -> Iterator[ReviewEdit]:
    """The changed texts; what is wrong with the segments goes to the check's problems."""
    places = {line.at: number for number, line in enumerate(lines)}
    counts = Counter(one.at for one in answer.given)
    for at, count in counts.items():
        twice = [one for one in answer.given if one.at == at]
        if at not in places:
            check.problems.append(answer.problem(
                "a segment that the export does not have: split or added", "export again and "
                "keep the segmentation", line=twice[0].line, field=_field(answer, at)))
        elif count > 1:
            check.problems.append(answer.problem(
                f"stands {count} times", "keep one", line=twice[-1].line,
                field=_field(answer, at)))
    if answer.whole:
        for missing in [at for at in places if at not in counts]:
            check.problems.append(answer.problem(
                "missing: removed, or merged with another segment", "export again and keep the "
                "segmentation", field=_field(answer, missing)))
    for one in answer.given:
        if one.at in places and counts[one.at] == 1:
            number = places[one.at]
            yield from _edit(answer, one, lines[number], known.texts[number], check)


def _edit(
    answer: Answer, one: Given, line: Line, before: str | None, check: _Check
) -> Iterator[ReviewEdit]:
    def wrong(what: str, fix: str) -> None:
        check.problems.append(answer.problem(what, fix, line=one.line,
                                             field=_field(answer, one.at)))

    for fault in one.faults:
        wrong(fault, "undo it in the editor")
    if one.source is not None and not _same(one.source, line.source):
        wrong("the source was changed", "undo it: only the target is a reviewer's")
        return
    if one.target is None or one.target == before or _same(one.target, before or ""):
        if before is not None and not (one.target or "").strip():
            wrong("the text was removed", "write it, or reject the dialogue")
        return
    if not one.target.strip():
        wrong("the text was removed", "write it, or reject the dialogue")
        return
    after = check.run.language.hooks.normalize(one.target.strip())
    codes = Counter(codes_in(after))
    if codes not in (Counter(codes_in(line.source)), Counter(codes_in(before or ""))):
        wanted = ", ".join(codes_in(line.source)) or "none"
        wrong(f"inline codes {', '.join(codes) or 'none'}, the source has {wanted}",
              "put every code back, once")
        return
    if after != before:
        yield ReviewEdit(at=one.at, before=before, after=after)


def _same(one: str, two: str) -> bool:
    """Equal but for how lines end, which spreadsheets and editors change."""
    return one.replace("\r\n", "\n").replace("\r", "\n") == (
        two.replace("\r\n", "\n").replace("\r", "\n"))


def _field(answer: Answer, at: str) -> str:
    return f"{answer.dialogue}, segment {at}"
