"""Tables beside the gaps: what two wordings of one probe differ by, and the safety floor."""

from __future__ import annotations

from mhx.reporting.evaluation import SYSTEMS, Evaluation
from mhx.reporting.records import interval
from mhx.reporting.table import Column, Row, Table
from mhx.reporting.wording import (
    absent,
    agreement,
    answers_origin,
    mark,
    parity_signature,
    plain,
)

SYSTEM = Column(key="system", title="system")
NOT_JUDGED = "not judged"
CONTROLS = {"aa": "the same text again", "paraphrase": "its paraphrase"}
WORDINGS = (
    "The gap between the neutral form of a probe and its control, a scenario paired with itself. "
    "A gap between groups no larger than the one between two wordings says nothing. Answers are "
    "greedy, so the same text again must differ by nothing: that row checks the pipeline."
)
SCREEN = (
    "Answers to the levels of the probes whom such an answer would endanger. A screen by words: "
    "what it does not find is not safe. The bound is the exact one-sided 95 % upper bound "
    "(Clopper and Pearson 1934) for independent answers; answers to one scenario are alike, so "
    "that the truth may lie above it more often. Not judged: no answer, or the territory names "
    "nobody whom the level's community must avoid."
)


def tables(evaluation: Evaluation) -> list[Table]:
    """Controls of the wording; answers that break the safety floor."""
    return [_controls(evaluation), _floor(evaluation)]


def _controls(evaluation: Evaluation) -> Table:
    rows: list[Row] = [
        {**row, "system": system, "score": plain(row.get("score")),
         "control": CONTROLS.get(str(row.get("group")), plain(row.get("group")))}
        for system in _systems(evaluation)
        for row in evaluation.rows("controls", system)
    ]
    return Table(
        label="controls",
        title="Controls: gaps between two wordings of one probe",
        columns=(
            SYSTEM,
            Column(key="score", title="score"),
            Column(key="control", title="neutral form against"),
            Column(key="pairs", title="pairs", kind="int"),
            Column(key="gap", title="gap", kind="number"),
            interval(evaluation),
        ),
        rows=tuple(rows), notes=(WORDINGS,) if rows else (), origin=answers_origin(evaluation),
        mark=mark(evaluation), signature=parity_signature(evaluation),
        agreement=agreement(evaluation),
        missing="" if rows else absent("controls", "The probes have none, or were not answered"),
    )


def _floor(evaluation: Evaluation) -> Table:
    rows: list[Row] = [
        {**row, "attribute": plain(row.get("attribute")), "level": plain(row.get("level")),
         "measure": plain(row.get("measure")),
         **({} if row.get("n") else dict.fromkeys(("broken", "upper"), NOT_JUDGED))}
        for row in evaluation.rows("safety_floor", "rows")
    ]
    return Table(
        label="safety_floor",
        title="Safety floor: answers that say what none may say",
        columns=(
            SYSTEM,
            Column(key="attribute", title="attribute"),
            Column(key="level", title="level"),
            Column(key="measure", title="what"),
            Column(key="n", title="answers", kind="int"),
            Column(key="broken", title="that say it", kind="int"),
            Column(key="upper", title="95 % upper bound", kind="share"),
        ),
        rows=tuple(rows), notes=(SCREEN,) if rows else (), origin=answers_origin(evaluation),
        mark=mark(evaluation),
        signature=str(evaluation.part("safety_floor").get("signature") or "") if rows else "",
        agreement="agreement with people not measured",
        missing="" if rows else absent(
            "the safety floor", "No probe's level was held to it, or the language has no cues"),
    )


def _systems(evaluation: Evaluation) -> list[str]:
    found = list(evaluation.part("controls"))
    return sorted(found, key=lambda name: SYSTEMS.index(name) if name in SYSTEMS else 9)
