"""TMX translation memories, streamed with lxml: entities and the network are off."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem, os_problem
from mhx.files import atomic_path

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

    _refuse_entities(path)
    seen: set[str] = set()
    found = False
    try:
        for _, element in etree.iterparse(
            str(path), tag="tu", resolve_entities=False, no_network=True, load_dtd=False
        ):
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


def _refuse_entities(path: Path) -> None:
    try:
        with path.open("rb") as handle:
            head = handle.read(65536)
    except OSError as error:
        raise os_problem(error, path) from error
    if head[:2] == b"PK":
        raise MhxError(Problem("a ZIP archive", "unzip it first: unzip FILE", path=path))
    match = re.search(rb"<!ENTITY", head)
    if match:
        line = head[: match.start()].count(b"\n") + 1
        raise MhxError(
            Problem("declares an XML entity", "write the text itself", path=path, line=line)
        )


def _language(tuv: Any) -> str:
    return str(tuv.get(XML_LANG) or tuv.get("lang") or "").lower()


def _segment(tuv: Any) -> str:
    seg = tuv.find("seg")
    text = "" if seg is None else "".join(seg.itertext())
    return re.sub(r"\s+", " ", text).strip()


def _pick(texts: dict[str, str], tag: str) -> str | None:
    tag = tag.lower()
    for name, text in texts.items():
        if name == tag or name.split("-")[0] == tag.split("-")[0]:
            return text
    return None


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
