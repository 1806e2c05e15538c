"""What can be wrong with a table's columns and options: all of it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from mhx.errors import MhxError, Problem, unknown
from mhx.stats.columns import Factor, language_columns

if TYPE_CHECKING:
    import polars as pl

DATED = (r"^\d{4}-\d{2}-\d{2}([ T]00:00:00(\.0+)?)?$"
         r"|(?i)^\d{1,2}-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)$"
         r"|(?i)^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-\d{1,2}$")


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
        if column.null_count() == len(column):
            continue  # nothing was scored: coverage, whatever the reader took the column for
        numeric = column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)
        text = column.cast(pl.String, strict=False)
        values = column.cast(pl.Float64, strict=False) if numeric else text.cast(
            pl.Float64, strict=False)
        bad = (text.is_not_null() & values.is_null()).arg_true().head(1).to_list()
        endless = values.is_infinite().arg_true().head(1).to_list()
        if endless and not bad:
            out.append(Problem(f"holds infinity, first in data row {endless[0] + 1}",
                               "leave unscored rows empty", field=name))
        if numeric or (endless and not bad):
            continue
        example = f", for example {text[bad[0]]!r} in data row {bad[0] + 1}" if bad else ""
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
                    floor: float | None, smallest: int) -> list[Problem]:
    """Options outside their range."""
    out = []
    if not 0 < alpha < 0.5:
        out.append(Problem(f"{alpha!r} is not between 0 and 0.5", "0.05 is usual", field="alpha"))
    if smallest < 1:
        out.append(Problem(f"{smallest} is not a number of rows", "1 shows every group",
                           field="smallest"))
    if resamples < 100:
        out.append(Problem(f"{resamples} is too few", "at least 100", field="resamples"))
    if adjust not in ("holm", "bh"):
        out += unknown("adjustment", adjust, ("holm", "bh")).problems
    if floor is not None and not isfinite(floor):
        out.append(Problem(f"{floor!r} is not a number", field="floor"))
    return out


def language_problems(language: str | None, groups: Sequence[str],
                      baseline: Sequence[str]) -> list[Problem]:
    """Languages compared as groups or with a baseline, past the licence."""
    fix = "languages are compared with a licence only: name the column with language"
    return [
        Problem(f"{name!r} names languages", fix, field=option)
        for option, names in (("groups", groups), ("baseline", baseline))
        for name in names
        if (option == "baseline" and name == language)
        or (name != language and language_columns([name]))
    ]


def null_problems(factors: Mapping[str, Factor], names: Sequence[str]) -> list[Problem]:
    """Columns that must be known in every row and are not."""
    return [
        Problem(f"{int((factors[name].codes < 0).sum())} rows have no value", field=name,
                fix="a unit or cluster must be known in every row; fill it in or drop the rows")
        for name in names if name in factors and (factors[name].codes < 0).any()
    ]


def date_problems(frame: pl.DataFrame, names: Sequence[str]) -> list[Problem]:
    """Group columns that hold dates: spreadsheets make one of an age band such as 10-14."""
    import polars as pl

    out = []
    for name in names:
        column = frame.get_column(name) if name in frame.columns else pl.Series(dtype=pl.Null)
        labels = column.drop_nulls()
        if column.dtype == pl.String:  # a date among labels, or how a spreadsheet exports one
            labels = labels.filter(labels.str.contains(DATED))
        elif column.dtype not in (pl.Date, pl.Datetime):
            continue
        if len(labels):
            fix = "mark the column as text in the spreadsheet, type the labels again, and export it"
            out.append(Problem(f"holds dates ({str(labels[0])!r}); a spreadsheet turns a label "
                               "such as 10-14 into one", fix, field=name))
    return out


def copied_rows(frame: pl.DataFrame) -> list[str]:
    """A sentence where rows of a table with named units are exact copies of others."""
    copies = len(frame) - frame.unique().height
    return [f"{copies} rows are exact copies of other rows; rows of one unit and group are "
            "averaged, so a copy counts as one more answer"] if copies else []


def rating_problems(human: Mapping[str, Sequence[str]], inclusion: str | None,
                    reliability: float | None) -> list[Problem]:
    """Probabilities without ratings, a reliability that is none, a score as its own rating."""
    out = []
    if inclusion is not None and not human:
        out.append(Problem("inclusion probabilities without ratings", "name the column of the "
                           "ratings with human", field="inclusion"))
    if reliability is not None and not 0 < reliability <= 1:
        out.append(Problem(f"{reliability!r} is not between 0 and 1", "that of the mean rating "
                           "within groups; two columns of ratings give it by themselves",
                           field="reliability"))
    for score, names in human.items():
        if score in names:
            out.append(Problem(f"{score!r} is the score itself", "name the column of people's "
                               "ratings", field="human"))
    return out


def scale_problems(scale: tuple[float, float] | None) -> list[Problem]:
    """A scale that is no range."""
    if scale is None or (isfinite(scale[0]) and isfinite(scale[1]) and scale[0] < scale[1]):
        return []
    return [Problem(f"{scale} is no range", "lowest:highest, such as 0:2", field="range")]


def baseline_problems(factors: Mapping[str, Factor],
                      baseline: Mapping[str, str]) -> list[Problem]:
    """A baseline of several columns, or of a value nobody knows."""
    if len(baseline) > 1:
        return [Problem("more than one column is named", "give one COL=VALUE", field="baseline")]
    for name, value in baseline.items():
        labels = factors[name].labels if name in factors else (str(value),)
        if str(value) not in labels:
            return [Problem(found.what, found.fix, field=name)
                    for found in unknown("baseline", str(value), labels).problems]
    return []


def stop(problems: Sequence[Problem]) -> None:
    """Raise MhxError with every problem, if there is one."""
    if problems:
        raise MhxError(list(problems))
