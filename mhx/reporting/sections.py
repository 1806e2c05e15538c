"""The report's sections in reading order: which tables and figures stand under which heading."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mhx.reporting import (
    accounting,
    bars,
    calibration,
    cases,
    checks,
    controls,
    counts,
    dif,
    differences,
    fairness,
    heatmap,
    judged,
    learning,
    licence,
    mde,
    measures,
    models,
    power,
    quality,
    skills,
    within,
)
from mhx.reporting.combine import identities, joined
from mhx.reporting.evaluation import Evaluation
from mhx.reporting.figures import Picture
from mhx.reporting.forest import forest
from mhx.reporting.proving import proving_picture
from mhx.reporting.table import Table, finer
from mhx.reporting.wording import plain

Order = tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...]
# (anchor, heading, figures, tables)
ORDER: Order = (
    ("parity", "Parity", ("forest",), ("contrasts", "controls", "safety_floor")),
    ("accounts", "What entered and what left", ("acceptance",),
     ("accounts", "reasons", "acceptance", "acceptance_crisis")),
    ("training", "Training", ("learning",), ("learning",)),
    ("measures", "Measures, and how far they agree with people", (),
     ("measures", "scorers", "crisis", "judged", "judging_cost", "cases", "cases_by_phase")),
    ("quality", "Quality", (), ("perplexity", "translation", "adaptation", "agreement", "means")),
    ("skills", "What supporters' turns do", ("skills",), ("skills", "skills_agreement")),
    ("fairness", "Parity in full", ("heatmap", "differences", "coverage"),
     ("effects", "baseline", "groups", "cells", "intersections", "differences", "largest", "worst",
      "overlap")),
    ("reach", "What could have been found", ("power",), ("mde", "power")),
    ("within", "What may lie behind a gap", (),
     ("models", "lengths", "conditional", "corrected")),
    ("languages", "The scorer, and the licence to compare languages", ("calibration", "dif"),
     ("cross_language", "between", "anchors", "dif", "reliability")),
    ("checks", "Checks of the statistics", ("proving",), ("proving",)),
)
# sections that a table made elsewhere cannot fill
OF_RUNS = ("accounts", "training", "measures", "quality")
LABELS = tuple(label for *_, labels in ORDER for label in labels)
FIGURES = tuple(name for *_, names, _ in ORDER for name in names)
# of a run each, so that several runs' are joined; the others are about all records together
OF_A_RUN = (accounting, learning, measures, judged, cases, quality, skills, controls)
OF_ALL = (fairness, counts, differences, mde, power, models, within, licence, checks)
DRAWN: tuple[Callable[[Evaluation], list[Picture]], ...] = (
    forest, heatmap.pictures, differences.pictures, power.pictures)
CERTIFIED: tuple[Callable[[Evaluation], list[Picture]], ...] = (
    calibration.pictures, dif.pictures)
# computed from the answers: of a trial model they are babble, and not shown
OF_ANSWERS = frozenset({
    "contrasts", "effects", "baseline", "groups", "cells", "intersections", "largest", "worst",
    "mde", "power", "overlap", "models", "lengths", "conditional", "corrected", "means", "forest",
    "coverage", "heatmap", "differences", "controls", "safety_floor",
    "cases", "cases_by_phase",
})
# asked for by an option, or not there in most designs: named in a sentence where they are missing
OPTIONAL = frozenset({
    "baseline", "between", "anchors", "dif", "calibration", "reliability", "overlap", "models",
    "lengths", "conditional", "corrected", "differences", "power", "heatmap", "controls",
    "safety_floor", "skills", "skills_agreement", "crisis",
    "learning", "judged", "judging_cost", "cases",
    "cases_by_phase",
})


@dataclass(frozen=True)
class Section:
    """A heading with its figures and tables; `lead` stands before them, `absent` says what could
    not be shown, and why."""

    anchor: str
    heading: str
    pictures: tuple[Picture, ...]
    tables: tuple[Table, ...]
    lead: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def order(evaluation: Evaluation) -> Order:
    """ORDER; of a trial model the proving ground stands first, in place of its gaps."""
    if not evaluation.pipeline_check:
        return ORDER
    *rest, (_, _, names, labels) = ORDER
    return (("parity", "Parity: the proving ground", names, labels), *rest[1:])


def all_tables(evaluation: Evaluation) -> list[Table]:
    """Every table of the report in its order; one without rows says why.

    Left out: tables of a trial model's answers, and where there is no run those about a run.
    """
    digits = fairness.decimals(evaluation)
    found = {table.label: finer(table, digits)
             for module in OF_ALL for table in module.tables(evaluation)}
    found |= _of_runs(evaluation)
    hidden = OF_ANSWERS if evaluation.pipeline_check else frozenset()
    labels = [label for *_, labels in order(evaluation) for label in labels]
    return [found[label] for label in labels if label in found and label not in hidden
            and not (evaluation.from_table and found[label].missing)]


def _of_runs(evaluation: Evaluation) -> dict[str, Table]:
    names = identities(evaluation.sources)
    by_label: dict[str, list[tuple[dict[str, object], Table]]] = {}
    for one in evaluation.sources:
        for module in OF_A_RUN:
            for table in module.tables(one):
                by_label.setdefault(table.label, []).append((names[one.sha256], table))
    return {label: joined(tables) for label, tables in by_label.items()}


def all_pictures(evaluation: Evaluation) -> dict[str, Picture]:
    """The figures that the evaluation has numbers for, by name."""
    drawn: list[Picture | None] = [one for draw in CERTIFIED for one in draw(evaluation)]
    if not evaluation.pipeline_check:
        drawn += [one for draw in DRAWN for one in draw(evaluation)]
        drawn.append(bars.coverage(evaluation))
    names = identities(evaluation.sources)
    drawn += [draw(one, ", ".join(map(str, names[one.sha256].values())), number)
              for draw in (bars.acceptance, learning.curves, skills.profile)
              for number, one in enumerate(evaluation.sources, start=1)]
    drawn.append(proving_picture(evaluation.part("proving")))
    return {one.name: one for one in drawn if one is not None}


def sections(evaluation: Evaluation, tables: list[Table],
             pictures: dict[str, Picture]) -> list[Section]:
    """The sections that have something to show or to say."""
    by_label = {table.label: table for table in tables}
    out = []
    for anchor, heading, names, labels in order(evaluation):
        drawn = tuple(one for name in names for one in _drawn(name, pictures))
        there = [by_label[label] for label in labels if label in by_label]
        missing = [one.missing for one in there if one.missing and one.label in OPTIONAL]
        section = Section(
            anchor, heading, drawn,
            tuple(one for one in there if not (one.missing and one.label in OPTIONAL)),
            lead=tuple(_replaced(evaluation, anchor)),
            absent=(*_undrawn(evaluation, names, pictures), *missing))
        if drawn or there or section.absent:
            out.append(section)
    return out


def _drawn(name: str, pictures: dict[str, Picture]) -> list[Picture]:
    """The figure of this name and its further pages (`forest-2`) or runs (`acceptance-2`)."""
    return [one for key, one in pictures.items()
            if key == name or key.removeprefix(f"{name}-").isdigit()]


def _undrawn(evaluation: Evaluation, names: Iterable[str],
             pictures: dict[str, Picture]) -> list[str]:
    if evaluation.from_table:
        return []
    return [f"No {name} figure: there is nothing to draw." for name in names
            if not _drawn(name, pictures) and name not in OPTIONAL
            and not (evaluation.pipeline_check and name in OF_ANSWERS)]


def _replaced(evaluation: Evaluation, anchor: str) -> list[str]:
    """Why the trial model's gaps are not here, and where they are."""
    if anchor != "parity" or not evaluation.pipeline_check:
        return []
    base = evaluation.meta.get("base_model") or "The base model"
    return [
        f"{base} is for trials and answers with babble, so a table of its gaps would look like a "
        f"finding and be none. {instead(evaluation)}"
        "The raw numbers are in scores.parquet (a row an answer) and report.json (key “parity”)."]


def instead(evaluation: Evaluation) -> str:
    """What stands in place of a trial model's gaps; empty where the proving ground was not run."""
    if not evaluation.rows("proving", "rows"):
        return ""
    return "In its place the statistics prove themselves on gaps that are known. "


def left_out(evaluation: Evaluation) -> str:
    """What a report of a table cannot hold, in one sentence; empty for runs."""
    if not evaluation.from_table:
        return ""
    names = [plain(label) for anchor, _, _, labels in ORDER if anchor in OF_RUNS
             for label in labels]
    return (f"Not in this report, because its numbers come from a table and not from a run of mhx: "
            f"{', '.join(names)}, adaptation examples, answers.")
