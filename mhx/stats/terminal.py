"""parity()'s tables for a terminal: few columns, an interval in one cell, nothing said twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mhx.reporting.table import ordered, show
from mhx.stats.results import (
    Against,
    Contrast,
    CrossLanguage,
    GroupResult,
    ParityResult,
    Where,
)

Row = dict[str, Any]
PAIRS = 4  # of those that a note is about, named


def parity_tables(result: ParityResult) -> list[tuple[str, list[Row]]]:
    """(title, rows) pairs in reading order; what is the same or empty everywhere is left out."""
    level = f"{100 * (1 - result.settings['alpha']):g} %"
    inner = f"{100 * (1 - 2 * result.settings['alpha']):g} %"
    adjust = {"holm": "Holm", "bh": "BH"}[result.settings["adjust"]]
    many = _several(result.groups)
    main = [one for one in result.contrasts if one.kind != "intersection"]
    crossed = [one for one in result.contrasts if one.kind == "intersection"]
    cells = [one for one in result.groups if one.kind == "intersection"]
    tables: list[tuple[str, list[Row]]] = [
        ("groups", [_group(one, many, level) for one in result.groups
                    if one.kind != "intersection"]),
        ("gaps: group minus reference, raw points",
         [_gap(one, many, level, inner, adjust) for one in main]),
        ("intersections",
         [{**_group(one, many, level), "shrunk": _digits(one.shrunk)} for one in cells]),
        ("gaps of intersections", [_gap(one, many, level, inner, adjust) for one in crossed]),
        ("largest gap, calibrated for having been picked", [
            {**_where(one, many), "largest gap": f"{one.highest} − {one.lowest}",
             "gap": _with(one.gap, one.low, one.high), "p": _p(one.p), "TOST p": _p(one.tost_p),
             "verdict": one.verdict} for one in result.largest]),
        ("worst group", [
            {**_where(one, many), "worst": one.group, "n": one.n, "mean": _digits(one.mean),
             "one-sided bound": _digits(one.bound), "floor": one.floor,
             "verdict": one.verdict} for one in result.worst]),
        ("people's scale: gaps corrected by a rated random sample", [
            {**_where(one, many), **_versus(one), "rated": one.n,
             f"corrected [{level}]": _with(one.corrected, one.low, one.high), "raw": one.raw,
             f"p {adjust}": _p(one.p_adjusted), f"TOST p {adjust}": _p(one.tost_p_adjusted),
             "verdict": one.verdict, "note": one.note or None} for one in result.corrected]),
        ("the scorer at equal human rating", [
            {**_where(one, many), **_versus(one), "rated": one.n,
             f"difference [{level}]": _with(one.difference, one.low, one.high),
             "in SD": one.standardized, "bound": one.bound, "TOST p": _p(one.tost_p),
             "note": one.note or None} for one in result.conditional]),
        ("length: the gap at equal length stands beside the gap, and does not replace it", [
            {**_where(one, many), **_versus(one),
             f"length gap [{level}]": _with(one.length_gap, one.length_low, one.length_high),
             "score gap": one.gap, f"at equal length [{level}]":
             _with(one.adjusted, one.low, one.high), "note": one.note or None}
            for one in result.lengths]),
        ("models, as checks", [
            {**_where(one, many), **_versus(one), "model": one.model, "in": one.scale,
             f"estimate [{level}]": _with(one.estimate, one.low, one.high), "p": _p(one.p),
             "agrees": one.agrees, "note": one.note or None} for one in result.models]),
        ("across languages", [_licence(one) for one in result.cross_language]),
    ]
    return [(title, _filled(rows)) for title, rows in tables if rows]


def pair_notes(result: ParityResult) -> list[str]:
    """What must be known of single pairs, each note once with the pairs it is about."""
    about: dict[str, list[str]] = {}
    for one in result.contrasts:
        if one.note:
            place = (f"{one.score} by {one.attribute}", one.language, one.system,
                     f"{one.group} − {one.reference}")
            about.setdefault(one.note, []).append(", ".join(part for part in place if part))
    notes = [f"{'; '.join(pairs[:PAIRS])}{' and others' if len(pairs) > PAIRS else ''}: {note}"
             for note, pairs in about.items()]
    if any(one.margin_from_data for one in result.contrasts):
        notes.append(f"the margin {result.settings['margin']} is taken from these data, "
                     "not fixed in advance")
    return notes


def _filled(rows: list[Row]) -> list[Row]:
    kept = {name for row in rows for name, value in row.items() if value is not None}
    return [{name: value for name, value in row.items() if name in kept} for row in rows]


def _several(groups: Iterable[GroupResult]) -> list[str]:
    """The fields that differ within the result; those that do not go unsaid."""
    rows = list(groups)
    return [name for name in ("score", "language", "system")
            if len({getattr(one, name) for one in rows}) > 1] + ["attribute"]


def _where(one: Where, many: Sequence[str]) -> Row:
    return {name: getattr(one, name) for name in many}


def _group(one: GroupResult, many: Sequence[str], level: str) -> Row:
    share = None if one.coverage is None else (
        f"{one.n}/{one.expected} ({show(one.coverage, 'share')})")
    return {**_where(one, many), "group": one.group, "scored": share,
            f"mean [{level}]": _with(one.mean, one.low, one.high),
            "detectable gap": _digits(one.mde)}


def _gap(one: Contrast, many: Sequence[str], level: str, inner: str, adjust: str) -> Row:
    row = {**_where(one, many), **_versus(one), f"gap [{level}]": _with(one.gap, one.low, one.high)}
    if one.margin is not None:
        row[f"TOST {inner}"] = _with(None, one.tost_low, one.tost_high)
    row |= {"g": _digits(one.hedges_g), f"p {adjust}": _p(one.p_adjusted)}
    if one.margin is not None:
        row[f"TOST p {adjust}"] = _p(one.tost_p_adjusted)
    if one.did is not None:
        row["gap − baseline's"] = _with(one.did, one.did_low, one.did_high)
    return {**row, "verdict": one.verdict}


def _versus(one: Contrast | Against) -> Row:
    return {"group − reference": ordered(f"{one.group} − {one.reference}")}


def _licence(one: CrossLanguage) -> Row:
    return {"score": one.score, "languages": f"{one.language} − {one.reference}",
            "verdict": one.verdict, "anchors": one.anchors,
            "needed": one.anchors_needed if one.verdict == "insufficient anchors" else None,
            "why": "; ".join(part for part in (one.why, one.assumption) if part)}


def _with(value: float | None, low: float | None, high: float | None) -> str | None:
    """``0.12 [-0.03, 0.27]``; the value alone, or the interval alone, where there is no more."""
    ends = None if low is None or high is None else f"[{_number(low)}, {_number(high)}]"
    own = None if value is None else _number(value)
    return " ".join(part for part in (own, ends) if part) or None


def _digits(value: float | None) -> str | None:
    return None if value is None else _number(value)


def _p(value: float | None) -> str | None:
    return None if value is None else "<0.001" if value < 0.0005 else f"{value:.3f}"


def _number(value: float) -> str:
    text = f"{value:.3f}"
    return text.replace("-0.000", "0.000")
