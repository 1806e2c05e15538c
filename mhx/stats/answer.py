"""The answer of `mhx parity --json`: one entry a score and group column, all about it inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mhx.stats.results import ParityResult

Row = dict[str, Any]
PLACE = ("score", "attribute", "language", "system")
LICENCES = ("insufficient anchors", "not comparable", "correctable", "comparable")  # worst first


def answer(result: ParityResult) -> Row:
    """`{"settings", "scores": [...], "notes"}` as plain JSON data.

    An entry of `scores` is one score and one group column in one slice of the table (`slice`: its
    language and its system, null where there is one only). Intersections are the cells of all
    group columns together, each with its pair; they stand in the entry of every column.
    `language` is the licence to compare the slice's language with the others. A gap between
    languages is an entry of its own, whose `group` is the language column; it is there only
    where the licence allows it.
    """
    records = result.records()
    places = dict.fromkeys(_place(row) for row in records["groups"]
                           if row["kind"] != "intersection")
    adjusted = "p_holm" if result.settings.get("adjust", "holm") == "holm" else "p_bh"
    return {"settings": records["settings"],
            "scores": [_entry(place, records, adjusted) for place in places],
            "notes": records["notes"]}


def _entry(place: tuple[Any, ...], records: Row, adjusted: str) -> Row:
    def mine(kind: str) -> list[Row]:
        return [row for row in records[kind] if _place(row) == place]

    score, attribute, language, system = place
    largest, worst = mine("largest"), mine("worst")
    return {
        "score": score, "group": attribute, "slice": {"language": language, "system": system},
        "groups": [_group(row) for row in mine("groups")],
        "pairs": [_pair(row, adjusted) for row in mine("contrasts")],
        "max_gap": _max_gap(largest[0]) if largest else None,
        "floor": {"worst": worst[0]["group"], **_rest(worst[0], (*PLACE, "kind", "group"))}
        if worst else None,
        "intersections": _cells(place, records, adjusted),
        "models": {name: [_check(row) for row in mine("models") if row["model"] == name]
                   for name in dict.fromkeys(row["model"] for row in mine("models"))},
        "length": [_check(row) for row in mine("lengths")],
        "conditional": [_check(row) for row in mine("conditional")],
        "corrected": [_check(row) for row in mine("corrected")],
        "overlap": [_rest(row, ("attribute", "language", "system")) for row in records["overlap"]
                    if (row["attribute"], row["language"], row["system"]) == place[1:]],
        "language": _licence(score, language, records["cross_language"]),
    }


def _place(row: Row) -> tuple[Any, ...]:
    return tuple(row[key] for key in PLACE)


def _rest(row: Row, keys: tuple[str, ...]) -> Row:
    return {key: value for key, value in row.items() if key not in keys}


def _ends(low: Any, high: Any) -> list[Any] | None:
    return None if low is None or high is None else [low, high]


def _group(row: Row) -> Row:
    return {"value": row["group"], "n": row["n"], "expected": row["expected"],
            "coverage": row["coverage"], "units": row["units"], "mean": row["mean"],
            "sd": row["sd"], "ci": _ends(row["low"], row["high"]), "mde": row["mde"],
            "shrunk": row["shrunk"]}


def _pair(row: Row, adjusted: str) -> Row:
    return {
        "value": row["group"], "reference": row["reference"], "gap": row["gap"],
        "relative_gap_pct": row["relative_gap"], "ci": _ends(row["low"], row["high"]),
        "ci90": _ends(row["tost_low"], row["tost_high"]), "g": row["hedges_g"],
        "delta": row["cliffs_delta"], "p": row["p"], adjusted: row["p_adjusted"],
        "tost_p": row["tost_p"], f"tost_{adjusted}": row["tost_p_adjusted"],
        "verdict": row["verdict"], "margin": row["margin"],
        "margin_from_data": row["margin_from_data"], "test": row["test"], "n": row["n_group"],
        "n_reference": row["n_reference"], "paired_units": row["pairs"],
        "clusters": row["clusters"], "se": row["se"], "dz": row["dz"], "mde": row["mde"],
        "smallest_margin": row["smallest_margin"], "baseline_gap": row["baseline_gap"],
        "did": row["did"], "did_ci": _ends(row["did_low"], row["did_high"]),
        "did_p": row["did_p"], "note": row["note"],
    }


def _max_gap(row: Row) -> Row:
    return {"gap": row["gap"], "pair": [row["highest"], row["lowest"]], "p": row["p"],
            "ci": _ends(row["low"], row["high"]), "p_bootstrap": row["p_bootstrap"],
            "tost_p": row["tost_p"], "verdict": row["verdict"], "method": row["method"]}


def _check(row: Row) -> Row:
    """A check's own fields, with its interval as one list."""
    out = {"value": row["group"], **_rest(row, (*PLACE, "kind", "group"))}
    for name in ("", "length_", "tost_"):
        if f"{name}low" in out:
            ends = _ends(out.pop(f"{name}low"), out.pop(f"{name}high"))
            out["ci90" if name == "tost_" else f"{name}ci"] = ends
    return out


def _cells(place: tuple[Any, ...], records: Row, adjusted: str) -> list[Row]:
    score, _, *part = place
    def here(row: Row) -> bool:
        return bool(row["kind"] == "intersection" and row["score"] == score
                    and [row["language"], row["system"]] == part)

    pairs = {row["group"]: _pair(row, adjusted) for row in records["contrasts"] if here(row)}
    return [{"group": row["attribute"], **_group(row), "pair": pairs.get(row["group"])}
            for row in records["groups"] if here(row)]


def _licence(score: str, language: str | None, rows: list[Row]) -> Row | None:
    """The worst verdict over the pairs with this language; None without a language column."""
    found = [row for row in rows if row["score"] == score
             and language in (None, row["language"], row["reference"])]
    if not found:
        return None
    worst = min(found, key=lambda row: LICENCES.index(row["verdict"]))
    return {"verdict": worst["verdict"], "anchors": worst["anchors"],
            "needed": worst["anchors_needed"], "pairs": [_rest(row, ("score",)) for row in found]}
