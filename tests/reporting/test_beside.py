"""What the methods text says of the checks beside the gaps: counts and numbers of the records."""

from __future__ import annotations

import fake_evaluation as fake
import parity_cases as cases

from mhx.reporting.beside import beside
from mhx.reporting.evaluation import evaluation_of
from mhx.reporting.methods import methods


def model(name, agrees, **more):
    return cases.against("female", model=name, scale="raw points", estimate=0.1, se=0.05, low=0.0,
                         high=0.2, p=0.05, agrees=agrees, **more)


def length(gap, adjusted):
    return cases.against("female", gap=gap, adjusted=adjusted, length_gap=3.0, slope=0.1)


def rated(tost_p):
    return cases.against("female", difference=0.02, tost_p=tost_p, bound=0.125)


def said(**records):
    return " ".join(beside(cases.evaluation(
        groups=[cases.group("male"), cases.group("female")],
        contrasts=[cases.contrast("female")], **records)))


def test_models_are_counted_by_agreement_and_by_what_could_not_be_judged():
    text = said(models=[model("mixed", True), model("mixed", True), model("ordinal", False),
                        model("ordinal", None)])
    assert "of 3 fitted estimates 2 agree" in text
    assert "and 1 could not be judged" in text
    assert "none could be fitted" in said(models=[model("mixed", None)])


def test_the_largest_move_at_equal_length_is_told():
    text = said(lengths=[length(0.10, 0.08), length(0.20, -0.05), length(0.1, None)])
    assert "largest change of 2 gaps is 0.25 raw points" in text
    text = said(lengths=[{**length(0.1, None), "note": "length does not vary"}])
    assert "could not be computed (length does not vary)" in text


def test_the_scorer_at_equal_rating_is_counted_at_alpha():
    text = said(conditional=[rated(0.049), rated(0.051), rated(None)])
    assert "in 3 contrasts: in 1 of 2 it was shown to lie within its bound" in text
    failed = {**rated(None), "difference": None, "note": "nobody rated this group"}
    assert "could not be examined at equal human rating (nobody rated" in said(conditional=[failed])
    assert "no bound was given" in said(conditional=[rated(None)])


def test_a_licence_is_said_with_its_bound_and_certificate():
    row = {"score": "warm_tone", "language": "pl", "reference": "en", "verdict": "comparable",
           "anchors": 120, "anchors_needed": 98, "bound": 0.125, "certificate": "c" * 64}
    text = said(cross_language=[row, {**row, "score": "other", "verdict": "not comparable"}])
    assert "equivalent within ±0.125 raw points (certificate cccccccccccc)" in text
    assert "comparable in 1, not comparable in 1 of 2 scores" in text
    assert not said(cross_language=[{**row, "certificate": None,
                                     "verdict": "insufficient anchors"}])


def test_nothing_is_said_of_checks_that_were_not_run_nor_of_a_trial_model():
    assert not said()
    value = fake.evaluation()
    value["parity"]["adapter"]["models"] = [model("mixed", True)]
    assert not list(beside(evaluation_of(value, "x")))


def test_the_methods_list_a_check_as_done_or_as_not_done_and_never_as_both():
    value = fake.evaluation(pipeline_check=False)
    checks = {"models": [model("mixed", True)], "lengths": [length(0.1, 0.05)],
              "conditional": [rated(0.01)]}
    words = {"models": ("linear mixed model", "a mixed or an ordinal model"),
             "lengths": ("length of the answers held equal", "the gap at equal length"),
             "conditional": ("examined at equal human rating", "by group at equal human rating")}
    for key, rows in checks.items():
        one = {**value, "parity": {**value["parity"],
                                   "adapter": {**value["parity"]["adapter"], key: rows}}}
        text = dict(methods(evaluation_of(one, "x")))
        done, not_done = " ".join(text["Parity analysis"]), " ".join(text["What was not done"])
        for name, (yes, no) in words.items():
            assert (yes in done) == (name == key)
            assert (no in not_done) == (name != key)


def test_a_proving_ground_that_was_not_run_is_said():
    value = fake.evaluation(pipeline_check=False)
    missing = "were not run on known gaps"
    assert missing not in str(methods(evaluation_of(value, "x")))
    assert missing in str(methods(evaluation_of({**value, "proving": None}, "x")))


def test_where_only_some_scores_are_licensed_the_others_are_counted():
    value = fake.evaluation(pipeline_check=False)
    row = {"score": "a", "language": "pl", "reference": "fa", "verdict": "comparable"}
    rows = [row, {**row, "score": "b", "verdict": "not comparable"}]
    value["parity"]["adapter"]["cross_language"] = rows
    text = " ".join(dict(methods(evaluation_of(value, "x")))["What was not done"])
    assert "For 1 of 2 scores and pairs of languages no gap is printed (not comparable)." in text
    value["parity"]["adapter"]["cross_language"] = rows[1:]
    text = " ".join(dict(methods(evaluation_of(value, "x")))["What was not done"])
    assert "No gap between languages is printed (not comparable)." in text
