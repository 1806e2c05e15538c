"""The figures in the Persian README are those that were measured on these hooks and data."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mhx.files import read_text

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "bench"


@pytest.fixture(scope="module")
def bench() -> Any:
    """`bench/hooks_fa.py`, loaded beside the module it shares with the other benches."""
    spec = importlib.util.spec_from_file_location("hooks_fa", BENCH / "hooks_fa.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(BENCH))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(BENCH))
    return module


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    return json.loads(read_text(BENCH / "results" / "hooks_fa.json"))


def test_the_readme_shows_the_stored_figures(bench: Any, stored: dict[str, Any]) -> None:
    readme = read_text(ROOT / "languages" / "fa" / "README.md")
    between = readme.partition(bench.BEGIN)[2].partition(bench.END)[0]
    assert between.strip() == bench.block(stored)


def test_the_figures_belong_to_these_hooks(bench: Any, stored: dict[str, Any]) -> None:
    now = bench.hashes(None, bench.language())
    assert {key: stored["sha256"][key] for key in now} == now, "python bench/hooks_fa.py --write"


def test_the_figures_belong_to_this_data_and_are_found_again(
    bench: Any, stored: dict[str, Any], real_data: Callable[[str], Path]
) -> None:
    data = real_data("flores_sib200").parent
    assert bench.hashes(data, bench.language()) == stored["sha256"]
    texts = bench.sentences(data)
    again = bench.touched(bench.language().hooks, texts["flores"], set())
    assert again == stored["right_text"]["flores"]


def test_every_judged_row_says_what_it_is_and_holds_no_text(stored: dict[str, Any]) -> None:
    judged = json.loads(read_text(ROOT / "languages" / "fa" / "measured" / "rows.json"))
    assert "not a linguist" in judged["by"]
    assert len(judged["half_space"]) == stored["half_space"]["n"]
    for item in judged["half_space"]:
        assert set(item) == {"set", "row", "at", "label"} and item["label"] in judged["labels"]
