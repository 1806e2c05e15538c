"""Loggers of a training, each only where the user names it; nothing is sent anywhere else."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem, UsageError
from mhx.training.loop import Moment, Watch

PROJECT = "mhx"
Write = Callable[[Mapping[str, float], int], object]  # values by name, step


@contextmanager
def _tensorboard(folder: Path, settings: Mapping[str, Any]) -> Iterator[Write]:
    from torch.utils.tensorboard.writer import SummaryWriter

    writer: Any = SummaryWriter(str(folder / "tensorboard"))

    def write(values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            writer.add_scalar(name, value, step)

    try:
        writer.add_text("settings", str(dict(settings)), 0)
        yield write
    finally:
        writer.close()


@contextmanager
def _runs(package: str, folder: Path, settings: Mapping[str, Any]) -> Iterator[Write]:
    """Weights & Biases and Trackio, which speak alike."""
    module = importlib.import_module(package)
    place = {"dir": str(folder)} if package == "wandb" else {}
    module.init(project=PROJECT, config=dict(settings), **place)
    try:
        yield lambda values, step: module.log(dict(values), step=step)
    finally:
        module.finish()


@contextmanager
def _wandb(folder: Path, settings: Mapping[str, Any]) -> Iterator[Write]:
    with _runs("wandb", folder, settings) as write:
        yield write


@contextmanager
def _trackio(folder: Path, settings: Mapping[str, Any]) -> Iterator[Write]:
    with _runs("trackio", folder, settings) as write:
        yield write


@contextmanager
def _mlflow(folder: Path, settings: Mapping[str, Any]) -> Iterator[Write]:
    module = importlib.import_module("mlflow")
    module.set_experiment(PROJECT)
    with module.start_run():
        module.log_dict(dict(settings), "settings.json")
        yield lambda values, step: module.log_metrics(
            {name.replace("/", "."): value for name, value in values.items()}, step=step)


LOGGERS = {"tensorboard": _tensorboard, "wandb": _wandb, "mlflow": _mlflow, "trackio": _trackio}


def check_loggers(names: Sequence[str]) -> None:
    """Raise UsageError for an unknown logger, MhxError for those whose package is missing."""
    for name in names:
        if name not in LOGGERS:
            raise UsageError(f"--log {name!r}", f"one of {', '.join(LOGGERS)}")
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise MhxError([Problem(f"{name} is not installed", f"pip install {name}")
                        for name in missing])


@contextmanager
def logging(names: Sequence[str], folder: Path, settings: Mapping[str, Any]) -> Iterator[Watch]:
    """What takes each step's losses by language and tokens a second to the named loggers.

    `folder` is where files go that a logger writes here; `settings` are stored with the run.
    """
    with ExitStack() as stack:
        writers = [stack.enter_context(LOGGERS[name](folder, settings))
                   for name in dict.fromkeys(names)]

        def watch(moment: Moment) -> None:
            values = {f"loss/{name}": loss for name, loss in moment.losses.items()}
            for write in writers:
                write({**values, "tokens_per_second": moment.tokens_per_second}, moment.step)

        yield watch
