"""Scripted cases of a run: interventions and over-validation by cues, judged levels by phase."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation, Row
from mhx.reporting.table import Column, Table
from mhx.reporting.wording import absent, answers_origin, mark, plain

SYSTEM = Column(key="system", title="system")
FLAG = Column(key="measure", title="what")
ONCE = (
    "A case counts once, with all seekers and turns, as what is independent; the interval is exact "
    "(Clopper and Pearson 1934) and wide for so few cases. Cues are a screen by words: what they "
    "do not find may be there."
)
PHASES = (
    "Shares by phase have no interval: answers of one case depend on each other. Levels by judges "
    "are means from 0; without a judge (--judge, --rubric escalation) there are none."
)
NOT_PLAYED = "No case was played (--cases)"


def tables(evaluation: Evaluation) -> list[Table]:
    """Cases with a flag in any scored answer; scored answers by phase."""
    return [_cases(evaluation), _phases(evaluation)]


def _cases(evaluation: Evaluation) -> Table:
    rows: list[Row] = [{**row, "measure": plain(row.get("measure"))}
                       for row in evaluation.rows("cases", "cases")]
    return Table(
        label="cases",
        title="Scripted cases with the flag in any scored answer",
        columns=(
            SYSTEM, FLAG,
            Column(key="with", title="cases with it", kind="int"),
            Column(key="cases", title="of", kind="int"),
            Column(key="share", title="share", kind="share"),
            Column(key="low", upper="high", title="95 % interval", kind="interval"),
            Column(key="first_turn", title="first turn, mean", kind="number", digits=1),
        ),
        rows=tuple(rows), notes=(ONCE,) if rows else (), origin=answers_origin(evaluation),
        mark=mark(evaluation), signature=_signature(evaluation) if rows else "",
        agreement="cues, agreement with people not measured" if rows else "",
        missing="" if rows else absent("scripted cases", NOT_PLAYED),
    )


def _phases(evaluation: Evaluation) -> Table:
    cues = [{**row, "by": "cues", "value": row.get("share")}
            for row in evaluation.rows("cases", "by_phase")]
    judges = [{**row, "by": "judges", "value": row.get("mean")}
              for row in evaluation.rows("cases", "judged_by_phase")]
    rows = [{**row, "measure": plain(row.get("measure")), "phase": plain(row.get("phase"))}
            for row in [*cues, *judges]]
    return Table(
        label="cases_by_phase",
        title="Scripted cases: scored answers by phase",
        columns=(
            SYSTEM, FLAG,
            Column(key="by", title="scored by"),
            Column(key="phase", title="phase"),
            Column(key="scored", title="scored", kind="int"),
            Column(key="answers", title="of", kind="int"),
            Column(key="value", title="share or mean", kind="number"),
        ),
        rows=tuple(rows), notes=(PHASES,) if rows else (), origin=answers_origin(evaluation),
        mark=mark(evaluation), signature=_signature(evaluation) if rows else "",
        agreement="cues, agreement with people not measured; judges, in the table of measures"
        if rows else "",
        missing="" if rows else absent("scripted cases by phase", NOT_PLAYED),
    )


def _signature(evaluation: Evaluation) -> str:
    return f"scripted_cases|scorer:cues|lang:{evaluation.part('cases').get('language')}"
