"""A forbidden term gives way to the preferred one in its own form, or stays for the gate."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from mhx.adaptation.gates.concepts import ConceptTerms
from mhx.adaptation.passes import Part, Passes, localizer_of
from mhx.adaptation.terms import TermRepair
from mhx.cards import load_territory
from mhx.language import load_language
from mhx.schema import Participant, Plan
from mhx.schema.base import Role
from mhx.schema.dialogue import apply_edits
from mhx.shelves import discover

ROOT = Path(__file__).resolve().parents[1]
SHELVES = discover(cwd=ROOT)
Z = "\u200c"


@cache
def passes(tag: str) -> Passes:
    language, source = (load_language(name, shelves=SHELVES) for name in (tag, "en"))
    territory = load_territory(language.territory, shelves=SHELVES)
    return Passes(language, source, localizer_of(language, source, territory, SHELVES))


@cache
def repair(tag: str) -> TermRepair:
    made = passes(tag)
    owned = made.source.terms
    assert owned is not None
    subjects = {concept.id: concept.subject for concept in owned.concepts}
    concepts = ConceptTerms(made.source, made.language)
    return TermRepair(made.language, concepts, subjects, made.localizer.words)


def said(tag: str, text: str, role: Role = "supporter") -> str:
    edits = list(repair(tag).edits(text, role))
    assert all(edit.evidence for edit in edits)
    return apply_edits(text, edits)


@pytest.mark.parametrize(
    ("tag", "before", "after"),
    [
        ("pl", "Mówiliśmy o nerwicy lękowej.", "Mówiliśmy o zaburzeniach lękowych."),
        ("pl", "Mówią o charakteropatii.", "Mówią o zaburzeniu osobowości."),
        ("pl", "Był w domu wariatów.", "Był w szpitalu psychiatrycznym."),
        ("pl", "To patologiczna żałoba.", "To przedłużona żałoba."),
        ("pl", "Ma nieudaną próbę samobójczą za sobą.", "Ma próbę samobójczą za sobą."),
        ("pl", "Ona popełniła samobójstwo.", "Ona odebrała sobie życie."),
        ("pl", "On popełnił samobójstwo.", "On odebrał sobie życie."),
        ("fa", "جنون ادواری داره.", "اختلال دوقطبی داره."),
        ("fa", "از خودکشی ناموفقش گفت.", "از اقدام به خودکشیش گفت."),
        ("fa", "رفت تیمارستان.", f"رفت بیمارستان روان{Z}پزشکی."),
        ("es", "Tomo un neuroléptico.", "Tomo un antipsicótico."),
        ("es", "Es un duelo patológico.", "Es un duelo prolongado."),
        ("es", "Fue al manicomio.", "Fue al hospital psiquiátrico."),
    ],
)
def test_the_preferred_term_stands_in_the_form_of_the_forbidden_one(
    tag: str, before: str, after: str
) -> None:
    assert said(tag, before) == after


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("pl", "Nerwica lękowa wróciła."),  # the verb would have to become a plural
        ("pl", "Potrzebny jest counseling."),  # the adjective would have to change
        ("pl", "Ona jest schizofrenikiem."),  # a person, and the concept is a disorder
        ("fa", f"همجنس{Z}بازها رفتن."),
        ("es", "Es la asistente social."),  # the article tells a gender the term does not
        ("es", "Toma neurolépticos."),  # no plural of the preferred term is listed
    ],
)
def test_what_has_no_safe_counterpart_stays(tag: str, text: str) -> None:
    assert repair(tag).concepts.forbidden(text)  # so that the gate blocks it
    assert said(tag, text) == text


@pytest.mark.parametrize(
    ("tag", "text"),
    [("pl", "Byłam w domu wariatów."), ("fa", "رفتم تیمارستان."), ("es", "Fui al manicomio.")],
)
def test_a_persons_own_stigmatizing_word_stays(tag: str, text: str) -> None:
    assert said(tag, text, "seeker") == text
    assert said(tag, text, "supporter") != text


def test_a_calque_is_wrong_in_anybodys_mouth() -> None:
    text = "الان مرزگذاری لازمه."
    assert said("fa", text, "seeker") == said("fa", text) != text


def test_a_sentence_begins_with_a_capital() -> None:
    assert said("es", "Manicomio no es la palabra.").startswith("Hospital psiquiátrico")


def test_an_edit_of_the_pass_has_offsets_of_the_faithful_text() -> None:
    plan = Plan(
        dialogue="d", seeker=Participant(gender="female", known="stated"),
        supporter=Participant(gender="female", known="assigned"),
        seeker_to_supporter="pan", supporter_to_seeker="pan",
    )
    text = "Dwie mile stąd mówili o nerwicy lękowej."
    part = Part("Two miles away they spoke of anxiety.", text, "supporter", False)
    done = passes("pl").adapt(plan, [part]).parts[0]
    assert done.adapted == "Trzy kilometry stąd mówili o zaburzeniach lękowych."
    assert apply_edits(done.faithful, list(done.edits)) == done.adapted
    assert {edit.rule for edit in done.edits} == {"pl.loc.units", "terms.anxiety_disorder"}


@pytest.mark.parametrize(
    "text",
    ["Pani siostra targnęła się na życie w maju i wróciła do domu.",
     "Codziennie ktoś popełnia samobójstwo."],
)
def test_an_attempt_does_not_become_a_death(text: str) -> None:
    own = load_language("pl")
    repair = TermRepair(own, ConceptTerms(load_language("en"), own), {})
    assert repair.concepts.forbidden(text)  # it is the gate's
    assert list(repair.edits(text, "supporter")) == []
