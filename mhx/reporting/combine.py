"""Several results side by side: one combined evaluation, and tables of one label joined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import hash_json
from mhx.reporting.evaluation import Evaluation, Row, evaluation_of
from mhx.reporting.table import Column, Table

IDENTITY = ("language", "base", "run")  # what tells results apart, in the order of the columns


def combine(parts: Sequence[Evaluation]) -> Evaluation:
    """One evaluation of several: parity records of all languages and systems together.

    Systems that only share a name are told apart by base and run. Records keep their own
    numbers: nothing is averaged or tested over results. A pipeline check beside real runs
    gives no parity records. Raises MhxError where one result is given twice.
    """
    if len(parts) == 1:
        return parts[0]
    twice = [digest for digest, count in Counter(one.sha256 for one in parts).items() if count > 1]
    if twice:
        names = [str(one.meta.get("run")) for one in parts if one.sha256 in twice]
        raise MhxError(Problem(f"given twice: {', '.join(dict.fromkeys(names))}",
                               "name each run once"))
    trial = all(one.pipeline_check for one in parts)
    shown = [one for one in parts if trial or not one.pipeline_check]
    value: dict[str, Any] = {
        "meta": {**_meta(parts), "pipeline_check": trial},
        "empathy": {"signature": _joined(one.part("empathy").get("signature") for one in shown),
                    "agreement": _agreement(shown)},
        "parity": _parity(shown, identities(parts)),
        "parity_note": _joined(one.data["parity_note"] for one in shown),
        "cross_language": next((one.data["cross_language"] for one in parts
                                if one.data["cross_language"]), {}),
        "proving": next((one.data["proving"] for one in parts if one.data["proving"]), {}),
        "certificates": [row for one in parts for row in one.rows("certificates")],
    }
    whole = evaluation_of(value, hash_json([one.sha256 for one in parts]))
    return Evaluation(whole.data, whole.sha256, tuple(parts))


def identities(parts: Sequence[Evaluation]) -> dict[str, Row]:
    """By hash, what tells each result from the others: only those of IDENTITY that differ."""
    all_ = {one.sha256: {"language": one.meta.get("language") or one.meta.get("lang"),
                         "base": one.meta.get("base_model"),
                         "run": one.meta.get("run") or one.meta.get("table")} for one in parts}
    kept = [key for key in IDENTITY[:2] if len({row[key] for row in all_.values()}) > 1]
    if len({tuple(row[key] for key in kept) for row in all_.values()}) < len(all_):
        kept.append("run")
    names = Counter(tuple(row[key] for key in kept) for row in all_.values())
    for digest, row in all_.items():
        if names[tuple(row[key] for key in kept)] > 1:
            row["run"] = f"{row['run']} ({digest[:6]})"
    return {digest: {key: row[key] for key in kept} for digest, row in all_.items()}


def system_name(system: str, identity: Row) -> str:
    """A system's name among several results: with its base and run where these differ."""
    more = [str(value) for key, value in identity.items() if key != "language"]
    return f"{system} ({', '.join(more)})" if more else system


def joined(found: Sequence[tuple[Row, Table]]) -> Table:
    """Tables of one label as one: rows carry what tells their results apart.

    A result without rows says so in a note; a source line that differs
    stands once for each result.
    """
    first = found[0][1]
    if len(found) == 1:
        return first
    full = [(key, table) for key, table in found if table.rows]
    columns = tuple(Column(key=name, title=name) for name in found[0][0])
    notes = _notes([(key, table.notes if table.rows else (table.missing,)) for key, table in found])
    one = full[0][1] if full else first
    return Table(
        label=one.label, title=one.title if len({table.title for _, table in full}) == 1
        else one.title.partition(" (")[0],
        columns=(*columns, *one.columns) if full else one.columns,
        rows=tuple({**row, **key} for key, table in full for row in table.rows),
        notes=notes if full else (),
        origin=_joined(table.origin for _, table in full),
        signature=_joined(table.signature for _, table in full),
        agreement=_joined(table.agreement for _, table in full),
        mark=one.mark if all(table.mark for _, table in full) else "",
        missing="" if full else _joined(table.missing for _, table in found),
    )


def _notes(found: Sequence[tuple[Row, tuple[str, ...]]]) -> tuple[str, ...]:
    """Notes that all share stand once; others name their result."""
    texts = dict.fromkeys(note for _, notes in found for note in notes if note)
    out = []
    for text in texts:
        have = [key for key, notes in found if text in notes]
        name = "; ".join(", ".join(str(one) for one in key.values()) for key in have)
        out.append(text if len(have) == len(found) else f"{name}: {text}")
    return tuple(out)


def _parity(parts: Sequence[Evaluation], names: dict[str, Row]) -> dict[str, Any]:
    """`{system: records}`; records of one system name in several languages are one list."""
    out: dict[str, Any] = {}
    for one in parts:
        for system in one.systems:
            name = system_name(system, names[one.sha256])
            target = out.setdefault(name, {"settings": {}})
            target["settings"] = _settings(
                target["settings"], one.part("parity", system, "settings"))
            for key, rows in one.part("parity", system).items():
                if isinstance(rows, list):
                    target.setdefault(key, []).extend(_placed(row, one) for row in rows)
    return out


def _settings(first: Row, second: Row) -> Row:
    """Settings of both; of values that differ both are said.

    Raises MhxError for tests at different alpha: their intervals cannot stand in one table.
    """
    if first and first.get("alpha") != second.get("alpha"):
        raise MhxError(Problem("the runs test at different alpha", "report them apart"))
    return {key: second[key] if not first or first.get(key) == second[key]
            else _joined((first.get(key), second[key]), ", ") for key in second}


def _placed(row: Any, evaluation: Evaluation) -> Any:
    """A record with its language; a note with the language's name before it."""
    language = evaluation.meta.get("language")
    if isinstance(row, dict):
        return {**row, "language": row.get("language") or language}
    return f"{language}: {row}" if language else row


def _meta(parts: Sequence[Evaluation]) -> Row:
    """Values that all share; differing texts joined; other differing values left out."""
    out: Row = {}
    for key in dict.fromkeys(key for one in parts for key in one.meta):
        values = [one.meta.get(key) for one in parts]
        if all(value == values[0] for value in values):
            out[key] = values[0]
        elif all(isinstance(value, str | None) for value in values):
            out[key] = _joined(values, ", ")
    out["direction"] = out.get("direction") if out.get("direction") in ("ltr", "rtl") else "ltr"
    if len({one.meta.get("lang") for one in parts}) > 1:
        out |= {"lang": "mul", "direction": "ltr", "autonym": ""}
    return out


def _agreement(parts: Sequence[Evaluation]) -> Row:
    """The scorer's agreement with people where it is one and the same for all."""
    found = [one.part("empathy", "agreement") for one in parts]
    return found[0] if found and all(one == found[0] for one in found) else {}


def _joined(values: Any, between: str = "; ") -> str:
    return between.join(dict.fromkeys(str(value) for value in values if value))
