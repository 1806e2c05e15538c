"""XLIFF 2.0: what is written comes back, from our reader and from translate-toolkit's."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from translate.storage.xliff2 import Xliff2File

from mhx.errors import MhxError
from mhx.interchange.parts import NAMESPACE, File, Head, Note, Segment, Term, Unit
from mhx.interchange.read import read_document, read_xliff
from mhx.interchange.write import write_xliff

Write = Callable[..., Path]
CODES = re.compile(r"\{\{service:\w+\}\}|\[name\]")
SLOT = "{{service:suicide_adult}}"
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


def put(path: Path, units: list[Unit], head: Head | None = None) -> Path:
    write_xliff(path, [File(head or Head("f1", "mhx:x"), units)], source="en", target="fa",
                codes=CODES, right_to_left=True)
    return path


def got(path: Path) -> list[Unit]:
    return [unit for _, unit in read_xliff(path) if unit is not None]


def one(source: str, target: str | None, state: str = "translated") -> Unit:
    return Unit("t0", (Segment("s0", source, target, state),))


@given(st.lists(st.tuples(TEXT, st.none() | TEXT), min_size=1, max_size=4))
def test_every_text_comes_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str | None]]
) -> None:
    units = [Unit(f"t{n}", (Segment("s0", source, target),))
             for n, (source, target) in enumerate(rows)]
    assert got(put(tmp_path_factory.mktemp("xliff") / "a.xlf", units)) == units


def test_states_notes_metadata_and_terms_come_back(tmp_path: Path) -> None:
    unit = Unit(
        "t3", (Segment("s0", "a", "b", "final"), Segment("s1", "c", None, "initial")),
        (Note("s0: length (review): 3 < 4 & more", "mhx:reason"), Note("mine")),
        {"role": "seeker", "engine s0": "hf:x/y"}, (Term("grief", "سوگ", "after a loss"),))
    head = Head("f1", 'mhx:fa/run?dialogue=a%2F"b"&text=0', (Note("how", "mhx:how"),),
                {"risk": "none"})
    path = put(tmp_path / "a.xlf", [unit], head)
    assert next(iter(read_xliff(path)))[1] == unit
    assert list(read_xliff(path))[-1] == (head, None)
    document = read_document(path)
    assert (document.source, document.target, document.version) == ("en", "fa", "2.0")


def test_a_slot_is_an_inline_code_that_cannot_be_deleted(tmp_path: Path) -> None:
    unit = one(f"Call {SLOT} or [name], {SLOT}.", f"[name]: {SLOT} {SLOT}")
    path = put(tmp_path / "a.xlf", [unit])
    root = etree.parse(path).getroot()
    codes = {tag: [(code.get("id"), code.get("dataRef")) for code in
                   root.iterfind(f".//{{{NAMESPACE}}}{tag}/{{{NAMESPACE}}}ph")]
             for tag in ("source", "target")}
    assert codes == {"source": [("1", "d1"), ("2", "d2"), ("3", "d1")],
                     "target": [("2", "d2"), ("1", "d1"), ("3", "d1")]}
    assert all((code.get("canDelete"), code.get("canCopy")) == ("no", "no")
               for code in root.iter(f"{{{NAMESPACE}}}ph"))
    assert SLOT not in "".join(root.find(f".//{{{NAMESPACE}}}target").itertext())
    assert got(path) == [unit]


def test_a_code_that_only_the_target_has_gets_its_own_id(tmp_path: Path) -> None:
    unit = one("Hello.", f"Hi {SLOT}.")
    assert got(put(tmp_path / "a.xlf", [unit])) == [unit]


def test_the_segmentation_is_locked_and_a_right_to_left_target_says_so(tmp_path: Path) -> None:
    file = etree.parse(put(tmp_path / "a.xlf", [one("a", "b")])).find(f"{{{NAMESPACE}}}file")
    assert (file.get("canResegment"), file.get("trgDir"), file.get("translate")) == (
        "no", "rtl", "yes")


def test_elements_stand_in_the_order_of_the_specification(tmp_path: Path) -> None:
    unit = Unit("t0", (Segment("s0", SLOT, "b"),), (Note("x"),), {"role": "seeker"},
                (Term("a", "b"),))
    path = put(tmp_path / "a.xlf", [unit])
    found = [etree.QName(item).localname for item in etree.parse(path).iter(f"{{{NAMESPACE}}}unit")
             for item in item]
    assert found == ["glossary", "metadata", "notes", "originalData", "segment"]


# ---------------------------------------------------------------- translate-toolkit


def test_translate_toolkit_reads_the_same_texts_and_states(tmp_path: Path) -> None:
    units = [
        Unit("t0", (Segment("s0", "I'm <tired> & \"low\".", "می‌خواهم «بخوابم» & <b>", "translated"),
                    Segment("s1", "Why?", None, "initial"))),
        Unit("t1", (Segment("s0", "two\nlines", "دو\nخط", "final"),)),
    ]
    store = Xliff2File.parsefile(str(put(tmp_path / "a.xlf", units)))
    assert (store.sourcelanguage, store.targetlanguage) == ("en", "fa")
    found = [(unit.getid(), unit.source, unit.target, unit.isapproved()) for unit in store.units]
    assert found == [
        (f"{unit.id}::{part.id}", part.source, part.target, part.state == "final")
        for unit in units for part in unit.segments]


def test_what_translate_toolkit_saves_is_read_with_its_codes(tmp_path: Path) -> None:
    path = put(tmp_path / "a.xlf", [one(f"Call {SLOT}.", f"زنگ بزن: {SLOT}."), ])
    store = Xliff2File.parsefile(str(path))
    store.units[0].markapproved()
    (tmp_path / "b.xlf").write_bytes(bytes(store))
    assert got(tmp_path / "b.xlf") == [one(f"Call {SLOT}.", f"زنگ بزن: {SLOT}.", "reviewed")]


# ---------------------------------------------------------------- files of other programs

OTHER = """<?xml version="1.0"?>{head}
<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" version="{version}" srcLang="en" trgLang="fa">
<file id="f" original="x"><unit id="t0">{unit}</unit></file></xliff>
"""


def other(unit: str, head: str = "", version: str = "2.0") -> str:
    return OTHER.format(unit=unit, head=head, version=version)


SEGMENT = "<segment id='s0'><source>{}</source><target>b</target></segment>"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a <mrk id='m1' type='term'>term</mrk> b", "a term b"),
        ("a<sm id='m1'/>b<em startRef='m1'/>", "ab"),
        ("<![CDATA[a < b]]> &amp; c", "a < b & c"),
        ("a<!-- no --><?x no?>b", "ab"),
        ("x<cp hex='0007'/>y", "x\x07y"),
        ("&#1587;&#x200c;", "س\u200c"),
    ],
)
def test_text_of_other_programs_is_read(source: str, text: str, write: Write) -> None:
    (unit,) = got(write("a.xlf", other(SEGMENT.format(source), version="2.1")))
    assert (unit.segments[0].source, unit.segments[0].faults) == (text, ())


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("<ph id='9' dataRef='d9'/>", "does not define (ph '9')"),
        ("<pc id='1'>bold</pc>", "a paired code"),
        ("<sc id='1'/>a<ec startRef='1'/>", "a start code"),
        ("<cp hex='zz'/>", "cp hex='zz'"),
    ],
)
def test_a_code_nobody_defined_is_a_fault_of_its_segment(
    source: str, said: str, write: Write
) -> None:
    (unit,) = got(write("a.xlf", other(SEGMENT.format(source))))
    assert any(said in fault for fault in unit.segments[0].faults)


def test_text_between_segments_is_a_fault(write: Write) -> None:
    loose = SEGMENT.format("a") + "<ignorable><source> more </source></ignorable>"
    assert got(write("a.xlf", other(loose)))[0].faults == ("text outside its segments: ' more '",)


ENTITY = '\n<!DOCTYPE xliff [\n<!ENTITY x "lost">\n]>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_declared_entity_is_refused_with_its_line(encoding: str, write: Write) -> None:
    text = other(SEGMENT.format("a&x;b"), head=ENTITY)
    if "16" in encoding:
        text = text.replace('version="1.0"', 'version="1.0" encoding="UTF-16"', 1)
    head = b"\xff\xfe" if encoding == "utf-16-le" else b""
    with pytest.raises(MhxError, match="declares an XML entity") as caught:
        got(write("a.xlf", head + text.encode(encoding)))
    assert caught.value.problems[0].line == 3


def test_an_entity_of_a_parameter_entity_is_refused(write: Write) -> None:
    head = "<!DOCTYPE xliff [<!ENTITY % p \"<!ENTITY q 'v'>\">\n%p;]>"
    with pytest.raises(MhxError, match="declares an XML entity"):
        got(write("a.xlf", other(SEGMENT.format("a&q;"), head=head)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"/>', "XLIFF 1.2"),
        ('<xliff version="2.2" xmlns="urn:oasis:names:tc:xliff:document:2.2"/>', "XLIFF 2.2"),
        ("<tmx version='1.4'/>", "<tmx>"),
        ("no xml", "not XML"),
        ("", "not XML"),
        (b"PK\x03\x04", "a ZIP archive"),
    ],
)
def test_another_format_is_refused_by_name(content: str | bytes, said: str, write: Write) -> None:
    with pytest.raises(MhxError) as caught:
        got(write("a.xlf", content))
    assert said in str(caught.value)
    assert "a.xlf" in str(caught.value)


def test_a_file_cut_in_the_middle_is_no_answer(write: Write, tmp_path: Path) -> None:
    text = put(tmp_path / "a.xlf", [one("a", "b")] * 3).read_text(encoding="utf-8")
    with pytest.raises(MhxError, match="not XML"):
        got(write("b.xlf", text[: len(text) // 2]))


# ---------------------------------------------------------------- large


LARGE = """
import sys
from pathlib import Path
from mhx.interchange.parts import File, Head, Note, Segment, Unit
from mhx.interchange.read import read_xliff
from mhx.interchange.write import write_xliff
from mhx.reviewing.dialogues import CODES
from mhx.run import peak_mib

count, path, slot = int(sys.argv[1]), Path(sys.argv[2]), "{{service:suicide_adult}}"
units = (
    Unit(f"t{n}", (Segment("s0", f"Sentence {n} on {slot}.", f"جملهٔ {n}: {slot}.", "translated"),),
         (Note(f"length: {n}", "mhx:reason"),), {"role": "seeker"})
    for n in range(count))
write_xliff(path, [File(Head("f1", "mhx:x"), units)], source="en", target="fa", codes=CODES)
read, line = 0, 0
for _, unit in read_xliff(path):
    if unit is not None:
        read, line = read + 1, unit.line
print(read, line, peak_mib())
"""


def test_twenty_thousand_units_are_written_and_read_in_bounded_memory(tmp_path: Path) -> None:
    peaks = []
    for count in (1_000, 20_000):
        done = subprocess.run(
            [sys.executable, "-c", LARGE, str(count), str(tmp_path / "a.xlf")],
            capture_output=True, text=True, check=True)
        read, line, peak = map(float, done.stdout.split())
        assert read == count
        peaks.append(peak)
    assert line > 65_535 * 3  # the lines stay right beyond what older parsers can count
    assert (tmp_path / "a.xlf").stat().st_size > 10 * 2**20
    assert peaks[1] < peaks[0] + 8  # MiB; the tree alone would take some 100
