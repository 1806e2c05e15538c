"""What several test files share: the shipped shelves, the real data, small builders."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mhx.files import read_yaml
from mhx.shelves import Shelves, discover

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shelves() -> Shelves:
    """The shipped shelves alone: nothing of the environment or the working directory."""
    return discover(cwd=ROOT)


@pytest.fixture
def real_data() -> Callable[[str], Path]:
    """A path below ../shared/data; the test is skipped where it is absent."""

    def find(name: str) -> Path:
        path = DATA / name
        if not path.exists():
            pytest.skip(f"real data not on this machine: {path}")
        return path

    return find


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file below the test's folder and return its path."""

    def put(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
        return path

    return put


@pytest.fixture
def as_nobody() -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Run Python code as an ordinary user (root may write everywhere)."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if subprocess.run(
        [*become, sys.executable, "-c", "import mhx.errors"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    ).returncode:
        pytest.skip("the user nobody cannot read this installation")

    def run(code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*become, sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )

    return run


# ---------------------------------------------------------------- skips are named, or they fail

_skipped: list[tuple[str, str]] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        _skipped.append((report.nodeid, str(report.longrepr[2]).removeprefix("Skipped: ")))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        _skipped.append((report.nodeid, str(report.longrepr[2]).removeprefix("Skipped: ")))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skip whose reason is not in skips.yaml fails the run."""
    allowed = [entry["reason"] for entry in read_yaml(Path(__file__).parent / "skips.yaml")[0]]
    unnamed = [item for item in _skipped if not item[1].startswith(tuple(allowed))]
    for nodeid, reason in unnamed:
        sys.stderr.write(f"\nskipped, and tests/skips.yaml does not say why: {nodeid}: {reason}")
    if unnamed and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
