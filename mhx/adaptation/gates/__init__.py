"""Gates: what a translated and adapted dialogue must satisfy, each failure with a reason code.

One module a gate; `registry` has them all in order.
"""

from __future__ import annotations

from mhx.adaptation.gates.context import context_of, invariants_by_gate
from mhx.adaptation.gates.digits import listed, numbers
from mhx.adaptation.gates.language import identify
from mhx.adaptation.gates.length import median_ratio
from mhx.adaptation.gates.records import Code, Gate, GateContext, Reason, Segment, Talk
from mhx.adaptation.gates.registry import GATES, check_dialogue, gate_rows

ACCEPTED = ("accepted", "author_draft")  # decisions that let a dialogue into the corpus

__all__ = [
    "ACCEPTED",
    "GATES",
    "Code",
    "Gate",
    "GateContext",
    "Reason",
    "Segment",
    "Talk",
    "check_dialogue",
    "context_of",
    "gate_rows",
    "identify",
    "invariants_by_gate",
    "listed",
    "median_ratio",
    "numbers",
]
