"""TMX translation memories, streamed with lxml: entities and the network are off."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem, os_problem
from mhx.files import atomic_path

CODES = ("bpt", "ept", "it", "ph", "ut")
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True)
class Unit:
    """One translation unit: source and target text, with where it came from.

    `register` (address level) and `gender` (of the speaker) tell apart translations of one text
    that a language with agreement needs; TMX properties ``x-register`` and ``x-gender``.
    """

    source: str
    target: str
    origin: str
    register: str = ""
    gender: str = ""


def read_tmx(path: Path, source: str, target: str) -> Iterator[Unit]:
    """Units of a TMX file that hold both languages (``en`` matches ``en-US``).

    Raises MhxError with the line for malformed XML, and for declared entities (they are not
    expanded, so a text would lose its middle in silence).
    """
    from lxml import etree

    _refuse_archive(path)
    seen: set[str] = set()
    found = checked = False
    try:
        for _, element in etree.iterparse(
            str(path), tag="tu", resolve_entities=False, no_network=True, load_dtd=False
        ):
            if not checked:
                _refuse_entities(element, path)
                checked = True
            texts = {_language(tuv): _segment(tuv) for tuv in element.iter("tuv")}
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
                )
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise MhxError(
            Problem(f"not XML: {error.msg}", "repair the TMX file", path=path, line=error.lineno)
        ) from error
    except OSError as error:
        raise os_problem(error, path) from error
    if not found:
        languages = ", ".join(sorted(seen)) or "none"
        raise MhxError(
            Problem(
                f"no unit with both {source!r} and {target!r} (languages: {languages})",
                "give the memory of this language pair",
                path=path,
            )
        )


def _refuse_archive(path: Path) -> None:
    try:
        with path.open("rb") as handle:
            head = handle.read(2)
    except OSError as error:
        raise os_problem(error, path) from error
    if head == b"PK":
        raise MhxError(Problem("a ZIP archive", "unzip it first: unzip FILE", path=path))


def _refuse_entities(element: Any, path: Path) -> None:
    """Ask the parser, not the bytes: a declaration may stand late or in another encoding."""
    dtd = element.getroottree().docinfo.internalDTD
    names = [entity.name for entity in dtd.iterentities()] if dtd is not None else []
    if not names:
        return
    line = None
    with path.open("rb") as handle:
        for number, text in enumerate(handle, start=1):
            if b"<!ENTITY" in text:
                line = number
                break
            if b"<body" in text:
                break
    what = f"declares an XML entity ({', '.join(names)})"
    raise MhxError(Problem(what, "write the text itself", path=path, line=line))


def _language(tuv: Any) -> str:
    return str(tuv.get(XML_LANG) or tuv.get("lang") or "").lower()


def _segment(tuv: Any) -> str:
    seg = tuv.find("seg")
    text = "" if seg is None else "".join(_text_parts(seg))
    return re.sub(r"\s+", " ", text).strip()


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


def write_tmx(path: Path, units: Iterable[Unit], *, source: str, target: str, creator: str) -> None:
    """Write a TMX 1.4 file whole or not at all."""
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
    body = etree.SubElement(root, "body")
    for unit in units:
        tu = etree.SubElement(body, "tu", tuid=unit.origin)
        for kind, value in (("x-register", unit.register), ("x-gender", unit.gender)):
            if value:
                etree.SubElement(tu, "prop", type=kind).text = value
        for tag, text in ((source, unit.source), (target, unit.target)):
            tuv = etree.SubElement(tu, "tuv", {XML_LANG: tag})
            etree.SubElement(tuv, "seg").text = text
    with atomic_path(path) as temporary:
        etree.ElementTree(root).write(
            str(temporary), encoding="utf-8", xml_declaration=True, pretty_print=True
        )
