"""A COMET environment that misbehaves on demand, and a language that has only the template."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from mhx.environments import Environment
from mhx.environments.place import INSTALLED
from mhx.scaffold import new_language
from mhx.shelves import Shelves, discover, shipped_root


@pytest.fixture
def bare(tmp_path: Path) -> Shelves:
    """The shipped shelves and `xx`, a new language: no cases, no questions, no skill cues."""
    new_language("xx", name="Bare", territory="US", into=tmp_path)
    return discover(extra=[tmp_path], cwd=shipped_root())


@pytest.fixture
def faulty_place(tmp_path: Path) -> Environment:
    """An environment without pins: this interpreter, and the worker that misbehaves."""
    source, folder = tmp_path / "shelf", tmp_path / "env"
    (folder / "bin").mkdir(parents=True)
    source.mkdir()
    (source / "requirements.lock").write_text("# nothing\n")
    shutil.copy(Path(__file__).with_name("faulty_comet_worker.py"), source / "worker.py")
    (folder / "bin/python").symlink_to(sys.executable)
    (folder / INSTALLED).write_text(json.dumps({"versions": {}}))
    return Environment("comet", source, folder)
