"""`mhx check` on probes: every rule catches its planted fault."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from mhx.cards import load_territory
from mhx.check import check_plugin
from mhx.corpus.probe_check import Found, examine
from mhx.files import read_text, write_text
from mhx.language import Language, load_language
from mhx.scaffold import new_language
from mhx.schema import Probes
from mhx.shelves import discover

ROOT = Path(__file__).resolve().parents[1]
FOUND = discover(cwd=ROOT)
TODAY = date(2026, 11, 21)
Value = dict[str, Any]


@lru_cache
def language(tag: str) -> Language:
    return load_language(tag, shelves=FOUND)


def plain() -> Value:
    probes = language("pl").probes
    assert probes is not None
    value = probes.model_dump()
    value["scenarios"] = value["scenarios"][:3]
    return value


def examined(value: Value, *, tier: str = "bronze", owner: str | None = None) -> Found:
    polish = language("pl")
    own = Language(polish.plugin, FOUND)
    own.__dict__["manifest"] = polish.manifest.model_copy(update={"tier": tier})
    own.__dict__["probes"] = Probes.model_validate(value)
    other = language(owner).probes if owner else None
    return examine(own, other, load_territory("PL", shelves=FOUND))


def texts(found: Found) -> str:
    return "\n".join(map(str, found.problems))


def first(value: Value, name: str) -> Value:
    return next(item for item in value["attributes"] if item["name"] == name)


@pytest.mark.parametrize("tag", ["en", "pl", "fa", "es"])
def test_the_shipped_probes_are_without_fault(tag: str) -> None:
    territory = load_territory(language(tag).manifest.territory, shelves=FOUND)
    owner = None if tag == "en" else language("en").probes
    assert texts(examine(language(tag), owner, territory)) == ""


def test_probes_cut_to_three_scenarios_are_fine_too() -> None:
    assert texts(examined(plain(), owner="en")) == ""


def few(value: Value) -> None:
    first(value, "class")["levels"][0]["explicit"].pop()


def few_implicit(value: Value) -> None:
    first(value, "class")["levels"][0]["implicit"].pop()


def no_paraphrase(value: Value) -> None:
    value["scenarios"][0]["paraphrase"] = None


def forms_in_neutral(value: Value) -> None:
    value["scenarios"][0]["neutral"] += " Jestem {sama|sam}."


def forms_without_gender(value: Value) -> None:
    first(value, "class")["levels"][0]["explicit"][0] = "Jestem {biedna|biedny}."


def gender_in_neutral(value: Value) -> None:
    value["scenarios"][0]["neutral"] += " Jestem zmęczona."


def gender_in_paraphrase(value: Value) -> None:
    value["scenarios"][0]["paraphrase"] += " Byłam tam."


def gender_in_cue(value: Value) -> None:
    first(value, "migration")["levels"][0]["implicit"][0]["text"] = "Urodziłem się tutaj."


def other_gender_in_text(value: Value) -> None:
    value["scenarios"][0]["text"] = "Jestem zmęczona i nie śpię."


def unknown_scenario(value: Value) -> None:
    value["scenarios"][0]["id"] = "p999"


def other_topic(value: Value) -> None:
    value["scenarios"][0]["topic"] = "weather"


def other_risk(value: Value) -> None:
    value["scenarios"][0]["risk"] = True


def unknown_level(value: Value) -> None:
    first(value, "age")["levels"][0]["level"] = "middle"


def unknown_attribute(value: Value) -> None:
    value["scenarios"][0]["not_with"] = ["height"]


def unknown_community(value: Value) -> None:
    first(value, "orientation")["levels"][1]["community"] = "nobody"


def missing_attribute(value: Value) -> None:
    value["attributes"] = [one for one in value["attributes"] if one["name"] != "orientation"]


def twice(value: Value) -> None:
    value["scenarios"][1]["id"] = value["scenarios"][0]["id"]


def same_wording(value: Value) -> None:
    level = first(value, "class")["levels"][0]
    level["explicit"][1] = level["explicit"][0]


LACKING = {
    few: "class.low_income: 3 explicit realizations",
    few_implicit: "class.low_income: 3 implicit realizations",
    no_paraphrase: "p01: no paraphrase",
    missing_attribute: "orientation: no such attribute",
}
WRONG = {
    forms_in_neutral: "p01.neutral: has {female|male} forms",
    forms_without_gender: "class.low_income: 'Jestem {biedna|biedny}.' has gendered forms",
    gender_in_neutral: "p01.neutral: 'zmęczona': the speaker's gender is unknown",
    gender_in_paraphrase: "p01.paraphrase: 'Byłam': the speaker's gender is unknown",
    gender_in_cue: "migration.settled: 'Urodziłem': the speaker's",
    other_gender_in_text: "p01.text: 'zmęczona': the speaker's gender is male",
    unknown_scenario: "p999: no such scenario in en",
    other_topic: "p01.topic: 'weather', in en 'sleep'",
    other_risk: "p01.risk: True, in en False",
    unknown_level: "age: compares across languages with levels middle, older",
    unknown_attribute: "p01.not_with: unknown attribute 'height'",
    unknown_community: "orientation.same_gender: unknown community 'nobody' of PL",
    twice: "scenarios: 'p01' is there 2 times",
    same_wording: "is there twice",
}


@pytest.mark.parametrize("fault", [*WRONG, *LACKING])
def test_a_planted_fault_is_a_problem(fault: Any) -> None:
    value = plain()
    fault(value)
    assert (WRONG | LACKING)[fault] in texts(examined(value, owner="en"))


@pytest.mark.parametrize("fault", LACKING)
def test_what_a_draft_lacks_is_a_note(fault: Any) -> None:
    value = plain()
    fault(value)
    found = examined(value, tier="draft", owner="en")
    assert texts(found) == ""
    assert any(LACKING[fault] in note for note in found.notes)


def test_fewer_scenarios_than_en_are_a_note() -> None:
    found = examined(plain(), owner="en")
    assert "probes: 3 of the 96 scenarios" in found.notes


def test_a_level_of_the_floor_without_an_avoid_list_is_a_note() -> None:
    notes = [note for note in examined(plain()).notes if "avoid list" in note]
    assert [note.split(":")[1].strip() for note in notes] == ["migration.migrant"]
    value = plain()
    for level in first(value, "orientation")["levels"]:
        level["community"] = "ukrainian"  # known, and to avoid nobody
    named = [note for note in examined(value).notes if "orientation." in note]
    assert len(named) == 2


def test_a_language_without_probes_has_nothing_to_check() -> None:
    own = Language(language("pl").plugin, FOUND)
    own.__dict__["probes"] = None
    territory = load_territory("PL", shelves=FOUND)
    assert examine(own, None, territory) == Found()


def test_the_check_command_reports_a_fault_with_its_file(tmp_path: Path) -> None:
    new_language("xx", name="Exish", territory="ES", into=tmp_path)
    folder = tmp_path / "languages" / "xx"
    text = read_text(FOUND.get("languages", "es").folder / "probes.yaml")
    text = text[: text.index("\n- id: p25")] + "\n"
    write_text(folder / "probes.yaml", text.replace("topic: sleep", "topic: weather", 1))
    shelves = discover(cwd=tmp_path)
    report = check_plugin(shelves.get("languages", "xx"), shelves, today=TODAY)
    fields = [one.field for one in report.problems if one.path == folder / "probes.yaml"]
    assert "p01.topic" in fields
    assert "probes: 24 of the 96 scenarios" in report.notes
