"""The table of models beside the gaps: a linear mixed and an ordinal model, as checks."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.records import (
    CONTRAST,
    beyond,
    interval,
    matched,
    notes_of,
    parity_table,
    single,
)
from mhx.reporting.table import Column, Row, Table


def tables(evaluation: Evaluation) -> list[Table]:
    """Mixed and ordinal models."""
    rows = checked(evaluation)
    columns = (
        CONTRAST, Column(key="gap", title="gap", kind="number"),
        Column(key="name", title="model"),
        Column(key="estimate", title="estimate", kind="number"),
        Column(key="se", title="SE", kind="number", digits=3), interval(evaluation),
        Column(key="p", title="p", kind="p"), Column(key="agrees", title="agrees", kind="yesno"),
    )
    notes = [
        "Gap: the design-based estimate that the verdicts rest on. Mixed: linear with the unit as "
        "random intercept (REML), raw points. Ordinal: cumulative logit GEE clustered by unit, log "
        "odds of a higher score. Agrees: the same sign, and significant (unadjusted) exactly where "
        "the gap is. A model is a check of the gap and gives no verdict.",
        *_disagreement(rows), *notes_of(rows), *beyond(evaluation, "models"),
    ]
    return [parity_table(
        evaluation, label="models", title="Models beside the gaps", columns=columns, rows=rows,
        notes=notes, what="a mixed and an ordinal model",
        why="The models are opt-in and were not asked for (--models)")]


def checked(evaluation: Evaluation) -> list[Row]:
    """One row a model and contrast, intersections left out, the design-based `gap` beside it."""
    gaps = evaluation.parity_rows("contrasts")
    return [{**row, "gap": gap.get("gap"), "name": f"{row.get('model')} ({row.get('scale')})"}
            for row, gap in matched(single(evaluation, "models"), gaps)]


def _disagreement(rows: list[Row]) -> list[str]:
    judged = [row for row in rows if row.get("agrees") is not None]
    against = [row for row in judged if not row["agrees"]]
    if not judged:
        return ["No model could be fitted."]
    if not against:
        return [f"All {len(judged)} fitted models agree with the gaps."]
    return [f"{len(against)} of {len(judged)} fitted models disagree with the gap beside them: "
            "read those gaps with care."]
