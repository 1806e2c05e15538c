"""TMX 1.4b translation memories, read and written unit by unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mhx.corpus.xml_stream import (
    FORBIDDEN,
    XML_LANG,
    elements,
    language_of,
    nested,
    plain,
    shell,
    write_pieces,
)
from mhx.errors import MhxError, Problem

CODES = ("bpt", "ept", "it", "ph", "ut")


@dataclass(frozen=True)
class Unit:
    """One translation unit: source and target text, with where it came from.

    `register` (address level) and `gender` (of the speaker) tell apart translations of one text
    that a language with agreement needs; TMX properties ``x-register`` and ``x-gender``.
    `author` is the pseudonym of the person who last changed or confirmed it, on the day
    `changed`; TMX attributes ``changeid`` and ``changedate``. Both are empty for a text that no
    person has seen.
    """

    source: str
    target: str
    origin: str
    register: str = ""
    gender: str = ""
    author: str = ""
    changed: date | None = None


def read_tmx(path: Path, source: str, target: str) -> Iterator[Unit]:
    """Units of a TMX file that hold both languages (``en`` matches ``en-US``).

    Raises MhxError with the line for malformed XML, and for declared entities (they are not
    expanded, so a text would lose its middle in silence).
    """
    seen: set[str] = set()
    found = False
    for element in elements(path, "tu", kind="TMX"):
        texts = {language_of(tuv): _segment(tuv) for tuv in element.iter("tuv")}
        seen |= set(texts)
        one, two = _pick(texts, source), _pick(texts, target)
        if one and two:
            found = True
            props = {prop.get("type"): prop.text or "" for prop in element.iter("prop")}
            yield Unit(
                one,
                two,
                f"{path.name}#{element.get('tuid') or element.sourceline}",
                props.get("x-register", ""),
                props.get("x-gender", ""),
                element.get("changeid") or "",
                _day(element.get("changedate")),
            )
    if not found:
        languages = ", ".join(sorted(seen)) or "none"
        raise MhxError(
            Problem(
                f"no unit with both {source!r} and {target!r} (languages: {languages})",
                "give the memory of this language pair",
                path=path,
            )
        )


def _day(text: str | None) -> date | None:
    """The day of a TMX date (``20261121T000000Z``); None for one that is not written so."""
    try:
        return datetime.strptime((text or "")[:8], "%Y%m%d").date()
    except ValueError:
        return None


def _segment(tuv: Any) -> str:
    seg = tuv.find("seg")
    text = "" if seg is None else "".join(_text_parts(seg))
    return plain(text)


def _text_parts(element: Any) -> Iterator[str]:
    """Text without the codes of the program that wrote it (bpt, ept, it, ph, ut: TMX 1.4b)."""
    yield element.text or ""
    for child in element:
        if child.tag not in CODES:
            yield from _text_parts(child)
        yield child.tail or ""


def _pick(texts: dict[str, str], tag: str) -> str | None:
    """The text of a tag; an exact match comes before another region of the language."""
    tag = tag.lower()
    if tag in texts:
        return texts[tag]
    base = tag.split("-")[0]
    return next((text for name, text in texts.items() if name.split("-")[0] == base), None)


def tmx_text(units: Iterable[Unit], *, source: str, target: str, creator: str) -> str:
    """The text of a TMX 1.4 file."""
    return "".join(_pieces(units, source, target, creator))


def write_tmx(path: Path, units: Iterable[Unit], *, source: str, target: str, creator: str) -> None:
    """Write a TMX 1.4 file whole or not at all, unit by unit."""
    write_pieces(path, _pieces(units, source, target, creator))


def _pieces(units: Iterable[Unit], source: str, target: str, creator: str) -> Iterator[str]:
    from lxml import etree

    root = etree.Element("tmx", version="1.4")
    etree.SubElement(
        root,
        "header",
        creationtool=creator,
        creationtoolversion="1",
        segtype="sentence",
        adminlang="en",
        srclang=source,
        datatype="plaintext",
        **{"o-tmf": "mhx"},
    )
    etree.SubElement(root, "body")
    head, tail = shell(root)
    yield head
    for unit in units:
        tu = etree.Element("tu", tuid=FORBIDDEN.sub("", unit.origin))
        if unit.author:
            tu.set("changeid", unit.author)
        if unit.changed:
            tu.set("changedate", f"{unit.changed:%Y%m%d}T000000Z")
        for kind, value in (("x-register", unit.register), ("x-gender", unit.gender)):
            if value:
                etree.SubElement(tu, "prop", type=kind).text = value
        for tag, text in ((source, unit.source), (target, unit.target)):
            tuv = etree.SubElement(tu, "tuv", {XML_LANG: tag})
            etree.SubElement(tuv, "seg").text = FORBIDDEN.sub("", text)
        yield nested(tu, 2)
    yield tail
