"""A COMET environment whose worker misbehaves on demand: no package of COMET is needed."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from mhx.environments import Environment
from mhx.environments.place import INSTALLED


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
