"""judge: texts of a table rated by models with a rubric of the eval shelf."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mhx.cli import common

if TYPE_CHECKING:
    from mhx.judging.drift import Drift
    from mhx.judging.table import Scored


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(judge)


def judge(
    table: common.Table,
    rubric: Annotated[str, typer.Option(help="A measure with a rubric, such as psychocounsel.")],
    lang: Annotated[str, typer.Option("--lang", help="Language of the texts.")],
    judge: Annotated[
        list[str],
        typer.Option(help="openai:MODEL@URL or hf:FOLDER; again for another judge."),
    ],
    mode: Annotated[
        str, typer.Option(help="single (1 call a text), dual (2), debate (9), majority (10).")
    ] = "single",
    repeats: Annotated[int, typer.Option(min=1, help="Times each judge rates each text.")] = 1,
    present: Annotated[
        str | None,
        typer.Option(help="Languages of the questions, such as pl,en: drawn for each text."),
    ] = None,
    response: Annotated[str, typer.Option(help="Column of the text to rate.")] = "response",
    prompt: Annotated[str | None, typer.Option(help="Column of what it answers.")] = None,
    context: Annotated[
        str | None, typer.Option(help="Column of what is known: age, place.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="Column that names the row; default: its number.")
    ] = None,
    by: Annotated[
        str, typer.Option(help="Who wrote the texts: a column, or one model's name.")
    ] = "",
    judge_family: Annotated[
        list[str] | None, typer.Option(help="SPEC=FAMILY where a judge's name does not show it.")
    ] = None,
    own_family: Annotated[
        bool, typer.Option("--own-family", help="Let a judge rate texts of its own family.")
    ] = False,
    human: Annotated[
        Path | None, typer.Option(help="Human ratings of these units: agreement is measured.")
    ] = None,
    drift: Annotated[
        bool, typer.Option("--drift", help="Ask fixed texts again and compare with last time.")
    ] = False,
    calls: Annotated[int | None, typer.Option(min=1, help="Most calls a judge may cost.")] = None,
    tokens: Annotated[int | None, typer.Option(min=1, help="Most tokens a judge may cost.")] = None,
    temperature: Annotated[
        float | None, typer.Option(min=0.0, help="Instead of the mode's own.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would cost; ask nobody.")
    ] = False,
    seed: common.Draws = 0,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for scores, single ratings and the record."),
    ] = None,
    out: common.Out = Path("runs"),
    device: common.Device = "auto",
    today: common.Today = None,
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Rate texts by judges; what is not legally answered stays without a score and is counted.

    The same command goes on where a budget or a failure stopped it: answers are kept.

    Example: mhx judge a.csv --rubric mentalalign --lang pl --judge openai:M@http://127.0.0.1:8/v1
    """
    from mhx.endpoint import Limits
    from mhx.judging.engine import JudgeSettings
    from mhx.judging.job import Job, check_drift, family_options, planned, run_job, write

    specs = tuple(judge)
    job = Job(
        table=table, rubric=rubric, lang=lang, judges=specs,
        columns={"response": response, "prompt": prompt, "context": context, "unit": unit},
        families=family_options(judge_family or [], specs),
        settings=JudgeSettings(mode=mode, repeats=repeats, seed=seed, temperature=temperature,
                               skip_family=not own_family),
        limits=Limits(requests=calls, tokens=tokens),
        present=tuple(part.strip() for part in (present or "").split(",") if part.strip()),
        by=by, human=human, cache=out / "cache", device=device,
    )
    shelves = common.shelves_of(plugins, shadow, allow_code)
    if dry_run:
        plan = planned(job, shelves)
        if json_:
            common.emit(plan)
        else:
            common.tabulate([plan], title="most calls; answers in the cache cost none")
        return
    err = common.progress()
    drifts = check_drift(job, shelves, "en", today=common.day(today)) if drift else []
    done = run_job(job, shelves, err.say)
    written = write(done, drifts, output) if output else []
    if json_:
        from dataclasses import asdict

        common.emit({**done.record(), "drift": [asdict(one) for one in drifts],
                     "scores": done.frame().to_dicts()})
        return
    _show(done, drifts)
    for path in written:
        err.say(f"  {path}")


def _show(done: Scored, drifts: list[Drift]) -> None:
    record = done.record()
    rows = [{key: row[key] for key in ("score", "units", "scored", "mean", "spread", "ratings",
                                       "legal")} for row in record["coverage"]]
    common.tabulate(rows, title=f"{done.measure}, {done.lang}", caption=done.note)
    why = {f"{row['score']}: {reason}": count for row in record["coverage"]
           for reason, count in row["why"].items()}
    for reason, count in why.items():
        common.say(f"without a score, {reason}: {count}")
    common.tabulate([{"judge": name, **spent, "unsent": ", ".join(spent["unsent"])}
                     for name, spent in record["spent"].items()], title="calls")
    for name, count in done.judged.excluded.items():
        common.say(f"{name}: {count} texts left out, they are of its own family")
    for name, reason in done.judged.down.items():
        common.say(f"{name} was not there: {reason}")
    for one in drifts:
        common.say(drift_line(one))
    _agreement(done.agreement)
    common.say(done.signature)


def drift_line(one: Drift) -> str:
    """A judge's drift in a line."""
    if one.since is None:
        return f"{one.judge}: {one.texts} fixed texts stored; the next --drift is compared to today"
    if one.same is None:
        return f"{one.judge}: nothing to compare with {one.since}: no legal answer on both days"
    line = f"{one.judge}: {one.same:.0%} of {one.compared} answers as on {one.since}"
    return line + ("" if one.mean_absolute is None else
                   f", mean absolute difference {one.mean_absolute:.2f} points")


def _agreement(agreement: dict[str, Any]) -> None:
    rows = agreement.get("rows", [])
    if not rows:
        common.say("agreement with human ratings: unknown (--human FILE measures it)")
        return
    shown = ("score", "n", "raters", "kappa_quadratic", "mae", "rmse", "within_one", "bias")
    common.tabulate([{key: row.get(key) for key in shown} for row in rows],
                    title="agreement with human ratings")
