"""Every gate of the registry: its planted fault is named, and no crisis dialogue is dropped."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from mhx.adaptation.gates import GATES, Code, Gate, GateContext, Reason, Segment, Talk, context_of
from mhx.adaptation.gates.registry import check_dialogue, gate_rows
from mhx.adaptation.rules import plan_from_test
from mhx.contracts import Finding
from mhx.language import load_language
from mhx.schema import Edit
from mhx.shelves import Shelves
from mhx.stages.gate import decide

PLAN = plan_from_test(None, {"seeker_to_supporter": "pan", "supporter_to_seeker": "pan"})
SLOT = "{{service:suicide_adult}}"
RISK = "I want to kill myself."
CRISIS = Segment(0, "seeker", RISK, "Chcę się zabić.", "Chcę się zabić.", [], [], None)
SHAPE = ((0, "seeker"), (1, "supporter"))


def answer(
    source: str, faithful: str | None, adapted: str | None = None, **more: object
) -> Segment:
    given = {"edits": [], "findings": [], "failure": None, **more}
    return Segment(1, "supporter", source, faithful, adapted or faithful, **given)


def rewritten(source: str, before: str, after: str) -> Segment:
    """An answer whose whole change is one listed edit, as a wrong rule would make it."""
    edit = Edit(start=0, end=len(before), operation="replace", rule="planted", before=before,
                after=after)
    return answer(source, before, after, edits=[edit])


def seen(code: str, severity: str) -> Segment:
    finding = Finding(code, 0, 2, "planted", severity)  # type: ignore[arg-type]
    return answer("Good evening.", "Dobry wieczór.", findings=[finding])


GOOD = answer("Are you safe right now?", "Czy jest Pan teraz w bezpiecznym miejscu?")
FAULTS: dict[tuple[str, str], list[Segment]] = {
    ("conservation.turns", "block"): [CRISIS],
    ("conservation.roles", "block"): [CRISIS, Segment(1, "seeker", "Yes.", "Tak.", "Tak.", [], [],
                                                      None)],
    ("untranslated", "review"): [CRISIS, answer("Yes.", None)],
    ("fuzzy_match", "review"): [CRISIS, answer("Yes.", "Tak.", engine="memory:fuzzy")],
    ("unknown_words", "review"): [CRISIS, answer("Overbearing.", "Overbearing.",
                                                 detail="1 unknown words")],
    ("conservation.slots", "block"): [CRISIS, answer(f"Call {SLOT}.", "Proszę zadzwonić.")],
    ("conservation.placeholders", "block"): [CRISIS, answer("Hello [name].", "Dzień dobry.")],
    ("conservation.numbers", "block"): [CRISIS, answer("Take 5.", "Proszę wziąć 5.",
                                                       "Proszę wziąć 50.")],
    ("conservation.numbers", "review"): [CRISIS, answer("Take 5.", "Proszę wziąć 50.")],
    ("names", "review"): [CRISIS, answer("Is Linda with you?", "Czy jest ktoś z Panem?")],
    ("names", "warn"): [CRISIS, answer("Is Melissa with you?", "Czy jest ktoś z Panem?")],
    ("conservation.edits", "block"): [CRISIS, answer("Stay here.", "Proszę zostać.",
                                                     "Proszę tu zostać.")],
    ("conservation.risk", "block"): [CRISIS, rewritten(RISK, "Chcę się zabić.", "Jest mi źle.")],
    ("conservation.risk", "review"): [
        Segment(0, "seeker", RISK, "Jest mi źle.", "Jest mi źle.", [], [], None), GOOD],
    ("conservation.risk", "warn"): [CRISIS, rewritten("I am at the end of it.", "Jestem na końcu.",
                                                      "Nie chcę już żyć.")],
    ("conservation.negation", "block"): [CRISIS, rewritten("Don't go.", "Proszę nie iść.",
                                                           "Proszę iść.")],
    ("conservation.degree", "block"): [CRISIS, rewritten("Always.", "Zawsze tak jest.",
                                                         "Czasem tak jest.")],
    ("conservation.symptoms", "block"): [CRISIS, rewritten("Any panic?", "Czy to bezsenność?",
                                                           "Czy to katar?")],
    ("conservation.facts", "block"): [CRISIS, rewritten("Is it depression?", "To depresja?",
                                                        "To urlop?")],
    ("conservation.technique", "block"): [CRISIS, rewritten("What now?", "Co teraz?", "To teraz.")],
    ("conservation.sentences", "review"): [CRISIS, answer("Stay. Call me. Wait.", "Zostań.")],
    ("length", "review"): [CRISIS, answer("Please stay with me on this line, will you?",
                                          "Proszę zostać.")],
    ("source_copied", "review"): [CRISIS, answer("Please stay here.", "Please stay here.")],
    ("residue", "review"): [CRISIS, answer("Please stay here tonight.",
                                           "Proszę stay here tonight.")],
    ("repeats", "review"): [CRISIS, answer("I am here with you and I listen.",
                                           "jestem tu jestem tu jestem tu jestem tu")],
    ("language", "review"): [CRISIS, answer(
        "Please stay with me, the night is long and we have time.",
        "Stay with me please, this night is long and there is time.")],
    ("terms.forbidden", "block"): [CRISIS, answer("He died by suicide.",
                                                  "Popełnił samobójstwo.")],
    ("terms.forbidden", "warn"): [CRISIS, answer("Is it grief?", "Czy to żal?")],
    ("terms.missing", "warn"): [CRISIS, answer("Is it depression?", "Czy to smutek?")],
    ("phone_like", "block"): [CRISIS, answer("Call them.", "Proszę dzwonić: 600 123 456.")],
    ("phone_like", "review"): [CRISIS, answer("Call them.", "Proszę dzwonić: 116 123.")],
    ("address", "review"): [CRISIS, seen("address.level", "review")],
    ("quality", "review"): [CRISIS, answer("Yes.", "Tak.", quality=0.1)],
    ("back_translation", "review"): [CRISIS, answer("Please stay with me tonight.",
                                                    "Proszę zostać dziś ze mną.", back_chrf=3.0)],
}
PLUGIN_CODES = {"address.*": "address.mixed", "gender.*": "gender.speaker",
                "register.*": "register.mixed", "orthography.*": "orthography.letter",
                "rule.*": "rule.pl.r.x", "*": "taarof.apology"}
for name, code in PLUGIN_CODES.items():
    FAULTS |= {(name, grade): [CRISIS, seen(code, grade)] for grade in ("block", "review", "warn")}
LISTED = [
    (gate, code, severity) for gate in GATES for code in gate.codes for severity in code.severities
]


@pytest.fixture(scope="module")
def context(shelves: Shelves) -> GateContext:
    source, target = (load_language(tag, shelves=shelves) for tag in ("en", "pl"))
    return replace(context_of(source, target, [], user_text=True), quality_floor=0.5)


def said(gate: Gate, segments: list[Segment], context: GateContext) -> list[Reason]:
    return list(gate.reasons(Talk(segments, PLAN, SHAPE), context))


def names(item: object) -> str:
    return getattr(item, "name", str(item))


@pytest.mark.parametrize(("gate", "code", "severity"), LISTED, ids=names)
def test_a_planted_fault_is_named_by_its_gate_and_the_crisis_dialogue_is_kept(
    gate: Gate, code: Code, severity: str, context: GateContext
) -> None:
    """A person decides over a crisis dialogue: a gate sends it to review, or only says."""
    segments = FAULTS[code.name, severity]
    if (code.name, severity) == ("names", "warn"):
        context = replace(context, user_text=False)
    found = said(gate, segments, context)
    assert any(code.covers(item.code) and item.severity == severity for item in found)
    whole = check_dialogue(segments, PLAN, context, SHAPE)
    grave = any(reason.severity != "warn" for reason in whole)
    assert decide(whole, authored=False) == ("review" if grave else "accepted")
    assert grave or severity == "warn"


@pytest.mark.parametrize("gate", GATES, ids=names)
def test_a_gate_gives_no_code_that_its_table_lacks(gate: Gate, context: GateContext) -> None:
    engine = {"not_in_memory", "held_out"}  # an engine's own codes
    for segments in FAULTS.values():
        for reason in said(gate, segments, context):
            listed = [code for code in gate.codes if code.covers(reason.code)]
            assert any(reason.severity in code.severities for code in listed) or (
                reason.code in engine
            )


def test_a_clean_crisis_dialogue_has_no_reason(context: GateContext) -> None:
    assert check_dialogue([CRISIS, GOOD], PLAN, context, SHAPE) == []


def test_gates_and_codes_are_listed_once() -> None:
    assert len({gate.name for gate in GATES}) == len(GATES)
    codes = [code.name for gate in GATES for code in gate.codes]
    assert len(set(codes)) == len(codes)
    assert all(gate.segment or gate.dialogue for gate in GATES)


def test_the_command_shows_the_registry() -> None:
    done = subprocess.run([sys.executable, "-m", "mhx", "gates", "--json"], capture_output=True,
                          text=True, check=True)
    assert json.loads(done.stdout) == gate_rows()


def test_an_estimate_is_judged_by_a_floor_that_was_named_alone(context: GateContext) -> None:
    gate = next(item for item in GATES if item.name == "quality")
    segments = [CRISIS, answer("Yes.", "Tak.", quality=0.45)]
    codes = {floor: [item.code for item in said(gate, segments,
                                                replace(context, quality_floor=floor))]
             for floor in (None, 0.4, 0.5)}
    assert codes == {None: [], 0.4: [], 0.5: ["quality"]}
