"""The columns a parity table names: every problem at once, then scores and codes as arrays."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Literal

import numpy as np

from mhx.errors import MhxError, Problem, unknown
from mhx.stats.resample import Floats, Ints

if TYPE_CHECKING:
    import polars as pl

LANGUAGE_COLUMNS = ("language", "lang")
MARGIN = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(sd|dz)?\s*")


@dataclass(frozen=True)
class Margin:
    """`value` in raw points, or in SDs of the reference group, or of the paired differences."""

    value: float
    unit: Literal["raw", "sd", "dz"]


@dataclass(frozen=True)
class Factor:
    """A coded column: `codes` (rows,) index `labels` in sorted order; -1 for a null."""

    name: str
    codes: Ints
    labels: tuple[str, ...]


def parse_margin(margin: str | float | None) -> Margin | None | Problem:
    """``0.25``, ``"0.25"``, ``"0.3sd"`` or ``"0.3dz"``; a Problem for anything else."""
    if margin is None:
        return None
    found = MARGIN.fullmatch(str(margin))
    if not found or float(found[1]) <= 0:
        return Problem(f"{margin!r} is not a margin",
                       "raw points such as 0.25, or 0.3sd, or 0.3dz (above zero)", field="margin")
    unit = found[2] or "raw"
    return Margin(float(found[1]), "sd" if unit == "sd" else "dz" if unit == "dz" else "raw")


def missing_columns(frame: pl.DataFrame, named: Mapping[str, Sequence[str]]) -> list[Problem]:
    """A Problem for each name that is no column, with the nearest one; keys are option names."""
    return [
        Problem(found.what, found.fix, field=option)
        for option, names in named.items()
        for name in names
        if name not in frame.columns
        for found in unknown("column", name, frame.columns).problems
    ]


def score_problems(frame: pl.DataFrame, scores: Sequence[str]) -> list[Problem]:
    """Score columns that are not numbers, or hold infinity."""
    import polars as pl

    out = []
    for name in scores:
        column = frame.get_column(name)
        if column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null):
            if column.dtype.is_float() and column.is_infinite().any():
                out.append(Problem("holds infinity", "leave unscored rows empty", field=name))
            continue
        text = column.cast(pl.String, strict=False).drop_nulls()
        bad = text.filter(text.cast(pl.Float64, strict=False).is_null()).head(1).to_list()
        example = f", for example {bad[0]!r}" if bad else ""
        out.append(Problem(f"scores must be numbers; this column is {column.dtype}{example}",
                           "leave unscored rows empty and convert the column", field=name))
    return out


def reference_problems(factors: Mapping[str, Factor], reference: Mapping[str, str],
                       others: Sequence[str] = ()) -> list[Problem]:
    """Groups without a reference, references nobody knows, groups with a single value."""
    out = [
        Problem(problem.what, problem.fix, field="reference")
        for name in reference
        if name not in factors and name not in others
        for problem in unknown("group column", name, factors).problems
    ]
    for name, factor in factors.items():
        if len(factor.labels) < 2:
            held = f"only {factor.labels[0]!r}" if factor.labels else "no value"
            out.append(Problem(f"holds {held}", "a comparison needs two groups", field=name))
        elif name not in reference:
            out.append(Problem("no reference group is named", field=name,
                               fix=f"give one of: {', '.join(factor.labels)}"))
        elif str(reference[name]) not in factor.labels:
            found = unknown("reference", str(reference[name]), factor.labels).problems[0]
            out.append(Problem(found.what, found.fix, field=name))
    return out


def option_problems(*, alpha: float, resamples: int, adjust: str,
                    floor: float | None) -> list[Problem]:
    """Options outside their range."""
    out = []
    if not 0 < alpha < 0.5:
        out.append(Problem(f"{alpha!r} is not between 0 and 0.5", "0.05 is usual", field="alpha"))
    if resamples < 100:
        out.append(Problem(f"{resamples} is too few", "at least 100", field="resamples"))
    if adjust not in ("holm", "bh"):
        out += unknown("adjustment", adjust, ("holm", "bh")).problems
    if floor is not None and not isfinite(floor):
        out.append(Problem(f"{floor!r} is not a number", field="floor"))
    return out


def code(frame: pl.DataFrame, name: str) -> Factor:
    """A column as sorted labels and codes; the same for any order of the rows."""
    import polars as pl

    text = frame.get_column(name).cast(pl.String)
    labels = text.drop_nulls().unique().sort()
    codes = text.replace_strict(labels, pl.int_range(len(labels), eager=True), default=-1,
                                return_dtype=pl.Int64) if len(labels) else None
    array = np.full(len(frame), -1) if codes is None else codes.fill_null(-1).to_numpy()
    return Factor(name, array.astype(np.int64), tuple(labels.to_list()))


def cross(factors: Sequence[Factor]) -> Ints:
    """One code a row for a combination of columns, compact and in the labels' order; -1: a null."""
    combined = np.zeros(len(factors[0].codes), dtype=np.int64)
    null = np.zeros(len(combined), dtype=bool)
    for factor in factors:
        combined = compact(combined * (len(factor.labels) + 1) + factor.codes + 1)
        null |= factor.codes < 0
    return np.where(null, -1, combined)


def compact(codes: Ints) -> Ints:
    """Codes renumbered 0..k-1 in order."""
    renumbered: Ints = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    return renumbered


def values(frame: pl.DataFrame, name: str) -> Floats:
    """A score column as float64 with nan for what is missing."""
    import polars as pl

    column = frame.get_column(name).cast(pl.Float64)
    return column.fill_null(float("nan")).to_numpy().astype(np.float64)


def stop(problems: Sequence[Problem]) -> None:
    """Raise MhxError with every problem, if there is one."""
    if problems:
        raise MhxError(list(problems))
