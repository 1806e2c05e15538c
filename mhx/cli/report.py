"""report: HTML, LaTeX, figures and JSON of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mhx.cli import common


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(report)


def report(
    runs: Annotated[list[Path], typer.Argument(help="Run folders.")],
    json_: common.Json = False,
    plugins: common.Plugins = None,
) -> None:
    """Write the report (HTML, LaTeX, figures, JSON) of one run or several again.

    Example: mhx report runs/pl/2026-11-21-1
    """
    from mhx.api import reopen
    from mhx.errors import MhxError, Problem
    from mhx.stages import report as stage

    missing = [path for path in runs if not (path / "run.yaml").is_file()]
    if missing:
        raise MhxError(
            [Problem("not a run folder", "give runs/LANG/DATE-N", path=path) for path in missing]
        )
    shelves = common.shelves_of(plugins)
    written = []
    for folder in runs:
        run = reopen(folder, shelves=shelves, reporter=common.progress(json_))
        stage.run(run)
        written.append(str(run.path("report/index.html")))
    if json_:
        common.emit({"reports": written})
    else:
        for path in written:
            common.say(path)
