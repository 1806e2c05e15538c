"""Texts to look at: adaptation examples as pieces with their edits, answers by prompt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mhx.reporting.evaluation import Evaluation

NOTHING = "∅"


@dataclass(frozen=True)
class Piece:
    """A stretch of text. `number` is the edit it belongs to (from 1), or None for kept text."""

    text: str
    number: int | None = None
    depth: str = ""


@dataclass(frozen=True)
class Probe:
    """A prompt and the answers of the systems to it: (system, response) pairs."""

    head: str
    prompt: str
    answers: tuple[tuple[str, str], ...]


def probes(evaluation: Evaluation) -> list[Probe]:
    """The answers of the evaluation, those to one prompt together."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in evaluation.rows("responses"):
        head = ", ".join(str(row[key]) for key in ("scenario", "variant") if row.get(key))
        answer = (str(row.get("system") or ""), str(row.get("response") or ""))
        found.setdefault((head, str(row.get("prompt") or "")), []).append(answer)
    return [Probe(head, prompt, tuple(all_)) for (head, prompt), all_ in found.items()]


@dataclass(frozen=True)
class Example:
    """One segment in three versions. `problem` says why its edits are not highlighted."""

    head: str
    source: str
    faithful: tuple[Piece, ...]
    adapted: tuple[Piece, ...]
    edits: tuple[dict[str, Any], ...]
    problem: str = ""


def examples(evaluation: Evaluation) -> list[Example]:
    """The examples of the evaluation, in order."""
    return [_example(row) for row in evaluation.rows("examples")]


def _example(row: dict[str, Any]) -> Example:
    faithful, adapted = str(row.get("faithful") or ""), str(row.get("adapted") or "")
    turn = row.get("turn")
    head = ", ".join(str(part) for part in (
        row.get("dialogue"), row.get("topic"), row.get("role"),
        f"turn {turn + 1}" if isinstance(turn, int) else turn) if part)
    edits = sorted((edit for edit in row.get("edits") or [] if isinstance(edit, dict)),
                   key=lambda edit: (edit.get("start", 0), edit.get("end", 0)))
    source = str(row.get("source") or "")
    try:
        before = tuple(_pieces(faithful, edits, adapted=False))
        after = tuple(_pieces(faithful, edits, adapted=True))
    except (ValueError, KeyError, TypeError):
        before, after = (), ()
    if "".join(piece.text for piece in after if piece.text != NOTHING) != adapted:
        why = "The listed edits do not rebuild the adapted text, so none is highlighted."
        return Example(head, source, (Piece(faithful),), (Piece(adapted),), tuple(edits), why)
    return Example(head, source, before, after, tuple(edits))


def _pieces(faithful: str, edits: list[dict[str, Any]], *, adapted: bool) -> Iterator[Piece]:
    """Kept text and edits in order; an insertion or a deletion shows as ∅ on the other side."""
    at = 0
    for number, edit in enumerate(edits, start=1):
        start, end = edit["start"], edit["end"]
        if start < at or faithful[start:end] != edit["before"]:
            raise ValueError("the edit is not in the text")
        if start > at:
            yield Piece(faithful[at:start])
        text = edit["after"] if adapted else edit["before"]
        depth = str(edit.get("depth") or "surface")
        core = text.strip() or text  # the number stands at the word, not after its space
        before, after = text[: text.find(core)], text[text.find(core) + len(core) :]
        yield from (Piece(part) for part in (before,) if part)
        yield Piece(core or NOTHING, number, depth)
        yield from (Piece(part) for part in (after,) if part)
        at = end
    if at < len(faithful):
        yield Piece(faithful[at:])
