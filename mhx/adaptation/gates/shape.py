"""Gate: turns and speakers are the source's."""

from __future__ import annotations

from collections.abc import Iterator

from mhx.adaptation.conservation import misplaced
from mhx.adaptation.gates.records import Code, Gate, GateContext, Reason, Talk


def check(talk: Talk, context: GateContext) -> Iterator[Reason]:
    """A turn that came or went, a speaker that changed."""
    found = [(segment.turn, segment.role) for segment in talk.segments]
    for code, severity, message in misplaced(found, talk.shape):
        yield Reason(code, 0, severity, message)


GATE = Gate(
    name="shape",
    holds="turns and speakers",
    codes=(
        Code("conservation.turns", ("block",), "a turn came or went"),
        Code("conservation.roles", ("block",), "a segment changed its speaker"),
    ),
    dialogue=check,
)
