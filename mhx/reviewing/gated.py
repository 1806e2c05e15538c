"""The line of `review.jsonl` that the gate writes for a dialogue it does not accept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mhx.adaptation.gates import Reason, Segment
from mhx.reviewing.gating import binding

if TYPE_CHECKING:
    import polars as pl


def gate_record(
    part: pl.DataFrame, segments: Sequence[Segment], reasons: Sequence[Reason], decision: str
) -> dict[str, Any]:
    """What a reviewer needs: the reasons, and each segment in source, faithful and adapted text."""
    head = part.row(0, named=True)
    return {
        "id": head["dialogue"],
        "row": head["row"],
        **binding(part),
        "decision": decision,
        "split": head["split"],
        "risk": head["risk"],
        "topic": head["topic"],
        "reasons": [asdict(reason) for reason in reasons],
        "segments": [
            {
                "turn": segment.turn,
                "segment": number,
                "role": segment.role,
                "source": segment.source,
                "faithful": segment.faithful,
                "adapted": segment.adapted,
            }
            for number, segment in zip(part["segment"], segments, strict=True)
        ],
        "reviewer": None,
        "verdict": None,
        "comment": None,
    }
