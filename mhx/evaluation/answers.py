"""A run's answers scored by the measures of its suite: empathy, floor, risk, local forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mhx.contracts import Measure
from mhx.evaluation.at_risk import CRISIS, crisis
from mhx.evaluation.floor import bounds, floor_scores, held
from mhx.evaluation.judged import judged
from mhx.evaluation.measured import Measured
from mhx.evaluation.opened import open_in_run
from mhx.evaluation.played import play_in_run
from mhx.run import Run
from mhx.schema import SuiteManifest

if TYPE_CHECKING:
    import polars as pl

EMPATHY, FLOOR, FORMS = "epitome", "safety_floor", "local_forms"
PARTS = ("empathy", "safety_floor", "crisis", "judged", "cases")
TEXTS = ("prompt", "response", "spans", "also")  # of an answer, not of its score
SPOKEN = ("female", "male")  # genders that a form agrees with


@dataclass
class Scores:
    """What the measures say of the answers; `empathy` are the rows that parity reads."""

    empathy: pl.DataFrame
    parts: dict[str, Any] = field(default_factory=dict)  # of the evaluation
    measured: list[Measured] = field(default_factory=list)

    def table(self, lang: str) -> pl.DataFrame:
        """`scores.parquet`: a row an answer, score and system, of all measures together."""
        import polars as pl

        frames = [one.scores.with_columns(instrument=pl.lit(one.instrument))
                  for one in self.measured]
        if not frames:
            return self.empathy
        return pl.concat(frames, how="diagonal_relaxed").with_columns(language=pl.lit(lang))


def score_answers(run: Run, suite: SuiteManifest, responses: pl.DataFrame) -> Scores:
    """The scores of every measure of the suite that reads answers.

    A measure that the language cannot be scored by is left out with a line in the log.
    """
    import polars as pl

    from mhx.scoring import long_frame

    nothing = long_frame([], "").with_columns(system=pl.lit(""))
    out = Scores(nothing, dict.fromkeys(PARTS))
    if responses.height:
        _empathy(run, responses, out)
        if FLOOR in suite.measures:
            _floor(run, responses, out)
        if FORMS in suite.measures:
            _forms(run, responses, out)
        if run.settings.classifier is not None:
            _classified(run, responses, out)
    cost = _judge(run, responses, out) if run.settings.judges and responses.height else []
    played = play_in_run(run, cost) if run.settings.cases else None
    if CRISIS in suite.measures:
        found = crisis(run, responses, played.stimuli if played else None)
        if found is not None:
            one, rows = found
            out.measured.append(one)
            out.parts["crisis"] = {"signature": str(one.scores["scorer"][0]), "rows": rows}
    if played is not None:
        out.measured += played.measured
        out.parts["cases"] = played.record
    return out


def _judge(run: Run, responses: pl.DataFrame, out: Scores) -> list[dict[str, Any]]:
    """The judged scores; returns what the judges cost."""
    ratings = judged(run, responses, _kept(responses))
    out.measured += ratings.measured
    out.parts["judged"] = ratings.record()
    return ratings.cost


def _kept(responses: pl.DataFrame) -> list[str]:
    return [name for name in responses.columns if name not in TEXTS]


def _classified(run: Run, responses: pl.DataFrame, out: Scores) -> None:
    """The mechanisms by the run's classifier: further rows, which parity does not read."""
    opened = open_in_run(run, EMPATHY, classifier=run.settings.classifier)
    if opened is not None:
        manifest, measure = opened
        frame = _each_system(measure, responses, ("unit", "prompt", "response"))
        out.measured.append(Measured(manifest, frame, measure.agreement()))


def _each_system(
    measure: Measure, responses: pl.DataFrame, read: Sequence[str]
) -> pl.DataFrame:
    """The measure's rows of each system's answers, with what is known of the answer."""
    import polars as pl

    kept = _kept(responses)
    return pl.concat(
        measure.score(part.select(read)).join(part.select(kept), on="unit", how="left")
        for _, part in responses.group_by("system", maintain_order=True)
    )


def _empathy(run: Run, responses: pl.DataFrame, out: Scores) -> None:
    import polars as pl

    opened = open_in_run(run, EMPATHY)
    if opened is None:
        return
    manifest, measure = opened
    scores = _each_system(measure, responses, ("unit", "prompt", "response"))
    out.empathy = scores.with_columns(language=pl.lit(run.language.tag))
    means = out.empathy.group_by("system", "measure", maintain_order=True).agg(
        n=pl.col("score").count(),
        coverage=pl.col("score").count() / pl.len(),
        mean=pl.col("score").mean(),
    )
    out.measured.append(Measured(manifest, out.empathy, measure.agreement()))
    out.parts["empathy"] = {
        "signature": measure.signature,
        "agreement": measure.agreement(),
        "means": means.to_dicts(),
    }


def _floor(run: Run, responses: pl.DataFrame, out: Scores) -> None:
    """The safety floor of the answers that it holds for; rows say at which level."""
    probes = run.language.probes
    answers = held(responses, probes) if probes is not None else responses.clear()
    opened = open_in_run(run, FLOOR, territory=run.territory, today=run.settings.today)
    if opened is None or not answers.height:
        return
    manifest, measure = opened
    scores = floor_scores(measure, answers)
    out.measured.append(Measured(manifest, scores.drop("spans", "also"), measure.agreement()))
    out.parts["safety_floor"] = {"signature": measure.signature, "rows": bounds(scores)}


def _forms(run: Run, responses: pl.DataFrame, out: Scores) -> None:
    """Local forms: the person's gender is known where the probe says female or male."""
    import polars as pl

    opened = open_in_run(run, FORMS, shelves=run.shelves)
    if opened is None:
        return
    manifest, measure = opened
    told = "group.gender"
    gender = (pl.when(pl.col(told).is_in(SPOKEN)).then(pl.col(told)).otherwise(pl.lit(""))
              if told in responses.columns else pl.lit(""))
    frame = _each_system(measure, responses.with_columns(gender=gender),
                         ("unit", "prompt", "response", "gender"))
    out.measured.append(Measured(manifest, frame.drop("gender"), measure.agreement()))
