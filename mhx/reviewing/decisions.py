"""`review.decisions.jsonl`: the decisions of a run's reviewers, only ever added to."""

from __future__ import annotations

from collections.abc import Sequence

from mhx.errors import MhxError, Problem
from mhx.files import parse_model, read_jsonl, write_jsonl
from mhx.run import Run
from mhx.schema.review import ReviewDecision

FILE = "review.decisions.jsonl"


def read_decisions(run: Run) -> dict[str, list[ReviewDecision]]:
    """Decisions by dialogue, in the order in which they came; raises MhxError with all faults."""
    path = run.path(FILE)
    found: dict[str, list[ReviewDecision]] = {}
    problems: list[Problem] = []
    if not path.is_file():
        return found
    for line, value in read_jsonl(path):
        try:
            one = parse_model(value, ReviewDecision, path=path, line=line)
        except MhxError as error:
            problems += error.problems
            continue
        found.setdefault(one.dialogue, []).append(one)
    if problems:
        raise MhxError(problems)
    return found


def add_decisions(run: Run, new: Sequence[ReviewDecision]) -> list[ReviewDecision]:
    """Write decisions that say more than the reviewer's last one; returns those written.

    The same answer imported twice is one decision, whatever the day.
    """
    there = read_decisions(run)
    last = {(one.dialogue, one.reviewer): one for items in there.values() for one in items}
    added: list[ReviewDecision] = []
    for one in new:
        before = last.get((one.dialogue, one.reviewer))
        if before is None or before.model_copy(update={"decided": one.decided}) != one:
            added.append(one)
            last[one.dialogue, one.reviewer] = one
    if added:
        path = run.path(FILE)
        rows = [value for _, value in read_jsonl(path)] if path.is_file() else []
        write_jsonl(path, [*rows, *(one.model_dump(mode="json") for one in added)])
    return added
