"""The table of minimal detectable effects: what each cell could have shown, before what it did."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.fairness import alpha_of
from mhx.reporting.records import GROUP, parity_table
from mhx.reporting.table import PLACES, Column, Row, Table


def tables(evaluation: Evaluation) -> list[Table]:
    """Minimal detectable effects of every cell."""
    rows = detectable(evaluation)
    columns = (
        GROUP, Column(key="n", title="n", kind="int"),
        Column(key="units", title="units", kind="int"),
        Column(key="mde", title="detectable gap", kind="number"),
        Column(key="smallest_margin", title="provable margin", kind="number"),
        Column(key="margin", title="margin", kind="number"),
        Column(key="provable", title="in reach", kind="yesno"),
    )
    alpha = alpha_of(evaluation)
    notes = [
        f"Detectable gap: the smallest true gap to the reference that a two-sided test at alpha "
        f"{alpha:g} finds with 80 % power. Provable margin: the smallest margin within which "
        "equivalence is shown with 80 % power if the true gap is zero. Raw points, one contrast, "
        "no adjustment: a family of contrasts needs more. In reach: the margin is not smaller.",
        "Both come from the standard error of the gap, not from the gap that was found.",
    ]
    short = sum(row["provable"] is False for row in rows)
    if short:
        notes.append(f"In {short} of {len(rows)} cells the margin is smaller than the provable "
                     "one: there, “inconclusive” says more about n than about the model.")
    return [parity_table(evaluation, label="mde", title="Minimal detectable effects",
                         columns=columns, rows=rows, notes=notes)]


def detectable(evaluation: Evaluation) -> list[Row]:
    """One row a cell that is compared with a reference, attributes and intersections."""
    gaps = {_cell(row): row for row in evaluation.parity_rows("contrasts")}
    out = []
    for row in evaluation.parity_rows("groups"):
        gap = gaps.get(_cell(row), {})
        mde = row.get("mde") if row.get("mde") is not None else gap.get("mde")
        margin, provable = gap.get("margin"), gap.get("smallest_margin")
        if not gap:
            continue
        out.append({**row, "mde": mde, "smallest_margin": provable, "margin": margin,
                    "reference": gap.get("reference"),
                    "provable": None if margin is None or provable is None else
                    bool(provable <= margin)})
    return out


def _cell(row: Row) -> tuple[object, ...]:
    return (*(row.get(name) for name in PLACES), row.get("kind"), row.get("group"))
