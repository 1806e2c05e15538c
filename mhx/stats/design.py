"""A parity table as arrays: scores, attributes, units, clusters, slices by language and system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mhx.errors import Problem
from mhx.stats import columns, problems
from mhx.stats.columns import Factor
from mhx.stats.resample import Floats, Ints
from mhx.stats.results import Kind

if TYPE_CHECKING:
    import polars as pl

JOIN = " × "


@dataclass(frozen=True)
class Attribute:
    """What groups are formed by: one column, or the intersection of all of them."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    codes: Ints
    reference: int


@dataclass(frozen=True)
class Slice:
    """Rows analyzed together: one language and one system of the table."""

    language: str | None
    system: str | None
    rows: NDArray[np.bool_]
    baseline: bool = False


@dataclass(frozen=True)
class Design:
    """The table's rows as arrays. `unit` is None when nothing is paired; `clusters` are the
    random factors, one code array each (empty: every unit or row is its own cluster);
    `within_unit` says that all of them are constant inside a unit. `ratings` are people's, by
    score, (rows, raters), nan where nobody rated; `inclusion` the chance of a row to be rated."""

    scores: dict[str, Floats]
    attributes: tuple[Attribute, ...]
    unit: Ints | None
    clusters: tuple[Ints, ...]
    within_unit: bool
    slices: tuple[Slice, ...]
    notes: tuple[str, ...]
    language: Factor | None = None
    length: Floats | None = None
    ratings: Mapping[str, Floats] = field(default_factory=dict)
    inclusion: Floats | None = None


def read_design(frame: pl.DataFrame, *, scores: Sequence[str], groups: Sequence[str],
                reference: Mapping[str, str], unit: Sequence[str], cluster: Sequence[str],
                language: str | None, composite: str | None, baseline: Mapping[str, str],
                scale: tuple[float, float] | None = None, length: str | None = None,
                human: Mapping[str, Sequence[str]] | None = None, inclusion: str | None = None,
                found: Sequence[Problem] = ()) -> Design:
    """The design of a table. Scores outside the legal `scale` count as missing.

    Raises MhxError with every bad column and value, after the problems already `found`.
    """
    named = {"scores": scores, "groups": groups, "unit": unit, "cluster": cluster,
             "language": [language] if language else [], "baseline": list(baseline)}
    human = human or {}
    numbers = {"length": [length] if length else [], "inclusion": [inclusion] if inclusion else [],
               "human": [name for names in human.values() for name in names]}
    found = [*found, *problems.missing_columns(frame, named | numbers)]
    found += [Problem("none is named", "name at least one column", field=option)
                 for option in ("scores", "groups") if not named[option]]
    if frame.is_empty():
        found.append(Problem("the table has no rows", "check the file"))
    present = [name for name in scores if name in frame.columns]
    found += problems.score_problems(frame, present + [
        name for names in numbers.values() for name in names if name in frame.columns])
    if composite is not None and composite in frame.columns:
        found.append(Problem(f"{composite!r} is already a column", "choose another name",
                                field="composite"))
    used = {name for names in list(named.values())[1:] for name in names}
    factors = {name: columns.code(frame, name) for name in sorted(used & set(frame.columns))}
    wanted = {name: factors[name] for name in groups if name in factors and name != language}
    if not frame.is_empty():
        found += problems.reference_problems(wanted, reference, [language] if language else [])
    found += problems.date_problems(frame, groups)
    found += problems.null_problems(factors, [*unit, *cluster])
    found += problems.baseline_problems(factors, baseline)
    problems.stop(found)
    unit_codes = columns.cross([factors[name] for name in unit]) if unit else None
    clusters, within = _clusters(unit_codes, [factors[name].codes for name in cluster])
    single = {name: columns.values(frame, name) for name in scores}
    outside = _outside(single, scale)
    return Design(
        scores=_with_composite(single, composite),
        attributes=_attributes(list(wanted.values()), reference),
        unit=unit_codes,
        clusters=clusters,
        within_unit=within,
        slices=_slices(len(frame), factors.get(language or ""), factors, baseline),
        notes=(*(f"{name}: {int((factors[name].codes < 0).sum())} rows have no value and are "
                 "in no group" for name in (*wanted, *named["language"], *baseline)
                 if (factors[name].codes < 0).any()),
               *outside, *(problems.copied_rows(frame) if unit else ())),
        language=factors.get(language or ""),
        length=columns.values(frame, length) if length else None,
        ratings={score: np.stack([columns.values(frame, name) for name in names], axis=1)
                 for score, names in human.items()},
        inclusion=columns.values(frame, inclusion) if inclusion else None,
    )


def _outside(scores: Mapping[str, Floats], scale: tuple[float, float] | None) -> list[str]:
    """Blank the scores outside the scale, in place; a sentence for each column that has some."""
    notes: list[str] = []
    if scale is None:
        return notes
    for name, values in scores.items():
        wrong = (values < scale[0]) | (values > scale[1])
        if wrong.any():
            found = ", ".join(f"{value:g}" for value in np.unique(values[wrong])[:5])
            notes.append(f"{name}: {int(wrong.sum())} scores lie outside {scale[0]:g}:{scale[1]:g} "
                         f"({found}) and count as missing")
            values[wrong] = np.nan
    return notes


def _with_composite(scores: Mapping[str, Floats], composite: str | None) -> dict[str, Floats]:
    out = dict(scores)
    if composite is not None:  # nan where any part is missing: nothing is imputed
        out[composite] = np.mean(np.stack(list(out.values())), axis=0)
    return out


def _attributes(factors: Sequence[Factor], reference: Mapping[str, str]) -> tuple[Attribute, ...]:
    out = [
        Attribute(factor.name, "main", factor.labels, factor.codes,
                  factor.labels.index(str(reference[factor.name])))
        for factor in factors
    ]
    if len(factors) < 2:
        return tuple(out)
    codes, home = np.zeros(len(factors[0].codes), dtype=np.int64), 0
    labels: list[str] = [""]
    null = np.zeros(len(codes), dtype=bool)
    for factor, single in zip(factors, out, strict=True):
        codes = codes * len(factor.labels) + factor.codes
        home = home * len(factor.labels) + single.reference
        labels = [(head + JOIN + label).removeprefix(JOIN)
                  for head in labels for label in factor.labels]
        null |= factor.codes < 0
    codes = np.where(null, -1, codes)
    name = JOIN.join(factor.name for factor in factors)
    return (*out, Attribute(name, "intersection", tuple(labels), codes, home))


def _clusters(unit: Ints | None, given: Sequence[Ints]) -> tuple[tuple[Ints, ...], bool]:
    """Random factors: a cluster constant inside units replaces the unit, another crosses it."""
    if unit is None:
        return tuple(given), False
    units = int(unit.max(initial=-1)) + 1
    constant = [len(np.unique(np.stack([unit, codes]), axis=1).T) == units for codes in given]
    coarse = [codes for codes, ok in zip(given, constant, strict=True) if ok]
    crossing = [codes for codes, ok in zip(given, constant, strict=True) if not ok]
    return (*(coarse or [unit]), *crossing), not crossing


def _slices(rows: int, language: Factor | None, factors: Mapping[str, Factor],
            baseline: Mapping[str, str]) -> tuple[Slice, ...]:
    everything = np.ones(rows, dtype=bool)
    tongues = [(None, everything)] if language is None else [
        (label, language.codes == index) for index, label in enumerate(language.labels)]
    systems: list[tuple[str | None, NDArray[np.bool_], bool]] = [(None, everything, False)]
    for name, value in baseline.items():
        factor = factors[name]
        systems = [(label, factor.codes == index, label == str(value))
                   for index, label in enumerate(factor.labels)]
    return tuple(Slice(tongue, system, spoken & made, is_baseline)
                 for tongue, spoken in tongues for system, made, is_baseline in systems)
