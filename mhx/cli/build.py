"""build: the files of a language that are made from its sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mhx.cli import common


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(build)


def build(
    tags: Annotated[
        list[str] | None, typer.Argument(metavar="[TAG]...", help="Languages; default: all.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 where a file has drifted.")
    ] = False,
    leave_out: Annotated[
        list[str] | None,
        typer.Option("--leave-out", help="A dialogue kept out of the memory; needs --out."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write DIR/TAG/ instead of the language's folder.")
    ] = None,
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    json_: common.Json = False,
) -> None:
    """Make memory.tmx (from the corpus) and terms.tbx (from terms.yaml) of languages again.

    Example: mhx build pl fa --check
    """
    from mhx.corpus.generated import build as make
    from mhx.errors import MhxError, UsageError
    from mhx.language import load_language

    if leave_out and out is None:
        raise UsageError(
            "--leave-out without --out",
            "give --out DIR: the files in a language's folder hold all of its sources",
        )
    shelves = common.shelves_of(plugins, shadow)
    source = load_language("en", shelves=shelves)
    outcomes = [
        outcome
        for tag in tags or shelves.names("languages")
        for outcome in make(
            load_language(tag, shelves=shelves), source,
            check=check, out=out, leave_out=leave_out or (),
        )
    ]
    rows = [
        {"language": item.language, "file": item.file, "state": item.state, "path": str(item.path)}
        for item in outcomes
    ]
    if json_:
        common.emit(rows)
    elif rows:
        common.table([{name: row[name] for name in ("language", "file", "state")} for row in rows])
    else:
        common.say("nothing to make: no corpus and no terms.yaml")
    if stale := [item.problem for item in outcomes if not item.current]:
        raise MhxError(stale)
