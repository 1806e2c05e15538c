"""What gates exchange: a segment, what they know beside it, a reason, and a gate itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mhx.adaptation.conservation import Found, LanguageCues
from mhx.adaptation.gates.concepts import ConceptTerms
from mhx.contracts import Finding
from mhx.schema import Edit, LanguageManifest, Plan

Severity = Literal["block", "review", "warn"]
Place = tuple[int, str]  # (turn, role) of a segment


@dataclass(frozen=True)
class Segment:
    """One segment as the gate sees it.

    `quality` is a reference-free estimate (0 to 1), `back` and `back_chrf` (0 to 100) the text
    that another engine translated back and its chrF against the source; None where not made.
    """

    turn: int
    role: str
    source: str
    faithful: str | None
    adapted: str | None
    edits: Sequence[Edit]
    findings: Sequence[Finding]
    failure: str | None
    engine: str = ""
    detail: str = ""
    quality: float | None = None
    back: str | None = None
    back_chrf: float | None = None


@dataclass(frozen=True)
class Reason:
    """Why a dialogue does not pass: a code, where, how grave, in words, and what is at stake.

    `invariants` are the ids of the base card's clinical invariants that the code holds.
    """

    code: str
    segment: int
    severity: str
    message: str
    invariants: tuple[str, ...] = ()


@dataclass(frozen=True)
class GateContext:
    """What the checks need to know beside the dialogue.

    `names` maps a name as the source writes it to its spellings in the target's texts;
    `given_names` are those of the source language that are no everyday word.
    """

    source: LanguageManifest
    target: LanguageManifest
    length_ratio: float
    service_numbers: re.Pattern[str]
    user_text: bool = False
    source_cues: LanguageCues = field(default_factory=LanguageCues)
    target_cues: LanguageCues = field(default_factory=LanguageCues)
    invariants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    given_names: frozenset[str] = frozenset()
    terms: ConceptTerms | None = None
    quality_floor: float | None = None  # no number holds for every checkpoint: the user's or none


@dataclass(frozen=True)
class Talk:
    """One dialogue: its segments, its plan, and the source's shape to be found again."""

    segments: Sequence[Segment]
    plan: Plan
    shape: Sequence[Place]


@dataclass(frozen=True)
class Code:
    """A reason code a gate may give, the severities it comes with, and what it means.

    A name that ends in ``.*`` stands for a family whose members a plugin names.
    """

    name: str
    severities: tuple[Severity, ...]
    meaning: str

    def covers(self, code: str) -> bool:
        """Whether a reason's code is this one, or of this family."""
        return code == self.name or (self.name.endswith("*") and code.startswith(self.name[:-1]))


SegmentCheck = Callable[[Segment, Plan, GateContext], Found]
DialogueCheck = Callable[[Talk, GateContext], Iterator[Reason]]


@dataclass(frozen=True)
class Gate:
    """One check: `segment` is asked of every translated segment, `dialogue` once a dialogue."""

    name: str
    holds: str
    codes: tuple[Code, ...]
    segment: SegmentCheck | None = None
    dialogue: DialogueCheck | None = None

    def reasons(self, talk: Talk, context: GateContext) -> Iterator[Reason]:
        """What this gate says of a dialogue; invariants are added by the registry."""
        if self.segment is not None:
            for number, segment in enumerate(talk.segments):
                if segment.adapted is not None and segment.faithful is not None:
                    for code, severity, message in self.segment(segment, talk.plan, context):
                        yield Reason(code, number, severity, message)
        if self.dialogue is not None:
            yield from self.dialogue(talk, context)


def spoken_by(talk: Talk, role: str | None = None) -> dict[int, list[tuple[int, Segment]]]:
    """Turn → its (number, segment) in order; of one role, or of both."""
    turns: dict[int, list[tuple[int, Segment]]] = {}
    for number, segment in enumerate(talk.segments):
        if role is None or segment.role == role:
            turns.setdefault(segment.turn, []).append((number, segment))
    return turns
