"""The plan: attributes with how they are known, registers owed, local names."""

from __future__ import annotations

import pytest

from mhx.adaptation.plan import make_plan, owed_address, person
from mhx.language import Language, load_language
from mhx.schema import Dialogue, Participant
from mhx.shelves import Shelves


@pytest.fixture(scope="module")
def spanish(shelves: Shelves) -> Language:
    return load_language("es", shelves=shelves)


def dialogue(*seeker: str, supporter: str = "I see.", **participants: Participant) -> Dialogue:
    turns = []
    for text in seeker:
        turns.append({"role": "seeker", "segments": [text], "risk": "die" in text})
        turns.append({"role": "supporter", "segments": [supporter]})
    return Dialogue.model_validate(
        {
            "id": "d",
            "lang": "en",
            "topic": "x",
            "split": "train",
            "origin": {"kind": "human", "name": "x"},
            "participants": {"seeker": Participant(), "supporter": Participant(), **participants},
            "turns": turns,
        }
    )


@pytest.mark.parametrize(
    ("text", "gender"),
    [
        ("My husband and I argue.", "female"),
        ("As a mother I worry.", "female"),
        ("I'm a woman of forty.", "female"),
        ("I’m a mom of two.", "female"),
        ("My wife and I argue.", "male"),
        ("As a dad I worry.", "male"),
        ("I'm a guy who never cries.", "male"),
    ],
)
def test_a_plain_self_report_is_recorded_as_stated(
    spanish: Language, text: str, gender: str
) -> None:
    seeker = make_plan(dialogue(text), spanish, seed=0).seeker
    assert (seeker.gender, seeker.known) == (gender, "stated")
    assert seeker.said and seeker.said in text.lower().replace("\u2019", "'")


@pytest.mark.parametrize(
    "text",
    [
        "I can't sleep.",
        "My mother is a woman of strong opinions.",
        "My husband left me.",
        "He said I'm amazing.",
        "My wife and I met when she said: I'm a woman of principle.",
        "I'm a mandolin player.",
        "My dad was never there as a father.",
        "She treats me as a girl would.",
        "I'm not a mother.",
        "He sees my sister as a woman.",
    ],
)
def test_what_is_not_stated_stays_unknown(spanish: Language, text: str) -> None:
    plan = make_plan(dialogue(text), spanish, seed=0)
    assert (plan.seeker.gender, plan.seeker.known) == ("unknown", "unknown")
    assert plan.drawn == []


@pytest.mark.parametrize("seed", range(5))
def test_no_seed_draws_a_gender_for_a_users_text(spanish: Language, seed: int) -> None:
    assert make_plan(dialogue("I can't sleep."), spanish, seed=seed).seeker.gender == "unknown"


def test_what_the_supporter_says_states_nothing_about_either(spanish: Language) -> None:
    plan = make_plan(dialogue("I can't sleep.", supporter="As a mother I know."), spanish, seed=0)
    assert (plan.seeker.gender, plan.supporter.gender) == ("unknown", "unknown")


def test_a_recorded_gender_stands_against_a_self_report(spanish: Language) -> None:
    known = Participant(gender="male", known="observed")
    plan = make_plan(dialogue("As a mother I worry.", seeker=known), spanish, seed=0)
    assert (plan.seeker.gender, plan.seeker.known) == ("male", "observed")


@pytest.mark.parametrize(
    ("age", "address"), [(17, "tu"), (12, "tu"), (18, "usted"), (None, "usted")]
)
def test_a_minor_is_owed_another_address(spanish: Language, age: int | None, address: str) -> None:
    plan = make_plan(dialogue("Hello.", seeker=Participant(age=age)), spanish, seed=0)
    assert owed_address(plan, "supporter") == address
    assert owed_address(plan, "seeker") == "usted"


def test_names_that_are_mentioned_get_their_local_counterpart(spanish: Language) -> None:
    plan = make_plan(dialogue("Linda shouted at Greg."), spanish, seed=0)
    assert {entity.src for entity in plan.entities} >= {"Linda", "Greg"}
    assert all(entity.tgt and entity.rule for entity in plan.entities)
    assert make_plan(dialogue("Lindas and gregarious."), spanish, seed=0).entities == []


def test_a_participants_name_becomes_the_local_one(spanish: Language) -> None:
    text = dialogue("Linda shouted.", seeker=Participant(name="Linda"))
    plan = make_plan(text, spanish, seed=0)
    local = next(entity.tgt for entity in plan.entities if entity.src == "Linda")
    assert person(plan, "seeker").name == local
    unmapped = Participant(name="Xyzzy")
    assert make_plan(dialogue("x", seeker=unmapped), spanish, seed=0).seeker.name == "Xyzzy"


def test_risk_turns_are_in_the_plan(spanish: Language) -> None:
    assert make_plan(dialogue("Hello.", "I want to die."), spanish, seed=0).risk_turns == [2]


def test_the_same_dialogue_and_seed_give_the_same_plan(spanish: Language) -> None:
    text = dialogue("Linda and my husband and I.")
    assert make_plan(text, spanish, seed=3) == make_plan(text, spanish, seed=3)
