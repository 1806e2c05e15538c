"""Parity of scores across groups: estimates, calibrated gaps, equivalence, floors, coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from mhx.errors import Problem, unknown
from mhx.schema.anchors import AnchorCertificate
from mhx.stats import columns, problems
from mhx.stats.across import compare_languages
from mhx.stats.analysis import Options
from mhx.stats.anchors.licence import Signatures
from mhx.stats.collect import Records, collect
from mhx.stats.columns import SCORER_COLUMN
from mhx.stats.comparability import cross_language
from mhx.stats.contrasts import adjusted
from mhx.stats.design import Design, read_design
from mhx.stats.length import length_problems
from mhx.stats.rated import inclusion_problems
from mhx.stats.results import (
    Contrast,
    CrossLanguage,
    GroupResult,
    Overlap,
    ParityResult,
    Where,
)
from mhx.version import __version__

if TYPE_CHECKING:
    import polars as pl


def parity(
    frame: pl.DataFrame,
    *,
    scores: Sequence[str],
    groups: Sequence[str],
    reference: Mapping[str, str],
    unit: Sequence[str] | None = None,
    cluster: Sequence[str] | None = None,
    language: str | None = None,
    margin: str | float | None = None,
    floor: float | None = None,
    composite: str | None = None,
    baseline: Mapping[str, str] | None = None,
    scale: tuple[float, float] | None = None,
    lower_is_better: Sequence[str] = (),
    smallest: int = 1,
    models: bool = False,
    length: str | None = None,
    human: Mapping[str, Sequence[str]] | None = None,
    inclusion: str | None = None,
    reliability: float | None = None,
    certificate: AnchorCertificate | None = None,
    scorers: Mapping[str, Signatures] | None = None,
    table_sha256: str | None = None,
    alpha: float = 0.05,
    resamples: int = 2000,
    adjust: Literal["holm", "bh"] = "holm",
    seed: int = 0,
) -> ParityResult:
    """Compare the groups of each column in `groups` on each score, and their intersections.

    frame: one row a scored response; a null or nan score is missing (coverage, never imputed).
    reference: group column -> the value every other group is compared with.
    unit: columns that name what is paired. Rows of one unit and group are averaged; a unit that
        occurs in several groups makes the test paired and coverage is counted on the unit x
        group grid.
    cluster: columns that name what is resampled. One that is constant inside units replaces the
        unit; others are crossed random factors (standard errors after Cameron, Gelbach & Miller
        2011, t intervals).
    language: languages are analyzed apart; across them there is a verdict, and a gap only where
        the `certificate` allows it. A column called language (lang, locale, ...) is taken unnamed.
    margin: raw points, or ``"0.3sd"`` (of the reference group), ``"0.3dz"`` (of the paired
        differences); the last two are taken from the data and flagged.
    floor: raw points that every group's mean must reach (one-sided bound).
    scale: lowest and highest legal score; those outside are counted and count as missing.
    lower_is_better: scores of which less is better: the worst group is the highest and the floor
        is the most a mean may be.
    smallest: groups with fewer scored rows are named and not shown (1: all are).
    models: also a mixed model and, for few-level scores, an ordinal one, as checks (slower).
    length: column of the answers' length: the gap in length and the gap at equal length.
    human: score -> columns of people's ratings of the same rows on the same scale, null where
        nobody rated: the scorer's difference at equal rating, and with `inclusion`, the column
        of the probabilities with which rows were drawn to be rated, the gap corrected by them.
        Several columns (raters) also take their own error out of that difference.
    reliability: of the (mean) rating within groups, 0 to 1, in place of that estimate.
    certificate: of anchors (`mhx anchors import`), checked against `scorers` (score -> language
        -> signatures; by default the column scorer, if there is one), else `table_sha256`.
    composite: name of an added score, the mean of `scores`, missing where one of them is.
    baseline: one column -> value; the other values' gaps stand beside that value's.

    Raises MhxError with every problem: unknown columns and values, scores that are no numbers,
    groups without a reference, units without a value. Method: reference/statistics.md; Lakens
    2017 (TOST), Westfall & Young 1993 (max-T), Hesterberg 2015 (intervals).
    """
    language = language or next(iter(columns.language_columns(frame.columns)), None)
    reference = {name: str(value) for name, value in reference.items()}
    parsed = columns.parse_margin(margin)
    found = problems.option_problems(alpha=alpha, resamples=resamples, adjust=adjust,
                                     floor=floor, smallest=smallest)
    found += problems.scale_problems(scale)
    known = [*scores, *([composite] if composite else [])]
    found += [Problem(one.what, one.fix, field="lower_is_better") for name in lower_is_better
              if name not in known for one in unknown("score", name, known).problems]
    found += [Problem(one.what, one.fix, field="human") for name in human or {}
              if name not in known for one in unknown("score", name, known).problems]
    found += problems.language_problems(language, groups, list(baseline or {}))
    found += problems.rating_problems(human or {}, inclusion, reliability)
    found += [parsed] if isinstance(parsed, Problem) else []
    if not isinstance(parsed, Problem) and parsed and parsed.unit == "dz" and not unit:
        found.append(Problem("a margin in dz needs paired units", "name them with unit",
                             field="margin"))
    design = read_design(frame, scores=scores, groups=groups, reference=reference,
                         unit=unit or (), cluster=cluster or (), language=language,
                         composite=composite, baseline=baseline or {}, scale=scale,
                         length=length, human=human, inclusion=inclusion, found=found)
    problems.stop([
        *(length_problems(design.length, length or "") if design.length is not None else ()),
        *(one for rated in design.ratings.values() if design.inclusion is not None
          for one in inclusion_problems(rated, design.inclusion, inclusion or ""))])
    options = Options(
        margin=None if isinstance(parsed, Problem) else parsed, floor=floor, alpha=alpha,
        resamples=resamples, seed=seed, scale=scale, smallest=smallest, models=models,
        reliability=reliability, lower=frozenset(lower_is_better))
    records = Records(notes=list(design.notes))
    for attribute in design.attributes:
        for score in design.scores:
            collect(design, attribute, score, options, records)
    between = _between(design, reference.get(language or ""), options, certificate,
                       scorers or _scorers(frame, design), table_sha256)
    compare_languages(design, between, options, records)
    settings = {
        "scores": list(scores), "groups": list(groups), "reference": reference,
        "unit": list(unit or ()), "cluster": list(cluster or ()), "language": language,
        "margin": margin, "floor": floor, "composite": composite,
        "baseline": dict(baseline or {}), "scale": None if scale is None else list(scale),
        "lower_is_better": list(lower_is_better), "smallest": smallest, "models": models,
        "length": length, "human": {name: list(names) for name, names in (human or {}).items()},
        "inclusion": inclusion, "reliability": reliability,
        "certificate": None if certificate is None else certificate.sha256, "alpha": alpha,
        "resamples": resamples, "adjust": adjust, "seed": seed, "mhx": __version__,
        "numpy": np.__version__,
    }
    overlap = tuple(dict.fromkeys(records.overlap))
    return ParityResult(
        groups=with_detectable(records.groups, records.contrasts),
        contrasts=tuple(adjusted(records.contrasts, alpha=alpha, adjust=adjust)),
        largest=tuple(records.largest), worst=tuple(records.worst),
        cross_language=tuple(between), overlap=overlap, differences=tuple(records.differences),
        models=tuple(records.models),
        lengths=tuple(records.lengths), conditional=tuple(records.conditional),
        corrected=tuple(adjusted(records.corrected, alpha=alpha, adjust=adjust)),
        notes=tuple(dict.fromkeys([*records.notes, *map(_shared, overlap)])),
        settings=settings,
    )


def with_detectable(groups: Sequence[GroupResult],
                    contrasts: Sequence[Contrast]) -> tuple[GroupResult, ...]:
    """Groups with the smallest gap to the reference that their cell can show."""
    found = {(*_place(one), one.group): one.mde for one in contrasts}
    return tuple(replace(one, mde=found.get((*_place(one), one.group))) for one in groups)


def _place(one: Where) -> tuple[str | None, ...]:
    return one.score, one.attribute, one.language, one.system


def _shared(one: Overlap) -> str:
    return (f"{one.attribute}: {one.shared} units are in both {one.first} (of {one.n_first}) and "
            f"{one.second} (of {one.n_second}); groups overlap")


def _between(design: Design, reference: str | None, options: Options,
             certificate: AnchorCertificate | None, scorers: Mapping[str, Signatures],
             table_sha256: str | None) -> list[CrossLanguage]:
    languages = sorted({part.language for part in design.slices if part.language is not None})
    return cross_language(
        design.scores, languages, reference=reference, margin=options.margin,
        alpha=options.alpha, scale=options.scale, certificate=certificate, scorers=scorers,
        table_sha256=table_sha256)


def _scorers(frame: pl.DataFrame, design: Design) -> dict[str, Signatures]:
    """The signatures in the column scorer by language, for every score; empty without it."""
    factor = design.language
    if factor is None or SCORER_COLUMN not in frame.columns:
        return {}
    column = frame.get_column(SCORER_COLUMN)
    return {score: {
        name: {str(one or columns.UNNAMED) for one in column.filter(
            (factor.codes == index) & np.isfinite(values)).unique()}
        for index, name in enumerate(factor.labels)} for score, values in design.scores.items()}
