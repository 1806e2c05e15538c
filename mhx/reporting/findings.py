"""What the tables say, in sentences for a paper: verdicts counted, extremes named, with numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mhx.reporting.evaluation import Evaluation, Row
from mhx.reporting.fairness import alpha_of, decimals, percent
from mhx.reporting.table import NOTHING, show
from mhx.reporting.wording import plain

VERDICTS = {
    "equivalent": "equivalent within the margin",
    "different": "different",
    "trivial": "different but within the margin",
    "inconclusive": "inconclusive",
    "inconclusive: floor": "inconclusive because the scores are constant or at an end of the scale",
}


def findings(evaluation: Evaluation) -> Iterator[str]:
    """One paragraph a language and system: contrasts, the largest gap, the worst group, coverage.

    Nothing where the answers are a trial model's.
    """
    if evaluation.pipeline_check:
        return
    contrasts = evaluation.parity_rows("contrasts", "main")
    for language, system in dict.fromkeys((row.get("language"), row["system"])
                                          for row in contrasts):
        def own(key: str, kind: str | None = None, *, at: tuple[object, object] = (language, system)
                ) -> list[Row]:
            return [row for row in evaluation.parity_rows(key, kind)
                    if (row.get("language"), row["system"]) == at]

        name = ", ".join(str(part) for part in (language, system) if part)
        sentences = [_verdicts(own("contrasts", "main")), _largest(own("largest"), evaluation),
                     _worst(own("worst")), _coverage(own("groups", "main"))]
        text = " ".join(one for one in sentences if one)
        yield f"{name}: {text[0].lower()}{text[1:]}" if name else text
    licensed = evaluation.parity_rows("contrasts", "language")
    if licensed:
        yield "Between languages, where the licence allows it: " + "; ".join(
            f"{plain(row.get('score'))}, {row.get('group')} − {row.get('reference')} "
            f"({row['system']}): {row.get('verdict')}, gap "
            f"{show(row.get('gap'), 'number', decimals(evaluation))}" for row in licensed) + "."


def _verdicts(rows: list[Row]) -> str:
    found = Counter(str(row.get("verdict")) for row in rows)
    each = [f"{found[kind]} {'was' if found[kind] == 1 else 'were'} {words}"
            for kind, words in VERDICTS.items() if found[kind]]
    one = "contrast" if len(rows) == 1 else "contrasts"
    return f"Of {len(rows)} {one} of a group with its reference, {_listed(each)}."


def _largest(rows: list[Row], evaluation: Evaluation) -> str:
    rows = [row for row in rows if row.get("gap") is not None]
    if not rows:
        return ""
    row = max(rows, key=lambda one: abs(one["gap"]))
    interval, digits = "", decimals(evaluation)
    if row.get("low") is not None and row.get("high") is not None:
        ends = ", ".join(show(row[key], "number", digits) for key in ("low", "high"))
        interval = f", simultaneous {percent(alpha_of(evaluation), 1)} interval [{ends}]"
    p = show(row.get("p"), "p")
    p = "" if p == NOTHING else f", p {p}" if p.startswith("<") else f", p = {p}"
    return (f"The largest gap between any two groups of one attribute was "
            f"{show(row['gap'], 'number', digits)} raw points ({plain(row.get('score'))} by "
            f"{row.get('attribute')}, {row.get('highest')} over {row.get('lowest')}{interval}{p}).")


def _worst(rows: list[Row]) -> str:
    floors = Counter(str(row.get("verdict")) for row in rows if row.get("floor") is not None)
    if not floors:
        return ""
    each = [f"{verdict} in {count}" for verdict, count in floors.items()]
    return f"The floor was {_listed(each)} of {floors.total()} checks of the worst group."


def _coverage(rows: list[Row]) -> str:
    shares = [row["coverage"] for row in rows if row.get("coverage") is not None]
    if not shares:
        return ""
    low, high = show(min(shares), "share"), show(max(shares), "share")
    return f"Coverage was {low}." if low == high else (
        f"Coverage ran from {low} to {high} over groups and scores.")


def _listed(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + f" and {parts[-1]}" if len(parts) > 1 else parts[0]
