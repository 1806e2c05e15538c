"""Planted personal data is found in every language: the floor, and the figures that are shown."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
TAGS = ("en", "es", "fa", "pl")
FLOOR = 0.9  # of each kind, precision and recall; numbers alike but of no kind count as mistakes
CASES = 60


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    sys.path.insert(0, str(ROOT / "bench"))
    spec = importlib.util.spec_from_file_location("bench_privacy", ROOT / "bench" / "privacy.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_privacy"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def given(bench: ModuleType) -> dict[str, Any]:
    found: dict[str, Any] = bench.languages()
    return found


@pytest.mark.parametrize("tag", TAGS)
def test_precision_and_recall_stay_above_the_floor(
    tag: str, bench: ModuleType, given: dict[str, Any]
) -> None:
    texts, finder = given[tag]
    assert len(texts) >= CASES
    for kind, found in bench.measure(texts, finder).items():
        if kind == "phone":  # a long number that fails its checksum is hidden all the same
            assert found["right"] >= found["found"] - found["planted"]
        elif found["found"]:
            assert found["precision"] >= FLOOR, (kind, found)
        if found["planted"]:
            assert found["recall"] >= FLOOR, (kind, found)
        assert found["near_taken"] <= 0.05 * found["near"], (kind, found)


def test_every_language_has_inflected_or_ambiguous_names_and_near_misses(
    given: dict[str, Any],
) -> None:
    for texts, _ in given.values():
        kinds = {kind for case in texts for _, _, kind in case.planted}
        assert {"name", "phone", "email", "account", "address", "link"} <= kinds
        assert sum(len(case.near) for case in texts) >= 15


def test_the_measure_sees_what_is_not_hidden(bench: ModuleType) -> None:
    case = bench._case("Ask {name:Qwzx} about {!phone:555-010-2233}.")
    figures = bench.measure([case], None)
    assert figures["name"]["leaked"] == 1
    assert figures["name"]["recall"] == 0
    assert (figures["phone"]["near_taken"], figures["phone"]["precision"]) == (1, 0)


def test_the_stored_figures_are_of_these_cases_and_lists(
    bench: ModuleType, given: dict[str, Any]
) -> None:
    stored = json.loads((ROOT / "bench/results/privacy.json").read_text(encoding="utf-8"))
    again = {tag: bench.measure(*pair) for tag, pair in given.items()}
    shown = {tag: found["kinds"] for tag, found in stored["languages"].items()}
    assert shown == again, "measure again: python bench/privacy.py"
