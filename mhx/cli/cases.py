"""cases: scripted conversations played to a model, scored turn by turn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mhx.cli import common


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(cases)


def cases(
    lang: Annotated[str, typer.Option("--lang", help="Language of the cases.")],
    model: Annotated[
        str, typer.Option(help="mhx-tiny, a folder or hub name, or openai:MODEL@URL.")
    ] = "mhx-tiny",
    adapter: Annotated[
        str, typer.Option(help="none, auto (the shipped one) or a folder: played beside the base.")
    ] = "none",
    gender: Annotated[str, typer.Option(help="Of the seeker: female, male or both.")] = "both",
    case: Annotated[list[str] | None, typer.Option(help="Only this case; again for more.")] = None,
    judge: Annotated[
        list[str] | None,
        typer.Option(help="openai:MODEL@URL or hf:FOLDER: levels of confirmation, enablement."),
    ] = None,
    length: Annotated[int, typer.Option(min=1, help="Length of an answer, in tokens.")] = 96,
    calls: Annotated[int | None, typer.Option(min=1, help="Most calls to an endpoint.")] = None,
    seed: common.Draws = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write every turn as JSONL.")
    ] = None,
    out: common.Out = Path("runs"),
    device: common.Device = "auto",
    plugins: common.Plugins = None,
    shadow: common.Shadow = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Play the escalating cases to a model: interventions by cues, the rest by judges.

    Example: mhx cases --lang pl --model mhx-tiny --adapter auto
    """
    from mhx.corpus.vignettes import GENDERS
    from mhx.endpoint import Limits
    from mhx.errors import unknown
    from mhx.evaluation.case_job import Job, run_job
    from mhx.files import write_jsonl

    genders = tuple(one for one in GENDERS if gender in (one, "both"))
    if not genders:
        raise unknown("gender", gender, (*GENDERS, "both"))
    done = run_job(
        Job(lang, model, adapter, genders, tuple(case or ()), length, seed, device,
            tuple(judge or ()), out / "cache", Limits(requests=calls)),
        common.shelves_of(plugins, shadow, allow_code),
    )
    if output:
        write_jsonl(output, done.rows())
    record = done.record()
    if json_:
        common.emit(record)
        return
    common.tabulate(record["cases"], title="cases with the flag in any scored answer, exact 95 % "
                    "interval; cues compared with no human label", caption=done.note)
    common.tabulate(record["by_phase"], title="share of scored answers with the flag, by phase")
    if done.judged_rows:
        common.tabulate(record["judged_by_phase"], title="judged levels, by phase")
        for system, one in done.judged.items():
            known = one["agreement"] if one["agreement"] != "unknown" else "unknown"
            common.say(f"{system}: {one['signature']}; agreement with people: {known}")
    else:
        common.say("confirmation and enablement: no judge was named (--judge), so no level")
