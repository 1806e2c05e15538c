"""Write a report: every format from the same tables and figures, each file whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mhx.files import write_json, write_text
from mhx.reporting.banners import banners
from mhx.reporting.checklists import checklists, to_markdown
from mhx.reporting.checklists import to_latex as checklists_to_latex
from mhx.reporting.combine import identities
from mhx.reporting.datasheet import datasheets
from mhx.reporting.evaluation import Evaluation, Row, read_evaluation
from mhx.reporting.examples import examples, probes
from mhx.reporting.figures import Picture
from mhx.reporting.headline import headline
from mhx.reporting.latex import to_document, to_latex
from mhx.reporting.methods import methods
from mhx.reporting.model_card import model_cards
from mhx.reporting.paper import PAPER, paper
from mhx.reporting.sections import FIGURES, LABELS, all_pictures, all_tables, sections
from mhx.reporting.table import Table
from mhx.reporting.templates import template
from mhx.version import __version__

FOLDER = "report"
OUTPUTS: tuple[str, ...] = tuple(f"{FOLDER}/{name}" for name in (
    "index.html", "report.json", "methods.md", "headline.txt", "checklists.md", "model_card.md",
    "datasheet.md", "tables/all.tex", *(f"paper/{name}" for name in PAPER), "paper/checklists.tex",
    *(f"tables/{label}.{suffix}" for label in LABELS for suffix in ("tex", "csv")),
    *(f"figures/{name}.{suffix}" for name in FIGURES for suffix in ("pdf", "png")),
))


def write_report(folder: Path, *, name: str | None = None, today: str | None = None) -> list[Path]:
    """Write `FOLDER/report/` from `FOLDER/evaluation.json`; returns the files it wrote.

    `name` and `today` are the run's own where its evaluation is that of an earlier run.
    Raises MhxError when the evaluation is not there or malformed.
    """
    evaluation = read_evaluation(folder / "evaluation.json")
    own = {key: value for key, value in (("run", name), ("today", today)) if value}
    evaluation.data["meta"] = {**evaluation.meta, **own}
    return write(Evaluation(evaluation.data, evaluation.sha256), folder / FOLDER)


def write(evaluation: Evaluation, report: Path) -> list[Path]:
    """Write all files of a report into the folder `report`; returns them.

    A part that is not there gives a table without rows that says why; a figure without numbers
    is not written. Tables and figures of an earlier report that are not in this one are removed.
    """
    tables, pictures = all_tables(evaluation), all_pictures(evaluation)
    answered = checklists(evaluation)
    texts = {
        **{f"tables/{table.label}.tex": to_latex(table) for table in tables},
        **{f"tables/{table.label}.csv": to_csv(table) for table in tables},
        "tables/all.tex": to_document(tables),
        **{f"paper/{name}": text for name, text in paper(evaluation, tables, pictures).items()},
        "paper/checklists.tex": checklists_to_latex(answered),
        "checklists.md": to_markdown(answered, f"Checklists: {title(evaluation)}"),
        **model_cards(evaluation), **datasheets(evaluation),
        "methods.md": _methods(evaluation),
        "headline.txt": "".join(f"{line}\n" for line in headline(evaluation)),
        "index.html": to_html(evaluation, tables, pictures),
    }
    _clear(report, texts, pictures)
    for name, text in texts.items():
        write_text(report / name, text)
    for drawn in pictures.values():
        drawn.write(report / "figures")
    write_json(report / "report.json", to_json(evaluation, tables, pictures))
    figures = [f"figures/{name}.{suffix}" for name in pictures for suffix in ("pdf", "png")]
    return [report / name for name in (*texts, *figures, "report.json")]


def to_csv(table: Table) -> str:
    """The table's fields with a header, numbers unrounded, null as an empty cell."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    keys = [key for column in table.columns for key in column.keys]
    writer.writerow(keys)
    writer.writerows([_raw(row.get(key)) for key in keys] for row in table.rows)
    return stream.getvalue()


def to_json(evaluation: Evaluation, tables: list[Table],
            pictures: dict[str, Picture]) -> dict[str, Any]:
    """Everything in the report, machine readable."""
    return {
        "mhx": __version__,
        "evaluation_sha256": evaluation.sha256,
        "runs": runs(evaluation),
        "meta": evaluation.meta,
        "headline": headline(evaluation),
        "warnings": [{"title": title, "text": text} for title, text in banners(evaluation, tables)],
        "tables": [table.to_dict() for table in tables],
        "figures": [{"name": one.name, "caption": one.caption, "alt": one.alt}
                    for one in pictures.values()],
        "parity": evaluation.data["parity"], "parity_note": evaluation.data["parity_note"],
        "responses": [row for one in evaluation.sources for row in one.rows("responses")],
        "examples": [row for one in evaluation.sources for row in one.rows("examples")],
        "methods": [{"heading": heading, "paragraphs": list(texts)}
                    for heading, texts in methods(evaluation)],
        "checklists": [one.to_dict() for one in checklists(evaluation)],
    }


def runs(evaluation: Evaluation) -> list[Row]:
    """What each number can be traced to: run or table, language, base and the hashes."""
    return [
        {"run": one.meta.get("run"), "table": one.meta.get("table"), "lang": one.meta.get("lang"),
         "base": one.meta.get("base_model"), "pipeline_check": one.pipeline_check,
         **{key: one.meta.get(key)
            for key in ("territory", "translator", "suite", "seed", "today")},
         "evaluation_sha256": one.sha256, "table_sha256": one.meta.get("table_sha256"),
         "plan_sha256": one.meta.get("plan_sha256")}
        for one in evaluation.sources
    ]


def to_html(evaluation: Evaluation, tables: list[Table], pictures: dict[str, Picture]) -> str:
    """The self-contained page."""
    names = identities(evaluation.sources)
    return template("index.html.j2").render(
        meta=evaluation.meta, evaluation=evaluation, title=title(evaluation),
        lang=evaluation.meta.get("lang") or "und", dir=_direction(evaluation),
        banners=banners(evaluation, tables),
        headline=headline(evaluation), sections=sections(evaluation, tables, pictures),
        runs=runs(evaluation),
        texts=[{"name": ", ".join(str(part) for part in names[one.sha256].values()),
                "lang": one.meta.get("lang") or "und", "dir": _direction(one),
                "source_lang": one.meta.get("source_lang") or "en",
                "examples": examples(one), "probes": probes(one)} for one in evaluation.sources],
        methods=methods(evaluation), checklists=checklists(evaluation), version=__version__,
    )


def title(evaluation: Evaluation) -> str:
    """What the report is about: the language or languages, or the table."""
    meta = evaluation.meta
    return str(meta.get("language") or meta.get("table") or meta.get("lang") or "unknown language")


def _direction(evaluation: Evaluation) -> str:
    return "rtl" if evaluation.meta.get("direction") == "rtl" else "ltr"


def _methods(evaluation: Evaluation) -> str:
    parts = [f"# Methods: {title(evaluation)}"]
    for heading, texts in methods(evaluation):
        parts += [f"## {heading}", *texts]
    return "\n\n".join(parts) + "\n"


def _clear(report: Path, texts: Sequence[str] | dict[str, str],
           pictures: dict[str, Picture]) -> None:
    """Remove tables and figures of an earlier report, which would be taken for this one's."""
    for name in LABELS:
        for suffix in ("tex", "csv"):
            if f"tables/{name}.{suffix}" not in texts:
                (report / "tables" / f"{name}.{suffix}").unlink(missing_ok=True)
    for path in report.glob("figures/*"):
        known = path.stem in FIGURES or path.stem.rpartition("-")[0] in FIGURES
        if known and path.suffix in (".pdf", ".png") and path.stem not in pictures:
            path.unlink()
    for kind in ("model_card", "datasheet"):
        for path in report.glob(f"{kind}-*.md"):
            if path.name not in texts:
                path.unlink()


def _raw(value: Any) -> Any:
    """A CSV cell; a text that a spreadsheet would run as a formula is kept as text."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@"):
        return f"'{value}"
    return "" if value is None else value
