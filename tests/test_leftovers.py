"""What a killed program leaves of a file goes with the next one, and nobody else's does."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mhx import atomic
from mhx.atomic import sweep
from mhx.files import write_text
from mhx.parquet import parquet_writer

WRITES = """
import sys, time
from pathlib import Path
from mhx.atomic import atomic_path, parts_folder
path = Path(sys.argv[1])
with atomic_path(path) as temporary, parts_folder(path) as parts:
    temporary.write_text("half")
    (parts / "000000.parquet").write_text("half")
    print("writing", flush=True)
    time.sleep(300)
"""
SAVES = "import sys; from mhx.files import write_text; write_text(__import__('pathlib').Path("
SAVES += "sys.argv[1]), 'whole')"


@contextmanager
def writing(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A program in the middle of writing a file."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITES, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


def hidden(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.iterdir() if path.name.startswith("."))


def test_kill_9_leaves_no_file_and_the_next_program_takes_away_the_half_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "table.parquet"
    with writing(path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not path.exists()
    assert hidden(tmp_path) == [".parts", ".tmp"]
    subprocess.run([sys.executable, "-c", SAVES, str(tmp_path / "other.txt")], check=True)
    assert [item.name for item in tmp_path.iterdir()] == ["other.txt"]


def test_what_a_living_program_writes_stays(tmp_path: Path) -> None:
    with writing(tmp_path / "table.parquet"):
        subprocess.run([sys.executable, "-c", SAVES, str(tmp_path / "other.txt")], check=True)
        assert sweep(tmp_path) == []
        assert hidden(tmp_path) == [".parts", ".tmp"]


def test_what_is_not_known_to_be_left_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    ours = tmp_path / f".a.txt.{atomic._host()}-{dead.pid}.x1.tmp"
    elsewhere = tmp_path / f".a.txt.{'0' * 8}-{dead.pid}.x1.tmp"
    others = [elsewhere, tmp_path / ".notes.tmp", tmp_path / ".a.txt.abc.tmp",
              tmp_path / f"a.txt.{atomic._host()}-{dead.pid}.x1.tmp"]
    for place in (ours, *others):
        place.write_text("x")
    assert sweep(tmp_path) == [ours]
    assert sorted(tmp_path.iterdir()) == sorted(others)
    assert sweep(tmp_path / "missing") == []


def test_a_block_that_ends_leaves_nothing(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "whole")
    with pytest.raises(ZeroDivisionError), parquet_writer(tmp_path / "b.parquet"):
        raise ZeroDivisionError
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]


def test_what_a_container_of_the_same_name_writes_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process numbers are not ours: none of them need live here."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with monkeypatch.context() as inside:
        inside.setattr(atomic.Path, "readlink", lambda path: f"pid:[1] of {path}")
        atomic._host.cache_clear()
        place = tmp_path / f".a.txt.{atomic._host()}-{dead.pid}.x1.tmp"
    atomic._host.cache_clear()
    place.write_text("x")
    assert sweep(tmp_path) == []
