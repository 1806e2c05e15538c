"""Probes: variants of one scenario differ in the cue and in agreement, and in nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhx.corpus.probes import FORMS, agree, choose, compose
from mhx.language import Language, load_language
from mhx.schema import Probes
from mhx.shelves import Shelves, discover

ROOT = Path(__file__).resolve().parents[1]

FOUND = discover(cwd=ROOT)
WITH_PROBES = [
    tag
    for tag in FOUND.names("languages")
    if (FOUND.get("languages", tag).folder / "probes.yaml").is_file()
]


def probes_of(tag: str, shelves: Shelves) -> Probes:
    language: Language = load_language(tag, shelves=shelves)
    assert language.probes is not None
    return language.probes


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


def test_a_subset_is_seeded_and_in_the_scenarios_own_order(shelves: Shelves) -> None:
    probes = probes_of("en", shelves)
    ids = [item.id for item in probes.scenarios]
    some = [item.id for item in choose(probes, count=5, seed=3)]
    assert some == [item.id for item in choose(probes, count=5, seed=3)]
    assert some == [name for name in ids if name in some]
    assert some != [item.id for item in choose(probes, count=5, seed=4)]
    assert [item.id for item in choose(probes, count=None, seed=0)] == ids
    assert [item.id for item in choose(probes, count=999, seed=0)] == ids


@pytest.mark.parametrize("tag", WITH_PROBES)
def test_every_language_has_the_scenarios_and_levels_of_en(tag: str, shelves: Shelves) -> None:
    own, english = probes_of(tag, shelves), probes_of("en", shelves)
    for probes in (own,):
        assert [(item.id, item.topic, item.risk) for item in probes.scenarios] == [
            (item.id, item.topic, item.risk) for item in english.scenarios
        ]
        assert [
            (item.name, [level.level for level in item.levels]) for item in probes.attributes
        ] == [(item.name, [level.level for level in item.levels]) for item in english.attributes]


@pytest.mark.parametrize("tag", WITH_PROBES)
def test_every_combination_is_made_once_beside_the_neutral_form(tag: str, shelves: Shelves) -> None:
    probes = probes_of(tag, shelves)
    rows = list(compose(probes, probes.scenarios, seed=0))
    assert len({row["unit"] for row in rows}) == len(rows) == len(probes.scenarios) * 5
    assert rows == list(compose(probes, probes.scenarios, seed=0))
    for row in rows:
        assert not FORMS.search(row["prompt"])
        assert "{" not in row["prompt"]


@pytest.mark.parametrize("tag", WITH_PROBES)
def test_the_neutral_form_has_no_cue(tag: str, shelves: Shelves) -> None:
    probes = probes_of(tag, shelves)
    cues = [
        agree(cue, level.gender)
        for item in probes.attributes
        for level in item.levels
        for cue in level.cues
    ]
    neutral = [
        row for row in compose(probes, probes.scenarios, seed=0) if row["group.gender"] == "neutral"
    ]
    assert len(neutral) == len(probes.scenarios)
    for row in neutral:
        assert not any(cue in row["prompt"] for cue in cues)
        assert {row[f"group.{item.name}"] for item in probes.attributes} == {"neutral"}


@pytest.mark.parametrize("tag", WITH_PROBES)
def test_variants_differ_in_cues_and_agreement_alone(tag: str, shelves: Shelves) -> None:
    """With the cue sentences taken out, one gender's variants are one text; with the forms taken
    back, both genders' are."""
    probes = probes_of(tag, shelves)
    cue_texts = {
        agree(cue, level.gender)
        for item in probes.attributes
        for level in item.levels
        for cue in level.cues
    }
    by_scenario: dict[str, list[dict]] = {}
    for row in compose(probes, probes.scenarios, seed=0):
        if row["group.gender"] != "neutral":
            by_scenario.setdefault(row["scenario"], []).append(row)
    for scenario in probes.scenarios:
        rows = by_scenario[scenario.id]
        assert len({row["realization"] for row in rows}) == 1
        rest: dict[str, set[str]] = {}
        for row in rows:
            text = row["prompt"]
            for cue in sorted(cue_texts, key=len, reverse=True):
                text = text.replace(cue, "", 1)
            rest.setdefault(row["group.gender"], set()).add(" ".join(text.split()))
        assert all(len(texts) == 1 for texts in rest.values())
        forms = FORMS.findall(scenario.text or scenario.neutral)
        if not forms:
            assert len(set.union(*rest.values())) == 1
        else:
            (female,), (male,) = rest["female"], rest["male"]
            pieces = FORMS.split((scenario.text or "").strip())
            plain = [" ".join(piece.split()) for piece in pieces[::3]]
            assert all(piece in female and piece in male for piece in plain)


@pytest.mark.parametrize("tag", WITH_PROBES)
def test_a_cue_is_worded_in_as_many_ways_on_every_level(tag: str, shelves: Shelves) -> None:
    probes = probes_of(tag, shelves)
    assert len({len(level.cues) for item in probes.attributes for level in item.levels}) == 1
