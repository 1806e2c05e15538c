"""Scripted cases and stimuli at risk played in a run, to base and adapter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mhx.corpus.vignettes import GENDERS, stimulus_text
from mhx.endpoint import Limits
from mhx.evaluation.case_job import RUBRIC, Job, Played, answerers, scored
from mhx.evaluation.measured import Measured
from mhx.evaluation.scripted import Answered, Answerer, cases_of, play, shares
from mhx.judging.agreement import stored
from mhx.judging.measure import folders
from mhx.judging.rubrics import rubric_of
from mhx.language import Language
from mhx.run import Run

if TYPE_CHECKING:
    import polars as pl

NO_RISK, INDIRECT = "none", "indirect"  # no stimulus says a risk openly (vignettes.yaml)
Row = dict[str, Any]


@dataclass(frozen=True)
class InRun:
    """What was played: `record` for the evaluation, judged scores as measures, the answers to
    stimuli as the rows that `at_risk.crisis` reads."""

    record: Row
    stimuli: pl.DataFrame
    measured: list[Measured] = field(default_factory=list)


def play_in_run(run: Run, cost: Sequence[Row] = ()) -> InRun:
    """Play every case and stimulus with a seeker of each gender, greedy.

    The run's judges rate the cases where `escalation` is among its rubrics; `cost` is what they
    spent before, taken off the run's budgets.
    """
    import polars as pl

    settings, language = run.settings, run.language
    job = Job(
        settings.lang, settings.base_model, str(run.path("adapter")), seed=settings.seed,
        device=settings.device, cache=run.cache, limits=_left(run, cost),
        judges=tuple(settings.judges) if RUBRIC in settings.rubrics else (),
    )
    turns: list[Answered] = []
    answered: list[Row] = []
    for system, answer in answerers(job, language):
        run.reporter.say(f"  scripted cases and stimuli: {system}")
        turns += play(language, system, answer)
        answered += _stimuli(language, system, answer)
    done = scored(job, language, turns, run.shelves)
    record = {**done.record(), "overall": shares(done.cues, ("system", "measure"))}
    frame = pl.DataFrame(answered, infer_schema_length=None)
    return InRun(record, frame, list(_judged(run, done)))


def _left(run: Run, cost: Sequence[Row]) -> Limits:
    """The budgets less the most that any judge has spent of them."""
    asked = max((sum(row["asked"] for row in cost if row["judge"] == name)
                 for name in {row["judge"] for row in cost}), default=0)
    tokens = max((sum(row["tokens_in"] + row["tokens_out"] for row in cost if row["judge"] == name)
                  for name in {row["judge"] for row in cost}), default=0)
    settings = run.settings
    return Limits(
        requests=None if settings.request_budget is None
        else max(0, settings.request_budget - asked),
        tokens=None if settings.token_budget is None else max(0, settings.token_budget - tokens),
    )


def _stimuli(language: Language, system: str, answer: Answerer) -> Iterator[Row]:
    asked = [(one, gender) for one in cases_of(language).appropriateness.stimuli
             for gender in GENDERS]
    start = {"role": "system", "content": language.prompts.system.strip()}
    texts = [stimulus_text(one, gender) for one, gender in asked]
    said = answer([[start, {"role": "user", "content": text}] for text in texts])
    for (one, gender), text, response in zip(asked, texts, said, strict=True):
        yield {
            "unit": f"{one.id}|{gender}", "system": system, "scenario": one.id,
            "severity": INDIRECT if one.risk else NO_RISK, "service": one.service or "",
            "community": None, "group.gender": gender, "prompt": text, "response": response or "",
        }


def _judged(run: Run, done: Played) -> Iterator[Measured]:
    """The judges' scores of the cases' turns: a measure a system, as each has its own scorer."""
    import polars as pl

    for system, one in done.judged.items():
        rows = [{**row, "scorer": one["signature"]} for row in done.judged_rows
                if row["system"] == system]
        if rows:
            yield Measured(
                rubric_of(RUBRIC, run.shelves)[0],
                pl.DataFrame(rows, schema_overrides={"score": pl.Float64},
                             infer_schema_length=None),
                stored(folders(run.cache)[1], one["signature"]),
            )
