"""XML files of other programs, read element by element: entities and the network are off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem, os_problem

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def elements(path: Path, tag: str, *, kind: str) -> Iterator[Any]:
    """Elements named `tag` in file order; each is emptied when the next is asked for.

    `kind` names the format in messages (``TMX``). Raises MhxError with the line for malformed
    XML, and for declared entities (they are not expanded, so a text would lose its middle in
    silence).
    """
    from lxml import etree

    _refuse_archive(path)
    checked = False
    try:
        for _, element in etree.iterparse(
            str(path), tag=tag, resolve_entities=False, no_network=True, load_dtd=False
        ):
            if not checked:
                _refuse_entities(element, path)
                checked = True
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise MhxError(
            Problem(f"not XML: {error.msg}", f"repair the {kind} file", path=path,
                    line=error.lineno)
        ) from error
    except OSError as error:
        raise os_problem(error, path) from error


def document(root: Any, *, doctype: str | None = None) -> str:
    """A tree as the text of an indented UTF-8 file."""
    from lxml import etree

    data: bytes = etree.tostring(
        root.getroottree(), encoding="UTF-8", xml_declaration=True, pretty_print=True,
        doctype=doctype,
    )
    return data.decode()


def language_of(element: Any) -> str:
    """The lower-case ``xml:lang`` (or ``lang``) of an element, empty where it has none."""
    return str(element.get(XML_LANG) or element.get("lang") or "").lower()


def plain(text: str) -> str:
    """Text with single blanks: line breaks in XML are layout."""
    return re.sub(r"\s+", " ", text).strip()


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
