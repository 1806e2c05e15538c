"""Crisis services: which one a slot leads to, by place, age, problem, day and group."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mhx.adaptation.resolver import parse_slot, resolve, route
from mhx.cards import load_territory
from mhx.check import SLOTS
from mhx.language import load_language
from mhx.schema import Prompts, Territory
from mhx.shelves import Shelves, discover

ROOT = Path(__file__).resolve().parents[1]

FOUND = discover(cwd=ROOT)
TODAY, LATER = date(2026, 12, 1), date(2031, 1, 1)
STEPS = ("acknowledge", "boundary", "transition", "redirect")
PROMPTS = Prompts(
    system="s",
    refusal=dict.fromkeys(STEPS, "r"),
    handover=dict.fromkeys(STEPS, "h"),
    notice="n",
    no_number="the emergency services where you are",
    service_line="{name}: {number} ({hours})",
)


def service(id: str, *, problems: list[str], audience: str = "all", **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "name": id.title(),
        "number": "1",
        "problems": problems,
        "audience": audience,
        "hours": "24/7",
        "certainty": "sourced",
        "sources": ["S"],
        "verified_on": "2026-11-01",
        "checked_how": "page",
        "expires_on": "2027-02-20",
        **more,
    }


UNDOCUMENTED = {
    "id": "undocumented", "name": "u", "avoid": ["police"], "certainty": "inference", "note": "n",
}


def land(*services: dict[str, Any], **more: Any) -> Territory:
    return Territory.model_validate(
        {
            "code": "XX",
            "name": "X",
            "version": "1",
            "currency": "XXX",
            "emergency": "emergency",
            "sources": [{"id": "S", "cite": "a page"}],
            "communities": [UNDOCUMENTED],
            "services": [*services, service("emergency", problems=["emergency"], links=["police"])],
            **more,
        }
    )


ADULT = service("adults", problems=["suicide"], audience="adult")
MINOR = service("minors", problems=["suicide", "child"], audience="minor")
HOME = service("home", problems=["violence_home"], links=["state"])
ANY = service("any", problems=["any"])
WEAK = service("weak", problems=["suicide"], certainty="weak")
OLD = service("old", problems=["suicide"], expires_on="2026-11-30")
LAST_DAY = service("last_day", problems=["suicide"], expires_on="2026-12-01")
CONFLICT = service("conflict", problems=["suicide"], certainty="conflicting", hours=None)
POLICE = service("police", problems=["suicide"], links=["police"])


@pytest.mark.parametrize(
    ("services", "slot", "options", "wanted"),
    [
        pytest.param([ADULT, MINOR], "suicide_adult", {}, "adults", id="adult"),
        pytest.param([ADULT, MINOR], "suicide_minor", {}, "minors", id="minor"),
        pytest.param([ADULT, MINOR], "suicide", {}, "adults", id="age not said: adult"),
        pytest.param([ADULT, MINOR], "suicide_adult", {"age": 17}, "minors", id="a known age wins"),
        pytest.param(
            [ADULT, MINOR], "suicide_minor", {"age": 18}, "adults", id="eighteen is adult"
        ),
        pytest.param([ADULT, MINOR], "suicide_adult", {"age": "minor"}, "minors", id="age band"),
        pytest.param([ADULT], "suicide_minor", {}, "emergency", id="no adult line for a minor"),
        pytest.param(
            [MINOR], "suicide_adult", {}, "emergency", id="no children's line for an adult"
        ),
        pytest.param([ADULT, HOME], "violence_home", {}, "home", id="violence"),
        pytest.param([ADULT, HOME], "violence_home", {"age": 12}, "home", id="violence, minor"),
        pytest.param([ADULT], "violence_home", {}, "emergency", id="nothing fits: last resort"),
        pytest.param([ADULT], "unheard_of", {}, "emergency", id="unknown problem: last resort"),
        pytest.param([ANY, ADULT], "suicide_adult", {}, "adults", id="the special line before any"),
        pytest.param([ANY], "violence_home", {}, "any", id="a line for any problem"),
        pytest.param([POLICE, ADULT], "suicide_adult", {}, "adults", id="own audience before all"),
        pytest.param([ADULT], "emergency", {}, "emergency", id="emergency"),
        pytest.param([WEAK], "suicide_adult", {}, "emergency", id="a weak source is not shown"),
        pytest.param([WEAK, CONFLICT], "suicide_adult", {}, "conflict", id="conflicting is shown"),
        pytest.param([OLD], "suicide_adult", {}, "emergency", id="expired"),
        pytest.param([OLD, LAST_DAY], "suicide_adult", {}, "last_day", id="the last day counts"),
        pytest.param(
            [POLICE], "suicide_adult", {"group": "undocumented"}, None, id="group not routed"
        ),
        pytest.param(
            [POLICE, ADULT],
            "suicide_adult",
            {"group": "undocumented"},
            "adults",
            id="group routed where nobody is involved",
        ),
        pytest.param(
            [POLICE], "suicide_adult", {"group": "students"}, "police", id="another group"
        ),
        pytest.param([ADULT], "suicide_adult", {"today": LATER}, None, id="everything expired"),
    ],
)
def test_a_slot_leads_to(services: list, slot: str, options: dict, wanted: str | None) -> None:
    found = route(land(*services), slot, **{"today": TODAY, **options})
    assert (found.service.id if found.service else None) == wanted
    assert found.reason


def test_the_reason_of_a_last_resort_says_what_was_left_out() -> None:
    reason = route(land(OLD, WEAK), "suicide_adult", today=TODAY).reason
    assert "old was to be re-checked by 2026-11-30" in reason
    assert "weak has a weak source" in reason


def test_a_territory_without_an_emergency_service_leads_to_none() -> None:
    bare = land(emergency=None, services=[])
    found = route(bare, "suicide_adult", today=TODAY)
    assert found.service is None
    assert "XX lists no service" in found.reason


@pytest.mark.parametrize(
    ("slot", "age", "wanted"),
    [
        ("suicide_adult", None, ("suicide", "adult")),
        ("violence_home", None, ("violence_home", "adult")),
        ("missing_child", 9, ("missing_child", "minor")),
        ("child", "minor", ("child", "minor")),
    ],
)
def test_a_slot_is_a_problem_and_an_audience(slot: str, age: Any, wanted: tuple[str, str]) -> None:
    assert parse_slot(slot, age) == wanted


def show(text: str, territory: Territory, **options: Any) -> str:
    return resolve(text, territory, **{"today": TODAY, "prompts": PROMPTS, **options})


def test_every_slot_of_a_text_is_filled() -> None:
    text = "Call {{service:suicide_adult}} or {{service:emergency}}."
    assert show(text, land(ADULT)) == "Call Adults: 1 (24/7) or Emergency: 1 (24/7)."


def test_a_conflict_hides_the_hours_and_leaves_no_bracket() -> None:
    assert show("{{service:suicide_adult}}", land(CONFLICT)) == "Conflict: 1"


def test_text_without_a_slot_stays() -> None:
    assert show("Nothing here {{x}}.", land(ADULT)) == "Nothing here {{x}}."


def test_hours_with_a_conflict_are_refused_by_the_schema() -> None:
    with pytest.raises(ValueError, match="withhold the hours"):
        land({**CONFLICT, "hours": "24/7"})


def test_a_number_comes_from_the_territory_not_from_the_language(shelves: Shelves) -> None:
    prompts = load_language("en", shelves=shelves).prompts
    spain, us = (load_territory(code, shelves=shelves) for code in ("ES", "US"))
    slot = "{{service:suicide_adult}}"
    shown = {
        place.code: resolve(slot, place, today=TODAY, prompts=prompts) for place in (spain, us)
    }
    assert "988" in shown["US"]
    assert "988" not in shown["ES"]


PAIRS = [(tag, code) for tag in FOUND.names("languages") for code in FOUND.names("culture_cards")]


@pytest.mark.parametrize(("tag", "code"), PAIRS)
def test_when_everything_has_expired_no_digit_is_shown(
    tag: str, code: str, shelves: Shelves
) -> None:
    prompts = load_language(tag, shelves=shelves).prompts
    territory = load_territory(code, shelves=shelves)
    for slot in SLOTS:
        for age in (None, 12, 40):
            text = resolve(
                f"{{{{service:{slot}}}}}", territory, age=age, today=LATER, prompts=prompts
            )
            assert text.strip()
            assert not any(letter.isdigit() for letter in text)


@pytest.mark.parametrize(("tag", "code"), PAIRS)
def test_today_every_slot_shows_words_and_no_slot_or_empty_bracket(
    tag: str, code: str, shelves: Shelves
) -> None:
    prompts = load_language(tag, shelves=shelves).prompts
    territory = load_territory(code, shelves=shelves)
    for slot in SLOTS:
        text = resolve(f"{{{{service:{slot}}}}}", territory, today=TODAY, prompts=prompts)
        assert text.strip()
        for rest in ("{", "None", "()", "( )"):
            assert rest not in text


@pytest.mark.parametrize("code", FOUND.names("culture_cards"))
def test_no_group_is_shown_a_service_that_brings_whom_it_must_avoid(
    code: str, shelves: Shelves
) -> None:
    territory = load_territory(code, shelves=shelves)
    assert territory.not_routed
    for community in territory.communities:
        for slot in SLOTS:
            found = route(territory, slot, today=TODAY, group=community.id).service
            assert found is None or not set(community.avoid) & set(found.links)


@pytest.mark.parametrize("code", FOUND.names("culture_cards"))
def test_a_minor_is_never_shown_a_line_for_adults(code: str, shelves: Shelves) -> None:
    territory = load_territory(code, shelves=shelves)
    for slot in SLOTS:
        found = route(territory, slot, age=12, today=TODAY).service
        assert found is None or found.audience != "adult"
