"""The report as a section of a two-column paper: text, floats, appendix, references."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mhx.reporting.citations import bibliography, cited
from mhx.reporting.evaluation import Evaluation
from mhx.reporting.figures import Picture
from mhx.reporting.findings import findings
from mhx.reporting.latex import REPLACED, escape, is_long, is_romanized, layout
from mhx.reporting.methods import Section, methods
from mhx.reporting.sections import instead, left_out
from mhx.reporting.table import Table
from mhx.reporting.templates import template
from mhx.version import __version__

PAPER = ("section.tex", "appendix.tex", "paper.tex", "references.bib")
# stand in the section itself where they have rows and fit; the others are the appendix
BODY = ("contrasts", "proving", "largest", "worst", "cross_language", "between", "perplexity")
BODY_FIGURES = ("forest", "proving", "heatmap")
COLUMN = 3.4  # inches; a wider figure goes over both columns
APPENDIX = ("Reproducibility", "Notes of the analysis")  # too long for a paper's text
ROMANIZED = "Arabic script is written here letter by letter in Latin, without short vowels."
NON_LATIN = "Names in other scripts are replaced here."
SCRIPTS = "pdf\\LaTeX{} cannot set them; the figures and the HTML report show them."


def paper(evaluation: Evaluation, tables: Sequence[Table],
          pictures: dict[str, Picture]) -> dict[str, str]:
    """The files of the `paper` folder by name; tables and figures are read from beside it.

    `section.tex` and `appendix.tex` are to be read into a paper of one's own; `paper.tex` is a
    document around them for a stock TeX Live. Raises nothing: what is not there is left out.
    """
    shown = [table for table in tables if table.rows]
    body = [table for table in shown if table.label in BODY and not is_long(table)
            and (table.label != "worst" or any(row.get("floor") is not None for row in table.rows))]
    # those of one column first: behind wide ones they would wait for a page of their own
    rest = sorted((table for table in shown if table not in body),
                  key=lambda table: layout(table).wide)
    figures = [one for one in pictures.values() if one.name in BODY_FIGURES]
    others = [one for one in pictures.values() if one.name not in BODY_FIGURES]
    texts = methods(evaluation)
    section = template("section.tex.j2").render(
        methods=_paragraphs(one for one in texts if one[0] not in APPENDIX),
        findings=[cited(escape(text)) for text in findings(evaluation)],
        replaced=escape(_why(evaluation)), floats=_floats(body, figures),
        pointers=_pointers(figures, body))
    appendix = template("appendix.tex.j2").render(
        methods=_paragraphs(one for one in texts if one[0] in APPENDIX),
        floats=_floats(rest, others), long={table.label for table in rest if is_long(table)},
        missing=escape("; ".join(_small(table.title) for table in tables if table.missing)),
        left_out=escape(left_out(evaluation)))
    section += _scripts([*(text for table in shown for row in table.cells() for text in row),
                         *findings(evaluation), *(text for _, each in texts for text in each)])
    name = evaluation.meta.get("language") or evaluation.meta.get("table") or "results"
    return {
        "section.tex": section, "appendix.tex": appendix,
        "paper.tex": template("paper.tex.j2").render(
            title=escape(f"Fairness report: {name}"), version=__version__,
            sources=[escape(one.sha256) for one in evaluation.sources]),
        "references.bib": bibliography(section + appendix),
    }


def _small(title: str) -> str:
    """A title as it stands inside a sentence."""
    return title[0].lower() + title[1:] if title[1:2].islower() else title


def _pointers(figures: Sequence[Picture], tables: Sequence[Table]) -> str:
    """Where the numbers are: "Figure 1 and Tables 1, 2 and 3"."""
    parts = []
    for word, prefix, names in (("Figure", "fig", [one.name for one in figures]),
                                ("Table", "tab", [one.label for one in tables])):
        refs = [rf"\ref{{{prefix}:{name}}}" for name in names]
        if refs:
            shown = f"{', '.join(refs[:-1])} and {refs[-1]}" if len(refs) > 1 else refs[0]
            parts.append(f"{word}{'s' if len(refs) > 1 else ''}~{shown}")
    return " and ".join(parts)


def _scripts(texts: Sequence[str]) -> str:
    """What became of the texts that pdflatex cannot set; empty where there is none."""
    said = [note for note, there in ((ROMANIZED, any(is_romanized(one) for one in texts)),
                                     (NON_LATIN, any(REPLACED in escape(one) for one in texts)))
            if there]
    return f"\n\\paragraph{{Scripts.}} {' '.join(said)} {SCRIPTS}\n" if said else ""


def _paragraphs(sections: Iterable[Section]) -> list[tuple[str, str]]:
    return [(escape(heading), " ".join(cited(escape(text)) for text in texts))
            for heading, texts in sections]


def _why(evaluation: Evaluation) -> str:
    """Why there is no finding to report, for a trial model."""
    if not evaluation.pipeline_check:
        return ""
    return (f"{evaluation.meta.get('base_model')} is for trials: its answers mean nothing, so no "
            f"gap between groups is reported. {instead(evaluation)}").strip()


def _floats(tables: Sequence[Table], pictures: Sequence[Picture]) -> list[dict[str, object]]:
    return [
        *({"figure": True, "name": one.name, "caption": escape(one.caption),
           "wide": one.inches[0] > COLUMN}
          for one in pictures),
        *({"figure": False, "name": one.label} for one in tables),
    ]
