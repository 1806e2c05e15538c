"""Tables of parity: contrasts, effects, groups, intersections, extremes."""

from __future__ import annotations

from math import floor, log10

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
LANGUAGE = Column(key="language", title="language")
MEAN = Column(key="mean", title="mean", kind="number")
INTERVAL = Column(key="low", upper="high", title="95 % interval", kind="interval")
TOST = Column(key="tost_low", upper="tost_high", title="90 % interval", kind="interval")
GAP, VERDICT = Column(key="gap", title="gap", kind="number"), Column(key="verdict", title="verdict")
P_ADJUSTED = Column(key="p_adjusted", title="p adj.", kind="p")
TOST_P = Column(key="tost_p_adjusted", title="TOST p adj.", kind="p")
CONTRAST = (SYSTEM, SCORE, ATTRIBUTE, Column(key="contrast", title="contrast"))
MAIN, FLOOR = "main", "inconclusive: floor"


def tables(evaluation: Evaluation) -> list[Table]:
    """Every parity table, in the order a paper prints them."""
    return [_contrasts(evaluation), _effects(evaluation), _groups(evaluation),
            _intersections(evaluation), _largest(evaluation), _worst(evaluation),
            _baseline(evaluation)]


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


def decimals(evaluation: Evaluation) -> int:
    """Decimals of raw points: two, and more where the margin is so small that they hide it."""
    margins = [abs(row["margin"]) for row in evaluation.parity_rows("contrasts", MAIN)
               if row.get("margin")]
    return max(2, min(5, 1 - floor(log10(min(margins))))) if margins else 2


def known_by(evaluation: Evaluation) -> str:
    """How the groups are known: assigned, observed or stated."""
    return str(evaluation.part("meta", "analysis").get("groups_known_by") or "not recorded")


def _table(evaluation: Evaluation, label: str, title: str, columns: tuple[Column, ...],
           rows: list[Row], notes: tuple[str, ...] = ()) -> Table:
    alpha = alpha_of(evaluation)
    level = {INTERVAL: percent(alpha, 1), TOST: percent(alpha, 2)}
    shown = tuple(
        Column(key=one.key, upper=one.upper, title=f"{level[one]} interval", kind=one.kind)
        if one in level else one for one in columns if one != SYSTEM or len(evaluation.systems) > 1
    )
    shown = (LANGUAGE, *shown) if len(evaluation.languages) > 1 else shown
    why = str(evaluation.data.get("parity_note") or "") if not evaluation.systems else (
        "The analysis has no such rows")
    return Table(
        label=label, title=title, columns=shown, rows=tuple(_words(row) for row in rows),
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


def named(evaluation: Evaluation, row: Row) -> str:
    """The score of a row, with its language and system where there are several."""
    parts = [row.get("language") if len(evaluation.languages) > 1 else "",
             row["system"] if len(evaluation.systems) > 1 else "", plain(row.get("score"))]
    return ", ".join(str(part) for part in parts if part)


def _contrasts(evaluation: Evaluation) -> Table:
    rows = evaluation.parity_rows("contrasts", MAIN)
    reason = str(evaluation.part("meta", "analysis").get("margin_reason") or "")
    margins = dict.fromkeys(row["margin"] for row in rows if row.get("margin") is not None)
    known = [one for one in margins or (margin_of(evaluation),) if one is not None]
    shown = ", ".join(f"±{one:.4g}" for one in known) + " raw points" if known else "none given"
    notes = [f"Margin: {shown}" + (f" ({reason})" if reason else "") + "."]
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
    columns = (*CONTRAST, pairs, GAP, INTERVAL, P_ADJUSTED, TOST, TOST_P, VERDICT)
    return _table(evaluation, "contrasts", "Parity: gaps, intervals and verdicts", columns, rows,
                  tuple(notes))


def _effects(evaluation: Evaluation) -> Table:
    rows = evaluation.parity_rows("contrasts", MAIN)
    columns = (
        *CONTRAST,
        Column(key="relative_gap", title="gap in %", kind="number", digits=1),
        Column(key="hedges_g", title="Hedges g", kind="number"),
        Column(key="cliffs_delta", title="Cliff's δ", kind="number"),
        Column(key="p", title="p", kind="p"), P_ADJUSTED, TOST_P,
        Column(key="mde", title="detectable", kind="number"),
        Column(key="smallest_margin", title="provable margin", kind="number"),
    )
    adjust = evaluation.part("meta", "analysis").get("adjust") or "as the signature says"
    notes = (f"p adjusted over the planned family ({adjust}). Detectable: the smallest gap found "
             "with 80 % power. Provable margin: the smallest margin equivalence could be shown for "
             "with 80 % power if the groups were equal.",)
    own = tuple(f"{named(evaluation, row)}, {row.get('group')}: {row['note']}."
                for row in rows if row.get("note"))
    return _table(evaluation, "effects", "Parity: effect sizes, tests and what could be found",
                  columns, rows, notes + own)


def _groups(evaluation: Evaluation) -> Table:
    rows = evaluation.parity_rows("groups", MAIN)
    columns = (SYSTEM, SCORE, ATTRIBUTE, Column(key="group", title="group"), N,
               Column(key="expected", title="expected", kind="int"),
               Column(key="coverage", title="coverage", kind="share"), MEAN, INTERVAL,
               Column(key="sd", title="SD", kind="number"))
    known = known_by(evaluation)
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
                  columns, rows, (
                      f"Method: {methods or 'not recorded'}. p is adjusted for the choice among "
                      "the groups of one attribute, not over scores and attributes as in the "
                      "contrasts: the verdict may differ.",))


def _worst(evaluation: Evaluation) -> Table:
    rows = evaluation.parity_rows("worst")
    columns = (SYSTEM, SCORE, ATTRIBUTE, Column(key="group", title="worst group"), N, MEAN,
               Column(key="bound", title="bound", kind="number"),
               Column(key="floor", title="floor", kind="number"), VERDICT)
    return _table(evaluation, "worst", "The worst group and the floor", columns, rows,
                  ("Bound: one-sided, of the worst group's mean, on the bad side.",))


def _baseline(evaluation: Evaluation) -> Table:
    """Each system's gap beside the baseline's (people's, say): difference in differences."""
    rows = [row for row in evaluation.parity_rows("contrasts", MAIN)
            if row.get("baseline_gap") is not None]
    columns = (*CONTRAST, GAP, Column(key="baseline_gap", title="baseline's gap", kind="number"),
               Column(key="did", title="difference", kind="number"),
               Column(key="did_low", upper="did_high", title="interval", kind="interval"),
               Column(key="did_p", title="p", kind="p"))
    named = next((evaluation.part("parity", system, "settings").get("baseline")
                  for system in evaluation.systems), None) or {}
    which = ", ".join(f"{name} = {value}" for name, value in named.items())
    return _table(evaluation, "baseline", "Gaps beside the baseline's", columns, rows,
                  (f"Baseline: {which or 'not recorded'}. Difference: the gap minus the "
                   "baseline's; p unadjusted.",))
