"""Building a private environment, step by step: a killed installation goes on where it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mhx.atomic import alone
from mhx.environments.place import INSTALLED, Environment, check, state
from mhx.errors import MhxError, Problem, os_problem
from mhx.files import hash_file, write_json
from mhx.run import Reporter, Silent

STEP = ".step-{}"  # an empty file a finished step
FIRST = "torch"  # alone: its own index or build must not decide about the rest
PYTHONS = ((3, 11), (3, 12))  # what the pinned packages have wheels for
SHOWN = ("Collecting ", "Downloading ", "Installing ", "Processing ")
REASONS = 3  # lines of pip's errors that are shown


def install(found: Environment, *, reporter: Reporter | None = None) -> Path:
    """Build the environment, or finish or mend it; its folder.

    The interpreter, torch and the rest are steps: a finished one is not repeated after a kill,
    the interrupted one is done again over what it left. Then every package is imported, and only
    then is it marked as installed. Two processes install once. Raises MhxError with pip's own
    words, for a Python that the pins have no wheels for and for a full disk.
    """
    reporter = reporter or Silent()
    try:
        found.folder.parent.mkdir(parents=True, exist_ok=True)
        with alone(found.folder) as held:
            if _works(found, reporter):
                return found.folder
            for number, (name, step) in enumerate(STEPS.items(), start=1):
                done = found.folder / STEP.format(name)
                reporter.say(f"{found.name}, step {number} of {len(STEPS)}: {name}"
                             + (" (done before)" if done.is_file() else ""))
                if not done.is_file():
                    step(found, reporter, held)
                    done.touch()
            reporter.say(f"{found.name}: importing what was installed")
            try:
                versions = check(found)
            except MhxError:
                for name in STEPS:  # the next installation begins anew
                    (found.folder / STEP.format(name)).unlink(missing_ok=True)
                raise
            write_json(found.folder / INSTALLED, {
                "name": found.name, "lock_sha256": hash_file(found.lock), "versions": versions,
                "bytes": size(found.folder),
            })
    except OSError as error:
        raise os_problem(error, found.folder) from error
    return found.folder


def size(folder: Path) -> int:
    """Bytes of a folder's files."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += 0 if path.is_symlink() else path.stat().st_size
    return total


def _works(found: Environment, reporter: Reporter) -> bool:
    """Whether nothing is to be done; an environment that does not work is taken away."""
    now, why = state(found)
    if now == "installed":
        try:
            check(found)
            reporter.say(f"{found.name}: installed and working")
            return True
        except MhxError as error:
            now, why = "broken", str(error)
    if now == "broken":
        reporter.say(f"{found.name}: {why}; built again")
        shutil.rmtree(found.folder)
    return False


# ---------------------------------------------------------------- steps


def _interpreter(found: Environment, _: Reporter, held: int) -> None:
    shutil.rmtree(found.folder, ignore_errors=True)
    _run([_python(), "-m", "venv", str(found.folder)], found, held)
    # the one that venv brings would stay beside the pinned one
    _run([str(found.python), "-m", "pip", "uninstall", "-q", "-y", "setuptools"], found,
         held)


def _first(found: Environment, reporter: Reporter, held: int) -> None:
    version = found.pins[FIRST]
    _pip(found, reporter, held, f"{FIRST}=={version}", "-c", str(found.lock))


def _rest(found: Environment, reporter: Reporter, held: int) -> None:
    pins = [f"{name}=={version}" for name, version in found.pins.items() if name != FIRST]
    _pip(found, reporter, held, "--no-deps", *pins)


STEPS = {"interpreter": _interpreter, FIRST: _first, "packages": _rest}


def _python() -> str:
    """An interpreter that the pinned packages have wheels for."""
    if sys.version_info[:2] in PYTHONS:
        return sys.executable
    for major, minor in PYTHONS:
        other = shutil.which(f"python{major}.{minor}")
        if other:
            return other
    wanted = " or ".join(f"{major}.{minor}" for major, minor in PYTHONS)
    here = ".".join(map(str, sys.version_info[:2]))
    raise MhxError(Problem(f"its packages need Python {wanted}; this one is {here}",
                           "put one of them on the PATH"))


def _pip(found: Environment, reporter: Reporter, held: int, *arguments: str) -> None:
    """Install over what is there: a killed pip leaves packages that it can no longer remove."""
    options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off",
               "--no-warn-script-location"]
    command = [str(found.python), "-m", "pip", "install", "--ignore-installed", *options]
    _run([*command, *arguments], found, held, reporter)


def _run(
    command: list[str], found: Environment, held: int, reporter: Reporter | None = None
) -> None:
    """Run a program that holds the lock too: it may outlive a killed mhx."""
    outside = {name: value for name, value in os.environ.items()
               if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, encoding="utf-8", errors="replace", env=outside,
                               pass_fds=(held,))
    last: deque[str] = deque(maxlen=REASONS)
    try:
        for line in _lines(process):
            if line.startswith(SHOWN) and reporter is not None:
                reporter.say(f"  {line[:96]}")
            if line.startswith("ERROR") or not line.startswith((*SHOWN, "  ", "WARNING", "[")):
                last.append(line)
        code = process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if code:
        words = "; ".join(last) or f"exit code {code}"
        fix = f"mend that and say mhx doctor --install {found.name} again: it goes on from here"
        raise MhxError(Problem(words, fix, path=found.folder))


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    if process.stdout is not None:
        yield from (line.rstrip() for line in process.stdout if line.strip())


