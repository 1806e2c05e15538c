"""What holds when several people decided about one dialogue, and what the gate makes of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mhx.adaptation.gates import Reason
from mhx.reviewing.dialogues import Line, text_hash
from mhx.reviewing.edits import differences
from mhx.reviewing.gating import Review
from mhx.reviewing.settling import Settled, settle
from mhx.schema.dialogue import apply_edits
from mhx.schema.review import ReviewDecision

LINES = tuple(
    Line(at, int(at[0]), role, source, text, text, "memory:exact")
    for at, role, source, text in (
        ("0.0", "seeker", "I am tired.", "Mam dość."), ("1.0", "supporter", "Tell me.", None)))


def shown(*texts: str | None) -> str:
    return text_hash(LINES, texts)


MACHINE = shown("Mam dość.", None)


def said(verdict: str, reviewer: str = "r1", text: str = MACHINE, settles: bool = False,
         **edits: tuple[str | None, str]) -> ReviewDecision:
    given = [{"at": at.replace("_", "")[:1] + ".0", "before": before, "after": after}
             for at, (before, after) in edits.items()]
    return ReviewDecision.model_validate({
        "dialogue": "d", "text_sha256": text, "verdict": verdict, "reviewer": reviewer,
        "role": "native", "decided": date(2026, 11, 21), "edits": given, "settles": settles})


EDIT = said("edit", _0=("Mam dość.", "Jestem zmęczona."))
EDITED = shown("Jestem zmęczona.", None)


@pytest.mark.parametrize(
    ("decisions", "outcome", "first", "holding"),
    [
        ([said("accept")], "accept", "Mam dość.", 1),
        ([EDIT], "accept", "Jestem zmęczona.", 1),
        ([said("accept"), said("reject")], "reject", "Mam dość.", 1),  # changed their mind
        ([said("accept"), said("accept", "r2")], "accept", "Mam dość.", 2),
        ([said("accept"), said("reject", "r2")], "disagree", "Mam dość.", 2),
        ([said("accept"), said("escalate", "r2")], "disagree", "Mam dość.", 2),
        ([EDIT, said("accept", "r2")], "disagree", "Mam dość.", 2),  # r2 saw the machine's text
        ([EDIT, said("accept", "r2", EDITED)], "accept", "Jestem zmęczona.", 1),
        ([EDIT, said("reject", "r2", EDITED)], "reject", "Mam dość.", 1),
        ([EDIT, said("edit", "r2", EDITED, _0=("Jestem zmęczona.", "Padam."))], "accept", "Padam.",
         1),
        ([said("accept"), said("reject", "r2"), said("reject", "r3", settles=True)], "reject",
         "Mam dość.", 1),
        ([said("reject", settles=True), said("accept", "r2")], "disagree", "Mam dość.", 2),
        ([said("reject"), said("reject", "r2")], "reject", "Mam dość.", 2),
    ],
)
def test_what_holds(
    decisions: list[ReviewDecision], outcome: str, first: str, holding: int
) -> None:
    found = settle(LINES, decisions)
    assert (found.outcome, found.texts[0], len(found.holding)) == (outcome, first, holding)
    assert found.stale == ()


@pytest.mark.parametrize(
    "stale",
    [
        said("accept", text="0" * 64),
        said("accept", text=EDITED),  # nobody made this text
        said("edit", _0=("Something else.", "x")),
        said("edit", _7=("Mam dość.", "x")),
    ],
)
def test_a_decision_about_another_text_is_stale(stale: ReviewDecision) -> None:
    found = settle(LINES, [stale])
    assert (found.outcome, found.stale, found.texts[0]) == (None, (stale,), "Mam dość.")


def test_edits_of_a_rejection_change_nothing() -> None:
    found = settle(LINES, [said("reject", _0=("Mam dość.", "x"))])
    assert (found.outcome, found.texts[0]) == ("reject", "Mam dość.")


# ---------------------------------------------------------------- the gate


def review(settled: Settled | None, **fields: Any) -> Review:
    made: Any = None  # no run is asked here
    return Review(made, {}, {} if settled is None else {"d": settled}, **fields)


WHOLE = said("edit", _1=(None, "Słucham."))
WARN, ASK, BLOCK = (Reason("x", 0, severity, "") for severity in ("warn", "review", "block"))


@pytest.mark.parametrize(
    ("decisions", "reasons", "before", "after"),
    [
        ([], [ASK], "review", "review"),
        ([], [], "author_draft", "author_draft"),
        ([WHOLE], [ASK, WARN], "review", "accepted"),
        ([WHOLE], [BLOCK], "review", "review"),
        ([said("accept")], [ASK], "review", "review"),  # a text is missing
        ([said("reject")], [], "accepted", "rejected"),
        ([said("escalate")], [], "accepted", "review"),
        ([said("accept"), said("reject", "r2")], [], "accepted", "review"),
        ([WHOLE], [], "held_out", "held_out"),
        ([said("reject")], [], "held_out", "held_out"),
        ([said("accept", text="0" * 64)], [], "accepted", "accepted"),
    ],
)
def test_the_gate_obeys_people_but_for_a_block(
    decisions: list[ReviewDecision], reasons: list[Reason], before: str, after: str
) -> None:
    found = review(settle(LINES, decisions) if decisions else None)
    assert found.decide("d", reasons, before) == after


def test_a_risk_dialogue_says_whether_a_clinician_accepted_it() -> None:
    native = settle(LINES, [WHOLE])
    found = review(native, risky={"d"})
    assert "of them with risk: 1, by a clinician 0" in found.notes({"d": "accepted"})
    clinical = settle(LINES, [WHOLE.model_copy(update={"role": "clinician"})])
    found = review(clinical, risky={"d"})
    assert "of them with risk: 1, by a clinician 1" in found.notes({"d": "accepted"})
    assert found.notes({"d": "review"}) == [
        "accepted by reviewers, stopped by a gate that blocks: 1"]


@pytest.mark.parametrize(
    ("before", "after", "edits"),
    [
        ("Ona mówi, że nie.", "Ona mówi, że tak.", [("replace", "nie", "tak")]),
        ("نمی‌خواهم بخوابم.", "نمی‌خواهم بیدار بمانم.", [("replace", "بخوابم", "بیدار بمانم")]),
        ("Tak.", "Tak, wiem.", [("insert", "", ", wiem")]),
        ("a", "a", []),
    ],
)
def test_a_persons_change_is_edits_by_words(
    before: str, after: str, edits: list[tuple[str, str, str]]
) -> None:
    found = list(differences(before, after, "review:r1"))
    assert apply_edits(before, found) == after
    assert all(edit.rule == "review:r1" for edit in found)
    assert [(edit.operation, edit.before, edit.after) for edit in found] == edits
