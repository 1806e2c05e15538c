"""Persian hooks: a fault planted in a right sentence is found at its place and repaired."""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path

import pytest

from mhx.adaptation.rules import plan_from_test
from mhx.contracts import Hooks
from mhx.language import load_language
from mhx.schema import Plan
from mhx.schema.card import TestPlan
from mhx.schema.dialogue import apply_edits
from mhx.shelves import Shelves, discover

ROOT = Path(__file__).resolve().parents[1]
ZWNJ = "\u200c"

# Original sentences of a supporter, right under shoma; colloquial and written.
RIGHT = (
    "این روزها حالتون چطوره؟",
    "خودتون رو سرزنش نکنید؛ این بار سنگینه.",
    "وقتی برمی‌گردید خونه، چی از ذهنتون می‌گذره؟",
    "گفتید که ۳ هفته است نخوابیده‌اید، درسته؟",
    "حق دارید که از حرف‌هاش ناراحت باشید.",
    "اگه بخواید، از سخت‌ترین لحظه برام بگید.",
    "می‌خواید کمی آروم‌تر پیش بریم؟",
    "شما این همه سال تنها بودید.",
    "آیا کتاب‌ها و کارها شما را خسته کرده است؟",
    "می‌توانید بگویید چه چیزی دلتان را آرام می‌کند؟",
    "با مادرتون هم درباره‌ش حرف زدید؟",
    "کدوم حرفش بیشتر اذیتتون کرد؟",
)
# Right to one young person under to.
RIGHT_TO = (
    "امروز حالت چطوره؟",
    "چی شد که زنگ زدی؟",
    "خودت رو مقصر می‌دونی؟",
    "وقتی دعوا می‌کنن، تو چی کار می‌کنی؟",
    "خونه‌تون شلوغه؟",
)
# (right under shoma, the same with one or more forms of to, the first such form)
ADDRESS = (
    ("امروز حالتون چطوره؟", "امروز حالت چطوره؟", "حالت"),
    ("خودتون رو سرزنش نکنید.", "خودت رو سرزنش نکنید.", "خودت"),
    ("خودتون رو سرزنش نکنید.", "خودتون رو سرزنش نکن.", "نکن"),
    ("چی شد که زنگ زدید؟", "چی شد که زنگ زدی؟", "زدی"),
    ("شما چی فکر می‌کنید؟", "شما چی فکر می‌کنی؟", "می‌کنی"),
    ("شما چی فکر می‌کنید؟", "تو چی فکر می‌کنید؟", "تو"),
    ("شما همیشه تنها بودید.", "تو همیشه تنها بودی.", "تو"),
    ("چه حسی دارید؟", "چه حسی داری؟", "داری"),
    ("شما اینجا تنها نیستید.", "شما اینجا تنها نیستی.", "نیستی"),
    ("خانواده‌تون خبر دارن؟", "خانواده‌ت خبر دارن؟", "خانواده‌ت"),
    ("خانواده‌تان خبر دارند؟", "خانواده‌ات خبر دارند؟", "خانواده‌ات"),
    ("باباتون چی گفت؟", "بابات چی گفت؟", "بابات"),
    ("حرف‌هایتان را شنیدم.", "حرف‌هایت را شنیدم.", "حرف‌هایت"),
    ("دوستاتون چی؟", "دوستات چی؟", "دوستات"),
    ("بهتون حق می‌دم.", "بهت حق می‌دم.", "بهت"),
    ("این برایتان سخت است.", "این برایت سخت است.", "برایت"),
    ("خیلی اذیتتون کرد؟", "خیلی اذیتت کرد؟", "اذیتت"),
    ("می‌فهممتون.", "می‌فهممت.", "می‌فهممت"),
    ("از خودتون بگید.", "از خودتون بگو.", "بگو"),
    ("دربارهٔ حالتان بنویسید، هر وقت خواستید.", "دربارهٔ حالتان بنویس، هر وقت خواستید.", "بنویس"),
    ("می‌توانید کمی بمانید؟", "می‌توانی کمی بمانی؟", "می‌توانی"),
    ("می‌خواید یه کم صبر کنید؟", "می‌خوای یه کم صبر کنی؟", "می‌خوای"),
    ("چرا این‌قدر خسته‌اید؟", "چرا این‌قدر خسته‌ای؟", "خسته‌ای"),
    ("نخوابیدید؟", "نخوابیدی؟", "نخوابیدی"),
    ("به کسی گفته بودید؟", "به کسی گفته بودی؟", "بودی"),
)
ADDRESS_TO = (
    ("امروز حالت چطوره؟", "امروز حالتون چطوره؟", "حالتون"),
    ("چی شد که زنگ زدی؟", "چی شد که زنگ زدید؟", "زدید"),
    ("تو چی فکر می‌کنی؟", "شما چی فکر می‌کنید؟", "شما"),
    ("از کی نخوابیدی؟", "از کی نخوابیدین؟", "نخوابیدین"),
    ("خودت رو مقصر می‌دونی؟", "خودتون رو مقصر می‌دونید؟", "خودتون"),
    ("برایت سخت است؟", "برایتان سخت است؟", "برایتان"),
)


@pytest.fixture(scope="module")
def hooks() -> Hooks:
    return load_language("fa", shelves=discover(cwd=ROOT)).hooks


def plan(level: str = "shoma", **given: str) -> Plan:
    test = TestPlan(seeker_to_supporter=level, supporter_to_seeker=level, **given)
    return plan_from_test(test, {"seeker_to_supporter": level, "supporter_to_seeker": level})


def shipped(shelves: Shelves) -> list[tuple[str, str, Plan]]:
    """(role, text, plan) of the shipped training dialogues."""
    splits = {item.id: item.split for item in load_language("en", shelves=shelves).source_corpus}
    return [
        (turn.role, part.adapted, item.plan)
        for item in load_language("fa", shelves=shelves).corpus
        if splits[item.id] == "train"
        for turn in item.turns
        for part in turn.segments
    ]


# ---------------------------------------------------------------- right text


@pytest.mark.parametrize(
    ("text", "level"), [*((text, "shoma") for text in RIGHT), *((text, "to") for text in RIGHT_TO)]
)
def test_right_text_is_left_alone(hooks: Hooks, text: str, level: str) -> None:
    assert hooks.normalize(text) == text
    assert hooks.analyze(text, "supporter", plan(level)) == []
    assert hooks.realize(text, "supporter", plan(level)) == []


def test_shipped_dialogues_are_left_alone(hooks: Hooks, shelves: Shelves) -> None:
    rows = shipped(shelves)
    assert len(rows) > 300
    for role, text, told in rows:
        assert hooks.normalize(text) == text
        nameless = told.model_copy(update={"entities": []})
        assert hooks.realize(text, role, nameless) == []  # type: ignore[arg-type]


# ---------------------------------------------------------------- planted: spelling

PLANTED = {
    "orthography.yeh": [("ی", "ي"), ("ی", "ى")],
    "orthography.kaf": [("ک", "ك")],
    "orthography.digits": [("۳", "3"), ("۳", "٣")],
    "orthography.punctuation": [
        ("،", ","), ("؟", "?"), ("؛", ";"), ("؟", " ؟"), ("،", " ،"), (".", " ."),
    ],
    "orthography.tatweel": [("س", "سـ"), ("م", "مــ")],
    "orthography.letter": [("آ", "ﺁ"), ("ن", "ﻧ")],
    "orthography.zwnj": [
        (f"می{ZWNJ}", "می "), (f"{ZWNJ}ها", " ها"), ("کارها", "کار ها"), (f"{ZWNJ}تر", " تر"),
        (ZWNJ, ZWNJ * 2), ("روزها", f"روز{ZWNJ}ها"), (f"نخوابیده{ZWNJ}اید", "نخوابیده اید"),
        (f"می{ZWNJ}توان", "میتوان"), (f"می{ZWNJ}خوا", "میخوا"), (f"کتاب{ZWNJ}ها", "کتابها"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [(code, *pair) for code, pairs in PLANTED.items() for pair in pairs],
)
def test_a_planted_spelling_fault_is_found_and_repaired(
    hooks: Hooks, code: str, right: str, wrong: str
) -> None:
    found = 0
    for text in RIGHT:
        for match in re.finditer(re.escape(right), text):
            planted = text[: match.start()] + wrong + text[match.end() :]
            findings = hooks.analyze(planted, "supporter", plan())
            (finding,) = [item for item in findings if item.code.startswith("orthography")]
            assert finding.code == code
            assert match.start() <= finding.start <= match.start() + len(wrong)
            assert hooks.normalize(planted) == text
            assert apply_edits(planted, hooks.realize(planted, "seeker", plan())) == text
            found += 1
    assert found, f"no right sentence holds {right!r}"


def test_faults_planted_in_every_shipped_segment_are_repaired(
    hooks: Hooks, shelves: Shelves
) -> None:
    for _, text, _ in shipped(shelves):
        outside = re.sub(r"\{\{[^}]*\}\}|[A-Za-z]\S*", "", text)
        for right, wrong in (
            ("ی", "ي"), ("ک", "ك"), (ZWNJ, ZWNJ * 2), (rf"(?<![\w{ZWNJ}])(ن?می){ZWNJ}", r"\1 "),
        ):
            assert hooks.normalize(re.sub(right, wrong, outside)) == hooks.normalize(outside)


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("ماسک N۹۵", "ماسک N95"),
        ("COVID-۱۹ و کووید-19", "COVID-19 و کووید-۱۹"),
        ("سالِ ٢٠٢٥", "سالِ ۲۰۲۵"),
        ("با {{service:suicide_adult}} و 401(k)", "با {{service:suicide_adult}} و 401(k)"),
    ],
)
def test_digits_follow_the_script_of_their_word(hooks: Hooks, text: str, out: str) -> None:
    assert hooks.normalize(text) == out


def test_spelling_repairs_are_stable_and_their_edits_exact(
    hooks: Hooks, shelves: Shelves
) -> None:
    draw = random.Random(4)
    swaps = [pair for pairs in PLANTED.values() for pair in pairs]
    for role, text, told in shipped(shelves):
        for right, wrong in draw.sample(swaps, 4):
            text = text.replace(right, wrong, 1)  # noqa: PLW2901
        once = hooks.normalize(text)
        assert hooks.normalize(once) == once
        edits = hooks.realize(text, role, told)  # type: ignore[arg-type]
        assert all(text[edit.start : edit.end] == edit.before for edit in edits)
        ends = [0, *(edit.end for edit in edits)]
        assert all(end <= edit.start for end, edit in zip(ends, edits, strict=False))
        for item in hooks.analyze(text, role, told):  # type: ignore[arg-type]
            assert 0 <= item.start <= item.end <= len(text)


# ---------------------------------------------------------------- planted: address


@pytest.mark.parametrize(
    ("right", "wrong", "form", "level"),
    [*((*case, "shoma") for case in ADDRESS), *((*case, "to") for case in ADDRESS_TO)],
)
def test_a_planted_address_fault_is_found_and_repaired(
    hooks: Hooks, right: str, wrong: str, form: str, level: str
) -> None:
    assert hooks.analyze(right, "supporter", plan(level)) == []
    assert hooks.realize(right, "supporter", plan(level)) == []
    (finding,) = hooks.analyze(wrong, "supporter", plan(level))
    assert finding.code in ("address.level", "address.mixed")
    assert wrong[finding.start : finding.end] == form
    edits = hooks.realize(wrong, "supporter", plan(level))
    assert apply_edits(wrong, edits) == right
    assert {edit.rule for edit in edits} == {"fa.r.language.address"}


@pytest.mark.parametrize("right", [case[0] for case in ADDRESS])
def test_a_seekers_words_are_not_rewritten(hooks: Hooks, right: str) -> None:
    assert hooks.realize(right, "seeker", plan("to")) == []


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("تو چه حالی هستی؟", "shoma"),  # you, or in what state
        ("گفتی که مادرت تو رو مقصر می‌دونه.", "shoma"),  # behind a verb of saying
        ("هر وقت خواستید بگید.", "to"),  # بگی or بگو
        ("فکر می‌کنی طوطیت گرسنه‌ست؟", "shoma"),  # a noun of no table, with an enclitic
        ("کاری که بلدید براتون کافیه؟", "to"),  # an adjective of no table, with an ending
    ],
)
def test_a_segment_with_one_undecided_form_is_only_reported(
    hooks: Hooks, text: str, level: str
) -> None:
    assert [item.code for item in hooks.analyze(text, "supporter", plan(level))] == [
        "address.level"
    ]
    assert hooks.realize(text, "supporter", plan(level)) == []


def test_a_rewritten_shipped_segment_holds_no_form_of_the_old_level(
    hooks: Hooks, shelves: Shelves
) -> None:
    rewritten = 0
    for role, text, told in shipped(shelves):
        level = "to" if told.supporter_to_seeker == "shoma" else "shoma"
        if role != "supporter":
            continue
        edits = hooks.realize(text, role, plan(level))
        done = apply_edits(text, edits)
        if edits:
            rewritten += 1
            assert {edit.rule for edit in edits} == {"fa.r.language.address"}
            codes = [item.code for item in hooks.analyze(done, role, plan(level))]
            assert not {"address.level", "address.mixed"} & set(codes)
            assert hooks.normalize(done) == done
    assert rewritten > 30


# ---------------------------------------------------------------- gender


def test_no_gender_of_the_plan_changes_anything(hooks: Hooks, shelves: Shelves) -> None:
    genders = ("female", "male", "unknown")
    gendered = re.compile(r"\b(?:خانم|آقا|زن|مرد|دختر|پسر)\b")
    for role, text, told in shipped(shelves):
        seen = set()
        for seeker, supporter in itertools.product(genders, genders):
            people = {
                "seeker": told.seeker.model_copy(update={"gender": seeker}),
                "supporter": told.supporter.model_copy(update={"gender": supporter}),
            }
            chosen = told.model_copy(update=people)
            findings = hooks.analyze(text, role, chosen)  # type: ignore[arg-type]
            edits = hooks.realize(text, role, chosen)  # type: ignore[arg-type]
            assert not [item for item in findings if item.code.startswith("gender")]
            assert not [edit for edit in edits if gendered.search(edit.after)]
            seen.add((tuple(findings), tuple(edit.model_dump_json() for edit in edits)))
        assert len(seen) == 1


# ---------------------------------------------------------------- register, taarof, sentences


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("نمی‌خوام برم، چون او می‌رود.", "می‌رود"),
        ("می‌خواهم برم ولی نمی‌تونم.", "نمی‌تونم"),
        ("نمی‌خوام برم، چون نمی‌تونم.", None),
        ("او نمی‌خواهد برود، چون نمی‌تواند.", None),
        ("نمی‌خوام برم. نوشته بود «او می‌رود».", None),
    ],
)
def test_two_registers_in_one_segment_are_noted(
    hooks: Hooks, text: str, form: str | None
) -> None:
    found = [
        item for item in hooks.analyze(text, "seeker", plan()) if item.code == "register.mixed"
    ]
    assert [text[item.start : item.end] for item in found] == ([] if form is None else [form])
    assert all(item.severity == "warn" for item in found)


@pytest.mark.parametrize(
    ("text", "kind", "formula"),
    [
        ("ببخشید مزاحم شدم.", "apology", "مزاحم شدم"),
        ("وقتتون رو گرفتم.", "apology", "وقتتون رو گرفتم"),
        ("شرمنده‌ام.", "apology", "شرمنده‌ام"),
        ("نه، چیز مهمی نیست.", "plays_down", "چیز مهمی نیست"),
        ("خوبم، شکر.", "plays_down", "خوبم، شکر"),
        ("دستتون درد نکنه.", "thanks", "دستتون درد نکنه"),
        ("خواهش می‌کنم، شما لطف دارید.", "politeness", "خواهش می‌کنم"),
    ],
)
def test_a_formula_of_taarof_is_noted_and_kept(
    hooks: Hooks, text: str, kind: str, formula: str
) -> None:
    found = {item.code: item for item in hooks.analyze(text, "seeker", plan())}
    item = found[f"taarof.{kind}"]
    assert (text[item.start : item.end], item.severity) == (formula, "warn")
    assert not [code for code in found if code.startswith("address")]
    assert hooks.realize(text, "seeker", plan()) == []


@pytest.mark.parametrize(
    "text",
    [
        "خواهش می‌کنم که او را ببینید.",
        "این را در اختیار دارید.",
        "دستم درد می‌کنه.",
        "مزاحم‌ها زنگ می‌زنن.",
        "این چیز مهمیه.",
    ],
)
def test_words_of_a_formula_in_their_plain_sense_are_not_noted(hooks: Hooks, text: str) -> None:
    codes = [item.code for item in hooks.analyze(text, "seeker", plan())]
    assert not [code for code in codes if code.startswith("taarof")]


@pytest.mark.parametrize(
    "parts",
    [
        ["سلام.", "خوبی؟", "نه!", "خسته‌ام…", "خیلی."],
        ["چی شده؟!", "بگید."],
        ["گفت: «کجایی؟»", "کسی جواب نداد."],
        ["«کجایی؟» پرسید و رفت."],
        ["در سال ۳۳۰ ق.م. بود.", "بعد تمام شد."],
        ["ر.ک. ص. ۱۲ همان کتاب.", "بعد بخوانید."],
        ["۱. اول بنشینید.", "۲. بعد نفس بکشید."],
        ["حدود ۳.۵ ساعت خوابیدم.", "کمه؟"],
        ["با Dr. Ahmadi حرف زدم.", "خوب بود."],
        ["خط اول", "خط دوم"],
    ],
)
def test_sentences(hooks: Hooks, parts: list[str]) -> None:
    joined = ("\n" if parts[0] == "خط اول" else " ").join(parts)
    assert hooks.split_sentences(joined) == parts


def test_sentences_of_shipped_turns_lose_nothing(hooks: Hooks, shelves: Shelves) -> None:
    for item in load_language("fa", shelves=shelves).corpus:
        for turn in item.turns:
            text = " ".join(part.adapted for part in turn.segments)
            assert " ".join(hooks.split_sentences(text)) == text
