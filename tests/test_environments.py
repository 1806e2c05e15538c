"""Private environments, built by the real venv and pip from small wheels that the tests make."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from mhx import doctor
from mhx.environments import Environment, check, environment, install, names, require, state
from mhx.environments.place import INSTALLED, data_home, differing
from mhx.errors import MhxError
from mhx.shelves import shipped_root

WORKER = """
import importlib.metadata as m, json, sys
import torch, small
assert sys.argv[1] == "--check"
print(json.dumps({one.metadata["Name"]: one.version for one in m.distributions()}))
"""
ROOT = Path(__file__).resolve().parents[1]


def wheel(folder: Path, name: str, version: str, code: str = "") -> None:
    info = f"{name}-{version}.dist-info"
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as out:
        out.writestr(f"{name}.py", code)
        out.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}")
        out.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
                                      "Tag: py3-none-any\n")
        out.writestr(f"{info}/RECORD", "\n".join(
            f"{path},," for path in (f"{name}.py", f"{info}/METADATA", f"{info}/WHEEL",
                                     f"{info}/RECORD")))


class Said:
    """A reporter that keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines.append(message)

    def stage(self, name: str, state: str, detail: str = "") -> None: ...

    def track(self, items, label):  # type: ignore[no-untyped-def]
        yield from items


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wheels"
    wheel(folder, "torch", "1.0+cpu")
    wheel(folder, "small", "2.0")
    for name, value in (("PIP_NO_INDEX", "1"), ("PIP_FIND_LINKS", str(folder)),
                        ("PIP_CONFIG_FILE", os.devnull)):
        monkeypatch.setenv(name, value)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Environment:
    source = tmp_path / "shelf"
    source.mkdir()
    (source / "requirements.lock").write_text("# pins\nsmall==2.0\ntorch==1.0\n")
    (source / "worker.py").write_text(WORKER)
    return Environment("toy", source, tmp_path / "home" / "envs" / "toy-1")


@pytest.mark.slow
def test_an_interrupted_installation_is_finished_and_a_broken_one_is_seen(
    place: Environment, wheels: Path, tmp_path: Path
) -> None:
    (wheels / "small-2.0-py3-none-any.whl").rename(tmp_path / "small-2.0-py3-none-any.whl")
    with pytest.raises(MhxError, match=r"small==2\.0.*it goes on from here"):
        install(place)
    assert state(place)[0] == "unfinished"
    with pytest.raises(MhxError, match=r"unfinished: .* — mhx doctor --install toy"):
        require(place)
    # what a pip leaves that was killed while it wrote a package: no RECORD, an older file
    [site] = place.folder.glob("lib/python*/site-packages")
    (site / "small-2.0.dist-info").mkdir()
    (site / "small-2.0.dist-info/METADATA").write_text("Name: small\nVersion: 2.0\n")
    (site / "small.py").write_text("raise ImportError('half of it')")
    (tmp_path / "small-2.0-py3-none-any.whl").rename(wheels / "small-2.0-py3-none-any.whl")
    said = Said()
    install(place, reporter=said)
    assert "toy, step 2 of 3: torch (done before)" in said.lines
    assert "toy, step 3 of 3: packages" in said.lines
    assert state(place) == ("installed", "")
    assert place.record()["versions"]["torch"] == "1.0+cpu"
    assert place.record()["bytes"] > 1e6
    said = Said()
    install(place, reporter=said)
    assert said.lines == ["toy: installed and working"]

    shutil.rmtree(next(site.glob("small-*.dist-info")))
    assert state(place) == ("broken", "not as pinned: small missing")
    with pytest.raises(MhxError, match="broken: not as pinned: small missing"):
        require(place)

def test_an_environment_that_does_not_work_is_taken_away_and_built_again(
    place: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.python.parent.mkdir(parents=True)
    place.python.symlink_to(sys.executable)
    site = place.folder / "lib/python3.11/site-packages"
    for name, version in place.pins.items():
        (site / f"{name}-{version}.dist-info").mkdir(parents=True)
        (site / f"{name}-{version}.dist-info/METADATA").write_text(
            f"Name: {name}\nVersion: {version}\n")
    (place.folder / INSTALLED).write_text('{"versions": {}}')
    assert state(place) == ("installed", "")  # as far as its files say
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    said = Said()
    with pytest.raises(MhxError, match=r"need Python 3\.11 or 3\.12; this one is 3\.14"):
        install(place, reporter=said)
    assert "it does not work: ModuleNotFoundError" in said.lines[0]
    assert said.lines[0].endswith("; built again")
    assert said.lines[1] == "toy, step 1 of 3: interpreter"
    assert state(place)[0] == "absent"


@pytest.mark.slow
def test_what_cannot_be_imported_is_not_marked_as_installed(
    place: Environment, wheels: Path
) -> None:
    wheel(wheels, "small", "2.0", "raise OSError('libsmall.so: cannot open')")
    with pytest.raises(MhxError, match=r"does not work: OSError: libsmall\.so"):
        install(place)
    assert state(place)[0] == "unfinished"
    assert list(place.folder.glob(".step-*")) == []  # the next one begins anew


@pytest.mark.slow
def test_a_killed_installation_is_finished_by_the_next(
    place: Environment, wheels: Path, tmp_path: Path
) -> None:
    """The killed one leaves a program running, which the next one waits for."""
    started, ended, slow = (tmp_path / name for name in ("started", "ended", "slow"))
    slow.write_text(f"#!/bin/sh\ntouch {started}\nsleep 2\n{sys.executable} \"$@\"\n"
                    f"touch {ended}\n")
    slow.chmod(0o755)
    code = (
        "from pathlib import Path\n"
        "import sys\n"
        "from mhx.environments import Environment, install\n"
        f"sys.modules['mhx.environments.install']._python = lambda: {str(slow)!r}\n"
        f"install(Environment('toy', Path({str(place.source)!r}), Path({str(place.folder)!r})))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    deadline = time.monotonic() + 60
    while not started.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not ended.exists()

    class Watching(Said):
        def say(self, message: str) -> None:
            assert ended.exists(), "it did not wait"
            super().say(message)

    said = Watching()
    install(place, reporter=said)
    assert said.lines[0] == "toy, step 1 of 3: interpreter"
    assert state(place)[0] == "installed"
    assert check(place)["torch"] == "1.0+cpu"


def test_the_shipped_lock_pins_everything_once_and_agrees_with_the_declared_group() -> None:
    import tomllib

    found = environment("comet")
    lines = [line for line in found.lock.read_text().splitlines() if not line.startswith("#")]
    assert len(found.pins) == len(lines) > 30
    assert all(version and "+" not in version for version in found.pins.values())
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    for requirement in groups["comet"]:
        name, _, version = requirement.partition("==")
        assert not version or found.pins[name] == version
    assert int(found.pins["setuptools"].split(".")[0]) < 81
    assert found.worker.is_file()
    assert "import mhx" not in found.worker.read_text()
    assert "from mhx" not in found.worker.read_text()


def test_another_lock_is_another_folder_in_the_users_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MHX_HOME", str(tmp_path / "here"))
    assert environment("comet").folder.parent == tmp_path / "here" / "envs"
    monkeypatch.delenv("MHX_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    if sys.platform == "linux":
        assert data_home() == tmp_path / "data" / "mhx"
    shelf = tmp_path / "root" / "eval" / "comet"
    shutil.copytree(shipped_root() / "eval" / "comet", shelf)
    before = environment("comet").folder
    (shelf / "requirements.lock").write_text("torch==0\n")
    monkeypatch.setattr("mhx.environments.place.shipped_root", lambda: tmp_path / "root")
    assert environment("comet").folder != before
    assert names() == ["comet"]
    with pytest.raises(MhxError, match="did you mean 'comet'"):
        environment("commet")


def test_pins_are_compared_without_the_mark_of_a_build() -> None:
    assert differing({"torch": "2.1", "a": "1"}, {"torch": "2.1+cpu", "a": "1"}) == []
    assert differing({"torch": "2.1", "a": "1"}, {"torch": "2.10"}) == ["torch 2.10", "a missing"]


def test_doctor_says_whether_comet_works_and_how_large_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MHX_HOME", str(tmp_path))
    row = next(row for row in doctor.examine() if row["part"].startswith("comet"))
    assert (row["works"], row["install"]) == (False, "mhx doctor --install comet   # absent")
    place = environment("comet")
    site = place.folder / "lib/python3.11/site-packages"
    for name, version in place.pins.items():
        info = site / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    place.python.parent.mkdir()
    place.python.symlink_to(sys.executable)
    (place.folder / INSTALLED).write_text(
        json.dumps({"versions": {"torch": "2.13.0+cpu"}, "bytes": 3 * 2**30}))
    row = next(row for row in doctor.examine() if row["part"].startswith("comet"))
    assert row["works"]
    assert row["found"] == f"torch 2.13.0+cpu; 3.0 GiB in {place.folder}"
