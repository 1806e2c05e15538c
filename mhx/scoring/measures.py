"""Measures of the eval shelf: opening one, and the long frame each returns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mhx.contracts import Measure, MeasureSettings
from mhx.errors import MhxError, Problem
from mhx.files import load_model
from mhx.schema import MeasureManifest

if TYPE_CHECKING:
    import polars as pl

    from mhx.shelves import Shelves

MECHANISMS = ("emotional_reactions", "interpretations", "explorations")


def long_frame(rows: Iterable[tuple[str, str, float | None, str]], scorer: str) -> pl.DataFrame:
    """(unit, measure, score, status) rows as the frame every measure returns."""
    import polars as pl

    return pl.DataFrame(
        [(*row, scorer) for row in rows],
        schema={
            "unit": pl.String,
            "measure": pl.String,
            "score": pl.Float64,
            "status": pl.String,
            "scorer": pl.String,
        },
        orient="row",
    )


def open_measure(
    name: str, settings: MeasureSettings, shelves: Shelves
) -> tuple[MeasureManifest, Measure]:
    """A measure of the eval shelf, opened. Raises MhxError for an unknown or incomplete one."""
    manifest = measure_manifest(name, shelves)
    plugin = shelves.get("eval", name)
    if manifest.rubric is not None:
        from mhx.judging.measure import JudgedMeasure  # it imports this module

        return manifest, JudgedMeasure(manifest, settings, shelves)
    module = shelves.module(plugin, "measure.py")
    if module is None:
        raise MhxError(Problem("no measure.py", "a measure needs one", path=plugin.folder))
    measure: Measure = module.open(settings)
    return manifest, measure


def measure_manifest(name: str, shelves: Shelves) -> MeasureManifest:
    """The manifest of a measure; a suite's name is an error."""
    plugin = shelves.get("eval", name)
    if plugin.manifest.name != "measure.yaml":
        raise MhxError(
            Problem(f"{name} is a suite, not a measure", "name a measure", path=plugin.folder)
        )
    return load_model(plugin.manifest, MeasureManifest)
