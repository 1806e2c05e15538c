"""docs/speed.md is what bench/results give, and a result of any known shape has its row."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def speed() -> ModuleType:
    spec = importlib.util.spec_from_file_location("speed_page", ROOT / "bench" / "speed_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_generated(speed: ModuleType) -> None:
    assert (ROOT / "docs" / "speed.md").read_text(encoding="utf-8") == speed.page(), (
        "make it again: python bench/speed_page.py")


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (
            {"case": "a", "unit": "pairs", "ratio": 12.34, "target_ratio": 10.0, "met": True,
             "ours": {"median_s": 1.0, "per_second": 5000.4, "peak_mib": 10.0},
             "peer": {"median_s": 12.34, "per_second": 405.2, "peak_mib": 20.0}},
            "| x | a | 5,000 pairs/s | 405 pairs/s | 12.3 | 10 times | yes | 10 / 20 |",
        ),
        (
            {"case": "b", "median_s": 6.0, "peak_mib": 30.0, "target_s": 5.0, "met": False},
            "| x | b | 6 s | – | – | 5 s | **no** | 30 |",
        ),
        (
            {"stage": "load", "segments_per_second": 1200.0, "peak_tree_mib": 400.0},
            "| x | load | 1,200 segments/s | – | – | – | – | 400 |",
        ),
    ],
)
def test_rows_of_every_shape(
    speed: ModuleType, tmp_path: Path, row: dict[str, Any], cells: str
) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"results": [row]}), encoding="utf-8")
    (tmp_path / "y.json").write_text(json.dumps({"results": {"other": 1}}), encoding="utf-8")
    lines = speed.page(tmp_path).split("\n")
    assert cells in lines
    assert "Not speed, or of another shape: `y`." in lines
