"""XLIFF 2.0 read unit by unit, whichever program wrote it; entities and the network are off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
XLIFF, FILE, UNIT, SEGMENT, SOURCE, TARGET, IGNORABLE, NOTES, NOTE, ORIGINAL_DATA, DATA = (
    f"{{{NAMESPACE}}}{tag}" for tag in
    ("xliff", "file", "unit", "segment", "source", "target", "ignorable", "notes", "note",
     "originalData", "data"))
META = f"{{{METADATA}}}meta"
ABOUT, TERMS = f"{{{METADATA}}}metadata", f"{{{GLOSSARY}}}glossary"
_PAIRED = {"pc": "a paired code", "sc": "a start code", "ec": "an end code"}


def read_document(path: Path) -> Document:
    """The root of an XLIFF 2 document.

    Raises MhxError for what is no XML, for another format and for XLIFF of another version.
    """
    events = parsed(path, ("*",), kind=KIND, events=("start",))
    root = next(events)[1]
    events.close()
    version = root.get("version") or ""
    if root.tag != XLIFF or version not in VERSIONS:
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
    holder: Any = None
    read: Any = None
    head = Head("", "")
    for _, element in parsed(path, (FILE, UNIT), kind=KIND, events=("end",)):
        if read is not None:  # notes of the file stand before its units: only these go
            holder.remove(read)
            read = None
        if element.tag == FILE:
            yield _head(element, ended=True), None
            forget(element)
            continue
        parent = element.getparent()
        if parent is not holder:  # the file, or a group in it
            holder = parent
            head = next((_head(item, ended=False) for item in element.iterancestors(FILE)), head)
        yield head, _unit(element)
        read = element


def _head(element: Any, *, ended: bool) -> Head:
    notes = _notes(element.iterchildren(NOTES)) if ended else ()
    about = _about(element.iterchildren(ABOUT)) if ended else {}
    return Head(element.get("id") or "", element.get("original") or "", notes, about,
                element.sourceline or 0)


def _unit(element: Any) -> Unit:
    parts: dict[str, list[Any]] = {}
    for child in element:
        parts.setdefault(child.tag, []).append(child)
    data = {
        item.get("id"): _text(item, {}, {}, [])
        for holder in parts[ORIGINAL_DATA] for item in holder.iterchildren(DATA)
    } if ORIGINAL_DATA in parts else {}
    called: dict[str, str] = {}  # id of an inline code → its text, as the unit's sources have it
    segments = tuple([_segment(part, data, called) for part in parts.get(SEGMENT, ())])
    loose = [_text(item, data, called, []) for part in parts[IGNORABLE]
             for item in part.iterchildren(SOURCE)] if IGNORABLE in parts else []
    return Unit(
        element.get("id") or "", segments,
        _notes(parts[NOTES]) if NOTES in parts else (),
        _about(parts[ABOUT]) if ABOUT in parts else {},
        _terms(parts[TERMS]) if TERMS in parts else (),
        element.sourceline or 0,
        tuple([f"text outside its segments: {text!r}" for text in loose if text.strip()]))


def _segment(part: Any, data: Mapping[str, str], called: dict[str, str]) -> Segment:
    faults: list[str] = []
    source = target = None
    for child in part:
        tag = child.tag
        if tag == SOURCE:
            source = _text(child, data, called, faults, keep=True)
        elif tag == TARGET:
            target = _text(child, data, called, faults)
            if child.get("order"):
                faults.append("the segments' order was changed")
    if source is None:
        faults.append("a segment without a source")
    return Segment(part.get("id") or "", source or "", target, part.get("state") or "initial",
                   part.sourceline or 0, tuple(faults))


def _text(
    element: Any, data: Mapping[str, str], called: dict[str, str], faults: list[str], *,
    keep: bool = False,
) -> str:
    """The text of a source, target or datum; `called` learns the codes where `keep` is true."""
    if not len(element):
        return element.text or ""
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


def _notes(holders: Iterable[Any]) -> tuple[Note, ...]:
    return tuple([
        Note("".join(note.itertext()) if len(note) else note.text or "",
             note.get("category") or "", note.get("id") or "", note.sourceline or 0)
        for holder in holders for note in holder.iterchildren(NOTE)
    ])


def _about(holders: Iterable[Any]) -> dict[str, str]:
    return {
        meta.get("type"): meta.text or ""
        for holder in holders for group in holder if group.get("category") == CATEGORY
        for meta in group.iterchildren(META)
    }


def _terms(holders: Iterable[Any]) -> tuple[Term, ...]:
    def said(entry: Any, name: str) -> str:
        return entry.findtext(f"{{{GLOSSARY}}}{name}") or ""

    return tuple(
        Term(said(entry, "term"), said(entry, "translation"), said(entry, "definition"))
        for holder in holders for entry in holder.iterchildren(f"{{{GLOSSARY}}}glossEntry")
    )
