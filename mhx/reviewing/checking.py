"""Answers checked against the run: what each decides, and every problem with its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import get_args

from mhx.errors import Problem
from mhx.files import parse_model
from mhx.reviewing.answers import Answer, Given
from mhx.reviewing.dialogues import OPEN, Line, codes_in
from mhx.reviewing.settling import Known, Settled, settle
from mhx.run import Run
from mhx.schema.review import ReviewDecision, ReviewEdit, Verdict

VERDICTS: tuple[str, ...] = get_args(Verdict)


@dataclass(frozen=True)
class Open:
    """A dialogue that came back without a decision, and why; `changed` texts are not taken."""

    dialogue: str
    why: str
    path: Path
    changed: int


@dataclass
class Check:
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


def decision_of(
    answer: Answer, check: Check, *, reviewer: str, role: str, day: date, settles: bool
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
        check.open.append(Open(answer.dialogue, waits, answer.path, len(edits)))
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


def _known(answer: Answer, check: Check) -> Known | None:
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


def _not_confirmed(answer: Answer, check: Check) -> str:
    """Why an answer without a verdict decides nothing, or nothing if its states decide."""
    if not any(one.state for one in answer.given):
        return "no verdict"
    # what went out as reviewed says nothing when it comes back so
    confirmed = ("final",) if check.settled(answer.dialogue).outcome == "accept" else (
        "final", "reviewed")
    left = sum(one.state not in confirmed for one in answer.given)
    return f"{left} of {len(answer.given)} segments not confirmed" if left else ""


def _edits(
    answer: Answer, lines: Sequence[Line], known: Known, check: Check
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
    answer: Answer, one: Given, line: Line, before: str | None, check: Check
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
