"""Edits that were made against edits that were listed: matches, precision, recall."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Edits = Sequence[Sequence[Mapping[str, Any]]]


def match_edits(made: Edits, listed: Edits) -> dict[str, Counter[str]]:
    """Counts of matched, made and listed edits: ``all``, ``exact``, each operation, each depth.

    `made` and `listed` are parallel: one list of edits a segment of the same faithful text. A
    made edit matches a listed one when the spans overlap (or touch, for insertions) and the
    operation is the same; each listed edit is matched once. ``exact`` asks for the same adapted
    words as well.
    """
    out: dict[str, Counter[str]] = {"all": Counter(), "exact": Counter()}

    def add(kind: str, edit: Mapping[str, Any]) -> None:
        for name in ("all", f"operation {edit['operation']}", f"depth {edit['depth']}"):
            out.setdefault(name, Counter())[kind] += 1
        if kind in ("made", "listed"):
            out["exact"][kind] += 1

    for made_here, listed_here in zip(made, listed, strict=True):
        free = list(listed_here)
        for edit in listed_here:
            add("listed", edit)
        for edit in made_here:
            add("made", edit)
            partner = next((other for other in free if _same_place(edit, other)), None)
            if partner is None:
                continue
            free.remove(partner)
            add("matched", partner)
            add("confirmed", edit)
            same = _words(edit["after"]) == _words(partner["after"])
            out["exact"].update({"matched": same, "confirmed": same})
    return out


def _same_place(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    if one["operation"] != two["operation"]:
        return False
    if one["start"] == one["end"] or two["start"] == two["end"]:
        return bool(one["start"] <= two["end"] and two["start"] <= one["end"])
    return bool(one["start"] < two["end"] and two["start"] < one["end"])


def _words(text: str) -> str:
    return " ".join(str(text).lower().split())


def prf(counts: Mapping[str, int]) -> dict[str, Any]:
    """Precision, recall and F1 of match counts; null where nothing was made or listed.

    `matched` counts listed edits that were found, `confirmed` made edits that are listed: the
    same number in all, not by depth, which the rule and the author may judge differently.
    """
    matched, made, listed = (counts.get(name, 0) for name in ("matched", "made", "listed"))
    confirmed = counts.get("confirmed", 0)
    precision = confirmed / made if made else None
    recall = matched / listed if listed else None
    f1 = 0.0 if made + listed else None
    if precision and recall:
        f1 = 2 * precision * recall / (precision + recall)
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "made": made,
        "listed": listed,
        "matched": matched,
    }
