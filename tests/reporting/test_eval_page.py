"""docs/eval.md is what the shelf and the cues give."""

from pathlib import Path

from mhx.files import read_text
from mhx.reporting.eval_page import (
    CASES,
    CHOICES,
    CRISIS,
    EXPERTS,
    INTRODUCTION,
    JUDGES,
    SCORERS,
    SKILLS,
    expert_rows,
    measure_rows,
    scorer_rows,
)
from mhx.shelves import discover

ROOT = Path(__file__).resolve().parents[2]
PAGE = read_text(ROOT / "docs" / "eval.md")


def test_every_measure_of_the_shelf_stands_in_the_page():
    rows = measure_rows(discover(cwd=ROOT))
    assert len(rows) > 15
    lines = {line.split("|")[1].strip(): line for line in PAGE.split("\n") if line.startswith("| ")}
    for row in rows:
        for key in ("title", "by", "scale", "better", "languages", "agreement"):
            assert str(row[key]) in lines[row["measure"]], (row["measure"], key)


def test_the_words_of_the_page_are_those_of_its_module():
    for text in (INTRODUCTION, SCORERS, EXPERTS, CRISIS, JUDGES, CHOICES, CASES, SKILLS):
        assert text in PAGE


def test_a_judge_that_nobody_compared_with_people_is_unknown():
    rows = [row for row in measure_rows(discover(cwd=ROOT)) if row["by"] == "judge"]
    assert rows and all(row["agreement"].startswith("unknown") for row in rows)


def test_what_the_benches_measured_of_the_scorers_stands_in_the_page():
    results = ROOT / "bench" / "results"
    for row in scorer_rows(results):
        start = f"| {row['mechanism']} | {row['scorer']} |"
        line = next(line for line in PAGE.split("\n") if line.startswith(start))
        assert f"{row['kappa_quadratic']:.2f}".replace("-", "−") in line
    assert {row["other"] for row in expert_rows(results)} >= {"another expert", "cues", "length"}
