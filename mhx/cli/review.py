"""review: what waits for people goes out, their decisions come back, and where both stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mhx.cli import common

if TYPE_CHECKING:
    from mhx.reviewing.status import Status
    from mhx.run import Run

Folder = Annotated[Path, typer.Argument(help="A run folder whose gate is done.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Human review between gate and train: export, import, status.",
    )
    group.command()(export)
    group.command("import")(import_)
    group.command()(status)
    app.add_typer(group, name="review")


def export(
    run: Folder,
    form: Annotated[
        str, typer.Option("--format", help="xliff, csv, jsonl or html (an offline form).")
    ] = "xliff",
    only: Annotated[
        list[str] | None, typer.Option(help="Only dialogues with this reason code; repeat.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Dialogues that the gate accepted or rejected, too.")
    ] = False,
    one_document: Annotated[
        bool, typer.Option("--one-document", help="One XLIFF document, not one a dialogue.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Folder; default RUN/review.")] = None,
    plugins: common.Plugins = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Write the dialogues that wait for a person, for an XLIFF editor, a spreadsheet or a browser.

    Example: mhx review export runs/pl/2026-11-21-1 --format html
    """
    from mhx.reviewing.export import export as write

    opened = _open(run, plugins, allow_code)
    done = write(opened, form=form, only=only or (), every=every, one_document=one_document,
                 out=out)
    if json_:
        common.emit({"files": [str(path) for path in done.paths], "dialogues": done.dialogues,
                     "segments": done.segments, "kept": [str(path) for path in done.kept]})
        return
    place = done.paths[0] if len(done.paths) == 1 else done.paths[0].parent
    common.say(f"{done.dialogues} dialogues, {done.segments} segments: {place}")
    for path in done.kept:
        common.say(f"an earlier file with other content is kept: {path}")
    common.say(f"what comes back: mhx review import {run} FILE… --reviewer NAME --role native")


def import_(
    run: Folder,
    files: Annotated[list[Path], typer.Argument(help="Files or folders of files that came back.")],
    reviewer: Annotated[str, typer.Option(help="Pseudonym of who decided.")],
    role: Annotated[str, typer.Option(help="native, clinician or linguist.")],
    settle: Annotated[
        bool, typer.Option("--settle", help="These answers end a disagreement of reviewers.")
    ] = False,
    today: common.Today = None,
    plugins: common.Plugins = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Check what a reviewer sent, store the decisions in the run and the texts in your memory.

    Example: mhx review import runs/pl/2026-11-21-1 review.xlf --reviewer r1 --role native
    """
    from mhx.reviewing.take import checked_reviewer, take

    checked_reviewer(reviewer, role)
    opened = _open(run, plugins, allow_code)
    done = take(opened, files, reviewer=reviewer, role=role, day=common.day(today),
                settles=settle)
    verdicts: dict[str, int] = {}
    for one in done.decisions:
        verdicts[one.verdict] = verdicts.get(one.verdict, 0) + 1
    if json_:
        common.emit({
            "decisions": verdicts, "repeated": done.repeated,
            "open": [{"dialogue": one.dialogue, "why": one.why, "changed": one.changed,
                      "file": str(one.path)}
                     for one in done.open],
            "memory": None if done.memory is None else str(done.memory),
            "memory_units": done.memory_units})
        return
    counts = ", ".join(f"{verdict} {count}" for verdict, count in sorted(verdicts.items()))
    common.say(f"decisions of {reviewer} ({role}): {counts or 'none'}"
               + (f"; {done.repeated} were there already" if done.repeated else ""))
    for left in done.open:
        changed = f"; {left.changed} changed texts not taken" if left.changed else ""
        common.say(f"  no decision about {left.dialogue}: {left.why}{changed}")
    if not verdicts:
        return
    lang, out = opened.settings.lang, run.parent.parent
    common.say(f"to apply them: the command of this run, which does the gate again (mhx adapt "
               f"--lang {lang} --from gate --out {out} …)")
    if done.memory is not None:
        common.say(f"accepted texts are in your memory ({done.memory_units} units of these "
                   f"dialogues); a next run uses it: --memory {done.memory}")


def status(
    run: Folder,
    plugins: common.Plugins = None,
    allow_code: common.AllowCode = False,
    json_: common.Json = False,
) -> None:
    """Show what waits by reason, what came back, and what no longer holds.

    Example: mhx review status runs/pl/2026-11-21-1
    """
    from mhx.reviewing.status import status as read

    found = read(_open(run, plugins, allow_code))
    if json_:
        common.emit({
            "dialogues": found.dialogues, "waiting": found.waiting, "with_risk": found.risky,
            "reasons": {code: {"dialogues": count, "with_risk": risky}
                        for code, (count, risky) in found.reasons.items()},
            "outcomes": found.outcomes,
            "reviewers": [{"reviewer": name, "role": role, **counts}
                          for (name, role), counts in found.reviewers.items()],
            "pending": found.pending, "stale": found.stale, "blocked": list(found.blocked),
            "disagree": list(found.disagree)})
        return
    _show(found)


def _show(found: Status) -> None:
    common.table(
        [{"reason": code, "dialogues": count, "with risk": risky}
         for code, (count, risky) in found.reasons.items()],
        title=f"{found.waiting} of {found.dialogues} dialogues wait, {found.risky} with risk")
    if not found.waiting:
        common.say(f"none of {found.dialogues} dialogues waits")
    verdicts = ("accept", "edit", "reject", "escalate")
    common.table(
        [{"reviewer": name, "role": role, **{word: counts.get(word, 0) for word in verdicts}}
         for (name, role), counts in found.reviewers.items()], title="decisions that hold")
    for count, what in (
        (found.pending, "decided, not applied yet: mhx adapt … --from gate"),
        (found.stale, "decisions about a text that has changed since: not used"),
    ):
        if count:
            common.say(f"{count} {what}")
    for names, what in ((found.blocked, "accepted, stopped by a gate that blocks"),
                        (found.disagree, "reviewers disagree: one import with --settle")):
        if names:
            common.say(f"{what}: {', '.join(names)}")


def _open(folder: Path, plugins: list[Path] | None, allow_code: bool) -> Run:
    from mhx.api import reopen
    from mhx.reviewing.dialogues import refuse_no_run

    refuse_no_run(folder)
    return reopen(folder, shelves=common.shelves_of(plugins, allow_code=allow_code))
