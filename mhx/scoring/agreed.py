"""A scorer's agreement with people: F1 over levels, and lines that say what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

NAMES = ("mechanism", "measure", "score", "skill")  # of a measured row, by who measured it
UNKNOWN = "agreement with human labels: unknown for this language"


def agreement_lines(agreement: Mapping[str, Any]) -> Iterator[str]:
    """A line a measured score, of any shape a measure gives; one that says unknown for none."""
    rows = agreement.get("rows") or ()
    if not agreement:
        yield UNKNOWN
    elif not rows:
        yield f"agreement with human labels: {dict(agreement)}"
    for row in rows:
        yield _line(row, str(agreement.get("data") or "human labels"))


def known(agreement: Mapping[str, Any], score: str) -> dict[str, Any] | None:
    """What was measured of one score: quadratic or plain κ, its interval, n, data, `people` (false
    for labels of a model). None for unknown."""
    for row in agreement.get("rows") or ():
        names = (row.get(key) for key in NAMES)
        kappa = row.get("kappa_quadratic", row.get("kappa"))
        if score not in names or kappa is None:
            continue
        interval = row.get("interval") or {}
        low, high = interval.get("kappa_quadratic") or (
            row.get("kappa_low", row.get("low")), row.get("kappa_high", row.get("high")))
        return {
            "statistic": "quadratic κ" if "kappa_quadratic" in row else "κ",
            "value": kappa, "low": low, "high": high, "n": row.get("n"),
            "data": agreement.get("data") or "human ratings",
            "people": agreement.get("people", True),
        }
    return None


def _line(row: Mapping[str, Any], data: str) -> str:
    name = row.get("mechanism") or row.get("measure") or row.get("score") or "score"
    kappa = row.get("kappa_quadratic")
    line = f"agreement of {name} with {data}: quadratic κ "
    if kappa is None:
        return f"{line}not known (n {row.get('n')})"
    line += f"{kappa:.2f}"
    if row.get("kappa_low") is not None:
        line += f" [{row['kappa_low']:.2f}, {row['kappa_high']:.2f}]"
    for key, title in (("f1_binary", "binary F1"), ("f1_macro", "three-class F1")):
        if row.get(key) is not None:
            line += f", {title} {row[key]:.2f}"
    return f"{line} (n {row.get('n')})"


def macro_f1(human: Sequence[int], made: Sequence[int], levels: Sequence[int]) -> float:
    """Mean F1 over levels; a level neither side uses counts as 0."""
    scores = []
    for level in levels:
        pairs = list(zip(human, made, strict=True))
        both = sum(one == two == level for one, two in pairs)
        either = sum(int(one == level) + int(two == level) for one, two in pairs)
        scores.append(2 * both / either if either else 0.0)
    return sum(scores) / len(scores)
