"""The user's own translation memory: what reviewers accepted, for the next run's `--memory`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from mhx.adaptation.plan import owed_address, person
from mhx.corpus.frames import plan_of
from mhx.corpus.tmx import Unit, read_tmx, write_tmx
from mhx.reviewing.decisions import read_decisions
from mhx.reviewing.dialogues import lines_of
from mhx.reviewing.edits import for_memory, with_edits
from mhx.reviewing.settling import settle
from mhx.run import Run


def memory_path(run: Run) -> Path:
    """The user's memory of a run's language, beside the run folders; never the shipped one."""
    return run.folder.parent.parent / "memories" / f"{run.settings.lang}.tmx"


def add_to_memory(run: Run, dialogues: Collection[str]) -> tuple[Path | None, int]:
    """Bring the memory up to the decisions about these dialogues: (path, units of them in it).

    What a reviewer accepted comes in, what is accepted no longer goes out. A later text of the
    same source, address and gender replaces an earlier one. Path is None where there is nothing.
    """
    path = memory_path(run)
    source, target = run.settings.source_lang, run.settings.lang
    prefixes = tuple(f"{run.folder.name}/{name}/" for name in dialogues)
    there = []
    if path.is_file():
        for unit in read_tmx(path, source, target):
            origin = unit.origin.partition("#")[2]
            if not origin.startswith(prefixes or ("\0",)):
                there.append(_at(unit, origin))
    new = list(_accepted(run, dialogues))
    if not new and not path.is_file():
        return None, 0
    units = {(unit.source, unit.register, unit.gender): unit for unit in [*there, *new]}
    if units:
        write_tmx(path, units.values(), source=source, target=target, creator="mhx")
    else:
        path.unlink()
    return (path if units else None), len(new)


def _at(unit: Unit, origin: str) -> Unit:
    return Unit(unit.source, unit.target, origin, unit.register, unit.gender, unit.author,
                unit.changed)


def _accepted(run: Run, dialogues: Collection[str]) -> Iterator[Unit]:
    import polars as pl

    decisions = read_decisions(run)
    frame = run.table("adapt").filter(pl.col("dialogue").is_in(list(dialogues)))
    for part in frame.partition_by("dialogue", maintain_order=True):
        name = part["dialogue"][0]
        lines = lines_of(part)
        found = settle(lines, decisions.get(name, ()))
        if found.outcome != "accept" or None in found.texts:
            continue
        plan, last = plan_of(part["plan"][0]), found.holding[-1]
        for line, row in zip(lines, part.iter_rows(named=True), strict=True):
            text = for_memory(with_edits(row, line.at, found.edited, run))
            if text:
                yield Unit(line.source, text, f"{run.folder.name}/{name}/{line.at}",
                           owed_address(plan, line.role), person(plan, line.role).gender,
                           last.reviewer, last.decided)
