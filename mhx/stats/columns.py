"""Columns of a table as arrays: scores, and codes in an order no row order can change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mhx.errors import Problem
from mhx.stats.resample import Floats, Ints

if TYPE_CHECKING:
    import polars as pl

LANGUAGE_COLUMNS = ("language", "lang")
LANGUAGE = re.compile(r"((target|tgt|response|reply|answer|output|text)[\s_.-]?)?"
                      r"(language|lang|locale)([\s_.-]?(code|id|tag|name))?", re.IGNORECASE)
SCORER_COLUMN = "scorer"  # the signature of what made a row's score
UNNAMED = "not named"  # the signature of a scored row without one
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


def language_columns(names: Sequence[str]) -> list[str]:
    """The columns that name a language, the plainest name first."""
    found = [name for name in names if LANGUAGE.fullmatch(name.strip())]
    return sorted(found, key=lambda name: (
        LANGUAGE_COLUMNS.index(name) if name in LANGUAGE_COLUMNS else len(LANGUAGE_COLUMNS)))


def parse_margin(margin: str | float | None) -> Margin | Problem | None:
    """``0.25``, ``"0.25"``, ``"0.3sd"`` or ``"0.3dz"``; a Problem for anything else."""
    if margin is None:
        return None
    found = MARGIN.fullmatch(str(margin))
    if not found or float(found[1]) <= 0:
        return Problem(f"{margin!r} is not a margin",
                       "raw points such as 0.25, or 0.3sd, or 0.3dz (above zero)", field="margin")
    unit = found[2] or "raw"
    return Margin(float(found[1]), "sd" if unit == "sd" else "dz" if unit == "dz" else "raw")


def code(frame: pl.DataFrame, name: str) -> Factor:
    """A column as sorted labels and codes; the same for any order of the rows."""
    import polars as pl

    column = frame.get_column(name)
    text = (column.fill_nan(None) if column.dtype.is_float() else column).cast(pl.String)
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
    return np.array(column.fill_null(float("nan")).to_numpy(), dtype=np.float64)
