"""What editors do to a file: all that XLIFF lets them loses nothing, all else is refused."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from reviewed_run import DIALOGUES, SLOT, Desk, decide, ids, in_editor, made_once, tag
from translate.storage.xliff2 import Xliff2File

from mhx.shelves import Shelves

ANSWER = DIALOGUES["sleep"][1][0]
BETTER = "To musi być <bardzo> trudne & co wtedy… „nie daje” Pani spać?"
Change = Callable[[Any], None]


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory, shelves: Shelves, here: Path) -> Desk:
    return Desk.of(made_once(tmp_path_factory, shelves), here / "runs")


# ---------------------------------------------------------------- what changes nothing


def prefixed(text: str) -> bytes:
    text = re.sub(r"<(/?)(?=[a-zA-Z]+[\s/>])", r"<\1x:", text)
    return text.replace(' xmlns="', ' xmlns:x="').encode()


def cdata(text: str) -> bytes:
    return re.sub(r"<target>([^<]*)</target>",
                  lambda match: f"<target><![CDATA[{html.unescape(match[1])}]]></target>",
                  text).encode()


def commented(text: str) -> bytes:
    text = text.replace("<target>", "<target><!-- checked --><?editor 1?>")
    return text.replace("<segment", "<!-- a -->\n<segment").encode()


def reordered(text: str) -> bytes:
    root = etree.fromstring(text.encode())
    for element in root.iter(etree.Element):
        pairs = list(element.attrib.items())
        element.attrib.clear()
        for name, value in reversed(pairs):
            element.set(name, value)
    data: bytes = etree.tostring(root, encoding="ISO-8859-2", xml_declaration=True)
    return data


def without_modules(text: str) -> bytes:
    text = re.sub(r"<mda:metadata>.*?</mda:metadata>|<gls:glossary>.*?</gls:glossary>|"
                  r"<notes>.*?</notes>", "", text, flags=re.DOTALL)
    return text.encode()


def by_toolkit(text: str) -> bytes:
    data: bytes = bytes(Xliff2File.parsestring(text.encode()))
    return data


def enriched(text: str) -> bytes:
    """What an editor adds: sub-states, locks, languages, matches of its memory, its own notes."""
    text = text.replace("<xliff ", '<xliff xmlns:mtc="urn:oasis:names:tc:xliff:matches:2.0" '
                        'xmlns:my="urn:x-editor" ', 1)
    text = text.replace("<segment ", '<segment subState="my:checked" my:seen="2" ')
    text = text.replace("<source>", '<source xml:lang="en">')
    text = text.replace("<target>", '<target xml:lang="pl">')
    text = re.sub(r"(<unit [^>]*)>", r"""\1 translate="no" my:locked="yes"><mtc:matches>
<mtc:match ref="#s0" similarity="80"><source>Other.</source><target>Inne.</target></mtc:match>
</mtc:matches>""", text)
    return text.replace("</notes>", '<note id="e1" priority="2">looked at</note></notes>').encode()


EDITORS: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "BOM": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "UTF-16": lambda text: text.replace("UTF-8", "UTF-16").encode("utf-16"),
    "character references": lambda text: text.replace("UTF-8", "ASCII").encode(
        "ascii", "xmlcharrefreplace"),
    "version 2.1": lambda text: text.replace('version="2.0"', 'version="2.1"').encode(),
    "prefixes": prefixed,
    "CDATA": cdata,
    "comments": commented,
    "attributes and encoding": reordered,
    "modules and notes dropped": without_modules,
    "translate-toolkit": by_toolkit,
    "sub-states, locks, matches and notes": enriched,
    "a bare DOCTYPE": lambda text: text.replace("?>\n", "?>\n<!DOCTYPE xliff>\n", 1).encode(),
}


@pytest.mark.parametrize("editor", EDITORS)
def test_an_editor_may_write_the_file_in_its_own_way(editor: str, desk: Desk) -> None:
    desk.export()
    paths = [in_editor(desk.folder / "review" / f"{ids(desk.folder)[name]}.xlf",
                       texts={ANSWER: BETTER}) for name in ("sleep", "exam")]
    for path in paths:
        text = path.read_text(encoding="utf-8").replace("'", '"', 6)
        path.write_bytes(EDITORS[editor](text))
    taken = {one.dialogue: one for one in desk.take(*paths).decisions}
    sleep, exam = (taken[ids(desk.folder)[name]] for name in ("sleep", "exam"))
    assert [edit.after for edit in sleep.edits] == [BETTER]
    assert (exam.verdict, exam.edits) == ("accept", [])  # the slot came through as it was


def test_a_slot_may_move_within_its_segment(desk: Desk) -> None:
    def move(tree: Any) -> None:
        (target,) = [item for item in tree.iter(tag("target")) if len(item)]
        target.text, target[0].tail = "Jeśli noce są trudne: ", "."

    (one,) = desk.take(in_editor(desk.xlf("exam"), move)).decisions
    assert [edit.after for edit in one.edits] == [f"Jeśli noce są trudne: {SLOT}."]


def test_text_is_brought_to_the_languages_orthography(desk: Desk) -> None:
    plain = "To musi być trudne, a co nie daje Pani spać?"
    spoiled = plain.replace("ć", "c\u0301")  # decomposed, as some keyboards write
    (one,) = desk.take(in_editor(desk.xlf("sleep"), texts={ANSWER: spoiled})).decisions
    assert [edit.after for edit in one.edits] == [plain]


# ---------------------------------------------------------------- what is refused


def first(tree: Any, name: str) -> Any:
    return next(tree.iter(tag(name)))


def drop(element: Any) -> None:
    element.getparent().remove(element)


def change_source(tree: Any) -> None:
    first(tree, "source").text = "Something else."


def remove_unit(tree: Any) -> None:
    drop(list(tree.iter(tag("unit")))[-1])


def copy_unit(tree: Any) -> None:
    unit = first(tree, "unit")
    unit.getparent().append(etree.fromstring(etree.tostring(unit)))


def split_segment(tree: Any) -> None:
    segment = first(tree, "segment")
    again = etree.fromstring(etree.tostring(segment))
    again.set("id", "s7")
    again.find(tag("source")).text = ""
    segment.getparent().append(again)


def merge_segments(tree: Any) -> None:
    unit = list(tree.iter(tag("unit")))[-1]
    drop(unit.find(tag("segment")))


def reorder(tree: Any) -> None:
    first(tree, "target").set("order", "2")


def lose_code(tree: Any) -> None:
    (target,) = [item for item in tree.iter(tag("target")) if len(item)]
    target.remove(target[0])


def double_code(tree: Any) -> None:
    (target,) = [item for item in tree.iter(tag("target")) if len(item)]
    target.append(etree.fromstring(etree.tostring(target[0], with_tail=False)))


def change_code(tree: Any) -> None:
    first(tree, "data").text = "{{service:suicide_adult}}"
    for code in list(tree.iter(tag("ph"))):
        code.set("dataRef", "d1")


def new_code(tree: Any) -> None:
    etree.SubElement(first(tree, "target"), tag("ph"), id="99", dataRef="d99")


def empty_target(tree: Any) -> None:
    first(tree, "target").text = "  "


def other_language(tree: Any) -> None:
    tree.getroot().set("trgLang", "de")


def other_original(tree: Any) -> None:
    first(tree, "file").set("original", "talks.docx")


def in_original(old: str, new: str) -> Change:
    def change(tree: Any) -> None:
        file = first(tree, "file")
        file.set("original", re.sub(old, new, file.get("original")))

    return change


def bad_state(tree: Any) -> None:
    first(tree, "segment").set("state", "done")


FAULTS: dict[str, tuple[str, Change, str]] = {
    "source edited": ("sleep", change_source, "segment 0.0: the source was changed"),
    "unit removed": ("sleep", remove_unit, "segment 1.0: missing: removed, or merged"),
    "unit copied": ("sleep", copy_unit, "segment 0.0: stands 2 times"),
    "segment split": ("sleep", split_segment, "segment 0.7: a segment that the export does not "
                      "have: split or added"),
    "segments merged": ("sleep", merge_segments, "segment 1.0: missing: removed, or merged"),
    "segments reordered": ("sleep", reorder, "segment 0.0: the segments' order was changed"),
    "code lost": ("exam", lose_code, f"segment 1.0: inline codes none, the source has {SLOT}"),
    "code doubled": ("exam", double_code, "put every code back, once"),
    "original data edited": ("exam", change_code, "the source was changed"),
    "code invented": ("sleep", new_code, "does not define (ph '99')"),
    "text removed": ("sleep", empty_target, "segment 0.0: the text was removed"),
    "another language": ("sleep", other_language, "trgLang: 'de', the run has 'pl'"),
    "no original": ("sleep", other_original, "original: 'talks.docx' names no dialogue"),
    "another run": ("sleep", in_original("run=[0-9a-f]+", "run=000000000000"), "run: of the run"),
    "another text": ("sleep", in_original("text=[0-9a-f]{8}", "text=00000000"),
                     "text_sha256: its text changed after the export"),
    "no such dialogue": ("sleep", in_original("dialogue=[^&]+", "dialogue=zzz"),
                         "zzz: no such dialogue in this run"),
    "no such state": ("sleep", bad_state, "'done' is no state"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_an_editor_must_not_do_is_refused_with_its_line(fault: str, desk: Desk) -> None:
    name, change, said = FAULTS[fault]
    path = in_editor(desk.xlf(name), change)
    found = [problem for problem in desk.refused(path) if said in problem]
    assert len(found) == 1
    assert re.search(rf"{re.escape(path.name)}:\d+: ", found[0])


def test_the_line_is_the_segments(desk: Desk) -> None:
    path = in_editor(desk.xlf("sleep"), change_source)
    lines = path.read_text(encoding="utf-8").split("\n")
    line = 1 + next(number for number, text in enumerate(lines) if "<segment " in text)
    assert f"{path.name}:{line}: " in desk.refused(path)[0]


def test_all_problems_of_all_files_are_told_at_once_and_nothing_is_taken(desk: Desk) -> None:
    good = in_editor(desk.xlf("exam"))
    one, two = in_editor(desk.xlf("sleep"), change_source), desk.folder.parent / "b.xlf"
    two.write_text("<xliff", encoding="utf-8")
    (sheet,) = desk.export("csv")
    decide(sheet, ids(desk.folder), {"useless": "fine"})
    found = desk.refused(good, one, two, sheet, desk.folder / "none.xlf", desk.folder / "x.docx")
    assert len(found) == 5
    assert desk.decisions() == []


def test_two_decisions_about_one_dialogue_are_refused(desk: Desk) -> None:
    path = in_editor(desk.xlf("sleep"))
    copy = in_editor(path, to=desk.folder.parent / "copy.xlf")
    other = in_editor(path, texts={ANSWER: BETTER}, to=desk.folder.parent / "other.xlf")
    (said,) = desk.refused(path, other)
    assert "other.xlf:3: " in said
    assert f"decided twice, first in {path.name}" in said
    assert len(desk.take(path, copy).decisions) == 1  # the same twice is once


def test_a_declared_entity_is_refused_with_its_line(desk: Desk) -> None:
    path = in_editor(desk.xlf("exam"))
    text = path.read_text(encoding="utf-8").replace("<xliff", '<!DOCTYPE xliff [\n<!ENTITY x "y">'
                                                    "\n]>\n<xliff", 1)
    path.write_text(text, encoding="utf-8")
    (said,) = desk.refused(path)
    assert f"{path.name}:3: declares an XML entity (x)" in said


# ---------------------------------------------------------------- sheets, lines, the form


def columns(text: str) -> str:
    return text.replace("text_sha256", "hash", 1)


def two_verdicts(text: str) -> str:
    return text.replace(",accept,", ",reject,", 1)


def other_source(text: str) -> str:
    return text.replace("since we moved", "since May", 1)


def lost_row(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if ANSWER not in line)


def quote_open(text: str) -> str:
    return text + '"never closed'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (columns, ":1: no column text_sha256"),
        (two_verdicts, "two verdicts: accept, reject"),
        (other_source, ":2: "),
        (lost_row, "missing: removed"),
        (quote_open, "not CSV"),
        (lambda text: text.replace("accept", "yes"), "verdict: 'yes' is no verdict"),
        (lambda text: text.replace("I cannot", "I can’t"), "the source was changed"),
    ],
)
def test_a_spoiled_sheet_is_refused_with_its_line(
    change: Callable[[str], str], said: str, desk: Desk
) -> None:
    (sheet,) = desk.export("csv")
    decide(sheet, ids(desk.folder), {"sleep": "accept"})
    sheet.write_text(change(sheet.read_text(encoding="utf-8")), encoding="utf-8")
    assert any(said in problem for problem in desk.refused(sheet))


def test_a_lost_code_is_refused_in_every_format(desk: Desk) -> None:
    source, text = DIALOGUES["exam"][1]
    (sheet,) = desk.export("csv")
    decide(sheet, ids(desk.folder), {"exam": "edit"}, {source: text.replace(SLOT, "pomoc")})
    assert "inline codes none" in desk.refused(sheet)[0]
    (lines,) = desk.export("jsonl")
    rows = [json.loads(line) for line in lines.read_text(encoding="utf-8").split("\n") if line]
    (row,) = [row for row in rows if row["id"] == ids(desk.folder)["exam"]]
    saved = {"run": row["run"], "saved": "now", "answers": [
        {"dialogue": row["id"], "text_sha256": row["text_sha256"], "verdict": "accept",
         "targets": {"1.0": "Bez."}}]}
    path = desk.folder.parent / "saved.json"
    path.write_text(json.dumps(saved), encoding="utf-8")
    assert "inline codes none" in desk.refused(path)[0]
    row["segments"][1]["adapted"], row["verdict"] = "Bez.", "edit"
    lines.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert "inline codes none" in desk.refused(lines)[0]


def test_a_misspelled_key_is_refused_with_its_line(desk: Desk) -> None:
    (lines,) = desk.export("jsonl")
    rows = [json.loads(line) for line in lines.read_text(encoding="utf-8").split("\n") if line]
    rows[1]["verdct"] = "accept"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (said,) = desk.refused(lines)
    assert "review.jsonl:2: verdct: unknown key — did you mean 'verdict'?" in said
