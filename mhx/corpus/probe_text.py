"""The text of a probe for a speaker: agreement by {female|male} forms, or by the hooks."""

from __future__ import annotations

import re
from collections.abc import Callable

from mhx.language import Language
from mhx.schema import Participant, Plan
from mhx.schema.base import Gender
from mhx.schema.dialogue import Edit, apply_edits
from mhx.schema.language import Scenario

FORMS = re.compile(r"\{([^{}|]*)\|([^{}|]*)\}")
Agreeing = Callable[[str, Gender], str]


def agree(text: str, gender: str | None) -> str:
    """``{female|male}`` forms by gender. Raises ValueError where a form is needed and unknown."""
    if gender not in ("female", "male"):
        if FORMS.search(text):
            raise ValueError(f"{text!r} has gendered forms and the level says no gender")
        return text
    return FORMS.sub(lambda match: match.group(1 if gender == "female" else 2), text)


def body(scenario: Scenario, gender: Gender | None, agreeing: Agreeing | None = None) -> str:
    """The scenario's text for a speaker; the neutral one where no agreement form is theirs."""
    if gender not in ("female", "male"):
        return scenario.neutral.strip()
    if scenario.text is not None:
        return agree(scenario.text.strip(), gender)
    text = scenario.neutral.strip()
    return text if agreeing is None else agreeing(text, gender)


def seeker_plan(language: Language, gender: Gender) -> Plan:
    """The plan of a probe: a seeker of a gender, the language's default address."""
    address = language.manifest.grammar.default_address
    return Plan(
        dialogue="probe",
        seeker=Participant(gender=gender, known="assigned"),
        supporter=Participant(),
        seeker_to_supporter=address["seeker_to_supporter"],
        supporter_to_seeker=address["supporter_to_seeker"],
    )


def agreement_of(language: Language) -> Agreeing:
    """The language's repair of forms that disagree with the speaker's gender."""

    def repaired(text: str, gender: Gender) -> str:
        plan, hooks = seeker_plan(language, gender), language.hooks
        found = [one for one in hooks.analyze(text, "seeker", plan) if one.code == "gender.speaker"]
        if not found:
            return text
        edits: list[Edit] = [
            edit
            for edit in hooks.realize(text, "seeker", plan)
            if any(one.start < edit.end and edit.start < one.end for one in found)
        ]
        return apply_edits(text, edits)

    return repaired
