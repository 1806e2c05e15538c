"""What a notebook calls: the same work as the command line, as plain functions."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.adaptation.resolver import resolve as resolve_with
from mhx.api import open_run, reopen
from mhx.cards import load_territory
from mhx.language import load_language
from mhx.pipeline import execute
from mhx.scoring import score_table
from mhx.shelves import default_shelves
from mhx.stages import report as report_stage
from mhx.translating import translate_texts

if TYPE_CHECKING:
    import polars as pl

    from mhx.run import Run


def adapt(lang: str, *, first: str | None = None, until: str | None = None, **options: Any) -> Run:
    """The whole job for a language; `options` are those of `mhx.api.open_run`. Returns the run."""
    run = open_run(lang, **options)
    execute(run, first=first, last=until)
    return run


def translate(
    texts: list[str], lang: str, *, translator: str | None = None, **options: Any
) -> pl.DataFrame:
    """One row a text: target or failure code, engine, revision."""
    import polars as pl

    run = open_run(lang, translator=translator, **options)
    return pl.DataFrame(translate_texts(run, texts), infer_schema_length=None)


def measure(frame: pl.DataFrame, name: str, lang: str, **columns: str) -> pl.DataFrame:
    """Scores of a measure on a frame; `columns` maps response, prompt, reference, unit."""
    named: dict[str, str | None] = {"response": "response", **columns}
    scored, _, _ = score_table(
        frame, path=Path("frame"), measure=name, lang=lang, columns=named, shelves=default_shelves()
    )
    return scored


def report(folder: Path | str) -> Path:
    """Write the report of a run folder again; returns the HTML page."""
    run = reopen(Path(folder))
    report_stage.run(run)
    return run.path("report/index.html")


def resolve(
    text: str,
    territory: str,
    *,
    age: int | str | None = None,
    today: date | None = None,
    lang: str = "en",
    group: str | None = None,
) -> str:
    """A text as shown to a person: service slots filled by territory, age, problem and day."""
    return resolve_with(
        text,
        load_territory(territory),
        age=age,
        today=today or date.today(),
        prompts=load_language(lang).prompts,
        group=group,
        reader=lang,
    )
