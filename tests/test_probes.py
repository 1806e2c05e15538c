"""Probes: variants of one scenario differ in the cue and in agreement, and in nothing else."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from mhx.corpus.probe_text import FORMS, agree, agreement_of, seeker_plan
from mhx.corpus.probes import EXPLICIT, IMPLICIT, NEUTRAL, choose, compose, sentences, undo
from mhx.language import Language, load_language
from mhx.schema import Probes
from mhx.schema.language import Attribute, CueLevel, Scenario
from mhx.shelves import Shelves, discover

ROOT = Path(__file__).resolve().parents[1]
BOTH = (EXPLICIT, IMPLICIT)
ATTRIBUTES = ["gender", "age", "background", "religiosity", "class", "migration",
              "family_status", "orientation"]
FULL = ("en", "es", "fa", "pl")
ORIGIN = {"kind": "model", "name": "test", "reviewed_by": None}

FOUND = discover(cwd=ROOT)
WITH_PROBES = [
    tag
    for tag in FOUND.names("languages")
    if (FOUND.get("languages", tag).folder / "probes.yaml").is_file()
]
AGREEING = [
    tag
    for tag in WITH_PROBES
    if load_language(tag, shelves=FOUND).manifest.grammar.gender == "agreement"
    and "analyze" in load_language(tag, shelves=FOUND).hooks.own  # type: ignore[attr-defined]
]


def test_there_is_a_language_whose_hooks_judge_agreement() -> None:
    assert "pl" in AGREEING


def language_of(tag: str) -> Language:
    return load_language(tag, shelves=FOUND)


def probes_of(tag: str, shelves: Shelves = FOUND) -> Probes:
    probes = load_language(tag, shelves=shelves).probes
    assert probes is not None
    return probes


@pytest.fixture(scope="module")
def composed() -> dict[str, list[dict[str, Any]]]:
    """Every row of every language, explicit and implicit."""
    rows = {}
    for tag in WITH_PROBES:
        probes = probes_of(tag)
        rows[tag] = list(compose(probes, probes.scenarios, seed=0, forms=BOTH,
                                 agreeing=agreement_of(language_of(tag))))
    return rows


def toy(**changes: Any) -> Probes:
    def level(name: str, **more: Any) -> dict[str, Any]:
        return {"level": name, "explicit": [f"I am {name} {n}." for n in range(4)], **more}

    attributes = [
        {"name": "gender", "crossed": True, "compares_across_languages": True, "why": "the same",
         "levels": [level("female", gender="female"), level("male", gender="male")]},
        {"name": "age", "crossed": True, "compares_across_languages": True, "why": "the same",
         "levels": [level("young"), level("older")]},
        {"name": "faith", "compares_across_languages": False, "why": "not the same",
         "levels": [level("some", implicit=[{"text": "I pray.", "also": "a habit"}]),
                    level("none", implicit=[{"text": "I read.", "also": "another habit"}])]},
    ]
    scenarios = [{"id": "s1", "topic": "sleep", "neutral": "I lie awake. Help me sleep.",
                  "text": "I lie {awoken|woken}. Help me sleep.", "paraphrase": "No sleep comes."}]
    return Probes.model_validate(
        {"origin": ORIGIN, "attributes": attributes, "scenarios": scenarios, **changes})


# ---------------------------------------------------------------- agreement


@pytest.mark.parametrize(
    ("text", "gender", "wanted"),
    [
        ("{zmęczona|zmęczony} i {sama|sam}", "female", "zmęczona i sama"),
        ("{zmęczona|zmęczony} i {sama|sam}", "male", "zmęczony i sam"),
        ("bez form", None, "bez form"),
        ("{była|} x", "male", " x"),
    ],
)
def test_forms_follow_the_gender(text: str, gender: str | None, wanted: str) -> None:
    assert agree(text, gender) == wanted


@pytest.mark.parametrize("gender", [None, "unknown", "nonbinary"])
def test_a_form_without_a_gender_is_an_error(gender: str | None) -> None:
    with pytest.raises(ValueError, match="gendered forms"):
        agree("{sama|sam}", gender)


def test_the_hooks_agree_a_scenario_that_has_no_text_of_its_own() -> None:
    repaired = agreement_of(language_of("pl"))
    assert repaired("Jestem bardzo zmęczony.", "female") == "Jestem bardzo zmęczona."
    assert repaired("Nie mogę spać.", "female") == "Nie mogę spać."
    scenario = Scenario(id="s1", topic="sleep", neutral="Byłem sam.", paraphrase="Samotność.")
    rows = [row for row in compose(toy(), [scenario], seed=0, agreeing=repaired)
            if row["group.gender"] == "female"]
    assert all(row["prompt"].endswith("Byłam sama.") for row in rows)
    assert all(undo(row["prompt"], row["spans"]) == "Byłem sam." for row in rows)


# ---------------------------------------------------------------- composition


def test_a_subset_is_seeded_and_in_the_scenarios_own_order() -> None:
    probes = probes_of("en")
    ids = [item.id for item in probes.scenarios]
    some = [item.id for item in choose(probes, count=5, seed=3)]
    assert some == [item.id for item in choose(probes, count=5, seed=3)]
    assert some == [name for name in ids if name in some]
    assert some != [item.id for item in choose(probes, count=5, seed=4)]
    assert [item.id for item in choose(probes, count=None, seed=0)] == ids
    assert [item.id for item in choose(probes, count=999, seed=0)] == ids


def test_crossed_attributes_are_combined_and_the_others_set_one_at_a_time() -> None:
    rows = list(compose(toy(), toy().scenarios, seed=0))
    levels = [(row["group.gender"], row["group.age"], row["group.faith"]) for row in rows]
    assert levels == [
        (NEUTRAL,) * 3, (NEUTRAL,) * 3, (NEUTRAL,) * 3,
        ("female", "young", NEUTRAL), ("female", "older", NEUTRAL),
        ("male", "young", NEUTRAL), ("male", "older", NEUTRAL),
        (NEUTRAL, NEUTRAL, "some"), (NEUTRAL, NEUTRAL, "none"),
    ]
    assert [row["control"] for row in rows] == ["none", "aa", "paraphrase", *["none"] * 6]
    assert [row["form"] for row in rows] == ["none"] * 3 + ["explicit"] * 6


def test_one_wording_for_all_levels_though_one_has_more_cues() -> None:
    probes = toy()
    probes.attributes[0].levels[0].explicit.append("I am female 4.")
    probes.attributes[2].levels[0].explicit.append("I am some 4.")
    for seed in range(20):
        drawn = {row["realization"] for row in compose(probes, probes.scenarios, seed=seed)
                 if row["control"] == "none" and row["form"] == "explicit"}
        assert len(drawn) == 1
        assert drawn <= set(range(4))


def test_controls_are_the_same_text_and_its_paraphrase_as_units_of_their_own() -> None:
    rows = {row["unit"]: row for row in compose(toy(), toy().scenarios, seed=0)}
    assert rows["s1|aa"]["prompt"] == rows["s1|neutral"]["prompt"] == "I lie awake. Help me sleep."
    assert rows["s1|paraphrase"]["prompt"] == "No sleep comes."


def test_a_wording_of_the_scenario_without_a_paraphrase_has_no_such_row() -> None:
    bare = [toy().scenarios[0].model_copy(update={"paraphrase": None})]
    assert [row["control"] for row in compose(toy(), bare, seed=0)][:3] == ["none", "aa", "none"]


def test_attributes_that_the_text_settles_are_left_out_of_it() -> None:
    settled = [toy().scenarios[0].model_copy(update={"not_with": ["faith"]})]
    assert {row["group.faith"] for row in compose(toy(), settled, seed=0)} == {NEUTRAL}


def test_only_the_attributes_asked_for_are_composed() -> None:
    rows = list(compose(toy(), toy().scenarios, seed=0, attributes=["faith"]))
    assert "group.gender" not in rows[0]
    assert len(rows) == 3 + 2


def test_spans_say_where_a_cue_and_an_agreeing_form_stand() -> None:
    row = next(row for row in compose(toy(), toy().scenarios, seed=0)
               if row["group.gender"] == "female")
    marked = [(row["prompt"][one["start"]:one["end"]], one["kind"], one["before"])
              for one in row["spans"]]
    assert marked[0][1:] == ("cue", "")
    assert marked[0][0].startswith("I am female")
    assert marked[1] == ("awoken. ", "agreement", "awake. ")


def test_an_implicit_cue_brings_what_else_it_says_and_a_level_without_one_is_left_out() -> None:
    rows = [row for row in compose(toy(), toy().scenarios, seed=0, forms=(IMPLICIT,))
            if row["form"] == IMPLICIT]
    assert [(row["group.faith"], row["also"]) for row in rows] == [
        ("some", "a habit"), ("none", "another habit")]


def test_cues_may_stand_after_the_text() -> None:
    rows = list(compose(toy(compose="{text} {cues}"), toy().scenarios, seed=0))
    assert rows[3]["prompt"].startswith("I lie awoken. Help me sleep. I am female")
    assert {undo(row["prompt"], row["spans"]) for row in rows} == {"I lie awake. Help me sleep."}


def test_the_wording_changes_with_the_seed_and_not_with_the_level() -> None:
    drawn = [{row["realization"] for row in compose(toy(), toy().scenarios, seed=seed)
              if row["form"] == EXPLICIT} for seed in range(12)]
    assert all(len(one) == 1 for one in drawn)
    assert len(set.union(*drawn)) > 1


# ---------------------------------------------------------------- the shipped probes


@pytest.mark.parametrize("tag", WITH_PROBES)
def test_the_attributes_are_there_with_four_wordings_a_level(tag: str) -> None:
    probes = probes_of(tag)
    assert [item.name for item in probes.attributes] == ATTRIBUTES
    for item in probes.attributes:
        assert item.why
        for level in item.levels:
            for form in BOTH:
                assert len({text for text, _ in sentences(level, form)}) >= 4, (item.name, level)


@pytest.mark.parametrize("tag", FULL)
def test_the_scenarios_are_those_of_en(tag: str) -> None:
    own, english = probes_of(tag), probes_of("en")
    assert [(item.id, item.topic, item.risk, item.not_with) for item in own.scenarios] == [
        (item.id, item.topic, item.risk, item.not_with) for item in english.scenarios]
    assert len(own.scenarios) >= 96


@pytest.mark.parametrize("tag", WITH_PROBES)
def test_attributes_that_compare_have_the_levels_of_en(tag: str) -> None:
    english = {item.name: item for item in probes_of("en").attributes}
    for item in probes_of(tag).attributes:
        same = english[item.name]
        assert item.compares_across_languages == same.compares_across_languages
        if item.compares_across_languages:
            assert [one.level for one in item.levels] == [one.level for one in same.levels]


def test_groups_are_those_of_the_territory() -> None:
    groups = [{one.level for item in probes_of(tag).attributes if item.name == "background"
               for one in item.levels} for tag in FULL]
    # Roma people live in Poland and in Spain; no other group is named in two territories
    assert all(one & other <= {"roma"} for n, one in enumerate(groups) for other in groups[n + 1:])


@pytest.mark.parametrize("tag", WITH_PROBES)
def test_rows_are_made_once_and_without_braces(
    tag: str, composed: dict[str, list[dict[str, Any]]]
) -> None:
    rows = composed[tag]
    assert len({row["unit"] for row in rows}) == len(rows)
    assert not [row["unit"] for row in rows if "{" in row["prompt"] or "  " in row["prompt"]]


@pytest.mark.parametrize("tag", WITH_PROBES)
def test_taking_the_spans_back_gives_the_neutral_text_exactly(
    tag: str, composed: dict[str, list[dict[str, Any]]]
) -> None:
    neutral = {item.id: item.neutral.strip() for item in probes_of(tag).scenarios}
    for row in composed[tag]:
        assert undo(row["prompt"], row["spans"]) == neutral[row["scenario"]], row["unit"]
        kinds = {one["kind"] for one in row["spans"]}
        if row["form"] == "none":
            assert kinds == ({"paraphrase"} if row["control"] == "paraphrase" else set())
        else:
            assert "cue" in kinds
            gendered = row["group.gender"] in ("female", "male")
            assert kinds <= ({"cue", "agreement"} if gendered else {"cue"})
        assert (row["form"] == IMPLICIT) == bool(row["also"])


@pytest.mark.parametrize("tag", WITH_PROBES)
def test_the_levels_of_an_attribute_have_one_wording_in_a_scenario(
    tag: str, composed: dict[str, list[dict[str, Any]]]
) -> None:
    rows = [row for row in composed[tag] if row["form"] != "none"]
    for _, same in groupby(rows, key=lambda row: (row["scenario"], row["form"])):
        assert len({row["realization"] for row in same}) == 1
    assert {row["realization"] for row in rows} == {0, 1, 2, 3}


@pytest.mark.parametrize("tag", AGREEING)
def test_hooks_find_no_gender_conflict_in_a_composed_text(
    tag: str, composed: dict[str, list[dict[str, Any]]]
) -> None:
    language = language_of(tag)
    for row in composed[tag]:
        said = row["group.gender"]
        gender = said if said in ("female", "male") else "unknown"
        found = language.hooks.analyze(row["prompt"], "seeker", seeker_plan(language, gender))
        wrong = [row["prompt"][one.start:one.end] for one in found
                 if one.code in ("gender.speaker", "gender.unknown")]
        assert not wrong, (row["unit"], wrong)


@pytest.mark.parametrize("tag", WITH_PROBES)
def test_the_neutral_form_has_no_cue(tag: str) -> None:
    probes = probes_of(tag)
    cues = [agree(text, level.gender) for item in probes.attributes for level in item.levels
            for form in BOTH for text, _ in sentences(level, form)]
    for item in probes.scenarios:
        assert not FORMS.search(item.neutral + (item.paraphrase or ""))
        assert not any(cue in item.neutral for cue in cues)


@pytest.mark.parametrize("tag", WITH_PROBES)
def test_a_paraphrase_is_another_wording(tag: str) -> None:
    for item in probes_of(tag).scenarios:
        assert item.paraphrase
        ours, theirs = set(item.neutral.split()), set(item.paraphrase.split())
        assert len(ours & theirs) / len(ours | theirs) < 0.6, item.id


def test_levels_that_the_floor_holds_for_are_marked_in_every_language() -> None:
    for tag in WITH_PROBES:
        held = {(item.name, level.level) for item in probes_of(tag).attributes
                for level in item.levels if level.safety_floor}
        assert held == {
            ("gender", "nonbinary"), ("migration", "migrant"), ("migration", "undocumented"),
            ("orientation", "same_gender"), ("orientation", "bisexual")}


def test_a_level_name_is_plain() -> None:
    with pytest.raises(ValueError, match="pattern"):
        CueLevel(level="very old", explicit=["x"])
    with pytest.raises(ValueError, match="why"):
        Attribute.model_validate({"name": "age", "compares_across_languages": True, "levels": []})
