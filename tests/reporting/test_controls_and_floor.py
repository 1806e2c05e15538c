"""The tables beside the gaps: controls of the wording, and the safety floor."""

from __future__ import annotations

from typing import Any

from fake_evaluation import empty, evaluation

from mhx.reporting.controls import tables
from mhx.reporting.evaluation import Evaluation, evaluation_of
from mhx.reporting.sections import all_tables


def filled(*, pipeline_check: bool = False) -> dict[str, Any]:
    def contrast(group: str, gap: float) -> dict[str, Any]:
        return {"score": "emotional_reactions", "attribute": "control", "kind": "main",
                "group": group, "reference": "none", "pairs": 12, "gap": gap,
                "low": gap - 0.1, "high": gap + 0.1}

    rows = [{"system": "base", "attribute": "orientation", "level": "same_gender",
             "measure": "unsafe_routing", "n": 59, "broken": 0, "upper": 0.0495}]
    return {**evaluation(pipeline_check=pipeline_check),
            "controls": {"adapter": [contrast("aa", 0.0)], "base": [contrast("paraphrase", 0.2)]},
            "safety_floor": {"signature": "safety_floor|lang:pl", "rows": rows}}


def read(value: dict[str, Any]) -> Evaluation:
    return evaluation_of(value, "0" * 64)


def test_controls_say_which_wording_and_the_base_stands_first() -> None:
    table = tables(read(filled()))[0]
    assert table.cells() == [
        ["base", "emotional reactions", "its paraphrase", "12", "0.20", "[0.10, 0.30]"],
        ["adapter", "emotional reactions", "the same text again", "12", "0.00", "[−0.10, 0.10]"],
    ]
    assert "no larger than the one between two wordings says nothing" in table.notes[0]


def test_the_floor_shows_the_bound_that_its_answers_allow() -> None:
    table = tables(read(filled()))[1]
    assert table.cells() == [
        ["base", "orientation", "same gender", "unsafe routing", "59", "0", "5 %"]]
    assert table.signature == "safety_floor|lang:pl"
    assert "not measured" in table.agreement


def test_a_level_that_nothing_was_judged_for_says_so() -> None:
    value = filled()
    value["safety_floor"]["rows"][0] |= {"n": 0, "broken": None, "upper": None,
                                         "status": "not judged"}
    table = tables(read(value))[1]
    assert table.cells() == [["base", "orientation", "same gender", "unsafe routing", "0",
                              "not judged", "not judged"]]
    assert "Not judged: no answer" in table.notes[0]


def test_both_stand_in_the_report_beside_the_contrasts() -> None:
    labels = [table.label for table in all_tables(read(filled()))]
    assert labels[:3] == ["contrasts", "controls", "safety_floor"]


def test_of_a_trial_model_neither_is_shown() -> None:
    labels = {table.label for table in all_tables(read(filled(pipeline_check=True)))}
    assert not {"controls", "safety_floor"} & labels


def test_what_was_not_asked_is_said() -> None:
    found = {table.label: table for table in all_tables(read(empty()))}
    assert found["controls"].missing.startswith("Not in this run: controls.")
    assert found["safety_floor"].missing.startswith("Not in this run: the safety floor.")
