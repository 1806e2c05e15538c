"""One job of scripted cases: models play, cues and judges score, the result as a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.contracts import MeasureSettings
from mhx.corpus.vignettes import GENDERS, Speaker
from mhx.endpoint import Chat, Limits
from mhx.errors import MhxError, Problem
from mhx.evaluation.scripted import (
    Answered,
    Answerer,
    by_cues,
    cases_of,
    known_of,
    per_case,
    play,
    shares,
)
from mhx.judging.judges import Judge, open_judge
from mhx.judging.measure import JudgedMeasure
from mhx.judging.prompt import Item
from mhx.judging.rubrics import rubric_of
from mhx.judging.table import score_items
from mhx.language import Language, load_language
from mhx.shelves import Shelves
from mhx.training.base import TINY

if TYPE_CHECKING:
    import polars as pl

RUBRIC = "escalation"
BABBLE = "mhx-tiny answers babble: its figures show that the runner works, nothing else"


@dataclass(frozen=True)
class Job:
    """Who plays which cases. `adapter`: "none", "auto" (the shipped one) or a folder; with one,
    base and adapter play side by side. `judges` are specs; without one only cues score."""

    lang: str
    model: str
    adapter: str = "none"
    genders: tuple[Speaker, ...] = GENDERS
    cases: tuple[str, ...] = ()
    max_new_tokens: int = 96
    seed: int = 0
    device: str = "auto"
    judges: tuple[str, ...] = ()
    cache: Path | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Played:
    """All answers, their scores by cues, and what judges said of them by system."""

    lang: str
    answers: list[Answered]
    cues: pl.DataFrame
    judged: dict[str, dict[str, Any]]
    judged_rows: list[dict[str, Any]]
    note: str

    def record(self) -> dict[str, Any]:
        """Everything but the answers, as JSON."""
        return {
            "language": self.lang, "note": self.note, "turns": len(self.answers),
            "scored_turns": sum(one.scored for one in self.answers),
            "cues_agreement": "unknown", "by_phase": shares(self.cues),
            "by_style": shares(self.cues, ("system", "measure", "style")),
            "cases": per_case(self.cues), "judged": self.judged or "no judge was named",
            "judged_by_phase": self.judged_by_phase(),
        }

    def rows(self) -> list[dict[str, Any]]:
        """A row a turn, as it was played."""
        return [asdict(one) for one in self.answers]

    def judged_by_phase(self) -> list[dict[str, Any]]:
        """Means of the judged scores by system, score and phase, with how many there are."""
        import polars as pl

        if not self.judged_rows:
            return []
        frame = pl.DataFrame(self.judged_rows, schema_overrides={"score": pl.Float64})
        return frame.group_by("system", "measure", "phase", maintain_order=True).agg(
            answers=pl.len(), scored=pl.col("score").count(), mean=pl.col("score").mean(),
        ).to_dicts()


def run_job(job: Job, shelves: Shelves) -> Played:
    """Play and score. Raises MhxError for a language without cases or models that do not go."""
    language = load_language(job.lang, shelves=shelves)
    cases_of(language)
    answers = [
        one
        for name, answer in answerers(job, language)
        for one in play(language, name, answer, genders=job.genders, cases=job.cases)
    ]
    return scored(job, language, answers, shelves)


def scored(
    job: Job, language: Language, answers: list[Answered], shelves: Shelves
) -> Played:
    """What was played with its scores by cues, and by the job's judges where it names any."""
    judged, rows = _judged(job, language, answers, shelves) if job.judges else ({}, [])
    return Played(job.lang, answers, by_cues(answers, language), judged, rows,
                  BABBLE if job.model == TINY else "")


def answerers(job: Job, language: Language) -> list[tuple[str, Answerer]]:
    """(name of the system, how it answers); local weights are loaded when it is its turn."""
    if job.model.startswith("openai:"):
        if job.adapter != "none":
            fix = "serve the adapter as a model of its own"
            raise MhxError(Problem("an endpoint has no adapter of ours", fix))
        judge = open_judge(job.model, limits=job.limits,
                           cache=job.cache / "judging" if job.cache else None)
        return [(judge.name, _endpoint(judge, job))]
    found = [("base", _local(job, None))]
    if job.adapter != "none":
        folder = language.adapter(job.model) if job.adapter == "auto" else Path(job.adapter)
        if folder is None:
            raise MhxError(Problem(f"no adapter of {job.lang} for {job.model}",
                                   "--adapter FOLDER, or leave it out"))
        found.append(("adapter", _local(job, folder)))
    return found


def _local(job: Job, adapter: Path | None) -> Answerer:
    loaded: list[Any] = []

    def answer(conversations: Sequence[list[dict[str, str]]]) -> list[str]:
        from mhx.training.base import load_model, load_tokenizer
        from mhx.training.generate import generate

        if not loaded:
            loaded[:] = [load_model(job.model, device=job.device, adapter=adapter),
                         load_tokenizer(job.model)]
        return list(generate(loaded[0], loaded[1], conversations,
                             max_new_tokens=job.max_new_tokens, seed=job.seed))

    return answer


def _endpoint(judge: Judge, job: Job) -> Answerer:
    def answer(conversations: Sequence[list[dict[str, str]]]) -> list[str | None]:
        chats = [Chat(messages=tuple(one), max_tokens=job.max_new_tokens, seed=job.seed)
                 for one in conversations]
        done = judge.complete(chats)
        # an answer that ran into the length limit is an answer; any other failure is none
        return [(one.text or one.cut).strip() or None for one in done]

    return answer


def _judged(
    job: Job, language: Language, answers: Sequence[Answered], shelves: Shelves
) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """The judges' record by system, and a row a scored answer and score."""
    manifest, _ = rubric_of(RUBRIC, shelves)
    opened = JudgedMeasure(
        manifest,
        MeasureSettings(job.lang, language.folder, cache=job.cache, device=job.device,
                        options={"judges": job.judges, "limits": job.limits, "seed": job.seed}),
        shelves)
    told = {case.id: known_of(case) for case in cases_of(language).escalation.cases}
    records, rows = {}, []
    try:
        for system in dict.fromkeys(one.system for one in answers):
            mine = [one for one in answers if one.system == system and one.scored]
            items = [Item(one.unit, one.answer, prompt=one.seeker, context=told[one.case],
                          by=job.model) for one in mine]
            done = score_items(items, manifest, job.lang, opened.presentations, opened.judges,
                               opened.settings, None, opened.finder)
            records[system] = done.record()
            phase = {one.unit: one.phase for one in mine}
            rows += [{"system": system, "unit": one.unit, "phase": phase[one.unit],
                      "measure": one.score, "score": one.value, "status": one.status}
                     for one in done.scores]
    finally:
        opened.close()
    return records, rows
