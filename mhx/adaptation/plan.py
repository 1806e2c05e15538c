"""The plan of a dialogue, made before translation: genders, names, address levels, risk turns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from mhx.adaptation.prefilter import Prefilter
from mhx.language import Language
from mhx.schema import Card, Dialogue, Entity, Participant, Plan

ADULT_AGE = 18
# Plain self-reports only: "as a father" alone is often about somebody else.
_PEOPLE = {
    "female": ("(?:mother|wife|woman|girl|grandmother|mom|widow)", "husband"),
    "male": ("(?:father|husband|man|guy|boy|grandfather|dad|widower)", "wife"),
}
_STATED = {
    gender: rf"\b(?:as an? {people},? i\b|i,? as an? {people}\b|i(?:['\u2019]m| am) an? {people}\b"
    rf"|my {spouse} and i\b)"
    for gender, (people, spouse) in _PEOPLE.items()
}


def name_map(card: Card) -> tuple[str, dict[str, dict[str, Any]]]:
    """The card's person-name mapping: (id of the fact or rule that asks for it, mapping)."""
    fact = next((fact for fact in card.facts if fact.id.endswith("name_map")), None)
    if fact is None or not isinstance(fact.value, dict):
        return "", {}
    return fact.id, {name: dict(entry) for name, entry in fact.value.items()}


def make_plan(dialogue: Dialogue, language: Language, *, seed: int) -> Plan:
    """Who speaks in which gender, register and name; deterministic in the dialogue and the seed.

    A gender is taken from the record, or from a plain self-report in the seeker's own words
    (recorded as stated). It is never drawn for a user's text; what stays unknown is avoided or
    reviewed by the gate, as the language's manifest says.
    """
    grammar = language.manifest.grammar
    rule, mapping = name_map(language.card)
    seeker = _participant(dialogue, "seeker")
    supporter = _participant(dialogue, "supporter")
    minor = seeker.age is not None and seeker.age < ADULT_AGE
    peers = dialogue.relation == "peers"
    owed = grammar.peer_address if peers else grammar.minor_address if minor else {}
    address = {**grammar.default_address, **owed}
    entities = [
        Entity(
            src=str(mapping[name].get("faithful", name)),
            tgt=str(mapping[name]["name"]),
            kind="person_name",
            rule=rule,
        )
        for name in _mentioned(dialogue, mapping)
    ]
    return Plan(
        dialogue=dialogue.id,
        seeker=_renamed(seeker, mapping),
        supporter=_renamed(supporter, mapping),
        seeker_to_supporter=address["seeker_to_supporter"],
        supporter_to_seeker=address["supporter_to_seeker"],
        entities=entities,
        risk_turns=[number for number, turn in enumerate(dialogue.turns) if turn.risk],
        seed=seed,
    )


def _participant(dialogue: Dialogue, role: str) -> Participant:
    known = dialogue.participants.get(role, Participant())  # type: ignore[call-overload]
    if role != "seeker" or known.gender != "unknown":
        return Participant.model_validate(known)
    text = (
        " ".join(
            segment for turn in dialogue.turns if turn.role == role for segment in turn.segments
        )
        .lower()
        .replace("\u2019", "'")
    )
    stated = {
        gender: match.group()
        for gender, pattern in _STATED.items()
        if (match := re.search(pattern, text))
    }
    if len(stated) != 1:
        return Participant.model_validate(known)
    gender, said = next(iter(stated.items()))
    return Participant.model_validate(
        {**known.model_dump(), "gender": gender, "known": "stated", "said": said}
    )


def _renamed(person: Participant, mapping: dict[str, dict[str, Any]]) -> Participant:
    if person.name is None or person.name not in mapping:
        return person
    return person.model_copy(update={"name": str(mapping[person.name]["name"])})


def _mentioned(dialogue: Dialogue, mapping: Mapping[str, Any]) -> list[str]:
    """The names of the mapping, in its order, that stand in the dialogue as whole words."""
    text = "\n".join(segment for turn in dialogue.turns for segment in turn.segments)
    names = tuple(mapping)
    near = (names[at] for at in _names(names).near(text))
    return [name for name in near if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]


@lru_cache(maxsize=32)
def _names(names: tuple[str, ...]) -> Prefilter:
    return Prefilter([name] for name in names)


def person(plan: Plan, role: str) -> Participant:
    """The participant who speaks as `role`."""
    return plan.seeker if role == "seeker" else plan.supporter


def owed_address(plan: Plan, role: str) -> str:
    """The address level that a speaker in `role` owes the other."""
    return plan.seeker_to_supporter if role == "seeker" else plan.supporter_to_seeker
