"""Loggers of a training, each only where the user names it; nothing is sent anywhere else.

A logger takes the losses, the speed and the recipe. What its package would gather by itself (the
working tree's changes, code, the console, the machine, its own telemetry) is switched off, unless
the user's environment asks for it.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem, UsageError, first_line
from mhx.training.loop import Moment, Watch

PROJECT = "mhx"
Write = Callable[[Mapping[str, float], int], object]  # values by name, step
Say = Callable[[str], object]
QUIET = {  # telemetry of the packages themselves; what the user has set stands
    "wandb": {"WANDB_ERROR_REPORTING": "false", "WANDB_HOST": "withheld"},
    "mlflow": {"MLFLOW_DISABLE_TELEMETRY": "true"},
    "trackio": {"HF_HUB_DISABLE_TELEMETRY": "1"},
}
WANDB = {"console": "off", "disable_code": True, "disable_git": True, "save_code": False,
         "x_disable_machine_info": True, "x_disable_meta": True, "x_disable_stats": True,
         "x_save_requirements": False}
INSTALL = {"mlflow": "mlflow-skinny"}  # its client alone


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
def _wandb(folder: Path, settings: Mapping[str, Any]) -> Iterator[Write]:
    module = importlib.import_module("wandb")
    known = module.Settings.model_fields  # those with x_ come and go
    chosen = {name: value for name, value in WANDB.items() if name in known}
    module.init(project=os.environ.get("WANDB_PROJECT", PROJECT), config=dict(settings),
                dir=os.environ.get("WANDB_DIR", str(folder)), settings=module.Settings(**chosen))
    with _finished(module) as write:
        yield write


@contextmanager
def _trackio(folder: Path, settings: Mapping[str, Any]) -> Iterator[Write]:
    module = importlib.import_module("trackio")
    known = signature(module.init).parameters  # older ones gather nothing
    gathers = {name: False for name in ("auto_log_gpu", "auto_log_cpu") if name in known}
    module.init(project=os.environ.get("TRACKIO_PROJECT", PROJECT), config=dict(settings),
                **gathers)
    with _finished(module) as write:
        yield write


@contextmanager
def _finished(module: Any) -> Iterator[Write]:
    """Weights & Biases and Trackio, which speak alike."""
    try:
        yield lambda values, step: module.log(dict(values), step=step)
    finally:
        module.finish()


@contextmanager
def _mlflow(folder: Path, settings: Mapping[str, Any]) -> Iterator[Write]:
    module = importlib.import_module("mlflow")
    if not module.is_tracking_uri_set():
        # mlflow's own default is a database that its client alone cannot write
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        module.set_tracking_uri(folder / "mlruns")
    if not os.environ.get("MLFLOW_EXPERIMENT_NAME"):
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
        raise MhxError([
            Problem(f"{name} is not installed", f"pip install {INSTALL.get(name, name)}")
            for name in missing])


@contextmanager
def logging(
    names: Sequence[str],
    folder: Path,
    settings: Mapping[str, Any],
    say: Say = lambda text: None,
) -> Iterator[Watch]:
    """What takes each step's losses by language and tokens a second to the named loggers.

    `folder` is where files go that a logger writes here; `settings` are stored with the run. A
    logger that fails on the way is left out from then on, which `say` is told: the training goes
    on. Raises MhxError for one that does not start.
    """
    with ExitStack() as stack:
        if names:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(redirect_stdout(sys.stderr))  # stdout is the command's own
        writers = {name: _opened(name, folder, settings, stack, say)
                   for name in dict.fromkeys(names)}

        def watch(moment: Moment) -> None:
            values = {f"loss/{name}": loss for name, loss in moment.losses.items()}
            values["tokens_per_second"] = moment.tokens_per_second
            for name, write in list(writers.items()):
                try:
                    write(values, moment.step)
                except Exception as error:
                    del writers[name]
                    say(f"  {name} takes no more steps: {first_line(error)}")

        yield watch


def _opened(
    name: str, folder: Path, settings: Mapping[str, Any], stack: ExitStack, say: Say
) -> Write:
    for variable, value in QUIET.get(name, {}).items():
        os.environ.setdefault(variable, value)
    own = ExitStack()
    try:
        write = own.enter_context(LOGGERS[name](folder, settings))
    except Exception as error:
        raise MhxError(Problem(f"{name} did not start: {first_line(error)}",
                               "its own settings decide where it writes; or train without "
                               f"--log {name}")) from error

    def leave(kind: Any, error: Any, trace: Any) -> bool:
        try:
            own.__exit__(kind, error, trace)
        except Exception as failed:
            say(f"  {name} did not end well: {first_line(failed)}")
        return False

    stack.push(leave)
    return write
