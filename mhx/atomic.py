"""Files that are there whole or not at all, and what killed programs left of them.

A file is written under a hidden name that says whose it is, ``.NAME.HOST-PID.RANDOM.tmp``. A
program that first writes into a folder removes those of processes of this machine that are gone;
what another machine or container or a living process writes is let be.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from mhx.errors import os_problem

_OURS = re.compile(r"\..*\.(?P<host>[0-9a-f]{8})-(?P<pid>\d{1,9})\.[^.]+\.(?:tmp|parts)")
_swept: set[str] = set()


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; renamed onto it when the block ends well, else removed.

    The data is on disk (fsync) before the rename, so a killed program leaves the old file or
    the new one, never half of one. Raises MhxError for a full disk or a missing permission.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep_once(path.parent)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=_prefix(path), suffix=".tmp")
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as opened:
            os.fsync(opened.fileno())
        # mkstemp makes 0600; a run folder is as readable as any file the user writes
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise os_problem(error, path) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def parts_folder(path: Path) -> Iterator[Path]:
    """A hidden folder beside `path` for what it is made of; gone when the block ends."""
    folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=_prefix(path), suffix=".parts"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def alone(place: Path) -> Iterator[int]:
    """Wait for another process that makes `place`; the kernel frees a dead one's lock.

    Gives the lock's file descriptor: a child that inherits it holds the lock until it ends too.
    """
    import fcntl

    with (place.parent / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def sweep(folder: Path) -> list[Path]:
    """Remove from a folder what processes of this machine left that are gone; what was removed."""
    gone: list[Path] = []
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            found = _OURS.fullmatch(entry.name)
            if found is None or found["host"] != _host() or _lives(int(found["pid"])):
                continue
            place = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(place, ignore_errors=True)
            else:
                with suppress(OSError):
                    place.unlink()
            gone.append(place)
    return gone


def _sweep_once(folder: Path) -> None:
    """A folder is looked through once a process: it may hold many files."""
    place = str(folder.absolute())
    if place not in _swept:
        _swept.add(place)
        sweep(folder)


def _prefix(path: Path) -> str:
    return f".{path.name}.{_host()}-{os.getpid()}."


@cache
def _host() -> str:
    name = platform.node()
    with suppress(OSError):  # containers may share a machine's name, but not its numbers
        name += str(Path("/proc/self/ns/pid").readlink())
    return f"{zlib.crc32(name.encode()):08x}"


def _lives(pid: int) -> bool:
    """Whether a process of this machine has the number, as far as can be told."""
    if os.name != "posix":  # elsewhere the question itself would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # alive, of another user
        return True
    return True


def _umask() -> int:
    value = os.umask(0)
    os.umask(value)
    return value
