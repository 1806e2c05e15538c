"""The results in 6 to 12 plain lines: for the terminal, and as the first screen of the HTML."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation, Row
from mhx.reporting.fairness import FLOOR
from mhx.reporting.table import PIPELINE_CHECK, show
from mhx.reporting.wording import origin, plain

MOST_LINES = 12
OTHERS = 6  # lines that are not parity


def headline(evaluation: Evaluation) -> list[str]:
    """Perplexities, adaptation, parity verdicts, the planted gap, the caveats."""
    parity = _parity(evaluation, together=False)
    if len(parity) > MOST_LINES - OTHERS:
        parity = _parity(evaluation, together=True)[: MOST_LINES - OTHERS]
    lines = [_trial(evaluation), _perplexity(evaluation), _adaptation(evaluation),
             _translation(evaluation), *parity, _planted(evaluation), _caveats(evaluation)]
    return [line for line in lines if line]


def _perplexity(evaluation: Evaluation) -> str:
    rows = [row for row in evaluation.rows("perplexity") if row.get("perplexity") is not None]
    if not rows:
        return "perplexity: not measured"
    values = " → ".join(f"{row.get('system')} {show(row['perplexity'], 'number')}" for row in rows)
    return f"perplexity: {values} ({show(rows[0].get('dialogues'), 'int')} test dialogues)"


def _adaptation(evaluation: Evaluation) -> str:
    found = {row.get("kind"): row for row in evaluation.rows("adaptation", "rows")}
    if not found:
        return "adaptation: not measured"
    parts = [f"{name} {show(found[kind].get('f1'), 'number')}"
             for kind, name in (("all", "F1"), ("exact", "exact F1")) if kind in found]
    label = evaluation.label("adaptation")
    return f"adaptation edits: {', '.join(parts)}" + (f" ({label})" if label else "")


def _translation(evaluation: Evaluation) -> str:
    rows, label = evaluation.rows("translation", "rows"), evaluation.label("translation")
    if not rows:
        return f"translation: not measured ({label})" if label else "translation: not measured"
    values = ", ".join(f"{row.get('measure')} {show(row.get('score'), 'number')}" for row in rows)
    return f"translation: {values} ({label})"


def _parity(evaluation: Evaluation, *, together: bool) -> list[str]:
    """A line a score and attribute; `together`: a line an attribute, the verdicts counted."""
    rows = evaluation.parity_rows("contrasts", "main")
    if not rows:
        why = str(evaluation.data.get("parity_note") or "no parity result")
        return [f"parity: not computed ({why})"]
    groups: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        name = f"by {row.get('attribute')}"
        name = name if together else f"{plain(row.get('score'))} {name}"
        groups.setdefault(name, {}).setdefault(row["system"], []).append(row)
    lines = []
    for name, systems in groups.items():
        each = (f"{system} {_verdicts(one, counted=together)}" for system, one in systems.items())
        lines.append(f"parity, {name}: {'; '.join(each)}")
    return lines


def _verdicts(rows: list[Row], *, counted: bool) -> str:
    """One verdict; several with their groups, or counted."""
    verdicts = [str(row.get("verdict")) for row in rows]
    if counted:
        kinds = dict.fromkeys(verdicts)
        return ", ".join(f"{verdicts.count(kind)} {kind}" for kind in kinds)
    if len(rows) == 1 and verdicts[0] == FLOOR:
        return FLOOR
    if len(rows) == 1:
        return f"{verdicts[0]} (gap {show(rows[0].get('gap'), 'number')})"
    return ", ".join(f"{row.get('group')} {one}" for row, one in zip(rows, verdicts, strict=True))


def _planted(evaluation: Evaluation) -> str:
    found = evaluation.part("planted")
    if not found:
        return "planted-gap check: not run"
    interval = f"[{show(found.get('low'), 'number')}, {show(found.get('high'), 'number')}]"
    return (f"planted-gap check: {show(found.get('gap'), 'number')} planted, "
            f"{show(found.get('estimate'), 'number')} found {interval}; coverage "
            f"{show(found.get('coverage'), 'number', 3)}, false positives "
            f"{show(found.get('false_positives'), 'number', 3)}")


def _trial(evaluation: Evaluation) -> str:
    """First, so that no number of a trial model is read without it."""
    if not evaluation.pipeline_check:
        return ""
    base = evaluation.meta.get("base_model")
    return f"{PIPELINE_CHECK.lower()}: {base} is for trials, its answers mean nothing"


def _caveats(evaluation: Evaluation) -> str:
    verdict = evaluation.part("cross_language").get("verdict")
    more = f"; between languages: {verdict}" if verdict and verdict != "comparable" else ""
    return f"text: {origin(evaluation)}{more}"
