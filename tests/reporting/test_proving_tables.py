"""The proving ground in the report: every rate with its error, every refusal, one figure."""

from __future__ import annotations

from typing import Any

import pytest

from mhx.reporting.proof import markdown
from mhx.reporting.proving import proving_picture, proving_tables

RATES = ("coverage", "rejected", "claimed")
NAMED = ("type_1", "power", "false_parity", "true_parity")


def row(design: str, gap: float, procedure: str, **found: Any) -> dict[str, Any]:
    out: dict[str, Any] = {
        "design": design, "title": f"title of {design}", "estimand": "pair", "gap": gap,
        "procedure": procedure, "margin": 0.25, "replicates": 200, "answered": 1.0, "note": "",
        "bias": 0.01, "bias_se": 0.005, "width": 0.4,
        **dict.fromkeys((*RATES, *(f"{name}_se" for name in RATES), *NAMED))}
    return out | found


@pytest.fixture
def part() -> dict[str, Any]:
    return {
        "settings": {"margin": 0.25, "alpha": 0.05, "replicates": 200, "resamples": 400, "seed": 3,
                     "procedures": ["mhx", "welch"], "mhx": "0.1.0", "numpy": "2.4.6"},
        "procedures": [{"name": "mhx", "title": "mhx parity", "claim": "TOST within the margin"},
                       {"name": "welch", "title": "Welch", "claim": "p above alpha"}],
        "rows": [
            row("paired", 0.0, "mhx", coverage=0.945, coverage_se=0.0161, rejected=0.06,
                rejected_se=0.0168, type_1=0.06, claimed=0.7, claimed_se=0.032, true_parity=0.7),
            row("paired", 0.25, "welch", coverage=0.97, coverage_se=0.0125, rejected=0.5,
                rejected_se=0.035, power=0.5, claimed=0.5, claimed_se=0.035, false_parity=0.5),
            row("languages", 0.25, "mhx", answered=0.0, bias=None, note="insufficient anchors"),
        ]}


def test_rates_stand_under_their_names_with_monte_carlo_errors(part: dict[str, Any]) -> None:
    table = proving_tables(part)[0]
    titles = [column.title for column in table.columns]
    cells = [dict(zip(titles, one, strict=True)) for one in table.cells()]
    assert cells[0]["coverage"] == "0.945 ± 0.016"
    assert (cells[0]["type I error"], cells[0]["power"]) == ("0.060 ± 0.017", "–")
    assert (cells[1]["false parity"], cells[1]["parity shown"]) == ("0.500 ± 0.035", "–")
    assert (cells[2]["answered"], cells[2]["why not"]) == ("0 %", "insufficient anchors")
    assert table.rows[0]["coverage_se"] == 0.0161
    assert table.signature == ("prove | margin:0.25 | alpha:0.05 | replicates:200 | "
                               "resamples:400 | seed:3 | mhx:0.1.0 | numpy:2.4.6")
    told = " ".join(table.notes)
    assert "200 for mhx, welch" in told
    assert "welch: p above alpha" in told


def test_where_all_answered_there_is_no_column_for_refusals(part: dict[str, Any]) -> None:
    part["rows"] = part["rows"][:2]
    assert "why not" not in [column.title for column in proving_tables(part)[0].columns]


def test_nothing_run_is_said_and_draws_nothing() -> None:
    table = proving_tables({})[0]
    assert not table.rows
    assert table.missing
    assert proving_picture({}) is None


def test_the_figure_is_one_file_for_the_same_numbers_and_says_them(part: dict[str, Any]) -> None:
    first, second = proving_picture(part), proving_picture(part)
    assert first is not None and second is not None
    assert first.files == second.files
    assert set(first.files) == {"pdf", "png", "svg"}
    assert "title of paired, gap 0.25, welch: coverage 0.97, wrong claims 0.50" in first.alt
    assert "seed:3" in first.caption
    part["rows"][0]["coverage"] = 0.5
    changed = proving_picture(part)
    assert changed is not None and changed.files["png"] != first.files["png"]


def test_markdown_has_a_row_a_cell_and_the_notes(part: dict[str, Any]) -> None:
    lines = markdown(proving_tables(part)[0]).split("\n")
    assert sum(line.startswith("| title of") for line in lines) == 3
    assert any(line.startswith("Signature: prove | margin:0.25") for line in lines)
