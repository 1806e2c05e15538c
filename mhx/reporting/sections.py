"""The report's sections in reading order: which tables and figures stand under which heading."""

from __future__ import annotations

from dataclasses import dataclass

from mhx.reporting import accounting, bars, checks, fairness, quality
from mhx.reporting.evaluation import Evaluation
from mhx.reporting.figures import Picture
from mhx.reporting.forest import forest
from mhx.reporting.table import Table

# (anchor, heading, figures, tables)
ORDER: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("parity", "Parity", ("forest",), ("contrasts",)),
    ("accounts", "What entered and what left", ("acceptance",),
     ("accounts", "reasons", "acceptance")),
    ("quality", "Quality", (), ("perplexity", "translation", "adaptation", "agreement", "means")),
    ("fairness", "Parity in full", ("coverage",),
     ("effects", "groups", "intersections", "largest", "worst")),
    ("checks", "Checks of the statistics", (), ("planted", "cross_language")),
)
LABELS = tuple(label for *_, labels in ORDER for label in labels)
FIGURES = ("forest", "coverage", "acceptance")


@dataclass(frozen=True)
class Section:
    """A heading with its figures and tables; a figure that could not be drawn says why."""

    anchor: str
    heading: str
    pictures: tuple[Picture, ...]
    tables: tuple[Table, ...]
    absent: tuple[str, ...] = ()


def all_tables(evaluation: Evaluation) -> list[Table]:
    """Every table, in the order of the report; one without rows says why."""
    found = {table.label: table for module in (accounting, quality, fairness, checks)
             for table in module.tables(evaluation)}
    return [found[label] for label in LABELS]


def all_pictures(evaluation: Evaluation) -> dict[str, Picture]:
    """The figures that the evaluation has numbers for, by name."""
    drawn = (forest(evaluation), bars.coverage(evaluation), bars.acceptance(evaluation))
    return {one.name: one for one in drawn if one is not None}


def sections(tables: list[Table], pictures: dict[str, Picture]) -> list[Section]:
    """The sections of the report."""
    by_label = {table.label: table for table in tables}
    return [
        Section(anchor, heading, tuple(pictures[name] for name in names if name in pictures),
                tuple(by_label[label] for label in labels),
                tuple(f"No {name} figure: there is nothing to draw." for name in names
                      if name not in pictures))
        for anchor, heading, names, labels in ORDER
    ]
