"""What judges rated of a run's answers: coverage by score, and what each judge cost."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation, Row
from mhx.reporting.table import Column, Table
from mhx.reporting.wording import absent, answers_origin, mark, plain

MEASURE = Column(key="measure", title="measure")
SYSTEM = Column(key="system", title="system")
COVERAGE = (
    "A rating counts where it is a legal answer of the rubric; refused, unparsable, truncated and "
    "missing ones are coverage, and none is replaced. The means are in the table of measures."
)
CALLS = (
    "Calls: the most that was planned, those sent, those answered from the cache, and those "
    "without an answer. Not sent: parameters that the judge's server refuses. Own family: answers "
    "left out because the judge shares a family with the model that gave them."
)
NO_JUDGE = "No judge was named (--judge, --rubric)"


def tables(evaluation: Evaluation) -> list[Table]:
    """Coverage of the judged scores, and the judges' cost."""
    return [_coverage(evaluation), _cost(evaluation)]


def _coverage(evaluation: Evaluation) -> Table:
    rows: list[Row] = [
        {**row, "measure": plain(row.get("measure")), "score": plain(row.get("score")),
         "without": "; ".join(f"{why} {count}" for why, count in (row.get("why") or {}).items())}
        for row in evaluation.rows("judged", "rows")
    ]
    return Table(
        label="judged",
        title="Judged scores of the answers: coverage",
        columns=(
            MEASURE,
            Column(key="score", title="score"),
            SYSTEM,
            Column(key="units", title="answers", kind="int"),
            Column(key="scored", title="with a score", kind="int"),
            Column(key="coverage", title="coverage", kind="share"),
            Column(key="legal", title="legal ratings", kind="int"),
            Column(key="ratings", title="of", kind="int"),
            Column(key="without", title="without a score"),
        ),
        rows=tuple(rows), notes=(COVERAGE,) if rows else (), origin=answers_origin(evaluation),
        mark=mark(evaluation), signature="in the table of scorers" if rows else "",
        agreement="in the table of measures" if rows else "",
        missing="" if rows else absent("judged scores", NO_JUDGE),
    )


def _cost(evaluation: Evaluation) -> Table:
    rows: list[Row] = [
        {**row, "measure": plain(row.get("measure")),
         "unsent": ", ".join(row.get("unsent") or ())}
        for row in evaluation.rows("judged", "cost")
    ]
    return Table(
        label="judging_cost",
        title="What the judges cost",
        columns=(
            MEASURE, SYSTEM,
            Column(key="judge", title="judge"),
            Column(key="planned", title="calls planned", kind="int"),
            Column(key="asked", title="sent", kind="int"),
            Column(key="cached", title="cached", kind="int"),
            Column(key="failed", title="no answer", kind="int"),
            Column(key="tokens_in", title="tokens in", kind="int"),
            Column(key="tokens_out", title="tokens out", kind="int"),
            Column(key="unsent", title="not sent"),
            Column(key="own_family", title="own family", kind="int"),
            Column(key="down", title="not reached"),
        ),
        rows=tuple(rows), notes=(CALLS,) if rows else (),
        signature="counts of calls, tokens as the server counts them" if rows else "",
        missing="" if rows else absent("judges' cost", NO_JUDGE),
    )
