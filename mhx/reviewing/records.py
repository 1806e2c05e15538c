"""Dialogues as JSON Lines and back, in the shape of the run's own `review.jsonl`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mhx.corpus.xml_stream import write_pieces
from mhx.errors import MhxError, Problem
from mhx.files import parse_model, read_jsonl
from mhx.reviewing.answers import Answer, Given
from mhx.reviewing.dialogues import Reviewable
from mhx.schema.review import ReviewAnswers, ReviewRecord


def write_records(path: Path, found: Iterable[Reviewable], *, run: str) -> None:
    """Write one line a dialogue."""
    write_pieces(path, (json.dumps(record(one, run), ensure_ascii=False) + "\n" for one in found))


def record(one: Reviewable, run: str) -> dict[str, Any]:
    """The review record of a dialogue, with room for the verdict."""
    segments = []
    for line in one.lines:
        turn, _, segment = line.at.partition(".")
        segments.append({
            "turn": int(turn), "segment": int(segment), "role": line.role, "source": line.source,
            "faithful": line.faithful, "adapted": line.text})
    return {
        "id": one.id, "row": one.row, "run": run, "text_sha256": one.text_sha256,
        "decision": one.decision, "split": one.split, "risk": one.risk, "topic": one.topic,
        "reasons": [dict(reason) for reason in one.reasons], "segments": segments,
        "reviewer": None, "verdict": None, "comment": None}


def read_records(path: Path) -> list[Answer]:
    """The answers of a JSON Lines file; raises MhxError with the line of every problem."""
    problems: list[Problem] = []
    answers = []
    for line, value in read_jsonl(path):
        try:
            found = parse_model(value, ReviewRecord, path=path, line=line)
        except MhxError as error:
            problems += error.problems
            continue
        given = tuple(Given(f"{item.turn}.{item.segment}", item.adapted, item.source, line)
                      for item in found.segments)
        answers.append(Answer(path, line, found.run, found.id, found.text_sha256, found.verdict,
                              found.comment or "", given))
    if problems:
        raise MhxError(problems)
    return answers


def read_saved(path: Path) -> list[Answer]:
    """The answers of a file that the review form saved."""
    return list(_saved(path))


def _saved(path: Path) -> Iterator[Answer]:
    from mhx.anchoring.key import read_json

    saved = parse_model(read_json(path), ReviewAnswers, path=path)
    for one in saved.answers:
        given = tuple(Given(at, text) for at, text in one.targets.items())
        yield Answer(path, None, saved.run, one.dialogue, one.text_sha256, one.verdict,
                     one.comment, given, whole=False)
