"""Where the run goes: no permission, a full disk, a file in the way."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mhx.errors import MhxError
from mhx.run import Run

Go = Callable[..., tuple[Run, dict[str, str]]]
AS_A_COMMAND = """
import os, sys
os.environ["HOME"] = "/tmp"
sys.argv = ["mhx", "adapt", "--lang", "pl", "--until", "load", "--base-model", "not-needed-here",
            "--out", {out!r}]
from mhx.cli import main
main()
"""


def test_an_ordinary_user_is_told_that_the_folder_cannot_be_written(
    as_nobody: Callable[[str], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/pytest"):
            folder.chmod(0o755)
    (tmp_path / "locked").mkdir(mode=0o755)
    done = as_nobody(AS_A_COMMAND.format(out=str(tmp_path / "locked" / "runs")))
    assert done.returncode == 1, done.stderr
    last = done.stderr.strip().split("\n")[-1]
    assert str(tmp_path / "locked") in last
    assert "Permission denied — no permission: choose a folder you may write to (--out DIR)" in last
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_ordinary_user_works_in_a_folder_of_his_own(
    as_nobody: Callable[[str], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/pytest"):
            folder.chmod(0o755)
    own = tmp_path / "own"
    own.mkdir()
    own.chmod(0o777)
    done = as_nobody(AS_A_COMMAND.format(out=str(own / "runs")))
    assert done.returncode == 0, done.stderr
    assert list(own.glob("runs/pl/*/load.parquet"))


def test_a_file_in_the_way_is_named(go: Go, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("not a folder")
    with pytest.raises(MhxError, match="runs") as caught:
        go(tmp_path / "runs", until="load")
    assert "a part of this path is a file" in str(caught.value)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A file system of so many KiB that can be made larger."""
    place = tmp_path / "disk"
    place.mkdir()

    def size(kib: int) -> Path:
        option = "remount,size" if place.is_mount() else "size"
        command = ["mount", "-t", "tmpfs", "-o", f"{option}={kib}k", "tmpfs", str(place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
        return place

    yield size
    if place.is_mount():
        subprocess.run(["umount", str(place)], check=False)


def test_a_full_disk_is_said_and_the_next_run_finishes_when_there_is_space(
    disk: Callable[[int], Path], command: Callable[..., subprocess.Popen[str]], go: Go,
    undisturbed: Path, same_bytes: Callable[..., None], leftovers: Callable[[Path], list[str]],
) -> None:
    out = disk(128) / "runs"
    process = command(out, "--until", "gate", few=True)
    told, said = process.communicate(timeout=120)
    assert process.returncode == 1, said
    assert "No space left on device — the disk is full: free space" in said
    assert "Traceback" not in said
    assert "│ load" in told  # what is done so far is shown
    assert "│ gate" not in told
    assert leftovers(out) == []
    disk(16384)
    run, stages = go(out)
    assert stages["load"] == "reused"
    assert stages["gate"] == "done"
    same_bytes(run.folder, undisturbed)


@pytest.mark.parametrize("kib", [4, 40])
def test_no_space_for_the_first_files_is_said_too(
    kib: int, disk: Callable[[int], Path], go: Go
) -> None:
    with pytest.raises(MhxError, match="the disk is full"):
        go(disk(kib) / "runs")
