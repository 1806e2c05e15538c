"""The processes of a training as a launcher started them: who this one is, how they meet.

torchrun's variables are read, which `accelerate launch` sets too, and those of MPI.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from mhx.errors import EXIT_FIXABLE, EXIT_USAGE, MhxError, Problem, UsageError
from mhx.training.distributed import Processes

RANK = ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
SIZE = ("WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE")
LOCAL = ("LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID")
PATIENCE = timedelta(hours=1)  # one process may be fetching a large base while the others wait
SEVERAL = "accelerate launch --multi_gpu --num_processes N -m mhx train …"


def current() -> Processes:
    """The processes of the training that is under way; one where none was started."""
    import torch

    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return Processes()
    started = launched()
    return Processes(torch.distributed.get_rank(), torch.distributed.get_world_size(),
                     started.local)


def launched() -> Processes:
    """What the launcher's variables say."""
    rank, size, local = (_number(names) for names in (RANK, SIZE, LOCAL))
    if rank is None or size is None:
        return Processes()
    return Processes(rank, size, rank if local is None else local)


@contextmanager
def processes(device: str) -> Iterator[Processes]:
    """Join the other processes for a training on a device (auto, cpu or cuda); leave at its end.

    Without a launcher that is one process and nothing happens. What is wrong for all is said once
    on each machine, a lack of memory by the process that has it. Raises MhxError for more processes
    than GPUs and when another one ends.
    """
    group = launched()
    if group.size == 1:
        yield group
        return
    from mhx.training.base import require

    require("torch")
    import torch

    _refuse_without_gpu(group, device)
    try:
        _join(group, device)
        yield group
    except MhxError as error:
        if _out_of_memory(error):
            who = f"process {group.rank + 1} of {group.size}: "
            raise MhxError([replace(one, what=who + one.what)
                            for one in error.problems]) from error
        if group.local:
            raise SystemExit(error.exit_code) from error
        raise
    except RuntimeError as error:
        if not (isinstance(error, torch.distributed.DistError) or "gloo" in str(error)):
            raise
        if group.local:
            raise SystemExit(EXIT_FIXABLE) from error
        raise MhxError(Problem(
            "the other processes cannot be reached: one has ended, or never came",
            "its own message says why; the same command goes on from the last checkpoint",
        )) from error
    torch.distributed.destroy_process_group()


def _join(group: Processes, device: str) -> None:
    import torch

    from mhx.training.base import pick_device

    missing = [name for name in ("MASTER_ADDR", "MASTER_PORT") if name not in os.environ]
    if missing:
        raise UsageError(f"{group.size} processes, but {' and '.join(missing)} not set",
                         f"start them by {SEVERAL} or torchrun; for one, unset {SIZE[0]}")
    if pick_device(device) == "cuda":
        torch.cuda.set_device(group.local)
    # objects and counts travel between CPUs, whatever the gradients do
    backend = "cpu:gloo,cuda:nccl" if pick_device(device) == "cuda" else "gloo"
    torch.distributed.init_process_group(
        backend, rank=group.rank, world_size=group.size, timeout=PATIENCE)


def _refuse_without_gpu(group: Processes, device: str) -> None:
    """Raise MhxError in the first process of a machine that has no GPU left; the rest just end."""
    import torch

    from mhx.training.base import pick_device

    count = torch.cuda.device_count()
    if pick_device(device) != "cuda" or group.local < count:
        return
    if group.local > count:
        raise SystemExit(EXIT_FIXABLE)
    raise MhxError(Problem(f"more processes on this machine than its {count} GPUs",
                           "start one a GPU, or give --device cpu"))


def refuse_several(command: str) -> None:
    """Raise UsageError where a launcher has started a command that one process does."""
    group = launched()
    if group.size > 1 and group.local:
        raise SystemExit(EXIT_USAGE)
    if group.size > 1:
        raise UsageError(
            f"{command} was started as {group.size} processes",
            f"only mhx train divides its work: run this one alone (unset {SIZE[0]}), and train "
            f"by {SEVERAL}")


def lost_processes() -> str:
    """Why a training that was to be several processes is one, or "".

    `accelerate launch --cpu` without MPI starts one process whatever number it was given.
    """
    asked = os.environ.get("ACCELERATE_USE_CPU", "").lower() == "true"
    if not asked or launched().size > 1 or "MASTER_ADDR" not in os.environ:
        return ""
    return ("one process: accelerate --cpu starts several with MPI alone; instead of --cpu give "
            "--multi_gpu, and mhx --device cpu")


def _out_of_memory(error: BaseException | None) -> bool:
    from mhx.training.failures import is_out_of_memory

    return error is not None and (is_out_of_memory(error) or _out_of_memory(error.__cause__))


def _number(names: Sequence[str]) -> int | None:
    given = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return int(given) if given.isdigit() else None
