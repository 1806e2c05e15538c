"""All measures of a run in one table, and the answers to risk that miss it."""

from __future__ import annotations

from typing import Any

from mhx.reporting.evaluation import SYSTEMS, Evaluation
from mhx.reporting.table import Column, Row, Table, show
from mhx.reporting.wording import absent, answers_origin, mark, origin, plain

SYSTEM = Column(key="system", title="system")
CORPUS = "corpus"
UNKNOWN = "unknown"
BABBLE = "babble"
PERPLEXITY = "perplexity"
NO_LABELS = "no person's labels"
NONE = "The run is of an earlier version"
VALUE = (
    "Base, adapter: the mean over what was scored, or the perplexity. Corpus: what is no system's "
    "(the engine's test segments, the rules' edits, the supporters' turns that were trained on, "
    "the messages that the risk cues screen). Scored of: base and adapter together; what has no "
    "score is coverage, and none is imputed."
)
WITH_PEOPLE = (
    "Agreement: with people's labels, for exactly this scorer and language; unknown where nobody "
    "has labelled. Agreement with a model's labels is none with people."
)
TRIAL = f"“{BABBLE}”: the base is for trials, so a mean over its answers would look like a finding."
MISSES = (
    "Recognized: the answer names a service of the territory, or steps in by phrases. Screened: "
    "the risk cues see the message, whatever is answered. The bound is the exact one-sided 95 % "
    "upper bound of the share missed (Clopper and Pearson 1934) for independent messages; those of "
    "one scenario are alike, so that the truth may lie above it more often. The last column is the "
    "same bound of the share of scenarios with any miss, each counted once."
)


def tables(evaluation: Evaluation) -> list[Table]:
    """Measures of the run, their scorers; misses of risk by severity and group."""
    return [_measures(evaluation), _scorers(evaluation), _crisis(evaluation)]


def _measures(evaluation: Evaluation) -> Table:
    rows = [_wide(evaluation, one) for one in _grouped(evaluation.rows("measures"))]
    trial = any(BABBLE in row.values() for row in rows)
    return Table(
        label="measures",
        title="Measures of this run",
        columns=(
            Column(key="measure", title="measure"),
            Column(key="score", title="score"),
            Column(key="range", title="range"),
            Column(key="better", title="better"),
            Column(key="by", title="scored by"),
            Column(key="scored", title="scored", kind="int"),
            Column(key="expected", title="of", kind="int"),
            *(Column(key=name, title=name, kind="number") for name in (*SYSTEMS, CORPUS)),
            Column(key="agreement", title="agreement with people"),
        ),
        rows=tuple(rows), notes=(VALUE, WITH_PEOPLE, *((TRIAL,) if trial else ())) if rows else (),
        origin=answers_origin(evaluation),
        signature="of each scorer in the table of scorers" if rows else "",
        missing="" if rows else absent("the list of measures", NONE),
    )


def _scorers(evaluation: Evaluation) -> Table:
    found: dict[tuple[Any, ...], Row] = {}
    for row in evaluation.rows("measures"):
        known = row.get("agreement") or {}
        one = {"measure": plain(row.get("measure")), "by": row.get("by"),
               "data": known.get("data") or NO_LABELS,
               "signature": row.get("signature") or "; ".join(row.get("why") or ())}
        found.setdefault((one["measure"], one["signature"]), one)
        if known:  # of a measure's scores some may have been compared with labels
            found[one["measure"], one["signature"]]["data"] = known["data"]
    return Table(
        label="scorers",
        title="Scorers of this run",
        columns=(
            Column(key="measure", title="measure"),
            Column(key="by", title="scored by"),
            Column(key="data", title="compared with"),
            Column(key="signature", title="signature"),
        ),
        rows=tuple(found.values()), signature="in each row" if found else "",
        missing="" if found else absent("the scorers", NONE),
    )


def _grouped(rows: list[Row]) -> list[list[Row]]:
    """Rows of one score of one scorer together, in their order."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        # a signature that holds the model (perplexity) differs between base and adapter
        scorer = None if row.get("measure") == PERPLEXITY else row.get("signature")
        found.setdefault((row.get("measure"), row.get("score"), scorer), []).append(row)
    return list(found.values())


def _wide(evaluation: Evaluation, rows: list[Row]) -> Row:
    first = rows[0]
    values = {_column(row): _value(evaluation, row) for row in rows}
    return {
        "measure": plain(first.get("measure")), "score": plain(first.get("score")),
        "range": _range(first), "better": first.get("better"),
        "by": first.get("by"), "scored": sum(row.get("scored") or 0 for row in rows),
        "expected": sum(row.get("expected") or 0 for row in rows),
        **{name: values.get(name) for name in (*SYSTEMS, CORPUS)},
        "agreement": agreed(first.get("agreement")),
    }


def _column(row: Row) -> str:
    return str(row["system"]) if row.get("system") in SYSTEMS else CORPUS


def _value(evaluation: Evaluation, row: Row) -> Any:
    if evaluation.pipeline_check and row.get("of_answers") and row.get("value") is not None:
        return BABBLE
    return row.get("value")


def _range(row: Row) -> str:
    low, high = row.get("low"), row.get("high")
    return "open" if low is None or high is None else f"{low:g} to {high:g}"


def agreed(found: Any) -> str:
    """What is known of a scorer against people in a few words; "unknown" for nothing."""
    if not isinstance(found, dict):
        return UNKNOWN
    ends = [show(found.get(key), "number") for key in ("low", "high")]
    interval = f" [{ends[0]}, {ends[1]}]" if found.get("low") is not None else ""
    text = f"{found.get('statistic')} {show(found.get('value'), 'number')}{interval}"
    return (f"{text} (n {found.get('n')})" if found.get("people", True)
            else f"{UNKNOWN} ({text} with a model's labels)")


def _crisis(evaluation: Evaluation) -> Table:
    shown = [row for row in evaluation.rows("crisis", "rows")
             if not (evaluation.pipeline_check and row.get("measure") == "recognized")]
    rows: list[Row] = [{**row, **{key: plain(row.get(key))
                                  for key in ("measure", "severity", "attribute", "group")}}
                       for row in shown]
    return Table(
        label="crisis",
        title="Messages at risk that are missed, by severity and group",
        columns=(
            SYSTEM,
            Column(key="measure", title="what"),
            Column(key="messages", title="asked"),
            Column(key="severity", title="severity"),
            Column(key="attribute", title="attribute"),
            Column(key="group", title="group"),
            Column(key="n", title="messages", kind="int"),
            Column(key="missed", title="missed", kind="int"),
            Column(key="share", title="share", kind="share"),
            Column(key="upper", title="95 % upper bound", kind="share"),
            Column(key="scenarios", title="scenarios", kind="int"),
            Column(key="scenarios_upper", title="bound by scenario", kind="share"),
        ),
        rows=tuple(rows), notes=(MISSES,) if rows else (),
        origin=answers_origin(evaluation) if not evaluation.pipeline_check else origin(evaluation),
        mark="" if evaluation.pipeline_check else mark(evaluation),
        signature=str(evaluation.part("crisis").get("signature") or "") if rows else "",
        agreement="agreement with people not measured",
        missing="" if rows else absent(
            "misses of risk", "No probe at risk was asked, or the language has no risk cues"),
    )
