"""Tables of what entered and left: rows by stage, reasons, acceptance by group."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.table import Column, Row, Table
from mhx.reporting.wording import absent, origin, plain

COUNTED = "counts of dialogues, no scorer"
ACCEPTANCE = {"topic": "topic", "risk": "risk level", "seeker_gender": "seeker's gender",
              "role": "role", "engine": "engine"}
FAVOR = "A share that differs between rows shows what the gates favor."
UNITS = (
    "A dialogue is accepted or reviewed whole; a segment counts as accepted where no gate asks a "
    "person about it. Segments of one dialogue are alike, so their intervals are too narrow."
)


def tables(evaluation: Evaluation) -> list[Table]:
    """Accounts, reasons, acceptance of all dialogues and of those with a risk."""
    return [_accounts(evaluation), _reasons(evaluation), _acceptance(evaluation),
            _acceptance(evaluation, "crisis")]


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


def acceptance_rows(evaluation: Evaluation, *where: str) -> list[Row]:
    """Accepted share by group: `by`, `value`, `of` (dialogues or segments), `n`, `share`, limits.

    `where` is ``crisis`` for the dialogues with a risk alone.
    """
    out: list[Row] = []
    for key, title in ACCEPTANCE.items():
        for row in evaluation.rows("acceptance", *where, key):
            unit = "segments" if "segments" in row else "dialogues"
            total, kept = row.get(unit), row.get("accepted")
            share = kept / total if total and kept is not None else None
            out.append({"by": title, "value": plain(row.get(key)), "of": unit, "dialogues": total,
                        "accepted": kept, "share": share, "low": row.get("low"),
                        "high": row.get("high")})
    return out


def _acceptance(evaluation: Evaluation, *where: str) -> Table:
    rows = acceptance_rows(evaluation, *where)
    smallest = evaluation.part("acceptance").get("smallest") or 1
    notes = [FAVOR, UNITS] if any(row["of"] == "segments" for row in rows) else [FAVOR]
    if smallest > 1:
        notes.append(f"Groups of fewer than {smallest} are added together or left out.")
    among = " among dialogues with a risk" if where else ""
    return Table(
        label="acceptance_crisis" if where else "acceptance",
        title=f"What the gates accepted{among}, by topic, risk level, gender, role and engine",
        columns=(
            Column(key="by", title="by"),
            Column(key="value", title="value"),
            Column(key="of", title="unit"),
            Column(key="dialogues", title="n", kind="int"),
            Column(key="accepted", title="accepted", kind="int"),
            Column(key="share", title="share", kind="share"),
            Column(key="low", upper="high", title="95 % interval (Wilson)", kind="interval"),
        ),
        rows=tuple(rows), origin=origin(evaluation), signature=COUNTED,
        notes=tuple(notes) if rows else (),
        missing="" if rows else absent(f"acceptance by group{among}",
                                       "The gate stage wrote none"),
    )
