"""Reports of invented runs, written once a session."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fake_evaluation as fake
import pytest

from mhx.reporting import write_report


@dataclass(frozen=True)
class Report:
    """A written report and the evaluation it came from."""

    folder: Path
    evaluation: dict[str, Any]

    def read(self, name: str) -> str:
        return (self.folder / "report" / name).read_text(encoding="utf-8")

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.read("report.json"))

    def table(self, label: str) -> dict[str, Any]:
        return next(one for one in self.json["tables"] if one["label"] == label)


def make(folder: Path, evaluation: dict[str, Any]) -> Report:
    folder.mkdir(parents=True, exist_ok=True)
    write_report(fake.write(folder, evaluation))
    return Report(folder, evaluation)


@pytest.fixture(scope="session", params=["pl", "fa"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A full report of a left-to-right and of a right-to-left language."""
    return make(tmp_path_factory.mktemp(request.param), fake.evaluation(request.param))


@pytest.fixture(scope="session")
def persian(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return make(tmp_path_factory.mktemp("persian"), fake.evaluation("fa"))


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A run of a real base model: nothing is marked as a pipeline check."""
    return make(tmp_path_factory.mktemp("real"), fake.evaluation("pl", pipeline_check=False))


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A run of which only the meta record is known."""
    return make(tmp_path_factory.mktemp("bare"), fake.empty())
