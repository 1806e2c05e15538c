"""A person's text as edits of the faithful translation, beside those of rules and repairs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from difflib import SequenceMatcher
from typing import Any

from mhx.adaptation.merging import compose, operation_of
from mhx.adaptation.rules import find_faults
from mhx.corpus.frames import edits_json, edits_of, plan_of
from mhx.run import Run
from mhx.schema import Edit
from mhx.schema.base import Nature
from mhx.schema.dialogue import apply_edits
from mhx.schema.review import ReviewDecision

PERSON = "person"  # the engine of a segment that no engine had translated
_ESTIMATES = ("quality", "back", "back_chrf")  # of the machine's text, not of a person's
RULE = "review:"  # the rule of a person's edit, with the reviewer's pseudonym
_TOKEN = re.compile(r"[\w\u200c\u200d'’-]+|\s+|.", re.DOTALL)
_NATURE: dict[str, Nature] = {"insert": "adding", "delete": "removing", "replace": "tailoring"}


def with_edits(
    row: dict[str, Any], at: str, decisions: Sequence[ReviewDecision], run: Run
) -> dict[str, Any]:
    """A row of `adapt.parquet` after the decisions that led to its text, one after the other.

    The edits still refer to the faithful text and give the adapted one exactly; those of a person
    name the reviewer. A text that only a person wrote is its own faithful text. Findings are
    those of the new text.
    """
    out = dict(row)
    fresh: dict[str, Any] = {name: None for name in _ESTIMATES if name in row}
    for decision in decisions:
        for edit in decision.edits:
            if edit.at == at:
                out |= _edited(out, edit.after, decision.reviewer)
    if out["adapted"] == row["adapted"]:
        return out
    findings = find_faults(
        out["adapted"], role=out["role"], risk=out["turn_risk"], plan=plan_of(out["plan"]),
        rules=run.language.card.rules, hooks=run.language.hooks)
    found = json.dumps([asdict(item) for item in findings], ensure_ascii=False)
    return out | fresh | {"findings": found}


def _edited(row: dict[str, Any], after: str, reviewer: str) -> dict[str, Any]:
    if row["adapted"] is None or row["engine"] == PERSON:
        return {"target": after, "faithful": after, "adapted": after, "edits": "[]",
                "failure": None, "engine": PERSON, "revision": reviewer, "detail": ""}
    changes = list(differences(row["adapted"], after, RULE + reviewer))
    edits = compose(row["faithful"], edits_of(row["edits"]), changes)
    if not _exact(row["faithful"], edits, after):
        edits = [_edit(row["faithful"], 0, len(row["faithful"]), after, RULE + reviewer)]
    return {"adapted": after, "edits": edits_json(edits)}


def _exact(text: str, edits: list[Edit], wanted: str) -> bool:
    try:
        return apply_edits(text, edits) == wanted
    except ValueError:
        return False


def differences(before: str, after: str, rule: str) -> Iterator[Edit]:
    """Edits by words that make `after` of `before`, in order."""
    one, two = _TOKEN.findall(before), _TOKEN.findall(after)
    places = [0]
    for token in one:
        places.append(places[-1] + len(token))
    for kind, low, high, other, stop in SequenceMatcher(None, one, two, False).get_opcodes():
        if kind != "equal":
            yield _edit(before, places[low], places[high], "".join(two[other:stop]), rule)


def _edit(text: str, start: int, end: int, after: str, rule: str) -> Edit:
    operation = operation_of(text[start:end], after)
    return Edit(start=start, end=end, operation=operation, rule=rule, before=text[start:end],
                after=after, depth="surface", nature=_NATURE[operation])


def for_memory(row: dict[str, Any]) -> str | None:
    """The faithful text with a person's edits alone: what a memory may answer the source with,
    so that the next run's rules find their places in it."""
    if row["faithful"] is None:
        return None
    by_people = [edit for edit in edits_of(row["edits"]) if edit.rule.startswith(RULE)]
    return apply_edits(row["faithful"], by_people)
