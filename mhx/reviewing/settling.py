"""From what reviewers decided to what holds: stale decisions, corrections, disagreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mhx.reviewing.dialogues import Line, text_hash
from mhx.schema.review import ReviewDecision

Outcome = Literal["accept", "reject", "escalate", "disagree"]
Texts = tuple[str | None, ...]


@dataclass(frozen=True)
class Known:
    """A text of a dialogue that a decision may be about, and the edits that led to it."""

    texts: Texts
    edited: tuple[ReviewDecision, ...] = ()


@dataclass(frozen=True)
class Settled:
    """What holds of a dialogue: `outcome` is None where no decision holds.

    `texts` are the machine's with the edits of `edited`, one decision after the other; `holding`
    are the decisions that count, `stale` those about a text that is no more.
    """

    outcome: Outcome | None
    texts: Texts
    edited: tuple[ReviewDecision, ...]
    holding: tuple[ReviewDecision, ...]
    stale: tuple[ReviewDecision, ...]
    known: dict[str, Known]


def settle(lines: Sequence[Line], decisions: Sequence[ReviewDecision]) -> Settled:
    """Decisions of one dialogue in the order in which they came, over the machine's text.

    A decision holds if it is about the machine's text or about one that an earlier decision's
    edits made. It replaces its reviewer's earlier one, an edit whose result it judged, and, when
    it settles, all before it. Reviewers whose decisions then differ disagree.
    """
    machine = tuple(line.text for line in lines)
    known = {text_hash(lines, machine): Known(machine)}
    live: list[tuple[ReviewDecision, str]] = []  # with the hash of the text it leads to
    stale: list[ReviewDecision] = []
    for decision in decisions:
        before = known.get(decision.text_sha256)
        texts = None if before is None else edited(lines, before.texts, decision)
        if before is None or texts is None:
            stale.append(decision)
            continue
        result = text_hash(lines, texts)
        path = (*before.edited, decision) if texts != before.texts else before.edited
        known.setdefault(result, Known(texts, path))
        live = [] if decision.settles else [
            (other, made) for other, made in live
            if other.reviewer != decision.reviewer
            and not (other.verdict == "edit" and made == decision.text_sha256)
        ]
        live.append((decision, result))
    holding = tuple(decision for decision, _ in live)
    outcomes = {_outcome(decision, made) for decision, made in live}
    if len(outcomes) != 1:
        outcome: Outcome | None = "disagree" if outcomes else None
        return Settled(outcome, machine, (), holding, tuple(stale), known)
    outcome, made = outcomes.pop()
    found = known[made] if made else Known(machine)
    return Settled(outcome, found.texts, found.edited, holding, tuple(stale), known)


def edited(lines: Sequence[Line], texts: Texts, decision: ReviewDecision) -> Texts | None:
    """The texts with a decision's edits; None if they name other segments or other texts.

    Only the verdict `edit` changes a text; what another verdict brings is a suggestion.
    """
    if decision.verdict != "edit":
        return texts
    places = {line.at: number for number, line in enumerate(lines)}
    out = list(texts)
    for edit in decision.edits:
        number = places.get(edit.at)
        if number is None or out[number] != edit.before:
            return None
        out[number] = edit.after
    return tuple(out)


def _outcome(decision: ReviewDecision, made: str) -> tuple[Outcome, str]:
    if decision.verdict in ("accept", "edit"):
        return "accept", made
    return ("reject" if decision.verdict == "reject" else "escalate"), ""
