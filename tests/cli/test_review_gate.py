"""What reviewers decided, at the gate: texts, corpus, accounts, memory, disagreement."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from reviewed_run import (
    DIALOGUES,
    TODAY,
    Desk,
    counts,
    decide,
    gated,
    ids,
    in_editor,
    made_once,
)

from mhx.adaptation.rules import apply_edits
from mhx.api import open_run
from mhx.corpus.frames import edits_of
from mhx.corpus.tmx import read_tmx
from mhx.pipeline import execute
from mhx.reviewing.status import status
from mhx.shelves import Shelves

ANSWER = DIALOGUES["sleep"][1][0]
BETTER = "To musi być bardzo trudne, a co nie daje Pani spać?"


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory, shelves: Shelves, here: Path) -> Desk:
    return Desk.of(made_once(tmp_path_factory, shelves), here / "runs")


# ---------------------------------------------------------------- the whole way


def test_an_edited_dialogue_enters_the_corpus_and_says_who_edited_it(desk: Desk) -> None:
    assert gated(desk.folder)["sleep"]["decision"] == "review"
    back = in_editor(desk.xlf("sleep"), texts={ANSWER: BETTER})
    assert [one.verdict for one in desk.take(back).decisions] == ["edit"]
    desk.gate()
    found = gated(desk.folder)["sleep"]
    assert (found["decision"], found["texts"][1]) == ("accepted", BETTER)
    row = found["rows"][1]
    edits = edits_of(row["edits"])
    assert [(edit.rule, edit.before, edit.after) for edit in edits] == [
        ("pl.r.language.sorry_to_hear", "Przykro mi to słyszeć", "To musi być bardzo trudne"),
        ("review:r1", "ci", "Pani"),
    ]
    assert apply_edits(row["faithful"], edits) == BETTER
    lines = [json.loads(line) for name in ("train", "valid", "test") for line in
             (desk.folder / f"corpus/{name}.jsonl").read_text(encoding="utf-8").split("\n") if line]
    (record,) = [line for line in lines if line["id"] == ids(desk.folder)["sleep"]]
    assert record["messages"][2]["content"] == BETTER
    assert record["review"] == [{"reviewer": "r1", "role": "native", "decided": "2026-11-21",
                                 "verdict": "edit"}]
    assert [line["id"] for line in lines if "review" in line] == [ids(desk.folder)["sleep"]]


def test_accounts_add_up_with_every_verdict(desk: Desk) -> None:
    (sheet,) = desk.export("csv", every=True)
    decide(sheet, ids(desk.folder), {"sleep": "accept", "exam": "reject", "useless": "escalate",
                                "evening": "reject"})
    desk.take(sheet)
    desk.gate()
    found = counts(desk.folder)
    assert (found["rows_in"], found["accepted"], found["review"], found["rejected"]) == (4, 1, 1, 2)
    assert found["reasons"]["rejected_by_reviewer"] == 2
    assert found["reasons"]["escalated_by_reviewer"] == 1
    assert "accepted by reviewers: 1 (native 1), 0 edited" in found["notes"]
    kept = "".join((desk.folder / f"corpus/{name}.jsonl").read_text(encoding="utf-8")
                   for name in ("train", "valid", "test"))
    assert ids(desk.folder)["exam"] not in kept
    assert ids(desk.folder)["evening"] not in kept
    waiting = [json.loads(line) for line in
               (desk.folder / "review.jsonl").read_text(encoding="utf-8").split("\n") if line]
    assert {(one["id"], one["decision"]) for one in waiting} == {
        (ids(desk.folder)["exam"], "rejected"), (ids(desk.folder)["evening"], "rejected"),
        (ids(desk.folder)["useless"], "review")}


def test_a_text_no_engine_had_is_written_by_a_person(desk: Desk) -> None:
    said = "Słyszę, jak bardzo jest Pani zmęczona."
    source = DIALOGUES["useless"][1][0]
    desk.take(in_editor(desk.xlf("useless"), texts={source: said}))
    desk.gate()
    row = gated(desk.folder)["useless"]["rows"][1]
    assert (row["adapted"], row["faithful"], row["engine"], row["revision"], row["failure"]) == (
        said, said, "person", "r1", None)
    assert gated(desk.folder)["useless"]["decision"] == "accepted"


def test_an_accepted_dialogue_without_a_text_still_waits(desk: Desk) -> None:
    (sheet,) = desk.export("csv")
    decide(sheet, ids(desk.folder), {"useless": "accept"})
    desk.take(sheet)
    desk.gate()
    assert gated(desk.folder)["useless"]["decision"] == "review"


def test_a_gate_that_blocks_stops_a_reviewer_too(desk: Desk) -> None:
    text = "To musi być trudne. Proszę dzwonić: 22 123 45 67."
    desk.take(in_editor(desk.xlf("sleep"), texts={ANSWER: text}))
    desk.gate()
    found = gated(desk.folder)["sleep"]
    assert found["decision"] == "review"
    assert "phone_like" in found["reasons"]
    assert "accepted by reviewers, stopped by a gate that blocks: 1" in counts(desk.folder)["notes"]
    assert status(desk.run).blocked == (ids(desk.folder)["sleep"],)


def test_what_reviewers_accept_is_the_next_runs_memory(desk: Desk, here: Path) -> None:
    done = desk.take(in_editor(desk.xlf("sleep"), texts={ANSWER: BETTER}))
    path = here / "runs" / "memories" / "pl.tmx"
    assert (done.memory, done.memory_units) == (path, 2)
    units = {unit.source: unit for unit in read_tmx(path, "en", "pl")}
    # the rule's edit is left out: the next run's rules find their place again
    assert units[ANSWER].target == "Przykro mi to słyszeć, a co nie daje Pani spać?"
    assert (units[ANSWER].author, str(units[ANSWER].changed)) == ("r1", "2026-11-21")
    run = open_run("pl", shelves=desk.run.shelves, source=desk.run.settings.source,
                   memories=[path], translator="memory", today=TODAY, device="cpu",
                   out=here / "next")
    execute(run, last="gate")
    found = gated(run.folder)["sleep"]
    assert (found["decision"], found["texts"][1]) == ("accepted", BETTER)
    (sheet,) = desk.export("csv", every=True)
    decide(sheet, ids(desk.folder), {"sleep": "reject"})
    desk.take(sheet)
    assert not path.exists()  # nothing accepted is left in it


def test_the_gate_is_done_again_only_when_decisions_came(desk: Desk) -> None:
    def key() -> str:
        value = json.loads((desk.folder / "stages.json").read_text(encoding="utf-8"))
        return str(value["gate"]["finished"] + value["gate"]["key"])

    before = key()
    desk.gate()
    assert key() == before
    back = in_editor(desk.xlf("sleep"), texts={ANSWER: BETTER})
    desk.take(back)
    desk.gate()
    after = key()
    assert after != before
    assert desk.take(back).repeated == 1
    desk.gate()
    assert key() == after


# ---------------------------------------------------------------- reviewers


def test_the_data_card_says_what_clinicians_reviewed(desk: Desk) -> None:
    card = desk.folder / "corpus/README.md"
    assert "**no clinician has reviewed it**" in card.read_text(encoding="utf-8")
    desk.take(in_editor(desk.xlf("sleep")), role="clinician")
    desk.gate()
    assert "clinicians have reviewed 1 of 2 dialogues" in card.read_text(encoding="utf-8")


def test_reviewers_who_disagree_wait_until_one_settles(desk: Desk) -> None:
    path = desk.xlf("exam")
    accepted = in_editor(path, to=desk.folder.parent / "a.xlf")
    (sheet,) = desk.export("csv")
    decide(sheet, ids(desk.folder), {"exam": "reject"})
    desk.take(accepted)
    desk.take(sheet, reviewer="r2", role="clinician")
    desk.gate()
    assert gated(desk.folder)["exam"]["decision"] == "review"
    assert "reviewers_disagree" in gated(desk.folder)["exam"]["reasons"]
    assert status(desk.run).disagree == (ids(desk.folder)["exam"],)
    desk.take(sheet, reviewer="r3", role="clinician", settles=True)
    desk.gate()
    assert gated(desk.folder)["exam"]["decision"] == "rejected"


def test_who_has_seen_the_others_edit_may_confirm_or_change_it(desk: Desk) -> None:
    desk.take(in_editor(desk.xlf("sleep"), texts={ANSWER: BETTER}))
    desk.gate()
    again = desk.xlf("sleep", every=True)
    assert 'state="reviewed"' in again.read_text(encoding="utf-8")
    still = desk.take(again, reviewer="r2")
    assert (still.decisions, len(still.open)) == ((), 1)  # it comes back as it went out
    best = BETTER.replace("a co", "co")
    desk.take(in_editor(again, texts={ANSWER: best}), reviewer="r2", role="linguist")
    desk.gate()
    found = gated(desk.folder)["sleep"]
    assert (found["decision"], found["texts"][1]) == ("accepted", best)
    edits = edits_of(found["rows"][1]["edits"])
    assert apply_edits(found["rows"][1]["faithful"], edits) == best
    assert {"review:r1", "review:r2"} <= {edit.rule for edit in edits}


def test_a_decision_about_a_text_that_changed_is_not_used(desk: Desk) -> None:
    desk.take(in_editor(desk.xlf("sleep"), texts={ANSWER: BETTER}))
    path = desk.folder / "review.decisions.jsonl"
    value = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(value | {"text_sha256": "0" * 64}) + "\n", encoding="utf-8")
    desk.gate()
    assert gated(desk.folder)["sleep"]["decision"] == "review"
    assert any(note.endswith("not used: 1") for note in counts(desk.folder)["notes"])
    assert status(desk.run).stale == 1


def test_status_counts_what_waits_and_what_came(desk: Desk) -> None:
    found = status(desk.run)
    assert (found.dialogues, found.waiting, found.pending) == (4, 3, 0)
    assert found.reasons["not_in_memory"] == (1, 0)
    desk.take(in_editor(desk.xlf("sleep")))
    found = status(desk.run)
    assert (found.waiting, found.pending, found.outcomes) == (2, 1, {"accept": 1})
    desk.gate()
    found = status(desk.run)
    assert (found.waiting, found.pending) == (2, 0)
    assert found.reviewers == {("r1", "native"): {"accept": 1}}


# ---------------------------------------------------------------- review.jsonl itself


def test_the_verdicts_of_review_jsonl_are_the_same_decisions(desk: Desk) -> None:
    path = desk.folder / "review.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    for row in rows:
        if row["id"] == ids(desk.folder)["sleep"]:
            row["verdict"] = "edit"
            row["segments"][1]["adapted"] = BETTER
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    desk.gate()  # an edit alone does not make the gate stale
    assert path.exists()
    desk.take(path)
    desk.gate()
    assert gated(desk.folder)["sleep"]["texts"][1] == BETTER
    assert not list(desk.folder.glob("review.kept-*"))


def test_verdicts_that_were_not_imported_are_kept(desk: Desk) -> None:
    path = desk.folder / "review.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    rows[0]["verdict"] = "reject"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    desk.take(in_editor(desk.xlf("sleep")))
    desk.gate()
    (kept,) = desk.folder.glob("review.kept-*.jsonl")
    desk.take(kept, reviewer="r2")
