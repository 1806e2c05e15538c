"""All gates in order, and a dialogue put through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mhx.adaptation.gates import (
    clinical,
    copied,
    digits,
    engine,
    estimate,
    findings,
    language,
    length,
    names,
    phones,
    protected,
    repeats,
    sentences,
    shape,
    terms,
)
from mhx.adaptation.gates.records import Gate, GateContext, Place, Reason, Segment, Talk
from mhx.schema import Plan

GATES: tuple[Gate, ...] = (
    shape.GATE,
    engine.GATE,
    protected.GATE,
    digits.GATE,
    names.GATE,
    clinical.GATE,
    sentences.GATE,
    length.GATE,
    copied.GATE,
    repeats.GATE,
    language.GATE,
    terms.GATE,
    phones.GATE,
    findings.ADDRESS,
    findings.GENDER,
    findings.REGISTER,
    findings.ORTHOGRAPHY,
    findings.RULES,
    estimate.QUALITY,
    estimate.BACK,
)


def check_dialogue(
    segments: Sequence[Segment],
    plan: Plan,
    context: GateContext,
    shape: Sequence[Place] | None = None,
) -> list[Reason]:
    """Every reason of one dialogue, in segment order and, within a segment, in the gates'.

    `shape` is the source's (turn, role) by segment, to be found again.
    """
    own = [(segment.turn, segment.role) for segment in segments]
    talk = Talk(segments, plan, own if shape is None else shape)
    found = [
        replace(reason, invariants=context.invariants.get(reason.code, ()))
        for gate in GATES
        for reason in gate.reasons(talk, context)
    ]
    return sorted(found, key=lambda reason: reason.segment)


def gate_rows() -> list[dict[str, Any]]:
    """The table of all gates: gate, reason code, severities, what it means, what it holds."""
    return [
        {"gate": gate.name, "code": code.name, "severity": "/".join(code.severities),
         "meaning": code.meaning, "holds": gate.holds}
        for gate in GATES
        for code in gate.codes
    ]
