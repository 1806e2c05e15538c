"""XLIFF 2.0 read unit by unit, whichever program wrote it; entities and the network are off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mhx.corpus.xml_stream import forget, parsed
from mhx.errors import MhxError, Problem
from mhx.interchange.parts import (
    GLOSSARY,
    METADATA,
    NAMESPACE,
    VERSIONS,
    Document,
    Head,
    Note,
    Segment,
    Term,
    Unit,
)
from mhx.interchange.write import CATEGORY

KIND = "XLIFF"
_PAIRED = {"pc": "a paired code", "sc": "a start code", "ec": "an end code"}


def read_document(path: Path) -> Document:
    """The root of an XLIFF 2 document.

    Raises MhxError for what is no XML, for another format and for XLIFF of another version.
    """
    events = parsed(path, ("*",), kind=KIND, events=("start",))
    root = next(events)[1]
    events.close()
    version = root.get("version") or ""
    if root.tag != _name("xliff") or version not in VERSIONS:
        local = str(root.tag).rpartition("}")[2]
        what = f"XLIFF {version or 'of no version'}" if local == "xliff" else f"<{local}>"
        raise MhxError(Problem(f"{what}: no XLIFF 2 document", "save it as XLIFF 2.0",
                               path=path, line=root.sourceline))
    return Document(root.get("srcLang") or "", root.get("trgLang") or "", version,
                    root.sourceline or 0)


def read_xliff(path: Path) -> Iterator[tuple[Head, Unit | None]]:
    """(file, unit) in order, and (file, None) at the end of each file, when its notes are known.

    One unit is in memory at a time. Text is exact: comments and CDATA marks are gone, inline
    codes are what ``<originalData>`` says they are. Raises MhxError with the line for malformed
    XML and for declared entities.
    """
    read_document(path)
    head = Head("", "")
    file, unit = _name("file"), _name("unit")
    for event, element in parsed(path, (file, unit), kind=KIND, events=("start", "end")):
        if element.tag == file:
            head = _head(element, ended=event == "end")
            if event == "end":
                yield head, None
                forget(element)
        elif event == "end":
            yield head, _unit(element)
            element.clear()  # notes of the file stand before it: its siblings stay
            _drop_units_before(element)


def _drop_units_before(element: Any) -> None:
    while (before := element.getprevious()) is not None and before.tag == element.tag:
        element.getparent().remove(before)


def _head(element: Any, *, ended: bool) -> Head:
    notes, about = (_notes(element), _about(element)) if ended else ((), {})
    return Head(element.get("id") or "", element.get("original") or "", notes, about,
                element.sourceline or 0)


def _unit(element: Any) -> Unit:
    data = {
        item.get("id"): _text(item, {}, {}, [])
        for item in element.iterfind(f"{_name('originalData')}/{_name('data')}")
    }
    segments = []
    called: dict[str, str] = {}  # id of an inline code → its text, as the unit's sources have it
    for part in element.iterchildren(_name("segment")):
        faults: list[str] = []
        source = part.find(_name("source"))
        target = part.find(_name("target"))
        if source is None:
            faults.append("a segment without a source")
        if target is not None and target.get("order"):
            faults.append("the segments' order was changed")
        segments.append(Segment(
            part.get("id") or "",
            "" if source is None else _text(source, data, called, faults, keep=True),
            None if target is None else _text(target, data, called, faults),
            part.get("state") or "initial", part.sourceline or 0, tuple(faults)))
    loose = [_text(item, data, called, []) for item in
             element.iterfind(f"{_name('ignorable')}/{_name('source')}")]
    return Unit(
        element.get("id") or "", tuple(segments), _notes(element), _about(element),
        _terms(element), element.sourceline or 0,
        tuple(f"text outside its segments: {text!r}" for text in loose if text.strip()))


def _text(
    element: Any, data: Mapping[str, str], called: dict[str, str], faults: list[str], *,
    keep: bool = False,
) -> str:
    """The text of a source, target or datum; `called` learns the codes where `keep` is true."""
    out = [element.text or ""]
    for child in element:
        tag = str(child.tag).rpartition("}")[2] if isinstance(child.tag, str) else ""
        if tag == "ph":
            name = child.get("id") or ""
            code = data.get(child.get("dataRef") or "", called.get(name))
            if code is None:
                faults.append(f"an inline code that the unit does not define (ph {name!r})")
            elif keep:
                called[name] = code
            out.append(code or "")
        elif tag == "cp":
            out.append(_character(child.get("hex") or "", faults))
        elif tag in _PAIRED:
            faults.append(f"{_PAIRED[tag]} (<{tag}>), which the source does not have")
            out.append(_text(child, data, called, faults, keep=keep))
        elif tag:  # an annotation (mrk, sm, em): its text is the text
            out.append(_text(child, data, called, faults, keep=keep))
        out.append(child.tail or "")
    return "".join(out)


def _character(code: str, faults: list[str]) -> str:
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        faults.append(f"a character that is none (cp hex={code!r})")
        return ""


def _notes(element: Any) -> tuple[Note, ...]:
    return tuple(
        Note("".join(note.itertext()), note.get("category") or "", note.get("id") or "",
             note.sourceline or 0)
        for note in element.iterfind(f"{_name('notes')}/{_name('note')}")
    )


def _about(element: Any) -> dict[str, str]:
    groups = element.iterfind(f"{{{METADATA}}}metadata/{{{METADATA}}}metaGroup")
    return {
        meta.get("type"): meta.text or ""
        for group in groups if group.get("category") == CATEGORY
        for meta in group.iterfind(f"{{{METADATA}}}meta")
    }


def _terms(element: Any) -> tuple[Term, ...]:
    def said(entry: Any, name: str) -> str:
        return entry.findtext(f"{{{GLOSSARY}}}{name}") or ""

    return tuple(
        Term(said(entry, "term"), said(entry, "translation"), said(entry, "definition"))
        for entry in element.iterfind(f"{{{GLOSSARY}}}glossary/{{{GLOSSARY}}}glossEntry")
    )


def _name(tag: str) -> str:
    return f"{{{NAMESPACE}}}{tag}"
