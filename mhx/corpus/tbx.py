"""TBX 2 term bases (ISO 30042:2008, dialect TBX-Basic), read and written entry by entry.

TBX-Basic has no category for a usage register, a reason or evidence: they stand in notes such
as ``register: clinical``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mhx.corpus.xml_stream import (
    XML_LANG,
    elements,
    language_of,
    nested,
    plain,
    shell,
    write_pieces,
)
from mhx.schema.terms import Term, TermBase

DOCTYPE = '<!DOCTYPE martif SYSTEM "TBXBasiccoreStructV02.dtd">'
STATUSES = {
    "preferred": "preferredTerm-admn-sts",
    "admitted": "admittedTerm-admn-sts",
    "forbidden": "deprecatedTerm-admn-sts",
}
# an archaic term is superseded, which a reader treats as forbidden
_READ = {
    "preferredTerm": "preferred",
    "admittedTerm": "admitted",
    "deprecatedTerm": "forbidden",
    "supersededTerm": "forbidden",
}
_LABELS = ("register", "why", "evidence")


@dataclass(frozen=True)
class Name:
    """A term of an entry; fields a file does not give are empty."""

    text: str
    pos: str = ""
    gender: str = ""
    status: str = ""
    register: str = ""
    why: str = ""
    evidence: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A concept with its names by language tag (as the file writes it, in lower case)."""

    id: str
    subject: str = ""
    definition: str = ""
    notes: tuple[str, ...] = ()
    names: dict[str, tuple[Name, ...]] = field(default_factory=dict)


def entries(owner: TermBase, bases: dict[str, TermBase]) -> Iterator[Entry]:
    """The owner's concepts that every one of `bases` (by tag) has names for, in order."""
    for concept in owner.concepts:
        if all(concept.id in base.terms for base in bases.values()):
            yield Entry(
                concept.id,
                concept.subject,
                concept.definition,
                (concept.note,) if concept.note else (),
                {
                    tag.lower(): tuple(_name(term) for term in base.terms[concept.id])
                    for tag, base in bases.items()
                },
            )


def _name(term: Term) -> Name:
    return Name(
        term.text,
        term.pos,
        term.gender or "",
        term.status,
        term.register_,
        term.why or "",
        ", ".join(term.evidence),
        (term.note,) if term.note else (),
    )


def tbx_text(found: Iterable[Entry], *, source: str, title: str, about: str) -> str:
    """The text of a TBX-Basic file; `about` says who wrote the terms."""
    return "".join(_pieces(found, source, title, about))


def write_tbx(
    path: Path, found: Iterable[Entry], *, source: str, title: str, about: str
) -> None:
    """Write a TBX-Basic file whole or not at all, entry by entry."""
    write_pieces(path, _pieces(found, source, title, about))


def _pieces(found: Iterable[Entry], source: str, title: str, about: str) -> Iterator[str]:
    from lxml import etree

    root = etree.Element("martif", {"type": "TBX-Basic", XML_LANG: source})
    header = etree.SubElement(root, "martifHeader")
    described = etree.SubElement(header, "fileDesc")
    titles = etree.SubElement(described, "titleStmt")
    etree.SubElement(titles, "title").text = title
    etree.SubElement(etree.SubElement(described, "sourceDesc"), "p").text = about
    encoding = etree.SubElement(header, "encodingDesc")
    etree.SubElement(encoding, "p", type="XCSURI").text = "TBXBasicXCSV02.xcs"
    etree.SubElement(etree.SubElement(root, "text"), "body")
    head, tail = shell(root, doctype=DOCTYPE)
    yield head
    for entry in found:
        yield nested(_entry(entry), 3)
    yield tail


def _entry(entry: Entry) -> Any:
    from lxml import etree

    node = etree.Element("termEntry", id=entry.id)
    _typed(node, "descrip", "subjectField", entry.subject)
    _typed(node, "descrip", "definition", entry.definition)
    _notes(node, entry.notes)
    for tag, names in entry.names.items():
        languages = etree.SubElement(node, "langSet", {XML_LANG: tag})
        for name in names:
            tig = etree.SubElement(languages, "tig")
            etree.SubElement(tig, "term").text = name.text
            _typed(tig, "termNote", "partOfSpeech", name.pos)
            _typed(tig, "termNote", "grammaticalGender", name.gender)
            status = STATUSES.get(name.status, name.status)
            if name.why == "archaic":
                status = "supersededTerm-admn-sts"
            _typed(tig, "termNote", "administrativeStatus", status)
            labels = ((label, getattr(name, label)) for label in _LABELS)
            _notes(tig, (f"{label}: {value}" for label, value in labels if value))
            _notes(tig, name.notes)
    return node


def _typed(parent: Any, tag: str, kind: str, text: str) -> None:
    from lxml import etree

    if text:
        etree.SubElement(parent, tag, type=kind).text = text


def _notes(parent: Any, texts: Iterable[str]) -> None:
    from lxml import etree

    for text in texts:
        etree.SubElement(parent, "note").text = text


def read_tbx(path: Path) -> Iterator[Entry]:
    """Entries of a TBX 2 file (``tig`` or ``ntig``), in order.

    Raises MhxError with the line for malformed XML and for declared entities.
    """
    for node in elements(path, "termEntry", kind="TBX"):
        names: dict[str, tuple[Name, ...]] = {}
        for part in node.iter("langSet"):
            given = tuple(_read_name(tig) for tig in part.iter("tig", "ntig"))
            tag = language_of(part)
            names[tag] = names.get(tag, ()) + given
        own = list(_own(node))
        yield Entry(
            node.get("id") or f"{path.name}#{node.sourceline}",
            _first(own, "subjectField"),
            _first(own, "definition"),
            tuple(_text(child) for child in own if child.tag == "note"),
            names,
        )


def _own(node: Any) -> Iterator[Any]:
    """Descendants that say something of this node, not of a language below it."""
    for child in node:
        if child.tag != "langSet":
            yield child
            yield from _own(child)


def _read_name(tig: Any) -> Name:
    parts = list(tig.iter())
    status = _first(parts, "administrativeStatus")
    labels: dict[str, str] = {}
    notes: list[str] = []
    for note in tig.iter("note"):
        label, colon, value = _text(note).partition(": ")
        if colon and label in _LABELS and label not in labels:
            labels[label] = value
        else:
            notes.append(_text(note))
    return Name(
        next((_text(part) for part in tig.iter("term")), ""),
        _first(parts, "partOfSpeech"),
        _first(parts, "grammaticalGender"),
        _READ.get(status.removesuffix("-admn-sts"), status),
        notes=tuple(notes),
        **labels,
    )


def _first(parts: Iterable[Any], kind: str) -> str:
    return next((_text(part) for part in parts if part.get("type") == kind), "")


def _text(element: Any) -> str:
    return plain("".join(element.itertext()))
