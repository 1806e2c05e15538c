"""Write the report of a run folder: every format from the same tables, each file whole."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from mhx.files import write_json, write_text
from mhx.reporting.banners import banners
from mhx.reporting.evaluation import Evaluation, read_evaluation
from mhx.reporting.examples import examples, probes
from mhx.reporting.figures import Picture
from mhx.reporting.headline import headline
from mhx.reporting.latex import to_document, to_latex
from mhx.reporting.methods import methods
from mhx.reporting.sections import FIGURES, LABELS, all_pictures, all_tables, sections
from mhx.reporting.table import Table
from mhx.reporting.templates import template
from mhx.version import __version__

FOLDER = "report"
OUTPUTS: tuple[str, ...] = tuple(f"{FOLDER}/{name}" for name in (
    "index.html", "report.json", "methods.md", "headline.txt", "tables/all.tex",
    *(f"tables/{label}.{suffix}" for label in LABELS for suffix in ("tex", "csv")),
    *(f"figures/{name}.{suffix}" for name in FIGURES for suffix in ("pdf", "png")),
))


def write_report(folder: Path) -> list[Path]:
    """Write `FOLDER/report/` from `FOLDER/evaluation.json`; returns the files it wrote.

    Raises MhxError when the evaluation is not there or malformed. A part that is null gives a
    table without rows that says why; a figure without numbers is not written.
    """
    evaluation = read_evaluation(folder / "evaluation.json")
    tables, pictures = all_tables(evaluation), all_pictures(evaluation)
    report = folder / FOLDER
    for table in tables:
        write_text(report / "tables" / f"{table.label}.tex", to_latex(table))
        write_text(report / "tables" / f"{table.label}.csv", to_csv(table))
    write_text(report / "tables" / "all.tex", to_document(tables))
    for name in FIGURES:
        _figure(report / "figures", name, pictures.get(name))
    write_text(report / "methods.md", _methods(evaluation))
    write_text(report / "headline.txt", "".join(f"{line}\n" for line in headline(evaluation)))
    write_json(report / "report.json", to_json(evaluation, tables, pictures))
    write_text(report / "index.html", to_html(evaluation, tables, pictures))
    return [folder / name for name in OUTPUTS if (folder / name).is_file()]


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
        "meta": evaluation.meta,
        "headline": headline(evaluation),
        "warnings": [{"title": title, "text": text} for title, text in banners(evaluation, tables)],
        "tables": [table.to_dict() for table in tables],
        "figures": [{"name": one.name, "caption": one.caption, "alt": one.alt}
                    for one in pictures.values()],
        "parity": evaluation.data["parity"], "parity_note": evaluation.data["parity_note"],
        "responses": evaluation.rows("responses"), "examples": evaluation.rows("examples"),
        "methods": [{"heading": heading, "paragraphs": list(texts)}
                    for heading, texts in methods(evaluation)],
    }


def to_html(evaluation: Evaluation, tables: list[Table], pictures: dict[str, Picture]) -> str:
    """The self-contained page."""
    meta = evaluation.meta
    return template("index.html.j2").render(
        meta=meta, evaluation=evaluation, lang=meta.get("lang") or "und",
        dir="rtl" if meta.get("direction") == "rtl" else "ltr",
        banners=banners(evaluation, tables), headline=headline(evaluation),
        sections=sections(tables, pictures), examples=examples(evaluation),
        probes=probes(evaluation), methods=methods(evaluation), version=__version__,
    )


def _methods(evaluation: Evaluation) -> str:
    parts = [f"# Methods: {evaluation.meta.get('language') or 'unknown language'}"]
    for heading, texts in methods(evaluation):
        parts += [f"## {heading}", *texts]
    return "\n\n".join(parts) + "\n"


def _figure(folder: Path, name: str, drawn: Picture | None) -> None:
    """Store a figure; one of an earlier report that cannot be drawn now is removed."""
    if drawn is not None:
        drawn.write(folder)
        return
    for suffix in ("pdf", "png"):
        (folder / f"{name}.{suffix}").unlink(missing_ok=True)


def _raw(value: Any) -> Any:
    """A CSV cell; a text that a spreadsheet would run as a formula is kept as text."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@"):
        return f"'{value}"
    return "" if value is None else value
