"""Edits that a model proposes, tried one by one before any is applied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from mhx.adaptation.conservation import LanguageCues, changed
from mhx.adaptation.entities.sensitive import touches
from mhx.adaptation.gates.digits import numbers
from mhx.adaptation.merging import operation_of, overlap
from mhx.adaptation.resolver import SLOT
from mhx.contracts import Finding
from mhx.corpus.privacy import phones
from mhx.schema import Edit, Plan
from mhx.schema.base import Role
from mhx.schema.dialogue import apply_edits

MOST = 8  # edits of one segment; more is a rewriting
LONGER = 40  # characters an edit may add beyond twice what it replaces
ENDS = ".!?…؟"
NOWHERE, TWICE = -1, -2
_WORD = re.compile(r"\w+")
_NAMED = re.compile(r"(?<=[\w,;:]\s)[^\W\d_a-z]\w+")  # written large within a sentence


class Proposal(BaseModel):
    """One edit as the model says it; `start` is needed only where `before` stands twice."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    before: str
    after: str
    entry: str
    reason: str = ""
    start: int | None = None


class Proposals(BaseModel):
    """A model's whole answer."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    edits: list[Proposal]


@dataclass(frozen=True)
class Rejected:
    """A proposal that is not applied: where, why (a code), and what it said."""

    start: int
    end: int
    why: str
    said: str


@dataclass(frozen=True)
class Trial:
    """The segment that proposals are tried on. `faults` are the findings of a text."""

    text: str
    source: str
    role: Role
    plan: Plan
    known: frozenset[str]
    sensitive: tuple[tuple[int, int], ...]
    spoken: LanguageCues
    cues: LanguageCues
    script: tuple[str, ...]
    faults: Callable[[str], list[Finding]]
    origin: str
    numerals: frozenset[str] = frozenset()  # numbers, halves and times, as words


def tried(trial: Trial, proposals: Sequence[Proposal]) -> tuple[list[Edit], list[Rejected]]:
    """(edits that passed, in order of place; what was rejected).

    Each is checked alone and with those accepted before it. Codes: `too_many`, `unknown_entry`,
    `not_found`, `ambiguous`, `unchanged`, `overlap`, `sensitive`, `name`, `script`, `length`,
    `sentences`, `numbers`, `digits`, `slots`, `findings`, and those of the clinical invariants.
    """
    accepted: list[Edit] = []
    rejected: list[Rejected] = []
    for count, proposal in enumerate(proposals):
        said = f"{proposal.before!r} → {proposal.after!r} ({proposal.entry})"
        start = _place(trial.text, proposal)
        end = start + len(proposal.before) if start >= 0 else 0
        why = "too_many" if count >= MOST else _unusable(trial, proposal, start, end)
        if why is None:
            edit = Edit(
                start=start, end=end,
                operation=operation_of(proposal.before, proposal.after),
                rule=proposal.entry, before=proposal.before, after=proposal.after,
                nature="tailoring", evidence=[proposal.entry, trial.origin],
            )
            if any(overlap(edit, other) for other in accepted):
                why = "overlap"
            else:
                why = next(_changes(trial, accepted, edit), None)
        if why is None:
            accepted.append(edit)
        else:
            rejected.append(Rejected(max(start, 0), end, why, said))
    return sorted(accepted, key=lambda item: item.start), rejected


def _counted(text: str, numerals: frozenset[str]) -> list[str]:
    return sorted(word for word in _WORD.findall(text.lower()) if word in numerals)


def _place(text: str, proposal: Proposal) -> int:
    """Where the edit is meant, or `NOWHERE` or `TWICE`."""
    if not proposal.before:
        return NOWHERE
    at = proposal.start
    if at is not None and at >= 0 and text.startswith(proposal.before, at):
        return at
    if text.count(proposal.before) > 1:
        return TWICE
    return text.find(proposal.before)


def _unusable(trial: Trial, proposal: Proposal, start: int, end: int) -> str | None:
    """What is wrong with a proposal as such."""
    faults = {
        "unknown_entry": proposal.entry not in trial.known,
        "ambiguous": start == TWICE,
        "not_found": start == NOWHERE,
        "unchanged": proposal.before == proposal.after,
        "sensitive": start >= 0 and touches(start, end, trial.sensitive),
        "name": any(entity.tgt in proposal.before for entity in trial.plan.entities),
        "length": len(proposal.after) > 2 * len(proposal.before) + LONGER,
        "script": not _in_script(trial, proposal),
    }
    return next((code for code, wrong in faults.items() if wrong), None)


def _in_script(trial: Trial, proposal: Proposal) -> bool:
    """Whether every letter that is new is one the language is written with."""
    if not trial.script:
        return True
    import regex

    own = regex.compile(f"[{''.join(trial.script)}]")
    return all(
        own.match(mark) for mark in proposal.after if mark.isalpha() and mark not in trial.text
    )


def _changes(trial: Trial, accepted: Sequence[Edit], edit: Edit) -> Iterator[str]:
    """What the edit changes that adaptation must not, beside those accepted before it."""
    before = apply_edits(trial.text, list(accepted))
    after = apply_edits(trial.text, [*accepted, edit])
    if SLOT.findall(before) != SLOT.findall(after):
        yield "slots"
    said, says = (_counted(text, trial.numerals) for text in (before, after))
    if numbers(before) != numbers(after) or said != says:
        yield "numbers"
    if set(_NAMED.findall(before)) - set(_NAMED.findall(after)):
        yield "name"
    if list(phones(after)) and not list(phones(before)):
        yield "digits"
    if sum(map(before.count, ENDS)) != sum(map(after.count, ENDS)):
        yield "sentences"
    # against the text the model saw, as edits that are harmless alone may add up
    for code, severity, _ in changed(
        trial.source, trial.text, after, trial.role, spoken=trial.spoken, cues=trial.cues
    ):
        if severity == "block":
            yield code
    worse = {item.code for item in trial.faults(after)} - {
        item.code for item in trial.faults(before)
    }
    if worse:
        yield "findings"
