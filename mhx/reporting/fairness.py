"""Tables of parity: contrasts, effects, groups, intersections, extremes, the planted gap."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.table import Column, Row, Table
from mhx.reporting.wording import (
    absent,
    agreement,
    answers_origin,
    mark,
    parity_signature,
    plain,
)

SCORE, ATTRIBUTE = Column(key="score", title="score"), Column(key="attribute", title="attribute")
SYSTEM, N = Column(key="system", title="system"), Column(key="n", title="n", kind="int")
MEAN = Column(key="mean", title="mean", kind="number")
INTERVAL = Column(key="low", upper="high", title="95 % interval", kind="interval")
TOST = Column(key="tost_low", upper="tost_high", title="90 % interval", kind="interval")
GAP, VERDICT = Column(key="gap", title="gap", kind="number"), Column(key="verdict", title="verdict")
CONTRAST = (SYSTEM, SCORE, ATTRIBUTE, Column(key="contrast", title="contrast"))
MAIN, FLOOR = "main", "inconclusive: floor"


def tables(evaluation: Evaluation) -> list[Table]:
    """Every parity table, in the order a paper prints them."""
    return [_contrasts(evaluation), _effects(evaluation), _groups(evaluation),
            _intersections(evaluation), _largest(evaluation), _worst(evaluation)]


def percent(alpha: float, tails: int) -> str:
    """The level of an interval that leaves `tails` times alpha outside: "95 %"."""
    return f"{100 * (1 - tails * alpha):g} %"


def alpha_of(evaluation: Evaluation) -> float:
    """The alpha of the parity tests, as they ran; else as planned."""
    for system in evaluation.systems:
        value = evaluation.part("parity", system, "settings").get("alpha")
        if value:
            return float(value)
    return float(evaluation.part("meta", "analysis").get("alpha") or 0.05)


def margin_of(evaluation: Evaluation) -> float | None:
    """The largest margin of the contrasts; where none was tested, the plan's raw margin."""
    rows = evaluation.parity_rows("contrasts", MAIN)
    found = [abs(row["margin"]) for row in rows if row.get("margin")]
    planned = evaluation.part("meta", "analysis").get("margin")
    if found or not isinstance(planned, int | float):
        return max(found, default=None)
    return float(planned)


def _table(evaluation: Evaluation, label: str, title: str, columns: tuple[Column, ...],
           rows: list[Row], notes: tuple[str, ...] = ()) -> Table:
    alpha = alpha_of(evaluation)
    level = {INTERVAL: percent(alpha, 1), TOST: percent(alpha, 2)}
    named = tuple(
        Column(key=one.key, upper=one.upper, title=f"{level[one]} interval", kind=one.kind)
        if one in level else one for one in columns
    )
    why = str(evaluation.data.get("parity_note") or "") if not evaluation.systems else (
        "The analysis has no such rows")
    return Table(
        label=label, title=title, columns=named, rows=tuple(_words(row) for row in rows),
        notes=notes if rows else (), origin=answers_origin(evaluation), mark=mark(evaluation),
        signature=parity_signature(evaluation), agreement=agreement(evaluation),
        missing="" if rows else absent(title[0].lower() + title[1:], why),
    )


def _words(row: Row) -> Row:
    """Score names as words, and the contrast as "group − reference"."""
    out = {**row, "score": plain(row.get("score"))}
    if "reference" in row and "group" in row:
        out["contrast"] = f"{row['group']} − {row['reference']}"
    return out


def _contrasts(evaluation: Evaluation) -> Table:
    rows = evaluation.parity_rows("contrasts", MAIN)
    reason = str(evaluation.part("meta", "analysis").get("margin_reason") or "")
    margins = dict.fromkeys(row["margin"] for row in rows if row.get("margin") is not None)
    known = [one for one in margins or (margin_of(evaluation),) if one is not None]
    shown = ", ".join(f"±{one:.4g}" for one in known)
    notes = [f"Margin: {shown or 'none'} raw points" + (f" ({reason})" if reason else "") + "."]
    if any(row.get("margin_from_data") for row in rows):
        notes.append("The margin was taken from the data, so it was not fixed in advance.")
    inner = percent(alpha_of(evaluation), 2)
    notes.append(f"Gap: group minus reference, raw points. The {inner} interval is the one TOST "
                 "uses, before adjustment. Verdicts rest on adjusted p values: equivalent, inside "
                 "the margin; different, not zero; trivial, both; inconclusive, neither shown, "
                 "which is not evidence of equality.")
    if any(row.get("verdict") == FLOOR for row in rows):
        notes.append(f"{FLOOR}: all scores are at one end of the scale or constant, so neither "
                     "equality nor a difference can be shown.")
    pairs = Column(key="pairs", title="pairs", kind="int")
    columns = (*CONTRAST, pairs, GAP, INTERVAL, TOST, VERDICT)
    return _table(evaluation, "contrasts", "Parity: gaps, intervals and verdicts", columns, rows,
                  tuple(notes))


def _effects(evaluation: Evaluation) -> Table:
    rows = evaluation.parity_rows("contrasts", MAIN)
    columns = (
        *CONTRAST,
        Column(key="relative_gap", title="gap in %", kind="number", digits=1),
        Column(key="hedges_g", title="Hedges g", kind="number"),
        Column(key="cliffs_delta", title="Cliff's δ", kind="number"),
        Column(key="p", title="p", kind="p"), Column(key="p_adjusted", title="p adj.", kind="p"),
        Column(key="tost_p_adjusted", title="TOST p adj.", kind="p"),
        Column(key="mde", title="detectable", kind="number"),
        Column(key="smallest_margin", title="provable margin", kind="number"),
    )
    adjust = evaluation.part("meta", "analysis").get("adjust") or "as the signature says"
    notes = (f"p adjusted over the planned family ({adjust}). Detectable: the smallest gap found "
             "with 80 % power. Provable margin: the smallest margin equivalence could be shown for "
             "with 80 % power if the groups were equal.",)
    own = tuple(f"{row['system']}, {plain(row.get('score'))}, {row.get('group')}: {row['note']}."
                for row in rows if row.get("note"))
    return _table(evaluation, "effects", "Parity: effect sizes, tests and what could be found",
                  columns, rows, notes + own)


def _groups(evaluation: Evaluation) -> Table:
    rows = evaluation.parity_rows("groups", MAIN)
    columns = (SYSTEM, SCORE, ATTRIBUTE, Column(key="group", title="group"), N,
               Column(key="expected", title="expected", kind="int"),
               Column(key="coverage", title="coverage", kind="share"), MEAN, INTERVAL,
               Column(key="sd", title="SD", kind="number"))
    known = evaluation.part("meta", "analysis").get("groups_known_by") or "not recorded"
    return _table(evaluation, "groups", "Group means and coverage", columns, rows,
                  (f"Groups are known by: {known}. Missing scores are coverage, never imputed.",))


def _intersections(evaluation: Evaluation) -> Table:
    rows = evaluation.parity_rows("groups", "intersection")
    columns = (SYSTEM, SCORE, Column(key="group", title="group"), N, MEAN, INTERVAL,
               Column(key="shrunk", title="shrunk mean", kind="number"))
    return _table(evaluation, "intersections", "Intersections of the groups", columns, rows,
                  ("Shrunk: pulled to the grand mean by its unreliability (empirical Bayes).",))


def _largest(evaluation: Evaluation) -> Table:
    rows = evaluation.parity_rows("largest")
    columns = (SYSTEM, SCORE, ATTRIBUTE, Column(key="highest", title="highest"),
               Column(key="lowest", title="lowest"), GAP, INTERVAL,
               Column(key="p", title="p", kind="p"), VERDICT)
    methods = "; ".join(dict.fromkeys(str(row["method"]) for row in rows if row.get("method")))
    return _table(evaluation, "largest", "The largest gap, calibrated for having been picked",
                  columns, rows, (f"Method: {methods or 'not recorded'}.",))


def _worst(evaluation: Evaluation) -> Table:
    rows = evaluation.parity_rows("worst")
    columns = (SYSTEM, SCORE, ATTRIBUTE, Column(key="group", title="worst group"), N, MEAN,
               Column(key="bound", title="lower bound", kind="number"),
               Column(key="floor", title="floor", kind="number"), VERDICT)
    return _table(evaluation, "worst", "The worst group and the floor", columns, rows,
                  ("Lower bound: one-sided, of the worst group's mean.",))
