"""Human review from the command line: the formats that go out and what comes back of them."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from reviewed_run import DIALOGUES, Desk, decide, ids, in_editor, made_once, tag

from mhx.errors import MhxError
from mhx.reviewing import gating
from mhx.reviewing.dialogues import reviewables
from mhx.reviewing.export import export
from mhx.reviewing.sheet import read_sheet, write_sheet
from mhx.reviewing.xliff import glossary_of
from mhx.shelves import Shelves

Mhx = Callable[..., Any]
ANSWER = DIALOGUES["sleep"][1][0]
BETTER = "To musi być bardzo trudne, a co nie daje Pani spać?"


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory, shelves: Shelves, here: Path) -> Desk:
    return Desk.of(made_once(tmp_path_factory, shelves), here / "runs")


# ---------------------------------------------------------------- the other formats


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_spreadsheet_brings_the_same_decision(
    separator: str, desk: Desk
) -> None:
    (sheet,) = desk.export("csv")
    decide(sheet, ids(desk.folder), {"sleep": "edit"}, {ANSWER: BETTER}, separator)
    desk.take(sheet)
    (value,) = desk.decisions()
    assert (value["verdict"], [edit["after"] for edit in value["edits"]]) == ("edit", [BETTER])


def test_the_form_carries_the_dialogues_and_what_it_saves_is_imported(desk: Desk) -> None:
    (page,) = desk.export("html")
    text = page.read_text(encoding="utf-8")
    assert "default-src &#39;none&#39;" in text
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    one = next(item for item in data["dialogues"] if item["id"] == ids(desk.folder)["sleep"])
    saved = {"run": data["run"], "saved": "2026-11-21T12:00:00Z", "answers": [
        {"dialogue": one["id"], "text_sha256": one["text"], "verdict": "accept", "comment": "ok",
         "targets": {"1.0": BETTER}}]}
    path = desk.folder.parent / "saved.json"
    path.write_text(json.dumps(saved), encoding="utf-8")
    assert [one.verdict for one in desk.take(path).decisions] == ["edit"]


def test_formula_cells_come_back_as_text(desk: Desk) -> None:
    found = next(iter(reviewables(desk.run)))
    texts = ["=1+1", "'quoted'", "- no nie", "@x", "a\r\nb", ""]
    lines = tuple(type(found.lines[0])(f"{n}.0", n, "seeker", text or "x", text or None, None, "")
                  for n, text in enumerate(texts))
    path = desk.folder / "a.csv"
    write_sheet(path, [type(found)(**{**vars(found), "lines": lines})], run="r")
    assert ",=1+1" not in path.read_text(encoding="utf-8")
    assert [one.target or "" for one in read_sheet(path)[0].given] == texts


def test_only_chosen_reasons_go_out(desk: Desk) -> None:
    found = desk.export(only=["not_in_memory"])
    assert [path.stem for path in found] == [ids(desk.folder)["useless"]]
    with pytest.raises(MhxError, match=r"did you mean 'not_in_memory'\?"):
        desk.export(only=["not_in_memry"])


def test_an_export_never_overwrites_what_a_reviewer_wrote(desk: Desk) -> None:
    path = in_editor(desk.xlf("sleep"), texts={ANSWER: BETTER})
    done = export(desk.run)
    assert BETTER not in path.read_text(encoding="utf-8")
    (kept,) = done.kept
    assert BETTER in kept.read_text(encoding="utf-8")
    assert export(desk.run).kept == ()  # the same content is no loss
    assert [one.verdict for one in desk.take(kept).decisions] == ["edit"]
    assert export(desk.run).dialogues == 2  # what is decided does not wait


def test_terms_of_the_source_go_along_with_their_preferred_names(desk: Desk) -> None:
    glossary = glossary_of(desk.run.source, desk.run.language)
    (term,) = glossary("I think of suicide, call {{service:violence_minor}}.")
    assert term.source == "suicide"
    assert term.target in {one.text for one in desk.run.language.terms.terms["suicide"]}


def test_a_folder_with_every_format_is_imported_whole(desk: Desk) -> None:
    for form in ("csv", "jsonl", "html"):
        desk.export(form)
    in_editor(desk.xlf("sleep"), texts={ANSWER: BETTER})
    desk.xlf("exam")  # keeps the edited file aside, and writes it new
    (kept,) = (desk.folder / "review").glob("*.kept-*")
    assert desk.take(desk.folder / "review").decisions == ()
    kept.replace(desk.folder / "review" / f"{ids(desk.folder)['sleep']}.xlf")
    assert [one.verdict for one in desk.take(desk.folder / "review").decisions] == ["edit"]


def test_one_document_holds_a_file_a_dialogue(desk: Desk) -> None:
    (path,) = desk.export(one_document=True)
    assert path.read_text(encoding="utf-8").count("<file ") == 3
    desk.take(in_editor(path))
    # the target of `useless` is missing: its final segment has no text
    assert {one["verdict"] for one in desk.decisions()} == {"accept"}
    assert len(desk.decisions()) == 3


def test_a_note_rejects_or_escalates(desk: Desk) -> None:
    def note(tree: Any) -> None:
        notes = tree.find(f".//{tag('file')}/{tag('notes')}")
        etree.SubElement(notes, tag("note"), id="mine").text = "Reject: the advice is unsafe"

    desk.take(in_editor(desk.xlf("exam"), note, state="translated"))
    (value,) = desk.decisions()
    assert (value["verdict"], value["comment"]) == ("reject", "the advice is unsafe")


def test_open_segments_decide_nothing_and_are_named(desk: Desk) -> None:
    def half(tree: Any) -> None:
        next(tree.iter(tag("segment"))).set("state", "translated")

    done = desk.take(in_editor(desk.xlf("sleep"), half, texts={ANSWER: BETTER}))
    assert [(one.dialogue, one.why, one.changed) for one in done.open] == [
        (ids(desk.folder)["sleep"], "1 of 2 segments not confirmed", 1)]
    assert desk.decisions() == []


# ---------------------------------------------------------------- the commands themselves


def test_the_commands_go_together(mhx: Mhx, desk: Desk, here: Path) -> None:
    folder, name = desk.folder.relative_to(here), ids(desk.folder)["sleep"]
    done = mhx("review", "export", folder, "--out", "out", "--only", "address", "--json")
    assert (done.code, done.json["dialogues"]) == (0, 2)
    in_editor(here / "out" / f"{name}.xlf", texts={ANSWER: BETTER})
    done = mhx("review", "import", folder, "out", "--reviewer", "r1", "--role", "native",
               "--today", "2026-11-21")
    assert done.code == 0, done.err
    assert "decisions of r1 (native): edit 1" in done.out
    assert f"no decision about {ids(desk.folder)['exam']}" in done.out
    assert "--memory runs/memories/pl.tmx" in done.out
    done = mhx("review", "status", folder, "--json")
    assert (done.json["pending"], done.json["outcomes"]) == (1, {"accept": 1})
    assert "1 decided, not applied yet" in mhx("review", "status", folder).out


def test_the_memory_is_deleted_only_by_name(mhx: Mhx, desk: Desk, here: Path) -> None:
    path = desk.take(in_editor(desk.xlf("sleep"))).memory
    assert path is not None
    assert mhx("purge", "--runs", "--yes").code == 0
    assert not desk.folder.exists()
    assert path.exists()
    assert mhx("purge", "--memories", "--lang", "fa", "--yes").code == 0
    assert path.exists()
    done = mhx("purge", "--memories", "--json")
    assert [Path(row["path"]).resolve() for row in done.json["found"]] == [path.resolve()]
    assert mhx("purge", "--memories", "--yes").code == 0
    assert not path.exists()


def test_a_wrong_command_says_what_to_do(mhx: Mhx, here: Path) -> None:
    done = mhx("review", "status", here)
    assert (done.code, "no run folder" in done.err) == (1, True)
    done = mhx("review", "import", here, here, "--reviewer", "Anna K.", "--role", "nativ")
    assert done.code == 1
    assert "'Anna K.' is no pseudonym" in done.err
    assert "did you mean 'native'?" in done.err


def test_the_page_names_options_that_there_are(mhx: Mhx) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/interchange.md").read_text(encoding="utf-8")
    told = "".join(mhx("review", name, "--help").out for name in ("export", "import", "status"))
    told += mhx("adapt", "--help").out + mhx("purge", "--help").out
    assert set(re.findall(r"--[a-z][a-z-]+", page)) <= set(
        re.findall(r"--[a-z-]+", told))
    for code in ("rejected_by_reviewer", "escalated_by_reviewer", "reviewers_disagree"):
        assert f"`{code}`" in page
        assert code in inspect.getsource(gating)
