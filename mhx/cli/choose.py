"""choose: multiple-choice questions, shipped or the user's own, asked of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mhx.cli import common


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(choose)


def choose(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Question files (MHQA, CounselingBench, PsycoLLM, own); default: "
                            "the shipped ones."),
    ] = None,
    lang: Annotated[
        list[str] | None, typer.Option("--lang", help="Language; again for another.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="mhx-tiny, a folder or hub name, or openai:MODEL@URL.")
    ] = "mhx-tiny",
    adapter: Annotated[
        str, typer.Option(help="none, auto (the shipped one) or a folder.")
    ] = "none",
    method: Annotated[
        str, typer.Option(help="loglikelihood (of the letters) or written (letters read back).")
    ] = "loglikelihood",
    orders: Annotated[
        int, typer.Option(min=1, max=8, help="Orders of the options each question is asked in.")
    ] = 2,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N questions.")] = None,
    seed: common.Draws = 0,
    calls: Annotated[int | None, typer.Option(min=1, help="Most calls to an endpoint.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write the answers as JSONL.")
    ] = None,
    out: common.Out = Path("runs"),
    device: common.Device = "auto",
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Ask multiple-choice questions: balanced accuracy with interval, position bias, topics.

    Example: mhx choose --lang pl --lang en --model mhx-tiny --orders 4
    """
    from mhx.endpoint import Limits
    from mhx.errors import UsageError
    from mhx.files import write_jsonl
    from mhx.scoring.choice_job import Job, run_job
    from mhx.stats.terminal import parity_tables

    if not lang:
        raise UsageError("no language", "--lang TAG, such as --lang pl")
    done = run_job(
        Job(tuple(lang), model, tuple(files or ()), adapter, method, orders, limit, seed, device,
            out / "cache", Limits(requests=calls)),
        common.shelves_of(plugins, shadow, allow_code),
    )
    if output:
        write_jsonl(output, done.rows.to_dicts())
    if json_:
        common.emit(done.record())
        return
    shown = ("language", "questions", "asked", "coverage", "balanced_accuracy", "low", "high",
             "chance", "accuracy_all", "same_in_all_orders", "several_exact")
    rows = done.summary()
    common.tabulate([{key: row[key] for key in shown} for row in rows],
                    title="single-answer questions; interval 95 %", caption=done.note)
    for row in rows:
        for why, count in row["why"].items():
            common.say(f"{row['language']}: without an answer, {why}: {count}")
    common.tabulate(done.letters(), title="letters: given against correct (position bias)")
    topics = done.topics()
    if topics is not None:
        for title, part in parity_tables(topics):
            common.tabulate(part, title=f"topics, {title}")
        for note in topics.notes:
            common.say(f"note: {note}")
    common.say(done.signature)
