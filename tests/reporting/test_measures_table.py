"""The list of all measures with their agreement, misses of risk, learning curves."""

from __future__ import annotations

from typing import Any

from fake_evaluation import empty, evaluation

from mhx.reporting.evaluation import Evaluation, evaluation_of
from mhx.reporting.learning import curves
from mhx.reporting.learning import tables as learning_tables
from mhx.reporting.measures import BABBLE, agreed, tables
from mhx.reporting.sections import all_tables, sections


def read(value: dict[str, Any]) -> Evaluation:
    return evaluation_of(value, "0" * 64)


def rows(value: dict[str, Any], label: str = "measures") -> list[dict[str, Any]]:
    found = {table.label: table for table in tables(read(value))}
    return list(found[label].rows)


def test_a_row_a_score_holds_both_systems_and_what_was_scored_of_what() -> None:
    table = tables(read(evaluation(pipeline_check=False)))[0]
    assert table.cells()[0] == [
        "epitome", "emotional reactions", "0 to 2", "higher", "cues", "1140", "1152", "0.91",
        "0.91", "–", "quadratic κ 0.41 [0.31, 0.62] (n 300)"]
    assert table.cells()[-1][-2:] == ["–", "unknown"]
    assert [row["corpus"] for row in table.rows if row["measure"] == "skills"] == [0.183]


def test_labels_of_a_model_are_no_agreement_with_people() -> None:
    (skills,) = [row for row in rows(evaluation()) if row["measure"] == "skills"]
    assert skills["agreement"] == "unknown (κ 0.48 with a model's labels)"
    assert agreed(None) == agreed("unknown") == "unknown"


def test_a_language_without_labels_says_unknown_for_every_score() -> None:
    assert all(row["agreement"].startswith("unknown") for row in rows(evaluation("fa")))


def test_a_trial_models_means_are_not_shown_anywhere_in_the_table() -> None:
    found = rows(evaluation(pipeline_check=True))
    assert {row[name] for row in found if row["measure"] == "epitome"
            for name in ("base", "adapter")} == {BABBLE}
    assert 0.912345 not in [value for row in found for value in row.values()]
    assert [row["corpus"] for row in found if row["measure"] == "skills"] == [0.183]


def test_every_scorer_is_named_once_with_its_signature_and_what_it_was_compared_with() -> None:
    found = rows(evaluation(pipeline_check=False), "scorers")
    assert [(row["measure"], row["data"]) for row in found] == [
        ("epitome", "EPITOME, expert labels"), ("skills", "an author's labels"),
        ("chrf", "no person's labels")]
    assert found[0]["signature"].startswith("epitome|scorer:cues|")
    assert found[2]["signature"] == "no engine"


def test_misses_of_a_trial_models_answers_are_left_out_and_the_screen_stays() -> None:
    assert [row["measure"] for row in rows(evaluation(pipeline_check=True), "crisis")] == [
        "screened", "screened"]
    table = tables(read(evaluation(pipeline_check=False)))[2]
    assert table.cells()[2] == ["base", "recognized", "probes", "indirect", "all", "all", "24",
                                "2", "8 %", "24 %", "3", "63 %"]
    assert "unknown" not in table.agreement and "not measured" in table.agreement


def test_the_section_stands_in_the_report_and_an_old_run_says_what_is_missing() -> None:
    value = read(evaluation())
    (section,) = [one for one in sections(value, all_tables(value), {}) if one.anchor == "measures"]
    assert [table.label for table in section.tables] == ["measures", "scorers", "crisis"]
    assert {"judged scores", "judges' cost"} <= {
        text.partition(": ")[2].partition(".")[0] for text in section.absent}
    assert "earlier version" in tables(read(empty()))[0].missing


def test_the_curve_has_validation_where_it_was_measured_and_names_the_weights_kept() -> None:
    value = evaluation()
    (table,) = learning_tables(read(value))
    assert [(row["step"], row["valid_loss"], row["kept"]) for row in table.rows] == [
        (1, None, False), (8, 5.7, False), (16, 5.5, False), (20, None, True)]
    value["meta"]["adapter"] = {"best_step": 8}
    (table,) = learning_tables(read(value))
    assert [row["step"] for row in table.rows if row["kept"]] == [8]


def test_the_figure_draws_a_panel_a_language_and_no_figure_without_steps() -> None:
    value = evaluation()
    one = curves(read(value))
    assert one is not None
    assert one.name == "learning"
    assert one.alt == ("Learning curves. pl: training loss 5.45 to 4.50 in 20 steps, validation "
                       "loss 5.70 to 5.50.")
    assert one.inches[0] < 3.6
    more = [{**row, "language": "fa"} for row in value["learning"]]
    both = curves(read({**value, "learning": [*value["learning"], *more]}), "several", 2)
    assert both is not None
    assert (both.name, both.inches[0] > 5) == ("learning-2", True)
    assert curves(read(empty())) is None
