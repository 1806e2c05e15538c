"""Gates: each reason code with a case that has it and one that has not; decisions from reasons."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from mhx.adaptation.gates import (
    GateContext,
    Reason,
    Segment,
    check_dialogue,
    median_ratio,
    numbers,
)
from mhx.adaptation.hotlines import service_numbers
from mhx.adaptation.rules import plan_from_test
from mhx.contracts import Finding
from mhx.language import load_language
from mhx.schema import Edit
from mhx.schema.card import TestPlan
from mhx.shelves import Shelves
from mhx.stages.gate import Gated, _counts, decide

PLAN = plan_from_test(
    TestPlan(names={"Linda": "Lola"}),
    {"seeker_to_supporter": "usted", "supporter_to_seeker": "usted"},
)
SLOT = "{{service:suicide_adult}}"
LONG = "this sentence has about fifty letters, more or less"
NO_SERVICE = re.compile(r"(?!)")


@pytest.fixture(scope="module")
def context(shelves: Shelves) -> GateContext:
    source, target = (load_language(tag, shelves=shelves).manifest for tag in ("en", "es"))
    return GateContext(source, target, 1.0, service_numbers(shelves))


def segment(
    source: str, faithful: str | None, adapted: str | None = None, **more: object
) -> Segment:
    given = {"turn": 0, "role": "supporter", "edits": [], "findings": [], "failure": None, **more}
    return Segment(
        source=source, faithful=faithful, adapted=faithful if adapted is None else adapted, **given
    )


def replace(text: str, before: str, after: str) -> Edit:
    start = text.index(before)
    return Edit(
        start=start,
        end=start + len(before),
        operation="replace",
        rule="r",
        before=before,
        after=after,
    )


def codes(context: GateContext, *segments: Segment) -> set[tuple[str, str]]:
    return {(reason.code, reason.severity) for reason in check_dialogue(segments, PLAN, context)}


WEIGHT = "Pesaba 60 kilos."

CASES = [
    (
        "conservation.sentences",
        "review",
        segment("It hurts. I left... then I came back.", "Me fui... y volví"),
        segment("Well... I left. It hurts.", "Bueno, me fui. Me duele."),
    ),
    (
        "residue",
        "review",
        segment("Then we left home together.", "Luego left home together."),
        segment("I saw Marty Weiner and Louie Norm.", "Vi a Marty Weiner y a Louie Norm."),
    ),

    # code, severity, a segment that has it, one that has not
    (
        "not_in_memory",
        "review",
        segment("Hello.", None, failure="not_in_memory"),
        segment("Hello.", "Hola."),
    ),
    ("untranslated", "review", segment("Hello.", None), segment("Hello.", "Hola.")),
    ("held_out", "review", segment("Hello.", None, failure="held_out"), segment("Hello.", "Hola.")),
    (
        "conservation.slots",
        "block",
        segment(f"Call {SLOT}.", "Llame."),
        segment(f"Call {SLOT}.", f"Llame: {SLOT}."),
    ),
    ("conservation.slots", "block", segment("Call.", f"Llame {SLOT}."), segment("Call.", "Llame.")),
    (
        "conservation.slots",
        "block",
        segment(f"Call {SLOT}.", "Llame {{service:emergency}}."),
        segment(f"{SLOT} {SLOT}", f"{SLOT} y {SLOT}"),
    ),
    (
        "conservation.placeholders",
        "block",
        segment("I am [name].", "Soy."),
        segment("I am [name].", "Soy [name]."),
    ),
    (
        "conservation.numbers",
        "review",
        segment("For 3 weeks.", "Desde hace 2 semanas."),
        segment("For 3 weeks.", "Desde hace ۳ semanas."),
    ),
    (
        "conservation.numbers",
        "review",
        segment("For 3 weeks.", "Desde hace tres semanas."),
        segment("It cost 1,200.50 then.", "Costó 1.200,50 entonces."),
    ),
    (
        "conservation.numbers",
        "block",
        segment("I weighed 60.", WEIGHT, "Pesaba 70 kilos."),
        segment(
            "I weighed 60.",
            WEIGHT,
            "Pesaba 132 libras.",
            edits=[replace(WEIGHT, "60 kilos", "132 libras")],
        ),
    ),
    (
        "conservation.sentences",
        "review",
        segment("One thing.", "Una cosa. Otra. Otra más."),
        segment("One thing.", "Una cosa."),
    ),
    ("length", "review", segment(LONG, "una frase corta"), segment(LONG, LONG.replace("a", "o"))),
    (
        "length",
        "review",
        segment("a short sentence", LONG + " and much longer"),
        segment("Yes.", "Sí, desde luego que sí."),
    ),
    (
        "residue",
        "review",
        segment("Nothing helps anymore today.", "Nothing helps anymore hoy."),
        segment("Nothing helps anymore today.", "Ya nada ayuda hoy."),
    ),
    (
        "residue",
        "review",
        segment("Linda told Linda about Linda yesterday morning.", "Linda told yesterday morning."),
        segment("Linda, Linda, Linda and Linda!", "¡Linda, Linda, Linda y Linda!"),
    ),
    (
        "residue",
        "review",
        segment("Please stay tonight.", "Please stay tonight, ya."),
        segment(f"Then call {SLOT}, {SLOT}, now.", f"Llame ya a {SLOT}, a {SLOT}."),
    ),
    (
        "phone_like",
        "block",
        segment("Call them.", "Llame al 600 123 456."),
        segment("Call them.", "Llame."),
    ),
    (
        "phone_like",
        "block",
        segment("Call them.", "Llame al ۰۲۱۸۸۷۷۶۶۵۵."),
        segment("It was 2015-2019.", "Fue 2015-2019."),
    ),
    (
        "phone_like",
        "review",
        segment("Call 988.", "Llame al 988."),
        segment("I owe 988.", "Debo 988 EUR."),
    ),
    (
        "phone_like",
        "review",
        segment("Call 116 111.", "Llame al 116 111."),
        segment("It is 1988.", "Es 1988."),
    ),
    (
        "phone_like",
        "review",
        segment("Call 1-1-2.", "Llame al 1-1-2."),
        segment("Count 1-2-3.", "Cuente 1-2-3."),
    ),
    (
        "rule.r",
        "warn",
        segment("Hi there.", "Hola.", findings=[Finding("rule.r", 0, 1, "x", "warn")]),
        segment("Hi there.", "Hola."),
    ),
    (
        "address",
        "review",
        segment("Hi there.", "Hola.", findings=[Finding("address.mixed", 0, 1, "x")]),
        segment("Hi there.", "Hola.", findings=[Finding("address.mixed", 0, 1, "x", "warn")]),
    ),
    (
        "fuzzy_match",
        "review",
        segment("Hi there.", "Hola.", engine="memory:fuzzy"),
        segment("Hi there.", "Hola.", engine="memory:exact"),
    ),
    (
        "source_copied",
        "review",
        segment("I cut my arm.", "I cut my arm."),
        segment("Linda!", "Linda!"),
    ),
    (
        "conservation.sentences",
        "review",
        segment("I slept. I ate. I cried.", "Dormí."),
        segment("I slept. I ate. I cried.", "Dormí. Comí. Lloré."),
    ),
    (
        "unknown_words",
        "review",
        segment("She is overbearing.", "Es overbearing.", detail="1 unknown words"),
        segment("She is tired.", "Está cansada."),
    ),
]


@pytest.mark.parametrize(
    ("code", "severity", "bad", "good"),
    CASES,
    ids=[f"{case[0]}-{number}" for number, case in enumerate(CASES)],
)
def test_a_reason_is_given_where_it_holds_and_only_there(
    context: GateContext, code: str, severity: str, bad: Segment, good: Segment
) -> None:
    assert (code, severity) in codes(context, bad)
    assert code not in {name for name, _ in codes(context, good)}


def test_a_clean_dialogue_has_no_reason(context: GateContext) -> None:
    pair = (
        segment("I can't sleep at night.", "No puedo dormir por la noche.", role="seeker"),
        segment(
            f"Since when, Linda? Call {SLOT}.", f"¿Desde cuándo, Linda? Llame: {SLOT}.", turn=1
        ),
    )
    assert codes(context, *pair) == set()


def test_the_usual_length_ratio_is_the_yardstick(shelves: Shelves) -> None:
    source, target = (load_language(tag, shelves=shelves).manifest for tag in ("en", "es"))
    short = GateContext(source, target, 0.3, NO_SERVICE)
    assert ("length", "review") not in codes(short, segment(LONG, "una frase corta"))
    assert median_ratio([("ab", "abcd"), ("ab", "ab"), ("ab", "abcdef"), ("", "x")]) == 2.0
    assert median_ratio([]) == 1.0


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1,200.50 and ۳", {"1200.50": 1, "3": 1}),
        ("7, 7 and 7", {"7": 3}),
        ("1.5 mg, 1,5 mg and 15 mg", {"1.5": 2, "15": 1}),
        ("1 200 and 1.200", {"1200": 2}),
        (f"{SLOT} none", {}),
        ("24/7", {"24": 1, "7": 1}),
    ],
)
def test_numbers_are_counted_in_any_digits(text: str, wanted: dict) -> None:
    assert numbers(text) == wanted


def test_a_turn_in_the_wrong_language_is_found(shelves: Shelves) -> None:
    source, target = (load_language(tag, shelves=shelves).manifest for tag in ("en", "es"))
    english = "I have not been able to sleep since the beginning of the year."
    spanish = "No he podido dormir bien desde el comienzo de este año."
    here = GateContext(source, target, 1.0, NO_SERVICE)
    parts = [segment(LONG, spanish), segment(LONG, english, turn=1)]
    (found,) = check_dialogue(parts, PLAN, here)
    assert (found.code, found.segment, found.severity) == ("language", 1, "review")
    parts = [segment("OK, yes.", "OK, yes, sí."), segment(LONG, spanish)]
    assert check_dialogue(parts, PLAN, here) == []


def reason(code: str, severity: str) -> Reason:
    return Reason(code, 0, severity, "")


@pytest.mark.parametrize(
    ("reasons", "authored", "decision"),
    [
        ([], False, "accepted"),
        ([], True, "accepted"),
        ([("rule.r", "warn")], False, "accepted"),
        ([("length", "review")], False, "review"),
        ([("length", "review")], True, "author_draft"),
        ([("phone_like", "block")], False, "review"),
        ([("phone_like", "block")], True, "review"),
        ([("phone_like", "block"), ("length", "review")], True, "review"),
        ([("held_out", "review")], False, "held_out"),
        ([("held_out", "review"), ("length", "review")], True, "held_out"),
    ],
)
def test_a_decision_follows_from_the_reasons(reasons: list, authored: bool, decision: str) -> None:
    assert decide([reason(*item) for item in reasons], authored=authored) == decision


def test_what_shares_a_sentence_with_the_test_split_is_counted_apart_from_it() -> None:
    total = Gated()
    total.merge(Gated(kinds=Counter(held_out=3, accepted=4), near_test=1))
    total.merge(Gated(kinds=Counter(held_out=2), near_test=0))
    counts = _counts(total, [])
    assert (counts.rows_in, counts.review) == (9, 5)
    assert counts.notes[1:] == [
        "held out as the test split (no memory may answer it): 4",
        "held out for a sentence that a test dialogue has too: 1",
    ]
    alone = _counts(Gated(kinds=Counter(held_out=2)), [])
    assert alone.notes[1:] == ["held out as the test split (no memory may answer it): 2"]


def test_a_gendered_form_nobody_stated_goes_to_review_in_a_users_text(shelves: Shelves) -> None:
    source, target = (load_language(tag, shelves=shelves).manifest for tag in ("en", "pl"))
    seen = Finding("gender.unknown", 0, 6, "nobody said so", "warn")
    part = segment("I was tired.", "Byłam zmęczona.", findings=[seen])
    for user_text, severity in ((True, "review"), (False, "warn")):
        context = GateContext(source, target, 1.0, NO_SERVICE, user_text)
        assert codes(context, part) == {("gender.unknown", severity)}
