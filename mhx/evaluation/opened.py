"""Measures as a run opens them: its language, cache and device; one that cannot be is left out."""

from __future__ import annotations

from typing import Any

from mhx.contracts import Measure, MeasureSettings
from mhx.errors import MhxError
from mhx.run import Run
from mhx.schema import MeasureManifest
from mhx.scoring import open_measure


def open_in_run(run: Run, name: str, **options: Any) -> tuple[MeasureManifest, Measure] | None:
    """A measure with its manifest, or None with a line where the language cannot be scored by it.
    """
    settings = MeasureSettings(
        lang=run.language.tag,
        language_folder=run.language.folder,
        cache=run.cache,
        device=run.settings.device,
        options=options,
    )
    try:
        return open_measure(name, settings, run.shelves)
    except MhxError as error:
        run.reporter.say(f"  {name}: {error}")
        run.log("not scored", measure=name, why=str(error))
        return None
