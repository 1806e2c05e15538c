"""What a person is shown of a model's text: no invented number, no raw slot."""

from __future__ import annotations

from datetime import date

import pytest

from mhx.cards import load_territory
from mhx.errors import MhxError
from mhx.language import load_language
from mhx.shelves import Shelves
from mhx.talking import Talker

DAY = date(2026, 11, 21)


def talker(shelves: Shelves, lang: str, place: str, **more: object) -> Talker:
    return Talker(
        "test", load_language(lang, shelves=shelves), load_territory(place, shelves=shelves),
        model=None, tokenizer=None, today=DAY, age=30, **more,
    )


@pytest.mark.parametrize(
    "said",
    [
        "Call 555-123-4567 now.",
        "Write to {{service:no_such_thing}}.",
        "Write to {{Service:suicide}}.",
        "Write to {{service:suicide-adult}}.",
        "Write to {{service:suicide_adult",
    ],
)
def test_nothing_the_model_invented_is_dialled(shelves: Shelves, said: str) -> None:
    one = talker(shelves, "en", "US")
    shown = one.shown(said)
    assert "{" not in shown
    assert "555" not in shown


def test_a_slot_of_the_territory_is_filled(shelves: Shelves) -> None:
    assert "116 123" in talker(shelves, "pl", "PL").shown("{{ service:suicide_adult }}")


def test_a_group_in_danger_is_not_sent_to_the_state(shelves: Shelves) -> None:
    shown = talker(shelves, "fa", "IR", group="orientation").handover()
    assert not any(letter.isdigit() for letter in shown)


def test_an_unknown_group_is_refused_before_a_model_is_loaded(shelves: Shelves) -> None:
    with pytest.raises(MhxError, match="unknown group 'orientatoin'") as caught:
        Talker.open(
            "fa", shelves=shelves, base=None, adapter="none", territory="IR", today=DAY,
            age=None, device="cpu", group="orientatoin",
        )
    assert "did you mean 'orientation'?" in str(caught.value)
