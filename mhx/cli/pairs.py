"""pairs: preference pairs compiled from a language's card, cues and dialogues."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mhx.cli import common


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(pairs)


def pairs(
    lang: Annotated[str, typer.Option("--lang", help="Language of the pairs.")],
    into: Annotated[
        Path | None, typer.Option(help="JSONL file; default: OUT/LANG/pairs.jsonl.")
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(help="register, gender, invalidation, service or feeling; default: all."),
    ] = None,
    seed: common.Draws = 0,
    out: common.Out = Path("runs"),
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Preference pairs for DPO: a supporter's turn, and a copy that breaks exactly one rule.

    Example: mhx pairs --lang pl --rule register --rule gender
    """
    from mhx.files import write_jsonl
    from mhx.language import load_language
    from mhx.training.pairs import RULES, compile_pairs

    shelves = common.shelves_of(plugins, shadow, allow_code)
    language, source = (load_language(tag, shelves=shelves) for tag in (lang, "en"))
    found = compile_pairs(language, source, rules=rule or RULES, seed=seed)
    path = into or out / lang / "pairs.jsonl"
    write_jsonl(path, [pair.record(language) for pair in found.pairs])
    if json_:
        common.emit({"file": str(path), "turns": found.turns, "unfit": found.unfit,
                     "rules": found.rows()})
        return
    common.table(found.rows(), title=f"preference pairs, {lang}, train split",
                 caption=f"{found.turns} turns of the supporter, {found.unfit} left out because a "
                 "check met the turn itself; made by templates, reviewed by nobody")
    common.say(str(path))
