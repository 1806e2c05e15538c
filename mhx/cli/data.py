"""translate, score: one stage on the user's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mhx.cli import common


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(translate)
    app.command()(score)


def translate(
    file: Annotated[Path, typer.Argument(help="A text file (one segment a line) or a table.")],
    lang: Annotated[str, typer.Option("--lang", help="Target language.")],
    text: Annotated[str, typer.Option(help="Column of the text, for a table.")] = "text",
    translator: Annotated[
        str | None, typer.Option(help="NAME[:MODEL]: memory, apertium, hf:MODEL.")
    ] = None,
    memory: Annotated[list[Path] | None, typer.Option(help="A TMX memory to use as well.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write JSONL; default: standard output."),
    ] = None,
    out: common.Out = Path("runs"),
    device: common.Device = "auto",
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
) -> None:
    """Translate segments; each answer says its engine, each failure its code, nothing is invented.

    Example: mhx translate lines.txt --lang es --translator apertium
    """
    from mhx.api import open_run
    from mhx.errors import MhxError, Problem
    from mhx.files import read_table, read_text, write_jsonl
    from mhx.translating import translate_texts

    if file.suffix.lower() == ".txt":
        texts = [line for line in read_text(file).split("\n") if line.strip()]
    else:
        frame = read_table(file)
        if text not in frame.columns:
            fix = f"--text COL; columns: {', '.join(frame.columns)}"
            raise MhxError(Problem(f"no column {text!r}", fix, path=file))
        texts = ["" if value is None else str(value) for value in frame[text].to_list()]
    run = open_run(
        lang,
        shelves=common.shelves_of(plugins, shadow, allow_code),
        translator=translator,
        memories=memory or [],
        out=out,
        device=device,
        reporter=common.progress(),
    )
    rows = translate_texts(run, texts)
    failed = sum(row["target"] is None for row in rows)
    if output is None:
        import json

        for row in rows:
            common.say(json.dumps(row, ensure_ascii=False))
    else:
        write_jsonl(output, rows)
    run.reporter.say(
        f"{len(rows) - failed} of {len(rows)} segments translated by {run.settings.translator}"
    )


def score(
    table: Annotated[
        Path, typer.Argument(help="CSV, TSV, Parquet, JSONL or XLSX with the responses.")
    ],
    measure: Annotated[str, typer.Option(help="Measure, such as epitome or chrf.")],
    lang: Annotated[str, typer.Option("--lang", help="Language of the responses.")],
    response: Annotated[str, typer.Option(help="Column of the response.")] = "response",
    prompt: Annotated[str | None, typer.Option(help="Column of what it answers.")] = None,
    reference: Annotated[str | None, typer.Option(help="Column of the reference.")] = None,
    unit: Annotated[
        str | None, typer.Option(help="Column that names the row; default: its number.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write JSONL.")
    ] = None,
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Score responses of a table by a measure; prints the scorer's own agreement with people.

    Example: mhx score answers.csv --measure epitome --lang en --response answer
    """
    import json

    from mhx.files import read_table, write_jsonl
    from mhx.scoring import score_table

    scored, agreement, signature = score_table(
        read_table(table),
        path=table,
        measure=measure,
        lang=lang,
        columns={"response": response, "prompt": prompt, "reference": reference, "unit": unit},
        shelves=common.shelves_of(plugins, shadow, allow_code),
    )
    rows: list[dict[str, Any]] = scored.to_dicts()
    if output is not None:
        write_jsonl(output, rows)
    if json_:
        common.emit({"signature": signature, "agreement": agreement, "scores": rows})
        return
    if output is None:
        for row in rows:
            common.say(json.dumps(row, ensure_ascii=False))
    err = common.progress()
    err.say(f"{signature}")
    err.say(f"agreement with human labels: {agreement or 'unknown for this language'}")
