"""A run's answers rated by judges: one budget for all rubrics, coverage and cost beside scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mhx.corpus.names import name_finder
from mhx.endpoint import Limits
from mhx.evaluation.measured import Measured
from mhx.judging.aggregate import coverage
from mhx.judging.agreement import stored
from mhx.judging.engine import JudgeSettings
from mhx.judging.judges import Judge, open_judge
from mhx.judging.measure import folders
from mhx.judging.prompt import Item
from mhx.judging.rubrics import rubric_of, worded
from mhx.judging.table import Scored, score_items
from mhx.run import Run

if TYPE_CHECKING:
    import polars as pl

OF_CASES = "escalation"  # asks about a scripted case's belief, so of no other answer
Row = dict[str, Any]


@dataclass(frozen=True)
class Ratings:
    """Measures of the report, `rows` of coverage (measure, score, system), `cost` by judge."""

    measured: list[Measured]
    rows: list[Row]
    cost: list[Row]

    def record(self) -> Row:
        """The part of the evaluation."""
        return {"rows": self.rows, "cost": self.cost}


def judged(run: Run, responses: pl.DataFrame, kept: Sequence[str]) -> Ratings:
    """Every answer rated by the run's judges with each of its rubrics.

    `kept` are columns of `responses` that the scores carry. The neutral text asked again ("aa")
    has the same answer, so nobody is asked of it. Answers of judges are kept in the cache: what a
    killed run was told is not asked again. The budgets of the run's settings hold for each judge
    and all rubrics together. A measure is of one system: where a judge dropped out in between,
    its scorer, and so its agreement, is another one. Raises MhxError where no judge can be reached.
    """
    import polars as pl

    asked = responses.filter(pl.col("control") != "aa")
    finder = name_finder(run.language)
    answers, agreements = folders(run.cache)
    limits = Limits(requests=run.settings.request_budget, tokens=run.settings.token_budget)
    judges = [open_judge(spec, cache=answers, limits=limits, device=run.settings.device,
                         screened=finder is not None) for spec in run.settings.judges]
    out = Ratings([], [], [])
    try:
        for name in (one for one in run.settings.rubrics if one != OF_CASES):
            manifest, _ = rubric_of(name, run.shelves)
            shown = [worded(manifest, run.language.tag, run.shelves)]
            for (system,), part in asked.group_by("system", maintain_order=True):
                done = score_items(_items(part, run.settings.base_model), manifest,
                                   run.language.tag, shown, judges,
                                   JudgeSettings(seed=run.settings.seed), run.reporter.say, finder)
                out.measured.append(Measured(
                    manifest, done.frame().join(part.select(kept), on="unit", how="left"),
                    stored(agreements, done.signature)))
                out.rows.extend({"measure": name, "system": system, **row}
                                for row in coverage(done.scores))
                out.cost.extend(_cost(done, str(system), judges))
    finally:
        for one in judges:
            one.close()
    run.log("judged", cost=out.cost)
    return out


def _items(part: pl.DataFrame, by: str) -> list[Item]:
    return [Item(row["unit"], row["response"], prompt=row["prompt"], by=by)
            for row in part.select("unit", "response", "prompt").iter_rows(named=True)]


def _cost(done: Scored, system: str, judges: Sequence[Judge]) -> Iterator[Row]:
    """What each judge cost for one rubric and system, and why it did not rate."""
    for one in judges:
        spent = done.judged.spent[one.name]
        yield {
            "measure": done.measure, "system": system, "judge": one.name,
            **asdict(spent), "unsent": list(spent.unsent),
            "own_family": done.judged.excluded.get(one.name, 0),
            "down": done.judged.down.get(one.name, ""),
        }
