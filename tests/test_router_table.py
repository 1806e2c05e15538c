"""The shipped territories, case by case: who, where, what, which day leads to which service."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from mhx.adaptation.resolver import NEAR, SHOWN, expires_soon, resolve, route
from mhx.cards import load_territory
from mhx.language import load_language
from mhx.schema import Territory
from mhx.shelves import Shelves

DAY, LAST, AFTER = date(2026, 12, 1), date(2027, 2, 20), date(2027, 2, 21)
SEVENTEEN, EIGHTEEN = 17, 18

TABLE = [
    # territory, slot, age, group, day, service, why
    # -- age
    ("PL", "suicide_adult", None, None, DAY, "pl.crisis.116123", "adult"),
    ("PL", "suicide_adult", EIGHTEEN, None, DAY, "pl.crisis.116123", "eighteen is adult"),
    ("PL", "suicide_adult", SEVENTEEN, None, DAY, "pl.crisis.116111", "a known age wins"),
    ("PL", "suicide_minor", None, None, DAY, "pl.crisis.116111", "minor by the slot"),
    ("PL", "child", 9, None, DAY, "pl.crisis.116111", "child"),
    ("PL", "child", EIGHTEEN, None, DAY, "pl.crisis.116123", "no children's line for an adult"),
    ("ES", "suicide_minor", 12, None, DAY, "es.024", "ANAR is weakly sourced"),
    ("ES", "child", 12, None, DAY, "es.112", "ANAR is weakly sourced: last resort"),
    ("US", "suicide_minor", 12, None, DAY, "us.988", "all ages"),
    ("US", "child", 12, None, DAY, "us.911", "Childhelp is weakly sourced: last resort"),
    ("IR", "suicide_minor", 12, None, DAY, "ir.social_emergency", "all ages"),
    # -- violence at home
    ("PL", "violence_home", 40, None, DAY, "pl.crisis.116123", "the Blue Line is weakly sourced"),
    ("PL", "violence_home", 12, None, DAY, "pl.crisis.116111", "a child's line takes any problem"),
    ("ES", "violence_home", 40, None, DAY, "es.016", "violence line"),
    ("ES", "violence_home", 12, None, DAY, "es.016", "ANAR is weakly sourced"),
    ("US", "violence_home", 12, None, DAY, "us.dv_hotline", "Childhelp is weakly sourced"),
    ("IR", "violence_home", 40, None, DAY, "ir.social_emergency", "state, may bring police"),
    # -- immediate danger
    ("PL", "emergency", 12, None, DAY, "pl.crisis.112", "any age"),
    ("ES", "emergency", None, None, DAY, "es.112", "any age"),
    ("US", "emergency", None, None, DAY, "us.911", "any age"),
    ("IR", "emergency", None, None, DAY, "ir.social_emergency", "no emergency number is sourced"),
    # -- people whom a service may endanger
    ("PL", "emergency", None, "undocumented", DAY, "pl.crisis.116123", "112 works with police"),
    ("PL", "suicide_minor", 15, "undocumented", DAY, "pl.crisis.116111", "no police, no state"),
    ("PL", "emergency", 15, "violence_by_officials", DAY, "pl.crisis.116111", "112: police"),
    ("PL", "suicide_minor", 15, "lgbt", DAY, "pl.crisis.116111", "none known to tell the family"),
    ("PL", "emergency", None, "lgbt", DAY, "pl.crisis.112", "danger to life comes first"),
    ("PL", "suicide_adult", None, "ukrainian", DAY, "pl.crisis.116123", "as anyone"),
    ("US", "suicide_adult", None, "undocumented", DAY, "us.988", "no police by itself"),
    ("US", "violence_home", None, "undocumented", DAY, "us.dv_hotline", "no link"),
    ("US", "emergency", None, "undocumented", DAY, None, "911: police"),
    ("ES", "violence_home", None, "undocumented", DAY, "es.016", "state, reported not to endanger"),
    ("ES", "emergency", None, "undocumented", DAY, None, "112: police"),
    ("ES", "violence_home", None, "violence_by_officials", DAY, None, "016: state"),
    ("ES", "suicide_adult", None, "violence_by_officials", DAY, "es.024", "no state, no police"),
    ("IR", "suicide_adult", None, "orientation", DAY, None, "state"),
    ("IR", "suicide_minor", 16, "orientation", DAY, None, "state"),
    ("IR", "emergency", None, "orientation", DAY, None, "state"),
    ("IR", "violence_home", None, "undocumented", DAY, None, "state"),
    ("IR", "suicide_adult", None, "violence_by_officials", DAY, None, "state"),
    ("IR", "suicide_adult", None, "afghan", DAY, "ir.social_emergency", "papers are another group"),
    ("IR", "suicide_adult", None, "kurdish", DAY, "ir.social_emergency", "as anyone"),
    # -- dates
    ("PL", "suicide_adult", None, None, LAST, "pl.crisis.116123", "the last day counts"),
    ("PL", "suicide_adult", None, None, AFTER, None, "everything has expired"),
    ("PL", "suicide_minor", 12, None, AFTER, None, "everything has expired"),
    ("IR", "suicide_adult", None, None, LAST, "ir.social_emergency", "the last day counts"),
    ("IR", "emergency", None, None, AFTER, None, "everything has expired"),
    ("US", "violence_home", None, None, AFTER, None, "everything has expired"),
    ("ES", "emergency", None, None, AFTER, None, "everything has expired"),
]


@pytest.mark.parametrize(
    ("code", "slot", "age", "group", "day", "wanted", "why"),
    TABLE,
    ids=[f"{row[0]}-{row[1]}-{row[2]}-{row[3]}-{row[4]:%m%d}" for row in TABLE],
)
def test_the_router(
    code: str, slot: str, age: int | None, group: str | None, day: date, wanted: str | None,
    why: str, shelves: Shelves,
) -> None:
    found = route(load_territory(code, shelves=shelves), slot, age=age, today=day, group=group)
    assert (found.service.id if found.service else None) == wanted, why
    assert found.reason


TEXTS = [
    # reader, territory, slot, group, must, must not
    ("pl", "IR", "suicide_adult", None, ["اورژانس اجتماعی", "123", "po polsku"], ["116", "112"]),
    ("pl", "IR", "suicide_minor", None, ["123", "po polsku"], ["116 111"]),
    ("fa", "PL", "suicide_adult", None, ["116 123", "فارسی"], ["1480", "اورژانس اجتماعی"]),
    ("fa", "PL", "emergency", None, ["112", "فارسی"], ["اورژانس اجتماعی"]),
    ("fa", "IR", "suicide_adult", None, ["123"], ["فارسی حرف", "1480"]),
    ("pl", "PL", "suicide_adult", None, ["116 123"], ["po polsku", "całą dobę", "14:00"]),
    ("es", "US", "suicide_adult", None, ["988"], ["habla español"]),
    ("en", "ES", "suicide_adult", None, ["024", "speaks English"], ["988"]),
    # immediate danger where no emergency number is sourced: words first, then who can be sourced
    ("fa", "IR", "emergency", None, ["شمارهٔ اورژانس محلی", "اورژانس اجتماعی"], ["1480"]),
    ("en", "IR", "emergency", None, ["your local emergency number", "123"], ["1480"]),
    ("pl", "PL", "emergency", "undocumented", ["lokalny numer alarmowy", "116 123"], ["112"]),
    ("pl", "PL", "emergency", None, ["112"], ["lokalny numer"]),
]


@pytest.mark.parametrize(("reader", "code", "slot", "group", "must", "must_not"), TEXTS)
def test_what_a_person_reads(
    reader: str, code: str, slot: str, group: str | None, must: list[str], must_not: list[str],
    shelves: Shelves,
) -> None:
    text = resolve(
        f"{{{{service:{slot}}}}}", load_territory(code, shelves=shelves), today=DAY, group=group,
        prompts=load_language(reader, shelves=shelves).prompts, reader=reader,
    )
    assert [piece for piece in must if piece not in text] == []
    assert [piece for piece in must_not if piece in text] == []


@pytest.mark.parametrize(
    ("reader", "words"),
    [
        ("en", "your local emergency number"),
        ("pl", "lokalny numer alarmowy"),
        ("fa", "شمارهٔ اورژانس محلی"),
        ("es", "el número local de emergencias"),
    ],
)
@pytest.mark.parametrize("code", ["PL", "IR", "US", "ES"])
def test_without_a_sourced_number_words_stand_and_no_digit(
    reader: str, words: str, code: str, shelves: Shelves
) -> None:
    language = load_language(reader, shelves=shelves)
    text = resolve(
        language.prompts.handover.text, load_territory(code, shelves=shelves), today=AFTER,
        prompts=language.prompts, reader=reader,
    )
    assert text.count(words) == 2
    assert not any(letter.isdigit() for letter in text)


def test_a_service_near_its_recheck_is_shown_and_said(shelves: Shelves) -> None:
    poland = load_territory("PL", shelves=shelves)
    early, near = LAST - NEAR - timedelta(days=1), LAST - NEAR
    said = {day: route(poland, "suicide", today=day).reason for day in (early, near, LAST, AFTER)}
    assert [f", to be re-checked by {LAST}" in said[day] for day in said] == [
        False, True, True, False,
    ]
    (adult,) = [item for item in poland.services if item.id == "pl.crisis.116123"]
    assert [expires_soon(adult, day) for day in said] == [False, True, True, False]


def family_line(problem: str) -> Territory:
    """A territory whose one service tells the family."""
    service = {
        "id": "line", "name": "L", "number": "1", "problems": [problem], "audience": "all",
        "links": ["family_notification"], "certainty": "sourced", "sources": ["S"],
        "verified_on": "2026-11-01", "checked_how": "page", "expires_on": "2027-02-20",
    }
    return Territory.model_validate({
        "code": "XX", "name": "X", "version": "1", "currency": "XXX", "services": [service],
        "sources": [{"id": "S", "cite": "a page"}],
        "communities": [{
            "id": "lgbt", "name": "l", "avoid": ["family_notification"],
            "certainty": "inference", "note": "n",
        }],
    })


@pytest.mark.parametrize(
    ("problem", "group", "shown"),
    [
        ("violence_home", None, False),
        ("child", None, False),
        ("suicide", None, True),
        ("suicide", "lgbt", False),
    ],
)
def test_who_is_hurt_at_home_is_not_sent_to_a_line_that_tells_the_family(
    problem: str, group: str | None, shown: bool
) -> None:
    found = route(family_line(problem), problem, age=14, today=DAY, group=group)
    assert (found.service is not None) == shown
    assert shown or "may endanger" in found.reason


def test_the_same_question_has_the_same_answer(shelves: Shelves) -> None:
    poland = load_territory("PL", shelves=shelves)
    asked = [route(poland, "suicide_adult", age=30, today=DAY) for _ in range(3)]
    assert asked[0] == asked[1] == asked[2]


@pytest.mark.parametrize("code", ["PL", "IR", "US", "ES"])
def test_a_weak_source_is_never_shown(code: str, shelves: Shelves) -> None:
    territory = load_territory(code, shelves=shelves)
    slots = {problem for item in territory.services for problem in item.problems}
    for slot in slots:
        for age in (12, 40):
            found = route(territory, slot, age=age, today=DAY).service
            assert found is None or found.certainty in SHOWN


def test_a_claim_of_a_source_needs_one() -> None:
    with pytest.raises(ValueError, match="without a source"):
        Territory.model_validate({
            "code": "XX", "name": "X", "version": "1", "currency": "XXX",
            "communities": [{"id": "a", "name": "a", "certainty": "sourced", "note": "n"}],
        })
