"""Dialogues: source, plan, faithful translation, adapted text and its edits."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from mhx.schema.base import Depth, Gender, Nature, Origin, Role, Strict

Risk = Literal["none", "indirect", "explicit", "violence", "third_party"]
Split = Literal["train", "valid", "test"]
# What a dialogue with or without risk is also made to show, so that it can be tested for.
Trap = Literal["hyperbole", "medical_mimic", "offered_number"]
# What a supporter's turn does: motivational-interviewing codes (as in AnnoMI, 2022) first, then
# the cognitive and solution-focused ones, then those of safety.
Technique = Literal[
    "reflection_simple",
    "reflection_complex",
    "summary",
    "affirmation",
    "question_open",
    "question_closed",
    "change_talk",
    "autonomy",
    "advice_with_permission",
    "validation",
    "normalization",
    "self_disclosure",
    "feedback_request",
    "structure",
    "socratic_question",
    "evidence_check",
    "experiment",
    "psychoeducation",
    "grounding",
    "scaling_question",
    "action_plan",
    "safety_question",
    "safety_plan",
    "referral",
]


class Participant(Strict):
    """A speaker, with how each attribute is known."""

    gender: Gender = "unknown"
    age: int | None = None
    name: str | None = None
    known: Literal["observed", "stated", "assigned", "unknown"] = "unknown"
    said: str | None = Field(None, description="the words a stated attribute was read from")


class Turn(Strict):
    """One speaker's turn, split into segments (one sentence each)."""

    role: Role
    segments: list[str] = Field(min_length=1)
    risk: bool = False
    techniques: list[Technique] = Field([], description="what a supporter's turn does")


class Dialogue(Strict):
    """A source dialogue. The unit that is gated and split."""

    id: str
    lang: str
    topic: str
    approach: str = "unknown"
    setting: str = "unknown"
    risk: Risk = "none"
    traps: list[Trap] = []
    relation: Literal["professional", "peers"] = "professional"
    written_in: str = Field("en", description="the language the text was first written in")
    split: Split
    origin: Origin
    license: str = "CC-BY-4.0"
    participants: dict[Role, Participant]
    turns: list[Turn] = Field(min_length=2)

    def text_hash(self) -> str:
        """SHA-256 of roles and texts: what a translation refers to."""
        from mhx.files import hash_json

        return hash_json([[turn.role, turn.segments] for turn in self.turns])


class Edit(Strict):
    """A replacement in the faithful text: `text[start:end] == before`, code points."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    operation: Literal["replace", "insert", "delete"]
    rule: str = Field(description="id of the card entry (rule or fact) that asks for it")
    before: str
    after: str
    depth: Depth = "surface"
    nature: Nature = "tailoring"
    evidence: list[str] = Field([], description="facts and sources that the entry rests on")


class Entity(Strict):
    """A name or institution of the source and its local counterpart."""

    src: str
    tgt: str
    kind: Literal["person_name", "institution", "money", "holiday", "place", "other"]
    rule: str


class Plan(Strict):
    """Made before translation: who speaks, in which gender and register, under which names."""

    dialogue: str
    seeker: Participant
    supporter: Participant
    seeker_to_supporter: str = Field(description="address level, as the language names it")
    supporter_to_seeker: str
    entities: list[Entity] = []
    risk_turns: list[int] = []
    seed: int = 0
    drawn: list[str] = Field([], description="attributes drawn by the seed rather than known")


class AdaptedSegment(Strict):
    """Faithful text plus edits is the adapted text, exactly."""

    faithful: str
    adapted: str
    edits: list[Edit] = []

    @model_validator(mode="after")
    def _exact(self) -> AdaptedSegment:
        rebuilt = apply_edits(self.faithful, self.edits)
        if rebuilt != self.adapted:
            raise ValueError(
                f"faithful text plus edits gives {rebuilt!r}, not the adapted text — "
                "fix the offsets"
            )
        return self


class AdaptedTurn(Strict):
    """A turn of adapted segments."""

    role: Role
    segments: list[AdaptedSegment] = Field(min_length=1)


class AdaptedDialogue(Strict):
    """A dialogue of `languages/<tag>/corpus/*.jsonl`, by id and hash of its source in `en`."""

    id: str
    lang: str
    source_sha256: str
    status: Literal["draft", "linguist_reviewed", "clinician_signed"] = "draft"
    origin: Origin
    translator_type: Literal["human", "model", "machine"] = "model"
    license: str = "CC-BY-4.0"
    plan: Plan
    turns: list[AdaptedTurn] = Field(min_length=2)


class Decision(Strict):
    """What a gate says of an authored segment, and why its author lets it stand.

    It binds to the text: `text_sha256` is the hash's first 12 digits, as `mhx check` prints it.
    """

    dialogue: str
    at: str = Field(description="turn.segment, counted from 0")
    code: str = Field(description="the gate's reason code")
    text_sha256: str
    because: str


class Decisions(Strict):
    """`corpus/decided.yaml`: reasons of the gates that the authors have answered."""

    decided_by: Origin
    decisions: list[Decision] = []


def apply_edits(text: str, edits: list[Edit]) -> str:
    """The text after its edits. Raises ValueError for overlap or a `before` that is not there."""
    out: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        if edit.start < at:
            raise ValueError(f"edits overlap at {edit.start} — merge them")
        if text[edit.start : edit.end] != edit.before:
            found = text[edit.start : edit.end]
            raise ValueError(
                f"edit at {edit.start} expects {edit.before!r}, the text has {found!r} — "
                "fix the offsets"
            )
        out += [text[at : edit.start], edit.after]
        at = edit.end
    return "".join([*out, text[at:]])
