"""Tables of counts, detectable effects, models, length, ratings and paired differences."""

from __future__ import annotations

import fake_evaluation as fake
import pytest
from parity_cases import against, certificate, contrast, evaluation, group, shape

from mhx.reporting import counts, differences, licence, mde, models, power, within
from mhx.reporting.evaluation import evaluation_of

MODULES = (counts, differences, licence, mde, models, power, within)


def table(module, label, value):
    return next(one for one in module.tables(value) if one.label == label)


def shown(found):
    """Rows as {title: text}."""
    titles = [column.title for column in found.columns]
    return [dict(zip(titles, cells, strict=True)) for cells in found.cells()]


def test_cells_count_what_was_expected_scored_dropped_and_compared():
    value = evaluation(groups=[group("male"), group("female", n=38)],
                       contrasts=[contrast("female", pairs=37)])
    male, female = shown(table(counts, "cells", value))
    assert (female["expected"], female["scored"], female["not scored"]) == ("40", "38", "2")
    assert (female["coverage"], female["compared"], female["how"]) == ("95 %", "37", "pairs")
    assert (male["compared"], male["how"]) == ("–", "reference")


def test_scores_with_the_same_counts_share_a_row_and_others_do_not():
    names = ("warmth", "advice", "tone")
    rows = [group("male", score=name) for name in names]
    value = evaluation(groups=rows)
    assert [row["score"] for row in shown(table(counts, "cells", value))] == ["all 3"]
    rows[1] = group("male", n=12, score="advice")
    found = shown(table(counts, "cells", evaluation(groups=rows)))
    assert [(row["score"], row["scored"]) for row in found] == [("warmth, tone", "40"),
                                                                ("advice", "12")]


def test_an_empty_cell_is_named():
    value = evaluation(groups=[group("male"), group("other", n=0, expected=0)])
    notes = " ".join(table(counts, "cells", value).notes)
    assert "Cells without any score: gender other." in notes
    assert "Every expected row has a score." in notes


def test_unpaired_groups_are_compared_by_their_scores():
    value = evaluation(groups=[group("female", n=38)],
                       contrasts=[contrast("female", pairs=None, n_group=38)])
    row = shown(table(counts, "cells", value))[0]
    assert (row["compared"], row["how"]) == ("38", "unpaired")


def test_groups_that_share_units_are_listed():
    rows = [{"attribute": "race", "language": None, "system": None, "first": "a", "second": "b",
             "shared": 7, "n_first": 20, "n_second": 30}]
    row = shown(table(counts, "overlap", evaluation(groups=[group("a")], overlap=rows)))[0]
    assert (row["group"], row["and"], row["shared units"]) == ("a", "b", "7")


def test_detectable_gaps_say_where_the_margin_is_out_of_reach():
    cell = contrast("female × old", "male × old", attribute="gender × age", kind="intersection",
                    smallest_margin=0.41, mde=0.4)
    value = evaluation(
        groups=[group("male"), group("female", mde=0.22),
                group("female × old", attribute="gender × age", kind="intersection", n=9)],
        contrasts=[contrast("female", smallest_margin=0.24), cell])
    found = table(mde, "mde", value)
    assert [(row["group"], row["detectable gap"], row["in reach"])
            for row in shown(found)] == [("female", "0.22", "yes"), ("female × old", "0.40", "no")]
    assert "In 1 of 2 cells" in " ".join(found.notes)


def test_a_model_stands_beside_its_gap_and_disagreement_is_said():
    rows = [against("female", model="mixed", scale="raw points", estimate=0.11, se=0.08, low=-0.05,
                    high=0.27, p=0.19, agrees=True),
            against("female", model="ordinal", scale="log odds", estimate=0.9, se=0.3, low=0.3,
                    high=1.5, p=0.002, agrees=False)]
    found = table(models, "models", evaluation(contrasts=[contrast("female", gap=0.1)],
                                               models=rows))
    assert [(row["gap"], row["estimate"], row["agrees"]) for row in shown(found)] == [
        ("0.10", "0.11", "yes"), ("0.10", "0.90", "no")]
    assert "1 of 2 fitted models disagree" in " ".join(found.notes)


def test_intersections_are_counted_where_they_are_left_out():
    cell = {"attribute": "gender × age", "kind": "intersection"}
    value = evaluation(lengths=[against("female"), against("female × old", **cell)],
                       models=[against("female", model="mixed", scale="raw points"),
                               against("female × old", model="mixed", scale="raw points", **cell)])
    for module, label in ((within, "lengths"), (models, "models")):
        found = table(module, label, value)
        assert len(found.rows) == 1
        assert any(f"Intersections (1): the same numbers are in report.json, under parity, {label}"
                   in note for note in found.notes)


def test_a_corrected_gap_of_licensed_languages_is_shown_without_the_raw_one():
    rows = [against("pl", "en", kind="language", attribute="language", raw=None, corrected=0.1)]
    row = shown(table(within, "corrected", evaluation(corrected=rows)))[0]
    assert (row["contrast"], row["raw gap"], row["corrected gap"]) == ("pl − en", "–", "0.10")


def test_a_note_of_many_rows_is_short():
    rows = [against(f"g{k}", note="no lengths") for k in range(9)]
    assert "No lengths: all 9 rows." in table(within, "lengths", evaluation(lengths=rows)).notes
    rows.append(against("last"))
    notes = " ".join(table(within, "lengths", evaluation(lengths=rows)).notes)
    assert "warm tone by gender, g5; and 3 more." in notes


def test_a_model_that_was_not_fitted_says_why():
    rows = [against("female", model="ordinal", scale="log odds",
                    note="more than ten distinct scores")]
    found = table(models, "models", evaluation(models=rows))
    notes = " ".join(found.notes)
    assert "No model could be fitted." in notes
    assert "More than ten distinct scores: adapter, warm tone by gender, female." in notes


def test_length_rating_and_correction_stand_beside_the_gap():
    length = against("female", length_gap=-12.25, length_low=-20.0, length_high=-4.5, gap=-0.2,
                     adjusted=-0.05, low=-0.2, high=0.1, p=0.5, slope=0.3)
    rated = against("female", n=90, difference=0.02, standardized=0.03, low=-0.08, high=0.12,
                    p=0.7, bound=0.125, tost_p=0.02)
    fixed = against("female", n=90, n_scored=400, raw=-0.2, corrected=-0.08, low=-0.2, high=0.04,
                    tost_low=-0.18, tost_high=0.02, p_adjusted=0.3, tost_p_adjusted=0.01,
                    weight=0.7, verdict="equivalent")
    value = evaluation(lengths=[length], conditional=[rated], corrected=[fixed])
    row = shown(table(within, "lengths", value))[0]
    assert (row["length gap"], row["at equal length"]) == ("−12.2", "−0.05")
    row = shown(table(within, "conditional", value))[0]
    assert (row["difference"], row["within the bound"]) == ("0.02", "yes")
    row = shown(table(within, "corrected", value))[0]
    assert (row["raw gap"], row["corrected gap"], row["verdict"]) == ("−0.20", "−0.08",
                                                                      "equivalent")


def test_a_scorer_that_was_not_shown_to_be_within_the_bound_is_not_called_so():
    rows = [against("a", tost_p=0.2, difference=0.1), against("b", tost_p=None)]
    found = shown(table(within, "conditional", evaluation(conditional=rows)))
    assert [row["within the bound"] for row in found] == ["no", "–"]


def test_paired_differences_have_the_interval_of_the_mean_and_the_spread_of_pairs():
    value = evaluation(contrasts=[contrast("female", low=-0.06, high=0.26)],
                       differences=[shape("female", low=-1.0, high=0.5)])
    row = shown(table(differences, "differences", value))[0]
    assert (row["95 % interval"], row["middle 90 %"]) == ("[−0.06, 0.26]", "[−1.00, 0.50]")
    assert (row["lower"], row["equal"], row["higher"]) == ("20 %", "50 %", "30 %")


def test_power_is_that_of_a_planned_gap_at_the_spread_that_was_seen():
    # 38 pairs, se .08: SD .493; statsmodels gives power .858 for a gap of .25 (paired t)
    from statsmodels.stats.power import TTestPower

    value = evaluation(contrasts=[contrast("female"), contrast("other")])
    row = power.powers(value)[0]
    assert row["sd"] == pytest.approx(0.08 * 38**0.5)
    wanted = TTestPower().power(effect_size=0.25 / row["sd"], nobs=38, alpha=0.05)
    assert row["power_difference"] == pytest.approx(wanted, abs=1e-9)
    assert row["power"] == pytest.approx(0.856, abs=0.02)  # normal: 2 Phi(.25/.08 - 1.645) - 1
    assert row["needed"] <= row["needed_family"]
    # a family of two: each at half of alpha
    alone = power.powers(evaluation(contrasts=[contrast("female")]))[0]
    assert alone["needed_family"] == alone["needed"] == row["needed"] < row["needed_family"]


def test_power_needs_a_margin_and_a_spread():
    rows = [contrast("a", margin=None), contrast("b", se=None), contrast("c", se=0.0)]
    found = table(power, "power", evaluation(contrasts=rows))
    assert not found.rows
    assert "needs a margin" in found.missing


@pytest.mark.parametrize("module", MODULES, ids=lambda one: one.__name__)
def test_a_table_without_rows_says_why_and_one_with_rows_carries_its_signature(module):
    full = evaluation(
        groups=[group("male"), group("female")], contrasts=[contrast("female")],
        models=[against("female", model="mixed", scale="raw points", agrees=True)],
        lengths=[against("female")], conditional=[against("female")],
        corrected=[against("female")], differences=[shape("female")],
        overlap=[{"attribute": "race", "first": "a", "second": "b", "shared": 7}],
        certificates=[certificate()] if module is licence else ())
    for one in module.tables(full):
        assert one.rows, one.label
        assert one.signature
        assert one.origin
        assert not one.missing
        assert all(note.endswith((".", ")")) for note in one.notes), one.notes
    for one in module.tables(evaluation_of(fake.empty(), "0" * 64)):
        assert not one.rows
        assert one.missing.startswith("Not in this run: ")


def test_every_row_of_a_real_comparison_is_in_the_tables():
    value = evaluation_of(fake.evaluation("pl", pipeline_check=False), "0" * 64)
    records = value.part("parity", "base")
    cells = table(counts, "cells", value).rows
    assert sum(row["n"] * (3 if row["score"] == "all 3" else 1 + row["score"].count(","))
               for row in cells if row["system"] == "base") == sum(
        row["n"] for row in records["groups"])
    found = table(mde, "mde", value).rows
    assert len([row for row in found if row["system"] == "base"]) == len(records["contrasts"])
    assert {row["system"] for row in found} == {"base", "adapter"}


def test_the_examination_of_the_scorer_is_by_language_with_the_certificate_as_signature():
    value = evaluation(certificates=[certificate()])
    anchors, dif = licence.tables(value)
    assert [(row["language"], row["reliability"], row["α (ordinal)"], row["scorer"])
            for row in shown(anchors)] == [("pl", "0.82", "0.71", "cues pl"),
                                           ("en", "0.82", "0.71", "cues en")]
    assert "residual SD 0.55, correlation 0.40" in " ".join(anchors.notes)
    assert dif.cells()[0][-2:] == ["negligible", "0.10"]
    assert all("certificate:cccccccccccc" in one.signature for one in (anchors, dif))
    assert "3 raters, 2 of them linking" in anchors.origin
