"""Tables of what entered and left: rows by stage, reasons, acceptance by topic, risk, gender."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.table import Column, Row, Table
from mhx.reporting.wording import absent, origin, plain

COUNTED = "counts of dialogues, no scorer"
ACCEPTANCE = {"topic": "topic", "risk": "risk level", "seeker_gender": "seeker's gender"}


def tables(evaluation: Evaluation) -> list[Table]:
    """Accounts, reasons, acceptance."""
    return [_accounts(evaluation), _reasons(evaluation), _acceptance(evaluation)]


def _accounts(evaluation: Evaluation) -> Table:
    rows = evaluation.rows("accounts")
    notes = tuple(f"{row.get('stage')}: {note}" for row in rows for note in row.get("notes") or ())
    return Table(
        label="accounts",
        title="Dialogues by stage: rows in = accepted + for review + rejected",
        columns=(
            Column(key="stage", title="stage"),
            Column(key="rows_in", title="rows in", kind="int"),
            Column(key="accepted", title="accepted", kind="int"),
            Column(key="review", title="for review", kind="int"),
            Column(key="rejected", title="rejected", kind="int"),
            Column(key="seconds", title="seconds", kind="number", digits=1),
        ),
        rows=tuple(rows), notes=notes, origin=origin(evaluation), signature=COUNTED,
        missing="" if rows else absent("the row accounts", "No stage recorded any"),
    )


def _reasons(evaluation: Evaluation) -> Table:
    rows: list[Row] = [
        {"stage": row.get("stage"), "reason": reason, "dialogues": count}
        for row in evaluation.rows("accounts")
        for reason, count in (row.get("reasons") or {}).items()
    ]
    return Table(
        label="reasons",
        title="Why dialogues went to review or were rejected",
        columns=(
            Column(key="stage", title="stage"),
            Column(key="reason", title="reason"),
            Column(key="dialogues", title="dialogues", kind="int"),
        ),
        rows=tuple(rows), origin=origin(evaluation), signature=COUNTED,
        notes=("A dialogue may have several reasons.",) if rows else (),
        missing="" if rows else absent("reasons", "No dialogue left a stage"),
    )


def acceptance_rows(evaluation: Evaluation) -> list[Row]:
    """Accepted share by topic, risk and gender: `by`, `value`, `dialogues`, `accepted`, `share`."""
    out: list[Row] = []
    for key, title in ACCEPTANCE.items():
        for row in evaluation.rows("acceptance", key):
            total, kept = row.get("dialogues"), row.get("accepted")
            share = kept / total if total and kept is not None else None
            out.append({"by": title, "value": plain(row.get(key)), "dialogues": total,
                        "accepted": kept, "share": share})
    return out


def _acceptance(evaluation: Evaluation) -> Table:
    rows = acceptance_rows(evaluation)
    return Table(
        label="acceptance",
        title="Accepted dialogues by topic, risk level and seeker's gender",
        columns=(
            Column(key="by", title="by"),
            Column(key="value", title="value"),
            Column(key="dialogues", title="dialogues", kind="int"),
            Column(key="accepted", title="accepted", kind="int"),
            Column(key="share", title="share", kind="share"),
        ),
        rows=tuple(rows), origin=origin(evaluation), signature=COUNTED,
        notes=("A share that differs between rows shows what the gates favor.",) if rows else (),
        missing="" if rows else absent("acceptance by topic, risk and gender",
                                       "The gate stage wrote none"),
    )
