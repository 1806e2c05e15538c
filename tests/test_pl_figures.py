"""The Polish figures in the README are those of the hooks as they are, and can be made again."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mhx.files import hash_file
from mhx.schema.dialogue import apply_edits

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gest_pl", ROOT / "bench" / "gest_pl.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gest_pl"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def figures(bench: ModuleType) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bench.FIGURES.read_text(encoding="utf-8"))
    return found


def test_the_figures_were_measured_with_these_hooks_and_labels(
    bench: ModuleType, figures: dict[str, Any]
) -> None:
    again = "python bench/gest_pl.py --write"
    assert figures["of"] == bench.of_what(), f"measure again: {again}"


def test_the_readme_shows_the_stored_figures(bench: ModuleType, figures: dict[str, Any]) -> None:
    text = (bench.FOLDER / "README.md").read_text(encoding="utf-8")
    shown = text.partition(bench.BEGIN)[2].partition(bench.END)[0].strip()
    assert shown == bench.block(figures)


def test_the_labels_hold_no_text(bench: ModuleType) -> None:
    labels = json.loads(bench.LABELS.read_text(encoding="utf-8"))
    for system in bench.SYSTEMS:
        assert len(labels["rows"][system]) == bench.LABELLED
        for row, start, end, gender in labels["forms"][system]:
            assert row in labels["rows"][system]
            assert 0 <= start < end
            assert gender in ("m", "f")
        for _, digest, label in labels["rewritten"][system]:
            assert len(digest) == 12
            assert label in ("right", "wrongly unchanged", "damaged")
    assert labels["origin"]["reviewed_by"] is None
    assert "not a linguist" in labels["checked_by"]


def test_detection_measured_again_gives_the_stored_counts(
    bench: ModuleType, figures: dict[str, Any], real_data: Callable[[str], Path]
) -> None:
    data = real_data("gest_pl").parent
    for name in ("gest_pl/google.csv", "gest_pl/nllb_3b.csv"):
        assert hash_file(data / name) == figures["data"][name]
    labels = json.loads(bench.LABELS.read_text(encoding="utf-8"))
    assert bench.detection(bench.hooks(), data, labels) == figures["detection"]


def test_a_missed_and_an_invented_form_show_in_the_counts(
    bench: ModuleType, real_data: Callable[[str], Path]
) -> None:
    data = real_data("gest_pl").parent
    labels = json.loads(bench.LABELS.read_text(encoding="utf-8"))
    first = labels["forms"]["google"][0]
    labels["forms"]["google"][0] = [first[0], first[1], first[2] - 1, first[3]]
    rows = bench.detection(bench.hooks(), data, labels)
    assert sum(row["false"] for row in rows) == 1
    stored = json.loads(bench.FIGURES.read_text(encoding="utf-8"))["detection"]
    assert sum(row["missed"] for row in rows) == sum(row["missed"] for row in stored) + 1


def test_edits_of_real_text_fit_and_a_second_pass_changes_nothing(
    bench: ModuleType, real_data: Callable[[str], Path]
) -> None:
    """Every 25th subtitle, all roles and three plans; edits fit their text and do not overlap."""
    polish = bench.hooks()
    texts = dict(bench.right_texts(real_data("xed_en_pl").parent))["XED subtitles"][::25]
    plans = [
        bench.plan(*genders, level).model_copy(update={"supporter_to_seeker": level})
        for *genders, level in (
            ("male", "female", "pan"), ("female", "male", "ty"), ("female", "female", "pan"),
        )
    ]
    edited = 0
    for text in map(polish.normalize, texts):
        for role in ("seeker", "supporter"):
            for plan in plans:
                edits = polish.realize(text, role, plan)
                for before, after in pairwise(edits):
                    assert before.end <= after.start
                done = apply_edits(text, edits)  # raises where an edit does not fit
                assert polish.realize(done, role, plan) == []
                edited += bool(edits)
    assert edited > 100


@pytest.mark.parametrize(
    ("word", "name"),
    [("spałam", "past"), ("zrobiłbym", "conditional"), ("powinienem", "winien"),
     ("był", "l-participle"), ("mała", "adjective or participle"), ("samą", "oblique")],
)
def test_form_classes(bench: ModuleType, word: str, name: str) -> None:
    assert bench.class_of(word) == name
