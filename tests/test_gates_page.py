"""docs/gates.md shows the registry and the stored figures, and nothing else."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mhx.adaptation.gates import GATES

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "gates.md"


@pytest.fixture(scope="module", params=["gates_xed", "privacy"])
def bench(request: pytest.FixtureRequest) -> ModuleType:
    sys.path.insert(0, str(ROOT / "bench"))
    name = f"page_{request.param}"
    path = ROOT / "bench" / f"{request.param}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def figures(bench: ModuleType) -> dict[str, Any]:
    name = bench.__name__.removeprefix("page_")
    found: dict[str, Any] = json.loads(
        (ROOT / "bench" / "results" / f"{name}.json").read_text(encoding="utf-8")
    )
    return found


def test_the_page_shows_the_stored_figures(bench: ModuleType) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert bench.with_table(text, figures(bench)) == text, f"{bench.__file__} --doc"


def test_another_figure_is_another_page(bench: ModuleType) -> None:
    text, other = PAGE.read_text(encoding="utf-8"), figures(bench)
    if "rows" in other:
        other["rows"][3]["real"]["asked"] += 100
    else:
        other["languages"]["pl"]["kinds"]["name"]["planted"] += 1
    assert bench.with_table(text, other) != text


def test_every_gate_was_measured_or_says_why_not() -> None:
    path = ROOT / "bench" / "results" / "gates_xed.json"
    rows = {row["gate"]: row for row in json.loads(path.read_text(encoding="utf-8"))["rows"]}
    assert set(rows) == {gate.name for gate in GATES}
    for row in rows.values():
        assert row["seconds_per_1000"] > 0
        assert bool(row["not_measured"]) != ("real" in row)
