"""The pipeline: the stages in order, each reused when its inputs and settings are unchanged."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from importlib import import_module
from types import ModuleType
from typing import Any

from mhx.atomic import atomic_path
from mhx.errors import MhxError, Problem, unknown
from mhx.files import hash_file, hash_json
from mhx.run import STAGES, Run, StageRecord, freeze, run_folders
from mhx.version import __version__


def stage_module(name: str) -> ModuleType:
    """The module of a stage, by its name."""
    return import_module(f"mhx.stages.{name}")


def chosen(first: str | None, last: str | None) -> list[str]:
    """Stages from `first` until `last`, both included. Raises MhxError for unknown names."""
    for name in (first, last):
        if name is not None and name not in STAGES:
            raise unknown("stage", name, STAGES)
    start = STAGES.index(first) if first else 0
    end = STAGES.index(last) if last else len(STAGES) - 1
    if start > end:
        raise MhxError(
            Problem(f"--from {first} is after --until {last}", f"order: {', '.join(STAGES)}")
        )
    return list(STAGES[start : end + 1])


def execute(run: Run, *, first: str | None = None, last: str | None = None) -> None:
    """Run the stages. A stage whose key and outputs are unchanged is reused, also from another
    run folder of the same language; `--from` does that stage and the ones after it again.
    """
    names = chosen(first, last)
    for name in STAGES[: STAGES.index(names[0])]:
        if name not in run.records():
            fix = f"run it from there: --from {name}"
            raise MhxError(Problem(f"stage {name} is not done", fix, path=run.folder))
    freeze(run, {})
    previous = STAGES[STAGES.index(names[0]) - 1] if names[0] != STAGES[0] else None
    redo = first is not None
    for name in names:
        key = stage_key(run, name, previous)
        if not redo and (run.is_done(name, key) or _borrow(run, name, key)):
            run.reporter.stage(name, "reused")
        else:
            _do(run, name, key)
        previous = name


def stage_key(run: Run, name: str, previous: str | None) -> str:
    """The hash of what a stage may read: all outputs before it, the settings it declares, and
    the files of people that it names in `READS`, once they are there.
    """
    settings = run.settings.model_dump(mode="json")
    records = run.records()
    earlier = STAGES[: STAGES.index(previous) + 1] if previous else ()
    module = stage_module(name)
    by_people = [item for item in getattr(module, "READS", ()) if run.path(item).is_file()]
    return hash_json(
        {
            "stage": name,
            "mhx": __version__,
            "settings": {field: _setting(settings, field) for field in module.SETTINGS},
            "inputs": {stage: records[stage].outputs for stage in earlier},
        }
        | ({"read": {item: hash_file(run.path(item)) for item in by_people}} if by_people else {})
    )


def _setting(settings: dict[str, Any], field: str) -> Any:
    """A run setting by name; ``plugin_sha256.language`` is one entry of a mapping."""
    name, _, entry = field.partition(".")
    return settings[name].get(entry) if entry else settings[name]


def _do(run: Run, name: str, key: str) -> None:
    run.reporter.stage(name, "start")
    run.log("start", stage=name)
    module = stage_module(name)
    with run.timed() as used:
        module.run(run)
    outputs = {
        item: hash_file(run.path(item)) for item in module.OUTPUTS if run.path(item).is_file()
    }
    counts = run.counts.get(name)
    run.record(
        name,
        StageRecord(
            key=key,
            outputs=outputs,
            counts=counts,
            seconds=used["seconds"],
            peak_mib=used["peak_mib"],
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
        ),
    )
    run.log("done", stage=name, **used)
    run.reporter.stage(name, "done", f"{used['seconds']:.1f} s")


def _borrow(run: Run, name: str, key: str) -> bool:
    """Take a stage's outputs from another run that made them from the same inputs.

    Not a stage whose outputs name the run (the report).
    """
    if getattr(stage_module(name), "NAMES_THE_RUN", False):
        return False
    for folder in reversed(run_folders(run.folder.parent.parent, run.settings.lang)):
        if folder == run.folder:
            continue
        other = Run(folder, run.settings, run.language, run.source, run.territory, run.shelves)
        try:
            if not other.is_done(name, key):
                continue
        except MhxError:
            continue
        record = other.records()[name]
        for item in record.outputs:
            with atomic_path(run.path(item)) as temporary:
                shutil.copyfile(other.path(item), temporary)
        run.record(name, record)
        return True
    return False

