"""The results in a few plain lines: for the terminal, and as the first screen of the HTML."""

from __future__ import annotations

from mhx.reporting.checks import LICENSED, licences, proved
from mhx.reporting.combine import identities
from mhx.reporting.evaluation import Evaluation, Row
from mhx.reporting.fairness import FLOOR
from mhx.reporting.table import PIPELINE_CHECK, show
from mhx.reporting.wording import origin, plain

MOST_LINES = 12  # of one run
OTHERS = 6  # lines that are not parity


def headline(evaluation: Evaluation) -> list[str]:
    """Perplexities, adaptation, parity verdicts, the check of the statistics, the caveats."""
    parity = _parity(evaluation, together=False)
    if len(parity) > MOST_LINES - OTHERS:
        parity = _parity(evaluation, together=True)[: MOST_LINES - OTHERS]
    lines = [_trial(evaluation), *_quality(evaluation), *parity, *_between(evaluation),
             _proving(evaluation),
             _caveats(evaluation)]
    return [line for line in lines if line]


def _quality(evaluation: Evaluation) -> list[str]:
    """What runs say of perplexity, edits and translation; each run's name where there are more."""
    if evaluation.from_table:
        return [f"table: {evaluation.meta.get('table')}"]
    names = identities(evaluation.sources)
    out = []
    for one in evaluation.sources:
        name = ", ".join(str(part) for part in names[one.sha256].values())
        out += [f"{line[: line.index(':')]}, {name}{line[line.index(':'):]}" if name else line
                for line in (_perplexity(one), _adaptation(one), _translation(one))]
    return out


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
    if evaluation.pipeline_check:
        return []
    rows = evaluation.parity_rows("contrasts", "main")
    if not rows:
        why = str(evaluation.data.get("parity_note") or "no parity result")
        return [f"parity: not computed ({why})"]
    groups: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        name = f"by {row.get('attribute')}"
        name = name if together else f"{plain(row.get('score'))} {name}"
        name += f", {row.get('language')}" if len(evaluation.languages) > 1 else ""
        groups.setdefault(name, {}).setdefault(row["system"], []).append(row)
    lines = []
    for name, systems in groups.items():
        each = (f"{system} {_verdicts(one, counted=together)}".strip()
                for system, one in systems.items())
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


def _proving(evaluation: Evaluation) -> str:
    found = proved(evaluation)
    if not found:
        return "" if evaluation.from_table else "proving ground: not run"
    return f"proving ground: {found}"


def _trial(evaluation: Evaluation) -> str:
    """First, so that no number of a trial model is read without it."""
    if not evaluation.pipeline_check:
        return ""
    base = evaluation.meta.get("base_model")
    return f"{PIPELINE_CHECK.lower()}: {base} is for trials, its answers mean nothing"


def _between(evaluation: Evaluation) -> list[str]:
    """A line a score of the gaps between languages that a licence allows."""
    lines: dict[str, list[str]] = {}
    for row in evaluation.parity_rows("contrasts", "language"):
        lines.setdefault(plain(row.get("score")), []).append(
            f"{row.get('group')} − {row.get('reference')}, {row['system']}: {row.get('verdict')} "
            f"(gap {show(row.get('gap'), 'number')})")
    return [f"between languages, {score}: {'; '.join(each)}" for score, each in lines.items()]


def _caveats(evaluation: Evaluation) -> str:
    verdicts = [str(row.get("verdict")) for row in
                licences(evaluation) or [evaluation.part("cross_language")] if row.get("verdict")]
    refused = dict.fromkeys(one for one in verdicts if one not in LICENSED)
    more = f"; between languages: {', '.join(refused)}" if refused else ""
    return f"text: {origin(evaluation)}{more}"
