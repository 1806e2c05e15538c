"""gates: what a dialogue must satisfy, as a table."""

from __future__ import annotations

import typer

from mhx.cli import common


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(gates)


def gates(json_: common.Json = False) -> None:
    """List the gates: what each holds, its reason codes, how grave they are.

    A block or a review sends the dialogue to review.jsonl, a warning is only said; no gate drops
    a dialogue.

    Example: mhx gates
    """
    from mhx.adaptation.gates import gate_rows

    rows = gate_rows()
    if json_:
        common.emit(rows)
    else:
        shown = ("gate", "code", "severity", "meaning")
        common.table([{name: row[name] for name in shown} for row in rows])
