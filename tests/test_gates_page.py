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


@pytest.fixture(scope="module", params=["gates_xed", "privacy", "flores_apertium", "tico_memory"])
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


def shown(bench: ModuleType, figures: dict[str, Any]) -> str:
    text = PAGE.read_text(encoding="utf-8")
    changed: str = bench.page.with_block(text, name_of(bench), bench.block(figures))
    return changed


def name_of(bench: ModuleType) -> str:
    return bench.__name__.removeprefix("page_")


def test_the_page_shows_the_stored_figures(bench: ModuleType) -> None:
    name = name_of(bench)
    page = PAGE.read_text(encoding="utf-8")
    assert shown(bench, bench.page.stored(name)) == page, f"python bench/{name}.py --doc"


def test_another_figure_is_another_page(bench: ModuleType) -> None:
    other = bench.page.stored(name_of(bench))
    assert shown(bench, other) != shown(bench, raised(other))


def raised(value: Any) -> Any:
    """The figures with every count one larger."""
    if isinstance(value, dict):
        return {key: raised(item) for key, item in value.items()}
    if isinstance(value, list):
        return [raised(item) for item in value]
    return value + 1 if isinstance(value, int) and not isinstance(value, bool) else value


def test_every_gate_was_measured_or_says_why_not() -> None:
    path = ROOT / "bench" / "results" / "gates_xed.json"
    rows = {row["gate"]: row for row in json.loads(path.read_text(encoding="utf-8"))["rows"]}
    assert set(rows) == {gate.name for gate in GATES}
    for row in rows.values():
        assert row["seconds_per_1000"] > 0
        assert bool(row["not_measured"]) != ("real" in row)
