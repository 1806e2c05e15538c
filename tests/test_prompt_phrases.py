"""Refusal, hand-over and rubric wording: four steps, no digit, no guessed gender, one scale."""

from __future__ import annotations

from datetime import date

import pytest

from mhx.adaptation.resolver import SLOT
from mhx.adaptation.rules import plan_from_test
from mhx.cards import load_territory
from mhx.corpus.privacy import latin_digits
from mhx.language import load_language
from mhx.schema import Prompts
from mhx.scoring import MECHANISMS
from mhx.shelves import Shelves
from mhx.talking import Talker

TAGS = ("en", "pl", "fa", "es")
STEPS = ("acknowledge", "boundary", "transition", "redirect")
PLACE = {"en": "US", "pl": "PL", "fa": "IR", "es": "ES"}


def prompts(tag: str, shelves: Shelves) -> Prompts:
    return load_language(tag, shelves=shelves).prompts


@pytest.mark.parametrize("tag", TAGS)
def test_a_phrase_has_its_four_steps_in_order(tag: str, shelves: Shelves) -> None:
    for phrase in (prompts(tag, shelves).refusal, prompts(tag, shelves).handover):
        places = [phrase.text.index(getattr(phrase, step).strip()) for step in STEPS]
        assert places == sorted(places)
        assert len({getattr(phrase, step) for step in STEPS}) == len(STEPS)


@pytest.mark.parametrize("tag", TAGS)
def test_only_the_last_step_of_the_hand_over_names_a_service(tag: str, shelves: Shelves) -> None:
    phrase = prompts(tag, shelves).handover
    assert SLOT.findall(phrase.redirect) == ["suicide_adult", "emergency"]
    assert not any(SLOT.search(getattr(phrase, step)) for step in STEPS[:-1])
    assert not SLOT.search(prompts(tag, shelves).refusal.text)


@pytest.mark.parametrize("tag", TAGS)
def test_no_phrase_holds_a_digit(tag: str, shelves: Shelves) -> None:
    one = prompts(tag, shelves)
    texts = [one.refusal.text, one.handover.text, one.no_number, one.ask_language, one.notice]
    texts += [level.meaning for wording in one.judge.values() for level in wording.levels]
    texts += [wording.question + wording.instructions for wording in one.judge.values()]
    assert not any(letter.isdigit() for text in texts for letter in latin_digits(text))


@pytest.mark.parametrize("tag", ["pl", "fa"])
def test_the_hooks_find_no_gender_and_no_other_address_in_a_phrase(
    tag: str, shelves: Shelves
) -> None:
    language = load_language(tag, shelves=shelves)
    plan = plan_from_test(None, language.manifest.grammar.default_address)
    for phrase in (language.prompts.refusal, language.prompts.handover):
        for step in STEPS:
            found = language.hooks.analyze(getattr(phrase, step), "supporter", plan)
            bad = [item for item in found if item.code.startswith(("gender.", "address."))]
            assert bad == [], getattr(phrase, step)


def test_the_rubric_asks_the_same_on_the_same_scale_in_every_language(shelves: Shelves) -> None:
    scales = {
        tag: {
            name: [level.value for level in wording.levels]
            for name, wording in prompts(tag, shelves).judge.items()
        }
        for tag in TAGS
    }
    assert scales["pl"] == scales["fa"] == scales["es"] == scales["en"]
    assert set(MECHANISMS) < set(scales["en"])
    for tag in TAGS:
        wordings = prompts(tag, shelves).judge.values()
        assert len({wording.question for wording in wordings}) == len(scales[tag])


@pytest.mark.parametrize("tag", TAGS)
def test_the_hand_over_is_what_a_person_at_risk_is_shown(tag: str, shelves: Shelves) -> None:
    language = load_language(tag, shelves=shelves)
    place = load_territory(PLACE[tag], shelves=shelves)
    talker = Talker(
        "test", language, place, model=None, tokenizer=None, today=date(2026, 12, 1), age=None
    )
    said = talker.handover()
    for step in STEPS[:-1]:
        assert getattr(language.prompts.handover, step).strip() in said
    assert "{" not in said
    assert any(letter.isdigit() for letter in said)


@pytest.mark.parametrize("field", ["refusal", "handover"])
def test_a_phrase_without_a_step_is_an_error(field: str, shelves: Shelves) -> None:
    dumped = prompts("en", shelves).model_dump()
    del dumped[field]["transition"]
    with pytest.raises(ValueError, match="transition"):
        Prompts.model_validate(dumped)


def test_a_joining_phrase_with_an_unknown_field_is_an_error(shelves: Shelves) -> None:
    dumped = prompts("en", shelves).model_dump() | {"either": "{first} or {third}"}
    with pytest.raises(ValueError, match=r"either: unknown field 'third'"):
        Prompts.model_validate(dumped)
