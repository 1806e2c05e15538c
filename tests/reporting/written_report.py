"""A report written from an evaluation, and how tests read it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fake_evaluation as fake

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
