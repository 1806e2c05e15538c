"""Rubrics: data alone makes a judged measure; every shipped one is whole in each language."""

import re
from itertools import combinations

import polars as pl
import pytest
from judge_server import legal, serving

from mhx.contracts import MeasureSettings
from mhx.errors import MhxError
from mhx.files import load_model, read_yaml, write_yaml
from mhx.judging import rubric_of, worded
from mhx.schema import MeasureManifest
from mhx.scoring import open_measure
from mhx.shelves import discover, shipped_root

SHELVES = discover(cwd=shipped_root())
JUDGED = [
    name for name in SHELVES.names("eval")
    if SHELVES.get("eval", name).manifest.name == "measure.yaml"
    and load_model(SHELVES.get("eval", name).manifest, MeasureManifest).rubric is not None
]
LANGUAGES = ("en", "pl", "fa", "es")
# the legal range of each protocol, as /reference names it: not read from the rubric
SCALES = {
    "judged_epitome": (3, [0, 2]), "psychocounsel": (7, [1, 5]), "mentalalign": (7, [1, 5]),
    "crisis_response": (1, [1, 5]), "ctrs_cactus": (6, [0, 6]),
    "relationship_observed": (4, [-3, 3]), "dialogguard": (5, [0, 2]),
    "compassionate_refusal": (4, [0, 1]), "judged_local": (1, [0, 2]),
}
OWN = """
name: brevity
title: Brevity
unit: response
scores: [brevity]
scale: [1, 3]
direction: higher
per_language: true
needs: [judge]
source: a user
rubric:
  origin: {kind: human, name: a user, reviewed_by: null}
  licence: CC0-1.0
  values: [1, 2, 3]
  items: [{id: brevity}]
  wording:
    en:
      items:
        brevity: {question: Is it brief?, anchors: {"1": "no", "3": "yes"}}
"""


def test_the_protocols_are_there_with_their_scales():
    assert set(SCALES) <= set(JUDGED)
    for name, (count, scale) in SCALES.items():
        manifest, _ = rubric_of(name, SHELVES)
        assert (len(manifest.scores), manifest.scale) == (count, scale), name


@pytest.mark.parametrize("name", JUDGED)
@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_shipped_rubric_is_worded_with_anchors_at_both_ends(name, tag):
    manifest, rubric = rubric_of(name, SHELVES)
    found = worded(manifest, tag, SHELVES)
    assert set(found.items) == {item.id for item in rubric.items}
    for item in rubric.items:
        answers = rubric.answers(item)
        assert {answers[0], answers[-1]} <= set(found.items[item.id].anchors)
    assert found.instructions


@pytest.mark.parametrize("name", JUDGED)
@pytest.mark.parametrize("tag", LANGUAGES)
def test_wording_is_in_the_letters_of_its_language_and_repeats_nothing(name, tag):
    manifest, _ = rubric_of(name, SHELVES)
    found = worded(manifest, tag, SHELVES)
    questions = [one.question for one in found.items.values()]
    assert len(set(questions)) == len(questions)
    for one in found.items.values():
        text = " ".join([one.question, *one.anchors.values()])
        if tag == "fa":
            assert not re.search("[يىكﻙ]", text)
            assert not re.search(r"\b(?:می|نمی) \w", text), "a half space is missing"
            assert len(re.findall(r"[A-Za-z]", text)) == 0
        if tag == "pl":
            assert '"' not in text.replace("„", "").replace("”", "")
        if tag == "es":
            assert text.count("¿") == text.count("?") > 0 or name == "relationship_observed"
            assert '"' not in text and "“" not in text
    if found.instructions and tag != "en":
        assert found.instructions != worded(manifest, "en", SHELVES).instructions


def test_own_rubrics_of_two_measures_do_not_share_a_question():
    texts = {name: {one.question for one in worded(rubric_of(name, SHELVES)[0], "en",
                                                   SHELVES).items.values()} for name in JUDGED}
    for one, two in combinations(JUDGED, 2):
        assert not texts[one] & texts[two]


def test_a_rubric_dropped_in_is_one_file_and_no_python(tmp_path):
    folder = tmp_path / "eval" / "brevity"
    folder.mkdir(parents=True)
    (folder / "measure.yaml").write_text(OWN, encoding="utf-8")
    shelves = discover(extra=[tmp_path], cwd=shipped_root())
    with serving(lambda prompt: str(legal(prompt, 2)).replace("'", '"')) as (url, asked):
        settings = MeasureSettings("en", shelves.get("languages", "en").folder,
                                   options={"judges": [f"openai:m@{url}"]})
        manifest, measure = open_measure("brevity", settings, shelves)
        rows = measure.score(pl.DataFrame({"unit": ["a"], "response": ["Hi."]})).to_dicts()
    assert manifest.scores == ["brevity"] and "Is it brief?" in asked[0]
    assert [(row["measure"], row["score"], row["status"]) for row in rows] == [
        ("brevity", 3.0, "scored")]


def test_a_judged_measure_without_a_judge_says_how_to_name_one():
    settings = MeasureSettings("en", SHELVES.get("languages", "en").folder)
    with pytest.raises(MhxError, match="mhx judge TABLE --rubric mentalalign"):
        open_measure("mentalalign", settings, SHELVES)


@pytest.mark.parametrize(("change", "says"), [
    ({"scores": ["other"]}, "these, in this order"),
    ({"scale": [0, 3]}, "lowest and highest legal answer"),
    ({"needs": ["model"]}, r"needs: \[judge\]"),
])
def test_a_manifest_that_disagrees_with_its_rubric_is_refused(tmp_path, change, says):
    path = tmp_path / "measure.yaml"
    path.write_text(OWN, encoding="utf-8")
    write_yaml(path, {**read_yaml(path)[0], **change})
    with pytest.raises(MhxError, match=says):
        load_model(path, MeasureManifest)


@pytest.mark.parametrize(("old", "new", "says"), [
    ('"3": "yes"', '"4": "yes"', "4 is no legal answer"),
    (', "3": "yes"', "", "no anchor for 3"),
    ("values: [1, 2, 3]", "values: [3, 2, 1]", "lowest first"),
    ("items: [{id: brevity}]", "items: [{id: reason}]", "the judge's remark"),
    ("        brevity: {q", "        other: {q", "words items that are not asked"),
])
def test_a_rubric_that_does_not_hold_together_is_refused(tmp_path, old, new, says):
    path = tmp_path / "measure.yaml"
    assert old in OWN
    path.write_text(OWN.replace(old, new), encoding="utf-8")
    with pytest.raises(MhxError, match=says):
        load_model(path, MeasureManifest)


def test_a_language_without_wording_is_named_with_those_that_have_it(bare):
    manifest, _ = rubric_of("mentalalign", SHELVES)
    with pytest.raises(MhxError, match="worded in en, pl, fa, es"):
        worded(manifest, "xx", bare)
