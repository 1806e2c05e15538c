"""Heat map, paired differences, power, calibration, DIF: what they show, that they can be read."""

from __future__ import annotations

import fake_evaluation as fake
import pytest
from parity_cases import (
    Kept,
    certificate,
    contrast,
    crossings,
    evaluation,
    shape,
)

from mhx.reporting import calibration, dif, differences, heatmap, power
from mhx.reporting.evaluation import evaluation_of
from mhx.reporting.palette import NOT_LICENSED, NOT_TESTABLE

LANGUAGES = ("pl", "fa", "en", "de")
LONG = "non-binary and gender-diverse people from the countryside"
NAMES = ("female", "زن مهاجر افغانستانی", LONG, *(f"region of origin {k}" for k in range(21)))


@pytest.fixture
def kept(monkeypatch):
    found = Kept()
    for module in (heatmap, differences, power, calibration, dif):
        monkeypatch.setattr(module, "picture", found)
    return found


def licence(language, verdict, score="warm_tone"):
    return {"score": score, "language": language, "reference": "en", "verdict": verdict}


def small():
    return evaluation({name: {"contrasts": [contrast("female")], "differences": [shape("female")]}
                       for name in ("base", "adapter")}, certificates=[certificate()])


def large():
    """24 cells in four languages, two scores and two systems, some with long or Persian names."""
    rows = [(score, language, name) for score in ("warm_tone", "advice") for language in LANGUAGES
            for name in NAMES]
    part = {
        "contrasts": [contrast(name, score=score, language=language, gap=(k % 13 - 6) / 20)
                      for k, (score, language, name) in enumerate(rows)],
        "differences": [shape(name, score=score, language=language, mean=(k % 13 - 6) / 20)
                        for k, (score, language, name) in enumerate(rows)],
        "cross_language": [licence("pl", "comparable"), licence("fa", "insufficient anchors")],
    }
    pairs = [{**certificate(), "sha256": f"{k}" * 64} for k in range(4)]
    return evaluation({"base": part, "adapter": part}, certificates=pairs)


DRAWN = (heatmap, differences, power, calibration, dif)
NAMED = pytest.mark.parametrize("module", DRAWN, ids=lambda one: one.__name__.rsplit(".", 1)[-1])


@pytest.fixture(scope="session")
def drawn():
    """The figures of the large design by module."""
    found = {}
    for module in DRAWN:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "picture", found.setdefault(module, Kept()))
            module.pictures(large())
    return found


def readable(figures):
    assert figures
    for one in figures:
        assert min(text["size"] for text in one["texts"]) >= 7
        assert crossings(one["texts"]) == []
        assert len(one["picture"].caption) > 100
        assert one["picture"].alt.endswith(".")


@NAMED
def test_a_large_design_fits_pages_and_is_read(drawn, module):
    readable(drawn[module])
    names = [one["picture"].name for one in drawn[module]]
    assert len(names) == len(set(names)) <= 8
    for one in drawn[module]:
        width, height = one["inches"]
        assert width <= 7
        assert height <= 8.8


@NAMED
def test_a_single_contrast_is_read(kept, module):
    module.pictures(small())
    assert len(kept) == 1
    readable(kept)
    if module in (power, calibration, dif):
        assert kept[0]["inches"][0] <= 3.4  # a panel fits a column


@pytest.mark.parametrize("module", [heatmap, differences, power])
def test_long_names_of_systems_are_broken_and_not_cut(kept, module):
    names = [f"{kind} (some-organization/some_base-1B-instruct, 2026-11-21-{k})"
             for k in (1, 2) for kind in ("base", "adapter")]
    rows = {"contrasts": [contrast("female", language=name) for name in ("Polish", "Persian")],
            "differences": [shape("female", language="Polish")]}
    module.pictures(evaluation(dict.fromkeys(names, rows)))
    readable(kept)
    assert kept[0]["inches"][0] <= (3.4 if module is power else 7)
    texts = " ".join(text["text"] for text in kept[0]["texts"]).replace("\n", "").replace(" ", "")
    assert all(name.replace(" ", "") in texts for name in names)


@NAMED
def test_the_same_numbers_give_the_same_bytes_and_no_numbers_no_figure(module):
    first, again = module.pictures(small()), module.pictures(small())
    assert first[0].files == again[0].files
    assert all(len(content) > 5_000 for content in first[0].files.values())
    assert module.pictures(evaluation()) == []


def cells(found):
    """(face color, hatch) by the text of the cell."""
    axes = found["figure"].axes[0]
    at = {(round(text.get_position()[0], 3), round(text.get_position()[1], 3)): text.get_text()
          for text in axes.texts}
    out = {}
    for box in axes.patches:
        center = (round(box.get_x() + box.get_width() / 2, 3),
                  round(box.get_y() + box.get_height() / 2, 3))
        out[at.get(center, "")] = (tuple(round(part, 2) for part in box.get_facecolor()[:3]),
                                   box.get_hatch())
    return out


WHITE = (1.0, 1.0, 1.0)


def test_only_languages_with_a_licence_have_a_color(kept):
    gaps = {"en": 0.2, "pl": 0.1, "fa": -0.2, "de": 0.15}
    value = evaluation(
        contrasts=[contrast("female", language=name, gap=gap) for name, gap in gaps.items()],
        cross_language=[licence("pl", "comparable"), licence("fa", "not comparable"),
                        licence("de", "correctable")])
    heatmap.pictures(value)
    found = cells(kept[0])
    colored, hatched = ("+0.20 =", "+0.10 ="), ("−0.20 =", "+0.15 =")
    assert all(found[text][0] != WHITE and not found[text][1] for text in colored)
    assert all(found[text] == (WHITE, NOT_LICENSED) for text in hatched)
    assert "no licence" in [text["text"] for text in kept[0]["texts"]]
    alt = kept[0]["picture"].alt
    assert "fa, warm tone by gender, female: −0.20, equivalent, no licence" in alt


def test_a_licence_is_against_the_reference_and_holds_in_every_system():
    rows = [contrast("female", language=name) for name in ("en", "pl", "fa", "de")]
    chain = {**licence("fa", "comparable"), "reference": "pl"}
    one = {"contrasts": rows, "cross_language": [
        licence("pl", "comparable"), licence("de", "comparable"), chain]}
    other = {"contrasts": rows, "cross_language": [licence("de", "insufficient anchors")]}
    assert heatmap.licensed(evaluation({"base": one})) == {"warm tone": {"en", "pl", "de"}}
    assert heatmap.licensed(evaluation({"base": one, "adapter": other})) == {
        "warm tone": {"en", "pl"}}


def test_without_any_gate_no_language_has_a_color_and_one_language_needs_none(kept):
    rows = [contrast("female", language=name, gap=0.2) for name in ("pl", "fa")]
    heatmap.pictures(evaluation(contrasts=rows))
    assert set(cells(kept[0]).values()) == {(WHITE, NOT_LICENSED)}
    heatmap.pictures(evaluation(contrasts=rows[:1]))
    assert cells(kept[1])["+0.20 ="][0] != WHITE


def test_a_number_that_is_not_there_has_no_color(kept):
    rows = [contrast("female", gap=0.2),
            contrast("few", gap=None, low=None, p=None, verdict="inconclusive"),
            contrast("flat", gap=0.0, low=None, p=None, verdict="inconclusive: floor")]
    heatmap.pictures(evaluation(contrasts=rows))
    found = cells(kept[0])
    assert found["– ?"] == found["floor"] == (WHITE, NOT_TESTABLE)


def test_a_table_without_systems_has_no_line_for_them(kept):
    rows = [contrast("female", language=name) for name in ("pl", "fa")]
    heatmap.pictures(evaluation({"": {"contrasts": rows}}))
    differences.pictures(evaluation({"": {"contrasts": rows[:1],
                                          "differences": [shape("female", language="pl")]}}))
    assert not kept[0]["figure"].axes[0].lines
    texts = [text["text"] for text in kept[1]["texts"]]
    assert "share of pairs, mean with interval" in texts


def test_every_paired_contrast_of_a_real_comparison_is_drawn(kept):
    value = evaluation_of(fake.evaluation("pl", pipeline_check=False), "0" * 64)
    rows = value.parity_rows("contrasts", "main")
    assert len(rows) == 18  # three scores, two attributes, two systems
    for module in (heatmap, differences):
        module.pictures(value)
        said = [part for one in kept for part in one["picture"].alt.split(";")]
        kept.clear()
        assert len(said) == len(rows)
        for row in rows:
            name = f"{row['system']}, {row['score'].replace('_', ' ')} by {row['attribute']}"
            assert any(f"{name}, {row['group']}" in part for part in said)


def test_less_is_orange_and_more_is_blue(kept):
    heatmap.pictures(evaluation(contrasts=[contrast("a", gap=0.25), contrast("b", gap=-0.25)]))
    found = cells(kept[0])
    assert found["+0.25 ="][0] == (0.0, 0.45, 0.7)  # Okabe & Ito's blue at the end of the scale
    assert found["−0.25 ="][0] == (0.9, 0.62, 0.0)


def test_all_contrasts_are_in_the_heat_map_of_the_large_design(drawn):
    texts = [text["text"].replace("\n", " ") for one in drawn[heatmap] for text in one["texts"]]
    assert all(texts.count(name) == 2 for name in NAMES)  # once a score
    signs = [text for text in texts if text.endswith(" =")]
    assert len(signs) == 2 * 2 * len(LANGUAGES) * len(NAMES)


def test_bars_of_paired_differences_have_the_counts_as_heights(kept):
    differences.pictures(evaluation(contrasts=[contrast("female")], differences=[shape("female")]))
    axes = kept[0]["figure"].axes[0]
    bars = [box for box in axes.patches if box.get_height() < 0]
    tallest = min(box.get_height() for box in bars)
    assert [round(19 * box.get_height() / tallest) for box in bars] == [8, 19, 11]
    assert [round(box.get_x() + box.get_width() / 2, 6) for box in bars] == [-1, 0, 1]
    assert {"< 20 %", "= 50 %", "> 30 %"} <= {text["text"] for text in kept[0]["texts"]}


def test_bars_of_values_that_lie_close_are_wide_enough_to_be_seen(kept):
    near = shape("female", values=[-1.0, 0.0, 0.01], counts=[1, 30, 7])
    differences.pictures(evaluation(contrasts=[contrast("female")], differences=[near]))
    axes = kept[0]["figure"].axes[0]
    low, high = axes.get_xlim()
    inches = axes.get_position().width * kept[0]["figure"].get_figwidth() / (high - low)
    assert min(box.get_width() for box in axes.patches if box.get_height() < 0) * inches > 0.02


@pytest.mark.parametrize("module", [differences, power])
def test_a_system_that_is_not_drawn_is_not_in_the_legend(kept, module):
    own = {"contrasts": [contrast("female", sd_difference=0.5)], "differences": [shape("female")]}
    module.pictures(evaluation({"ours": own, "people": {"groups": []}}))
    shown = " ".join(text["text"] for text in kept[0]["texts"])
    assert "ours" in shown
    assert "people" not in shown


def test_too_many_contrasts_are_picked_by_size_and_the_caption_says_so(drawn):
    shown = drawn[differences][0]["picture"]
    assert "Of 384 contrasts the 16 with the largest" in shown.caption
    assert "picked" in shown.caption
    assert shown.alt.count("mean 0.30,") + shown.alt.count("mean −0.30,") == shown.alt.count("mean")


def test_the_power_curve_passes_the_present_number_at_the_table_s_power(kept):
    value = evaluation(contrasts=[contrast("female")])
    power.pictures(value)
    axes = kept[0]["figure"].axes[0]
    marked = next(line for line in axes.lines if line.get_marker() not in ("", "None", None))
    row = power.powers(value)[0]
    assert marked.get_xdata()[0] == 38
    assert marked.get_ydata()[0] == pytest.approx(row["power"], abs=1e-12)


def test_calibration_has_the_certificate_s_means_and_intervals(kept):
    calibration.pictures(evaluation(certificates=[certificate()]))
    axes = kept[0]["figure"].axes[0]
    curves = [line for line in axes.lines if len(line.get_ydata()) == 3]
    assert [list(line.get_ydata()) for line in curves] == [pytest.approx([0.3, 0.9, 1.5])] * 2
    intervals = [line for line in axes.lines
                 if len(line.get_ydata()) == 2 and len(set(line.get_xdata())) == 1]
    assert len(intervals) == 4  # two levels have one, in each language


def test_dif_says_what_its_test_found(kept):
    dif.pictures(evaluation(certificates=[certificate()]))
    texts = " ".join(text["text"] for text in kept[0]["texts"])
    assert "warm tone: pl and en" in texts
    assert "uniform: p 0.200" in texts
    assert "negligible" in texts
    without = certificate()
    without["dif"][0]["curves"] = []
    assert dif.pictures(evaluation(certificates=[without])) == []
