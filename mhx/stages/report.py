"""report: HTML, LaTeX, CSV, figures, JSON and a methods text of the evaluated run."""

from __future__ import annotations

from mhx.reporting.write import FOLDER, OUTPUTS, write_report
from mhx.run import Run

__all__ = ["NAMES_THE_RUN", "OUTPUTS", "SETTINGS", "run"]

SETTINGS: tuple[str, ...] = ("lang", "suite")
NAMES_THE_RUN = True  # never taken from another run folder


def run(run: Run) -> None:
    """Write `report/` from `evaluation.json`, and say where it is."""
    # an evaluation reused from another folder names that one
    files = write_report(run.folder, name=run.folder.name, today=run.settings.today.isoformat())
    run.reporter.say(f"  report: {run.path(FOLDER) / 'index.html'} ({len(files)} files)")
