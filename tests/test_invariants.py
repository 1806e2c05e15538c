"""The base card's clinical invariants: a planted change is refused with the invariant's id."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from mhx.adaptation.conservation import LanguageCues
from mhx.adaptation.gates import (
    GateContext,
    Reason,
    Segment,
    check_dialogue,
    invariants_by_gate,
)
from mhx.adaptation.rules import adapt_segment, plan_from_test
from mhx.cards import compose
from mhx.errors import MhxError
from mhx.files import load_model, write_text
from mhx.language import load_language
from mhx.schema import Card, Edit, Rule
from mhx.schema.card import Gate
from mhx.shelves import Shelves
from mhx.stages.gate import decide

BASE = Path(__file__).resolve().parents[1] / "culture_cards" / "base.yaml"
CARD = load_model(BASE, Card)
ADDRESS = {"seeker_to_supporter": "x", "supporter_to_seeker": "x"}
PLAN = plan_from_test(None, ADDRESS)
SLOT = "{{service:suicide_adult}}"
TARGETS = ("pl", "fa", "es")


def cues(tag: str, shelves: Shelves) -> LanguageCues:
    language = load_language(tag, shelves=shelves)
    return LanguageCues(risk=language.risk_cues, clinical=language.clinical_cues)


def context(tag: str, shelves: Shelves) -> GateContext:
    source, target = (load_language(name, shelves=shelves).manifest for name in ("en", tag))
    return GateContext(
        source, target, 1.0, re.compile(r"(?!)"), source_cues=cues("en", shelves),
        target_cues=cues(tag, shelves), invariants=invariants_by_gate(CARD.invariants),
    )


def segment(source: str, faithful: str, adapted: str, **more: Any) -> Segment:
    given = {"turn": 0, "role": "seeker", "edits": [], "findings": [], "failure": None, **more}
    return Segment(source=source, faithful=faithful, adapted=adapted, **given)


def listed(source: str, before: str, after: str, role: str) -> Segment:
    """A segment whose whole change is one listed edit: what a wrong rule of a card would do."""
    edit = Edit(
        start=0, end=len(before), operation="replace", rule="planted", before=before, after=after
    )
    return segment(source, before, after, role=role, edits=[edit])


def refused(reasons: list[Reason]) -> set[str]:
    """Ids of invariants whose gate refuses, even in a dialogue that its author answers for."""
    blocking = [reason for reason in reasons if reason.severity == "block"]
    assert decide(reasons, authored=True) == ("review" if blocking else "accepted")
    return {name for reason in blocking for name in reason.invariants}


PLANTED = [
    # language, role, invariant, source, before, after
    ("pl", "seeker", "severity", "I don't sleep.", "Nie śpię od marca.", "Śpię od marca."),
    ("pl", "seeker", "risk", "I could kill myself.", "Chcę się zabić.", "Chce mi się płakać."),
    ("pl", "seeker", "severity", "I could kill myself.", "Chcę się zabić.", "Jest mi smutno."),
    ("pl", "seeker", "risk", "I want no life.", "Nie chce mi się żyć.", "Nie chcę tu siedzieć."),
    ("pl", "seeker", "risk", "I want no life.", "Nie chce mi się żyć.", "Nie chcę, zabiję się."),
    ("pl", "seeker", "symptoms", "I can't sleep.", "Nie mogę spać.", "Nie mogę jeść."),
    ("pl", "seeker", "symptoms", "I cry.", "Wciąż płaczę w domu.", "Wciąż siedzę w domu."),
    ("pl", "seeker", "severity", "I cry every day.", "Codziennie płaczę.", "Czasem płaczę."),
    ("pl", "seeker", "facts", "I stopped my pills.", "Odstawiłam lek.", "Odstawiłam herbatę."),
    ("pl", "seeker", "facts", "My mother said so.", "Mama tak mówi.", "Szefowa tak mówi."),
    ("pl", "seeker", "facts", "I feel low.", "Mam dołek.", "Mam depresję."),
    ("pl", "supporter", "technique", "What is hard?", "Co jest trudne?", "Czy jest trudno?"),
    ("pl", "supporter", "technique", "What is hard?", "Co jest trudne?", "To trudne."),
    ("fa", "seeker", "severity", "I can't talk.", "نمی‌تونم حرف بزنم.", "می‌تونم حرف بزنم."),
    ("fa", "seeker", "risk", "I want to die.", "می‌خوام بمیرم.", "دلم گرفته."),
    ("fa", "seeker", "risk", "Without me they are better.", "بدون من راحت‌ترن.", "خودکشی می‌کنم."),
    ("fa", "seeker", "symptoms", "I have no appetite.", "اشتها ندارم.", "تمرکز ندارم."),
    ("fa", "seeker", "severity", "I cry every night.", "هر شب گریه می‌کنم.", "گاهی گریه می‌کنم."),
    ("fa", "seeker", "facts", "I take medication.", "دارو می‌خورم.", "دمنوش می‌خورم."),
    ("fa", "supporter", "technique", "What is hardest?", "چی سخت‌تره؟", "سخته؟"),
    ("es", "seeker", "severity", "I don't sleep.", "No duermo.", "Duermo."),
    ("es", "seeker", "risk", "I want to die.", "Quiero morirme.", "Estoy triste."),
    ("pl", "seeker", "risk", "She wants to die.", "Siostra chce umrzeć.", "Siostra chce spać."),
    ("pl", "seeker", "risk", "She wants to die.", "Siostra chce umrzeć.", "Ja chcę umrzeć."),
    ("fa", "seeker", "risk", "He wants to die.", "برادرم می‌خواد بمیره.", "برادرم می‌خواد بره."),
    ("es", "seeker", "risk", "My sister wants to die.", "Mi hermana quiere morirse.",
     "Mi hermana quiere irse."),
    ("es", "seeker", "symptoms", "I cry.", "Lloro en casa.", "Duermo en casa."),
    ("es", "seeker", "severity", "I always cry.", "Siempre lloro.", "A veces lloro."),
    ("es", "seeker", "facts", "I took the pills.", "Dejé la medicación.", "Dejé la infusión."),
    ("es", "supporter", "technique", "What is hardest?", "¿Qué es lo peor?", "¿Es difícil?"),
]


@pytest.mark.parametrize(("tag", "role", "wanted", "source", "before", "after"), PLANTED)
def test_an_edit_that_changes_what_is_clinical_is_refused(
    tag: str, role: str, wanted: str, source: str, before: str, after: str, shelves: Shelves
) -> None:
    here = context(tag, shelves)
    reasons = check_dialogue([listed(source, before, after, role)], PLAN, here)
    assert f"base.inv.{wanted}" in refused(reasons)
    unchanged = segment(source, before, before, role=role)
    assert refused(check_dialogue([unchanged], PLAN, here)) == set()


@pytest.mark.parametrize(("tag", "role", "wanted", "source", "before", "after"), PLANTED)
def test_a_silent_change_is_refused_whatever_it_says(
    tag: str, role: str, wanted: str, source: str, before: str, after: str, shelves: Shelves
) -> None:
    silent = segment(source, before, after, role=role)
    found = refused(check_dialogue([silent], PLAN, context(tag, shelves)))
    assert {"base.inv.edits", f"base.inv.{wanted}"} <= found


OLD = "Od 3 tygodni nie śpię."
SHAPE = [(0, "seeker"), (1, "supporter")]
TALK = (
    segment("Hi.", "Cześć.", "Cześć."),
    segment("Yes?", "Tak?", "Tak?", turn=1, role="supporter"),
)
STRUCTURE = [
    # invariant, severity, segments, shape
    ("numbers", "block", [segment("For 3 weeks.", OLD, "Od 2 tygodni nie śpię.")], None),
    ("slots", "block", [segment(SLOT, SLOT, "Telefon.")], None),
    ("slots", "block", [segment("I am [name].", "Jestem [name].", "Jestem Ola.")], None),
    ("sentences", "review", [segment("A b. C d.", "A b. C d.", "A b.")], None),
    ("turns", "block", [TALK[0]], SHAPE),
    ("turns", "block", [TALK[1], TALK[0]], SHAPE),
    ("roles", "block", [TALK[0], replace(TALK[1], role="seeker")], SHAPE),
]


@pytest.mark.parametrize(("wanted", "severity", "segments", "shape"), STRUCTURE)
def test_a_change_of_shape_is_refused(
    wanted: str, severity: str, segments: list[Segment], shape: Any, shelves: Shelves
) -> None:
    here = context("pl", shelves)
    found = check_dialogue(segments, PLAN, here, shape)
    assert (f"base.inv.{wanted}", severity) in {
        (name, reason.severity) for reason in found for name in reason.invariants
    }
    assert not check_dialogue(TALK, PLAN, here, SHAPE)


def test_every_invariant_has_a_planted_fault() -> None:
    planted = {row[2] for row in PLANTED} | {row[0] for row in STRUCTURE} | {"edits"}
    assert {item.id.removeprefix("base.inv.") for item in CARD.invariants} == planted


def test_every_gate_holds_an_invariant_and_every_evidence_is_a_fact() -> None:
    assert set(invariants_by_gate(CARD.invariants)) == set(get_args(Gate))
    facts = {fact.id for fact in CARD.facts}
    assert {item.evidence for item in CARD.invariants} <= facts


def test_an_unknown_gate_is_an_error_of_the_card() -> None:
    dumped = CARD.model_dump(by_alias=True)
    dumped["invariants"][0]["gates"] = ["conservation.mood"]
    with pytest.raises(ValueError, match=r"conservation\.turns"):
        Card.model_validate(dumped)


def test_a_card_may_add_an_invariant_and_not_weaken_one(tmp_path: Path) -> None:
    path = tmp_path / "culture_card.yaml"
    head = "id: xx\nversion: 0.1.0\nextends: base\nheterogeneity_note: n\ninvariants:\n"
    entry = "- {{id: {}, claim: c, gates: [conservation.turns], evidence: base.surface_deep}}\n"
    write_text(path, head + entry.format("xx.inv.own"))
    composed = compose(path, BASE, tmp_path)
    assert {item.id for item in composed.invariants} == {
        "xx.inv.own", *(item.id for item in CARD.invariants)
    }
    write_text(path, head + entry.format("base.inv.risk"))
    with pytest.raises(MhxError, match=r"changes the invariant 'base\.inv\.risk'"):
        compose(path, BASE, tmp_path)


SOFT = {
    "id": "planted.soft", "dimension": "language", "kind": "substitute", "severity": "block",
    "match": {"regex": "zabić się|się zabić"}, "action": {"replace": "smucić się"},
    "reason": "planted", "evidence": ["x"], "tests": [{"in": "a", "must": ["a"]}],
}


def test_a_rule_that_softens_suicide_is_refused_by_the_gate(shelves: Shelves) -> None:
    text = "Wczoraj chciałam się zabić."
    language = load_language("pl", shelves=shelves)
    plan = plan_from_test(None, language.manifest.grammar.default_address)
    done = adapt_segment(
        text, role="seeker", risk=True, plan=plan, rules=[Rule.model_validate(SOFT)],
        hooks=language.hooks,
    )
    assert "smucić się" in done.adapted
    part = segment(
        "Yesterday I wanted to kill myself.", done.faithful, done.adapted, edits=done.edits
    )
    found = refused(check_dialogue([part], plan, context("pl", shelves)))
    assert {"base.inv.risk", "base.inv.severity"} <= found


@pytest.mark.parametrize(
    ("tag", "silent", "kept"),
    [
        ("pl", "Jest mi bardzo smutno.", "Chcę się zabić."),
        ("fa", "خیلی ناراحتم.", "می‌خوام خودم رو بکشم."),
        ("es", "Estoy muy triste.", "Quiero matarme."),
    ],
)
def test_a_translation_that_silences_risk_goes_to_a_person(
    tag: str, silent: str, kept: str, shelves: Shelves
) -> None:
    here = context(tag, shelves)
    english = "I want to kill myself. I want to die."
    for text, wanted in ((silent, True), (kept, False)):
        reasons = check_dialogue([segment(english, text, text)], PLAN, here)
        codes = {reason.code: reason for reason in reasons}
        assert ("conservation.risk" in codes) == wanted
        if wanted:
            assert "base.inv.risk" in codes["conservation.risk"].invariants
            assert decide(reasons, authored=False) == "review"


def test_an_idiom_for_a_calque_is_seen_and_not_refused(shelves: Shelves) -> None:
    before, after = "به ته طنابم رسیدم.", "جونم به لبم رسیده."
    calque = listed("I'm at the end of my rope.", before, after, "seeker")
    (reason,) = (
        item for item in check_dialogue([calque], PLAN, context("fa", shelves))
        if item.code == "conservation.risk"
    )
    assert reason.severity == "warn"


def test_what_the_source_named_may_be_named_again(shelves: Shelves) -> None:
    here = context("es", shelves)
    before, after = "Estoy con el depósito vacío.", "Estoy agotada."
    new = {"base.inv.symptoms"}
    for source, wanted in (("I'm running on empty.", set()), ("I'm at home.", new)):
        part = listed(source, before, after, "seeker")
        assert refused(check_dialogue([part], PLAN, here)) == wanted


@pytest.mark.parametrize("tag", TARGETS)
def test_the_shipped_adaptations_break_no_invariant_in_training(tag: str, shelves: Shelves) -> None:
    """The rules as they stand, over the authored faithful text of the train and valid splits."""
    language = load_language(tag, shelves=shelves)
    english = load_language("en", shelves=shelves)
    sources = {item.id: item for item in english.source_corpus}
    here = context(tag, shelves)
    found: list[tuple[str, str]] = []
    for item in language.corpus:
        source = sources[item.id]
        if source.split == "test":
            continue
        for turn, (said, told) in enumerate(zip(source.turns, item.turns, strict=True)):
            for number, (text, part) in enumerate(zip(said.segments, told.segments, strict=True)):
                done = adapt_segment(
                    part.faithful, role=said.role, risk=said.risk, plan=item.plan,
                    rules=language.card.rules, hooks=language.hooks,
                )
                one = segment(text, done.faithful, done.adapted, role=said.role, edits=done.edits)
                found += [
                    (f"{item.id}/{turn}/{number}", reason.code)
                    for reason in check_dialogue([one], item.plan, here)
                    if reason.severity == "block" and reason.invariants
                ]
    assert found == []


def test_all_languages_name_the_same_things(shelves: Shelves) -> None:
    keys = {}
    for tag in ("en", *TARGETS):
        clinical = load_language(tag, shelves=shelves).clinical_cues
        assert clinical is not None
        keys[tag] = [
            sorted(getattr(clinical, group)) for group in ("degree", "symptoms", "facts", "kin")
        ]
    assert keys["pl"] == keys["fa"] == keys["es"] == keys["en"]
