"""A measure on the user's own table: its columns by name, a second system to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from mhx.contracts import Measure, MeasureSettings
from mhx.errors import MhxError, Problem, UsageError
from mhx.files import read_table
from mhx.scoring.measures import measure_manifest, open_measure

if TYPE_CHECKING:
    import polars as pl

    from mhx.shelves import Shelves
    from mhx.stats.randomization import SystemContrast


@runtime_checkable
class Comparing(Protocol):
    """A measure that compares the columns ``response`` and ``baseline`` of one frame."""

    def compare(self, frame: pl.DataFrame, *, margin: float | None = None) -> SystemContrast:
        """``response`` less ``baseline``, on the units that have both."""


def open_table(
    frame: pl.DataFrame,
    *,
    path: Path,
    measure: str,
    lang: str,
    columns: Mapping[str, str | None],
    shelves: Shelves,
    seed: int = 0,
    device: str = "auto",
    options: Mapping[str, Any] | None = None,
) -> tuple[Measure, pl.DataFrame]:
    """The measure, and the table under the names it reads; `columns` maps those to the user's.

    All columns are read as texts; `seed` decides the draws of the measure's intervals, `options`
    are its own.

    Raises MhxError naming every column that is not there or that the measure needs.
    """
    import polars as pl

    folder = shelves.get("languages", lang).folder
    manifest = measure_manifest(measure, shelves)
    wanted = {name: column for name, column in columns.items() if column is not None}
    problems = [
        Problem(
            f"no column {column!r}", f"--{name} COL; columns: {', '.join(frame.columns)}", path=path
        )
        for name, column in wanted.items()
        if column not in frame.columns
    ]
    if "reference" in manifest.needs and "reference" not in wanted:
        problems.append(Problem(f"{measure} needs a reference", "--reference COL", path=path))
    if set(manifest.needs) & {"model", "edits"}:
        problems.append(Problem(f"{measure} is scored inside a run", "mhx adapt", path=path))
    if "judge" in manifest.needs:
        fix = f"mhx judge TABLE --rubric {measure} --lang {lang} --judge openai:MODEL@URL"
        problems.append(Problem(f"{measure} is scored by a judge", fix, path=path))
    cluster = wanted.get("cluster")
    if cluster in frame.columns and frame[cluster].null_count():
        empty = frame[cluster].null_count()
        problems.append(Problem(f"{empty} rows without a cluster", "fill them in", path=path,
                                field=str(cluster)))
    if problems:
        raise MhxError(problems)
    settings = MeasureSettings(lang=lang, language_folder=folder, device=device,
                               options={"seed": seed, "shelves": shelves, **(options or {})})
    opened = open_measure(measure, settings, shelves)[1]
    unit = (
        frame[wanted["unit"]].cast(pl.String)
        if "unit" in wanted
        else pl.Series([str(number) for number in range(1, frame.height + 1)], dtype=pl.String)
    )
    given = {name: frame[column].cast(pl.String) for name, column in wanted.items()
             if name != "unit"}
    return opened, pl.DataFrame({"unit": unit, **given})


def score_table(
    frame: pl.DataFrame,
    *,
    path: Path,
    measure: str,
    lang: str,
    columns: Mapping[str, str | None],
    shelves: Shelves,
) -> tuple[pl.DataFrame, dict[str, Any], str]:
    """(scores, agreement, signature) of a measure on a table's columns; raises as `open_table`.

    Agreement and signature are those of the scorer that answered, so they are read afterwards.
    """
    opened, given = open_table(
        frame, path=path, measure=measure, lang=lang, columns=columns, shelves=shelves
    )
    scores = opened.score(given)
    return scores, opened.agreement(), opened.signature


def join_baseline(
    frame: pl.DataFrame, baseline: str, *, path: Path, response: str, unit: str | None
) -> tuple[pl.DataFrame, str]:
    """The table and the name of its column with the other system's responses.

    `baseline` is a column of the table, or a file with the columns `unit` and `response`, which
    is joined by unit. Raises MhxError for a file without them or with a unit twice, UsageError
    where it is neither, or a file is given without `unit`.
    """
    if baseline in frame.columns or response not in frame.columns:
        return frame, baseline
    other = Path(baseline)
    if not other.is_file():
        fix = f"name a file, or one of the columns {', '.join(frame.columns)}"
        raise UsageError(f"--baseline {baseline!r} is no column and no file", fix)
    if unit is None:
        raise UsageError("--baseline FILE is joined by unit", "--unit COL, in both tables")
    second = read_table(other)
    problems = [
        Problem(f"no column {name!r}", f"columns: {', '.join(table.columns)}", path=where)
        for table, where, names in ((frame, path, [unit]), (second, other, [unit, response]))
        for name in names
        if name not in table.columns
    ]
    problems += [
        Problem(f"{table.height - table[unit].n_unique()} units occur twice",
                "one row a unit", path=where, field=unit)
        for table, where in ((frame, path), (second, other))
        if unit in table.columns and table[unit].n_unique() < table.height
    ]
    if problems:
        raise MhxError(problems)
    name = f"{response} of {other.name}"
    key = frame[unit].dtype
    joined = second.select(unit, response).rename({response: name})
    return frame.join(joined.with_columns(joined[unit].cast(key)), on=unit, how="left",
                      maintain_order="left"), name


def compare_table(
    measure: Measure, given: pl.DataFrame, *, margin: float | None
) -> SystemContrast:
    """``response`` less ``baseline`` of an opened table, by the corpus score.

    Raises UsageError for a measure that scores rows alone: `mhx parity` compares those.
    """
    if not isinstance(measure, Comparing):
        raise UsageError(
            "--baseline compares corpus scores (chrf, bleu, ter, comet)",
            "score both systems, then mhx parity --group system --unit unit",
        )
    return measure.compare(given, margin=margin)
