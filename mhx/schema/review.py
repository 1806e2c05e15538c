"""Human review: what waits (`review.jsonl`), what comes back, and the decisions of a run."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from mhx.schema.anchors_form import Digest, RaterId
from mhx.schema.base import Role, Strict

Verdict = Literal["accept", "edit", "reject", "escalate"]
ReviewerRole = Literal["native", "clinician", "linguist"]
Place = Annotated[str, Field(pattern=r"^\d+\.\d+$", description="turn.segment, from 0")]


class ReviewEdit(Strict):
    """A segment's text before and after; before is null where no engine had translated it."""

    at: Place
    before: str | None
    after: str = Field(min_length=1)


class ReviewDecision(Strict):
    """A line of `review.decisions.jsonl`: what a person decided about one text of a dialogue.

    It binds to the text: `text_sha256` is the hash of roles, sources and targets that the person
    saw. `edit` accepts the dialogue with its edits. `settles` ends a disagreement of reviewers.
    """

    dialogue: str
    text_sha256: Digest
    verdict: Verdict
    edits: list[ReviewEdit] = []
    comment: str = ""
    reviewer: RaterId = Field(description="a pseudonym")
    role: ReviewerRole
    decided: date
    settles: bool = False


class ReviewSegment(Strict):
    """A segment of a dialogue that waits; `adapted` is the text to judge."""

    turn: int
    segment: int
    role: Role
    source: str
    faithful: str | None
    adapted: str | None


class ReviewRecord(Strict):
    """A line of `review.jsonl`: a dialogue that waits, with room for the reviewer's verdict."""

    id: str
    row: int | None
    run: str | None = Field(None, description="the run it was exported from; null in its folder")
    text_sha256: Digest
    decision: str
    split: str
    risk: str
    topic: str
    reasons: list[dict[str, Any]]
    segments: list[ReviewSegment]
    reviewer: str | None = None
    verdict: Verdict | None = None
    comment: str | None = None


class ReviewAnswer(Strict):
    """A dialogue's answer in a file that the review form saved; `targets` by turn.segment."""

    dialogue: str
    text_sha256: Digest
    verdict: Verdict | None = None
    comment: str = ""
    targets: dict[Place, str] = Field({}, description="changed texts alone")


class ReviewAnswers(Strict):
    """What the offline review form saves."""

    run: str
    saved: str = Field(description="when, ISO 8601")
    answers: list[ReviewAnswer]
