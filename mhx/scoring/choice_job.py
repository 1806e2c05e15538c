"""One multiple-choice job: questions, a model, answers, the summary and its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.corpus.names import NameFinder, name_finder
from mhx.corpus.privacy import hidden
from mhx.endpoint import Limits
from mhx.errors import MhxError, Problem, UsageError, unknown
from mhx.files import hash_folder, hash_json
from mhx.judging.judges import open_judge
from mhx.language import Language, load_language
from mhx.scoring.choice_files import read_questions
from mhx.scoring.choice_models import Given, LocalModel, written_by
from mhx.scoring.choice_result import by_topic, letters, summary, table
from mhx.scoring.choices import Question, Shown, from_shipped, shown
from mhx.shelves import Shelves
from mhx.training.base import TINY, base_hash

if TYPE_CHECKING:
    import polars as pl

    from mhx.stats.results import ParityResult

METHODS = ("loglikelihood", "written")
BABBLE = "mhx-tiny answers babble: its figures show that the runner works, nothing else"


@dataclass(frozen=True)
class Job:
    """What is asked of whom. `files` empty: the shipped questions of each language.

    `adapter`: "none", "auto" (the shipped one of the language) or a folder.
    """

    langs: tuple[str, ...]
    model: str
    files: tuple[Path, ...] = ()
    adapter: str = "none"
    method: str = "loglikelihood"
    orders: int = 2
    limit: int | None = None
    seed: int = 0
    device: str = "auto"
    cache: Path | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Tested:
    """All answers, and what they show."""

    signature: str
    given: list[Given]
    rows: pl.DataFrame
    note: str
    seed: int

    def summary(self) -> list[dict[str, Any]]:
        """A row a language."""
        return summary(self.given, seed=self.seed)

    def letters(self) -> list[dict[str, Any]]:
        """Position bias: a row a language and letter."""
        return letters(self.given)

    def topics(self) -> ParityResult | None:
        """Gaps between topics; None with one topic."""
        return by_topic(self.rows, seed=self.seed)

    def record(self) -> dict[str, Any]:
        """Everything as JSON."""
        topics = self.topics()
        return {"signature": self.signature, "note": self.note, "summary": self.summary(),
                "letters": self.letters(), "topics": topics.records() if topics else None,
                "answers": self.rows.drop("scorer").to_dicts()}


def run_job(job: Job, shelves: Shelves) -> Tested:
    """Ask every question in `orders` orders. Raises MhxError for files and models that do not go.

    A model behind an endpoint gives no likelihoods: its letters are read from what it writes.
    """
    if job.method not in METHODS:
        raise unknown("method", job.method, METHODS)
    languages = [load_language(tag, shelves=shelves) for tag in job.langs]
    questions = {one.tag: _questions(job, one) for one in languages}
    remote = job.model.startswith("openai:")
    if remote and job.method != "written":
        raise UsageError("an endpoint gives no likelihoods", "--method written")
    if remote and job.adapter != "none":
        raise UsageError("an endpoint has no adapter of ours", "serve the adapter as a model")
    digest = hash_json({tag: [(one.id, one.text, one.options, sorted(one.correct))
                              for one in asked] for tag, asked in questions.items()})[:12]
    signature = (f"choices|model:{_model_name(job)}|adapter:{_adapter_name(job, languages)}|"
                 f"method:{job.method}|orders:{job.orders}|questions:{digest}|seed:{job.seed}")
    given = [one for language in languages for one in _asked(job, language, questions)]
    note = BABBLE if job.model == TINY else ""
    return Tested(signature, given, table(given, signature), note, job.seed)


def _questions(job: Job, language: Language) -> list[Question]:
    vignettes = language.vignettes  # it holds the one sentence "give a letter" of the language
    instruction = vignettes.stigma.instruction if vignettes is not None else ""
    if job.files:
        if len(job.langs) > 1:
            raise UsageError("files are in one language", "name one --lang, or no file")
        found: list[Question] = []
        for path in job.files:
            name = f"{path.stem}." if len(job.files) > 1 else ""
            found += [Question(f"{name}{one.id}", one.language, one.topic, one.text, one.options,
                               one.correct, one.several, one.instruction)
                      for one in read_questions(path, language=language.tag,
                                                instruction=instruction)]
    elif language.choices is None:
        raise MhxError(Problem(f"{language.tag} ships no questions", "name a file with some",
                               path=language.folder / "choices.yaml"))
    else:
        found = from_shipped(language.choices, language.tag, instruction)
    return found[: job.limit]


def _asked(
    job: Job, language: Language, questions: Mapping[str, Sequence[Question]]
) -> list[Given]:
    own = questions[language.tag]
    if job.model.startswith("openai:"):
        finder = name_finder(language) if job.files else None
        judge = open_judge(job.model, limits=job.limits,
                           cache=job.cache / "judging" if job.cache else None,
                           screened=not job.files or finder is not None)
        if judge.remote and finder is not None:
            own = [_screened(one, finder) for one in own]
        try:
            return written_by(judge, _orders(job, own))
        finally:
            judge.close()
    asked = _orders(job, own)
    model = LocalModel(job.model, adapter=_adapter(job, language), device=job.device)
    if job.method == "written":
        return model.written(asked, seed=job.seed)
    return model.likeliest(asked)


def _orders(job: Job, questions: Sequence[Question]) -> list[Shown]:
    return [one for question in questions
            for one in shown(question, seed=job.seed, orders=job.orders)]


def _screened(question: Question, finder: NameFinder) -> Question:
    """The question as it may leave this machine: personal data replaced."""
    text, *options = hidden((question.text, *question.options), [finder])
    return replace(question, text=text, options=tuple(options))


def _adapter(job: Job, language: Language) -> Path | None:
    if job.adapter == "none":
        return None
    if job.adapter != "auto":
        return Path(job.adapter)
    found = language.adapter(job.model)
    if found is None:
        raise MhxError(Problem(f"no adapter of {language.tag} for {job.model}",
                               "--adapter FOLDER, or leave it out"))
    return found


def _adapter_name(job: Job, languages: Sequence[Language]) -> str:
    found = dict.fromkeys(path for one in languages if (path := _adapter(job, one)) is not None)
    return "@".join([job.adapter, *(hash_folder(path)[:12] for path in found)])


def _model_name(job: Job) -> str:
    digest = None if job.model.startswith("openai:") else base_hash(job.model)
    return f"{job.model}@{digest[:12]}" if digest else job.model
