"""Card rules on one segment: which edit wins, what is found, and exact provenance."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mhx import defaults
from mhx.adaptation.rules import adapt_segment, plan_from_test, run_rule_tests
from mhx.contracts import Finding
from mhx.errors import MhxError
from mhx.language import load_language
from mhx.schema import AdaptedSegment, Card, Edit, Entity, Plan, Rule
from mhx.schema.card import TestPlan
from mhx.schema.dialogue import apply_edits
from mhx.shelves import Shelves, discover

ROOT = Path(__file__).resolve().parents[1]

ADDRESS = {"seeker_to_supporter": "you", "supporter_to_seeker": "you"}
PLAIN = SimpleNamespace(
    **{
        name: getattr(defaults, name)
        for name in ("normalize", "split_sentences", "analyze", "realize", "inflect")
    }
)


def rule(id: str, regex: str, replace: str | None = None, **more: Any) -> Rule:
    given: dict[str, Any] = {
        "id": id,
        "dimension": "language",
        "kind": "substitute" if replace is not None else "forbid",
        "match": {"regex": regex},
        "action": {"replace": replace},
        "reason": "because",
        "evidence": ["S1"],
        "tests": [{"in": "x", "must": ["x"]}],
        **more,
    }
    return Rule.model_validate(given)


def plan(**names: str) -> Plan:
    return plan_from_test(TestPlan(names=names), ADDRESS)


def adapt(text: str, *rules: Rule, **options: Any) -> Any:
    given = {"role": "supporter", "risk": False, "plan": plan(), "hooks": PLAIN, **options}
    return adapt_segment(text, rules=list(rules), **given)


def test_the_first_rule_has_the_place_where_two_overlap() -> None:
    one, two = rule("one", "panic attack", "A"), rule("two", "attack of nerves|panic", "B")
    assert adapt("a panic attack and panic", one, two).adapted == "a A and B"
    assert adapt("a panic attack and panic", two, one).adapted == "a B attack and B"
    assert [edit.rule for edit in adapt("a panic attack", one, two).edits] == ["one"]


def test_all_edits_refer_to_the_faithful_text() -> None:
    done = adapt("ab ab", rule("one", "ab", "long"), rule("two", "long", "never"))
    assert done.adapted == "long long"
    assert [(edit.start, edit.end) for edit in done.edits] == [(0, 2), (3, 5)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Cash is short.", "Money is short."),
        ("The cash is short.", "The money is short."),
        ("CASH", "Money"),
        ("Ćash", "Ćash"),
    ],
)
def test_a_capital_at_the_start_is_kept(text: str, wanted: str) -> None:
    card_rule = rule("one", "cash", "money", match={"regex": "cash", "ignore_case": True})
    assert adapt(text, card_rule).adapted == wanted


def test_groups_are_filled_and_an_unmatched_group_is_empty() -> None:
    assert adapt("at 5 pm", rule("one", r"at (\d+)( am)?", r"by \1\2")).adapted == "by 5 pm"
    assert adapt("at 5", rule("one", r"at (?<n>\d+)", r"by \g<n>")).adapted == "by 5"


@pytest.mark.parametrize("replace", [r"\9", r"\g<none>"])
def test_a_replacement_that_names_no_group_is_a_message_with_the_rule(replace: str) -> None:
    with pytest.raises(MhxError, match=r"one\.bad"):
        adapt("at 5", rule("one.bad", r"at (\d+)", replace))


def test_a_replacement_by_itself_is_no_edit() -> None:
    assert adapt("same", rule("one", "same", "same")).edits == ()


def test_an_insertion_and_a_deletion_say_so() -> None:
    done = adapt("so, really now", rule("cut", ", really", ""), rule("add", "$", "!"))
    assert done.adapted == "so now!"
    assert [edit.operation for edit in done.edits] == ["delete", "insert"]


@pytest.mark.parametrize(
    ("scope", "role", "risk", "applies"),
    [
        ({}, "seeker", False, True),
        ({"role": "seeker"}, "seeker", False, True),
        ({"role": "seeker"}, "supporter", False, False),
        ({"when": "risk"}, "seeker", True, True),
        ({"when": "risk"}, "seeker", False, False),
        ({"when": "no_risk"}, "seeker", True, False),
        ({"when": "no_risk"}, "seeker", False, True),
    ],
)
def test_a_rule_applies_in_its_scope_alone(
    scope: dict, role: str, risk: bool, applies: bool
) -> None:
    done = adapt("x", rule("one", "x", "y", scope=scope), role=role, risk=risk)
    assert (done.adapted == "y") is applies


def test_a_catastrophic_regex_ends_in_an_error_that_names_the_rule() -> None:
    start = time.perf_counter()
    with pytest.raises(MhxError, match=r"rule slow\.one") as caught:
        adapt("a" * 64 + "!", rule("slow.one", r"(?:a|a)+$", "b"))
    assert time.perf_counter() - start < 5
    assert "nested" in caught.value.problems[0].fix


def test_a_regex_that_does_not_compile_is_a_message() -> None:
    with pytest.raises(MhxError, match="bad regex"):
        adapt("x", rule("one", "(", "y"))


# ---------------------------------------------------------------- findings


def test_findings_are_of_the_adapted_text() -> None:
    forbid = rule("no", "crazy", severity="review")
    assert adapt("a crazy day", forbid, rule("mend", "crazy", "hard")).findings == ()
    (found,) = adapt("a hard day", rule("no", "crazy"), rule("break", "hard", "crazy")).findings
    assert (found.code, found.start, found.end) == ("rule.no", 2, 7)


def test_a_required_pattern_is_found_missing() -> None:
    need = rule(
        "need", r"\{\{service", kind="require", severity="block", action={"message": "no slot"}
    )
    (found,) = adapt("call someone", need).findings
    assert (found.severity, found.message) == ("block", "no slot")
    assert adapt("call {{service:emergency}}", need).findings == ()


def test_a_card_rule_sets_how_severe_a_hooks_finding_is() -> None:
    def analyze(text: str, role: str, plan: Plan) -> list[Finding]:
        return [
            Finding("address.mixed", 0, 1, "mixed"),
            Finding("address.light", 0, 1, "x", "warn"),
            Finding("gender.speaker", 0, 1, "gender"),
        ]

    hooks = SimpleNamespace(**{**vars(PLAIN), "analyze": analyze})
    feature = rule("address", "x", kind="register", match={"feature": "address"}, severity="block")
    done = adapt("x", feature, hooks=hooks)
    assert [item.severity for item in done.findings] == ["block", "warn", "review"]


def test_run_rule_tests_reports_every_failure_with_its_rule() -> None:
    wrong = rule(
        "wrong",
        "a",
        "b",
        tests=[
            {"in": "a", "out": "a"},
            {"in": "a", "must_not": ["b"]},
            {"in": "c", "must": ["d"]},
            {"in": "a", "out": "b"},
        ],
    )
    card = Card(id="c", version="1", heterogeneity_note="x", rules=[wrong])
    assert [name for name, _ in run_rule_tests(card, PLAIN, ADDRESS)] == ["wrong"] * 3


# ---------------------------------------------------------------- names


def test_names_of_the_plan_are_replaced_as_whole_words() -> None:
    done = adapt("Ann met Annette, and Ann's dog.", plan=plan(Ann="Ana"))
    assert done.adapted == "Ana met Annette, and Ana's dog."
    assert {edit.rule for edit in done.edits} == {"test"}


@pytest.mark.parametrize("names", [["Ann", "Mary Ann"], ["Mary Ann", "Ann"]])
def test_the_longer_of_two_names_has_the_place(names: list[str]) -> None:
    local = {"Ann": "Ana", "Mary Ann": "Mariana"}
    done = adapt("Mary Ann saw Ann.", plan=plan(**{name: local[name] for name in names}))
    assert done.adapted == "Mariana saw Ana."


def test_two_source_names_of_one_faithful_spelling_are_one_edit() -> None:
    entities = [Entity(src="Sara", tgt=tgt, kind="person_name", rule="m") for tgt in ("Ana", "Eva")]
    done = adapt("Sara left.", plan=plan().model_copy(update={"entities": entities}))
    assert done.adapted == "Ana left."


def test_a_name_that_stays_is_no_edit() -> None:
    assert adapt("Ana left.", plan=plan(Ana="Ana")).edits == ()


def test_a_rule_does_not_touch_a_name_that_was_replaced() -> None:
    done = adapt("April was hard.", rule("month", "April", "May"), plan=plan(April="Abril"))
    assert done.adapted == "Abril was hard."


# ---------------------------------------------------------------- faithful text plus edits


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[Edit], str]:
    """A text in pieces, some of them replaced: (faithful, edits, adapted)."""
    pieces = draw(
        st.lists(st.tuples(st.text(max_size=6), st.none() | st.text(max_size=6)), max_size=8)
    )
    faithful, adapted, edits = "", "", []
    for before, after in pieces:
        if after is not None and (before or after):
            operation = "insert" if not before else "replace" if after else "delete"
            edits.append(
                Edit(
                    start=len(faithful),
                    end=len(faithful) + len(before),
                    rule="r",
                    operation=operation,
                    before=before,
                    after=after,
                )
            )
        faithful += before
        adapted += before if after is None else after
    return faithful, edits, adapted


@given(edited())
def test_faithful_text_plus_edits_is_the_adapted_text(case: tuple[str, list[Edit], str]) -> None:
    faithful, edits, adapted = case
    assert apply_edits(faithful, edits) == adapted
    assert AdaptedSegment(faithful=faithful, adapted=adapted, edits=edits).adapted == adapted
    with pytest.raises(ValidationError, match="not the adapted text"):
        AdaptedSegment(faithful=faithful, adapted=adapted + "x", edits=edits)


@given(
    st.text(alphabet="ab c", max_size=30),
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b+", "ab", "c?", r"\b", "$", " "]),
            st.sampled_from(["", "x", r"<\g<0>>", "ab"]),
        ),
        max_size=5,
    ),
)
def test_rules_whatever_they_are_keep_the_account_exact(text: str, pairs: list) -> None:
    done = adapt(text, *(rule(f"r{n}", regex, to) for n, (regex, to) in enumerate(pairs)))
    AdaptedSegment(faithful=text, adapted=done.adapted, edits=list(done.edits))


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([(0, 2, "ab"), (1, 3, "bc")], "overlap"),
        ([(0, 2, "xx")], "expects 'xx'"),
        ([(2, 9, "c")], None),
    ],
)
def test_edits_that_overlap_or_do_not_fit_are_refused(edits: list, message: str | None) -> None:
    made = [
        Edit(start=s, end=e, operation="replace", rule="r", before=b, after="-")
        for s, e, b in edits
    ]
    if message is None:
        assert apply_edits("abc", made) == "ab-"
        return
    with pytest.raises(ValueError, match=message):
        apply_edits("abc", made)


def test_offsets_are_code_points_not_bytes() -> None:
    text = "👩‍👧 سلام ż"
    start = text.index("ż")
    edit = Edit(start=start, end=start + 1, operation="replace", rule="r", before="ż", after="z")
    assert apply_edits(text, [edit]) == "👩‍👧 سلام z"


@pytest.mark.parametrize("tag", discover(cwd=ROOT).names("languages"))
def test_every_shipped_segment_is_its_faithful_text_plus_edits(tag: str, shelves: Shelves) -> None:
    language = load_language(tag, shelves=shelves)
    if tag == "en":
        assert language.source_corpus
        return
    for item in language.corpus:
        for turn in item.turns:
            for part in turn.segments:
                assert apply_edits(part.faithful, list(part.edits)) == part.adapted


@pytest.mark.parametrize("tag", discover(cwd=ROOT).names("languages"))
def test_the_rules_run_on_every_shipped_segment_and_the_account_is_exact(
    tag: str, shelves: Shelves
) -> None:
    language = load_language(tag, shelves=shelves)
    if tag == "en":
        segments = [
            (turn.role, text, None)
            for item in language.source_corpus[:6]
            for turn in item.turns
            for text in turn.segments
        ]
    else:
        segments = [
            (turn.role, part.faithful, item.plan)
            for item in language.corpus[:6]
            for turn in item.turns
            for part in turn.segments
        ]
    address = language.manifest.grammar.default_address
    for role, text, own in segments:
        done = adapt_segment(
            text,
            role=role,
            risk=False,
            plan=own or plan_from_test(None, address),
            rules=language.card.rules,
            hooks=language.hooks,
        )
        AdaptedSegment(faithful=text, adapted=done.adapted, edits=list(done.edits))
