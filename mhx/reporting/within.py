"""Tables of what may lie behind a gap within a language: length, the scorer itself, ratings."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.fairness import alpha_of
from mhx.reporting.records import CONTRAST, beyond, interval, notes_of, parity_table, single
from mhx.reporting.table import Column, Row, Table

GAP = Column(key="gap", title="gap", kind="number")
P = Column(key="p", title="p", kind="p")


def tables(evaluation: Evaluation) -> list[Table]:
    """Length and the gap at equal length; the scorer at equal human rating; corrected gaps."""
    return [_lengths(evaluation), _conditional(evaluation), _corrected(evaluation)]


def _lengths(evaluation: Evaluation) -> Table:
    rows = single(evaluation, "lengths")
    columns = (
        CONTRAST, Column(key="length_gap", title="length gap", kind="number", digits=1),
        interval(evaluation, low="length_low", high="length_high", digits=1),
        GAP, Column(key="adjusted", title="at equal length", kind="number"),
        interval(evaluation), P, Column(key="slope", title="per SD of length", kind="number"),
    )
    notes = [
        "Length gap: group minus reference, in the unit of the length column. At equal length: "
        "the score gap with the length held equal by the slope within groups, with its interval "
        "and p; per SD of length: that slope in raw points.",
        "A group that gets shorter answers may get less empathy because of it, so the adjusted gap "
        "explains the gap and does not replace it: verdicts rest on the gap.",
        *notes_of(rows), *beyond(evaluation, "lengths"),
    ]
    return parity_table(
        evaluation, label="lengths", title="Length, and the gap at equal length", columns=columns,
        rows=rows, notes=notes, what="gaps in length",
        why="No column of lengths was named (--length)")


def _conditional(evaluation: Evaluation) -> Table:
    rows = [_judged(row, alpha_of(evaluation))
            for row in single(evaluation, "conditional")]
    columns = (
        CONTRAST, Column(key="n", title="rated", kind="int"),
        Column(key="difference", title="difference", kind="number"), interval(evaluation), P,
        Column(key="standardized", title="in SD", kind="number"),
        Column(key="bound", title="bound", kind="number"),
        Column(key="tost_p", title="TOST p", kind="p"),
        Column(key="within", title="within the bound", kind="yesno"),
    )
    notes = [
        "Difference: the score of the group minus that of the reference at equal human rating, raw "
        "points: what of a gap is the scorer's own. Within the bound: shown equivalent to zero "
        "within the bound (TOST, unadjusted); “no” means not shown, and not that the scorer is "
        "biased.",
        *notes_of(rows), *beyond(evaluation, "conditional"),
    ]
    return parity_table(
        evaluation, label="conditional", title="The scorer at equal human rating", columns=columns,
        rows=rows, notes=notes, what="score differences at equal human rating",
        why="No ratings of these answers by people were given (--human), so a gap may be the "
            "scorer's own")


def _judged(row: Row, alpha: float) -> Row:
    p = row.get("tost_p")
    return {**row, "within": None if p is None else bool(p < alpha)}


def _corrected(evaluation: Evaluation) -> Table:
    rows = single(evaluation, "corrected")
    columns = (
        CONTRAST, Column(key="n", title="rated", kind="int"),
        Column(key="n_scored", title="scored", kind="int"),
        Column(key="raw", title="raw gap", kind="number"),
        Column(key="corrected", title="corrected gap", kind="number"), interval(evaluation),
        interval(evaluation, low="tost_low", high="tost_high", tails=2),
        Column(key="p_adjusted", title="p adj.", kind="p"),
        Column(key="tost_p_adjusted", title="TOST p adj.", kind="p"),
        Column(key="verdict", title="verdict"),
        Column(key="weight", title="weight", kind="number"),
    )
    notes = [
        "Corrected: the gap on the scale of human ratings, by prediction-powered inference "
        "(Angelopoulos et al. 2023) from a probability subsample of the scored answers with "
        "recorded inclusion probabilities. Raw: the scorer's gap. Weight: how far the scores are "
        "used (0: the ratings alone count).",
        *notes_of(rows), *beyond(evaluation, "corrected"),
    ]
    return parity_table(
        evaluation, label="corrected", title="Raw gaps and gaps corrected by human ratings",
        columns=columns, rows=rows, notes=notes, what="gaps corrected by human ratings",
        why="They need ratings of a random subsample of these answers with its inclusion "
            "probabilities (--human, --inclusion); fixed anchors are not one")
