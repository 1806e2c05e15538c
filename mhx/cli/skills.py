"""skills: what supporters' turns do, by cues, with the cues' agreement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mhx.cli import common


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(skills)


def skills(
    lang: Annotated[str, typer.Option("--lang", help="Language of the texts.")],
    table: Annotated[
        Path | None, typer.Argument(help="A table of responses; default: the shipped dialogues.")
    ] = None,
    response: Annotated[str, typer.Option(help="Column of the supporter's turn.")] = "response",
    system: Annotated[str | None, typer.Option(help="Column of the system that wrote it.")] = None,
    seed: common.Draws = 0,
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Therapist skills by turn: reflections, questions, affirmation, advice, information, other.

    Example: mhx skills answers.csv --lang pl --response text --system model
    """
    from mhx.errors import MhxError, Problem
    from mhx.files import read_table
    from mhx.language import load_language
    from mhx.scoring.skill_job import authored, profiles, systems_of

    shelves = common.shelves_of(plugins, shadow, allow_code)
    language, source = (load_language(tag, shelves=shelves) for tag in (lang, "en"))
    if table is None:
        texts = authored(language, source)
    else:
        frame = read_table(table)
        missing = [name for name in (response, system) if name and name not in frame.columns]
        if missing:
            fix = f"columns: {', '.join(frame.columns)}"
            raise MhxError([Problem(f"no column {name!r}", fix, path=table) for name in missing])
        texts = systems_of(frame, response, system)
    found = profiles(texts, language, source, seed=seed)
    if json_:
        common.emit(found)
        return
    common.tabulate(found["rows"], title=f"skills, {lang}",
                    caption="told apart: no means that the cues agree with the labels no better "
                    "than chance, or that nobody labelled turns in this language")
    for split, rows in found["agreement"].items():
        common.tabulate(rows, title=f"cues against the author's labels, {split} split (a model's "
                        "labels, reviewed by nobody; the cues were written with train in view)")
    if not found["agreement"]:
        common.say("agreement of the cues: unknown in this language")
    common.say(found["signature"])
