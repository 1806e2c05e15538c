"""Private environments: packages that mhx cannot live with, pinned by a lock file on the shelf.

A folder of the eval shelf with `requirements.lock` and `worker.py` asks for one. It is a venv in
the user's data folder, named by the hash of the lock, so another lock is another environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Literal

from mhx.errors import MhxError, Problem, unknown
from mhx.files import hash_file, read_text
from mhx.shelves import shipped_root

LOCK, WORKER = "requirements.lock", "worker.py"
INSTALLED = "installed.json"  # written last: without it the environment is unfinished
CHECK_SECONDS = 300  # a first import from a cold disk reads a gigabyte
State = Literal["absent", "unfinished", "broken", "installed"]


@dataclass(frozen=True)
class Environment:
    """A private environment: its name, its folder on the shelf and where it lies."""

    name: str
    source: Path
    folder: Path

    @property
    def lock(self) -> Path:
        """The file that pins every package."""
        return self.source / LOCK

    @property
    def worker(self) -> Path:
        """The program that runs inside; ``--check`` prints the versions it runs with, as JSON."""
        return self.source / WORKER

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def pins(self) -> dict[str, str]:
        """Version by package of the lock; names in lower case with ``-``."""
        lines = [line.strip() for line in read_text(self.lock).splitlines()]
        pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
        return {_plain(name): version for name, version in pairs}

    def record(self) -> dict[str, Any]:
        """What the finished installation wrote: versions, bytes; ``{}`` before that."""
        try:
            found: dict[str, Any] = json.loads(read_text(self.folder / INSTALLED))
        except (MhxError, ValueError):
            return {}
        return found


def data_home() -> Path:
    """Where mhx keeps what is large and shared: ``$MHX_HOME``, else the user's data folder."""
    named = os.environ.get("MHX_HOME")
    if named:
        return Path(named).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "mhx"
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "mhx"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "mhx"


def names() -> list[str]:
    """The environments that the shipped shelf asks for."""
    return sorted(path.parent.name for path in (shipped_root() / "eval").glob(f"*/{LOCK}"))


def environment(name: str) -> Environment:
    """The environment of a shipped measure. Raises MhxError for a name that has none."""
    if name not in names():
        raise unknown("environment", name, names())
    source = shipped_root() / "eval" / name
    digest = hash_file(source / LOCK)[:12]
    return Environment(name, source, data_home() / "envs" / f"{name}-{digest}")


def state(found: Environment) -> tuple[State, str]:
    """Whether the environment is there, and what is wrong with it; nothing is started."""
    if not found.folder.is_dir():
        return "absent", ""
    if not found.record():
        return "unfinished", "an installation was interrupted"
    if not os.access(found.python, os.X_OK):
        return "broken", "its Python interpreter is gone"
    wrong = differing(found.pins, _present(found.folder))
    return ("broken", f"not as pinned: {', '.join(wrong)}") if wrong else ("installed", "")


def require(found: Environment) -> None:
    """Raise MhxError with the command to install, unless the environment is installed."""
    now, why = state(found)
    if now != "installed":
        what = f"the {found.name.upper()} environment is not installed" if now == "absent" else (
            f"the {found.name.upper()} environment is {now}: {why}")
        raise MhxError(Problem(what, f"mhx doctor --install {found.name}"))


def check(found: Environment) -> dict[str, str]:
    """Versions as the worker sees them, after importing all of it.

    Raises MhxError where the interpreter does not start, an import fails or a pin does not hold.
    """
    fix = f"mhx doctor --install {found.name}"
    try:
        done = subprocess.run(
            [str(found.python), "-I", str(found.worker), "--check"],
            capture_output=True, text=True, encoding="utf-8", errors="replace", check=False,
            timeout=CHECK_SECONDS, env=os.environ | {"HF_HUB_OFFLINE": "1"},
        )
        versions: dict[str, str] = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MhxError(Problem(f"it does not start: {error}", fix, path=found.folder)) from error
    except ValueError as error:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise MhxError(Problem(f"it does not work: {last}", fix, path=found.folder)) from error
    wrong = differing(found.pins, versions)
    if wrong:
        raise MhxError(Problem(f"not as pinned: {', '.join(wrong)}", fix, path=found.folder))
    return versions


def differing(pins: dict[str, str], present: dict[str, str]) -> list[str]:
    """Packages that are missing or of another version; a build's mark (``+cpu``) does not count."""
    return [
        f"{name} {present.get(name, 'missing')}" for name, version in pins.items()
        if present.get(name, "").partition("+")[0] != version
    ]


def _present(folder: Path) -> dict[str, str]:
    sites = [*folder.glob("lib/python*/site-packages"), *folder.glob("Lib/site-packages")]
    return {
        _plain(one.metadata["Name"] or ""): one.version
        for one in distributions(path=[str(site) for site in sites])
    }


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(".", "-")
