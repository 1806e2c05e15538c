"""XML files of other programs, read element by element: entities and the network are off."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mhx.atomic import atomic_path
from mhx.errors import MhxError, Problem, os_problem

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def elements(path: Path, tag: str, *, kind: str) -> Iterator[Any]:
    """Elements named `tag` in file order; each is emptied when the next is asked for.

    `kind` names the format in messages (``TMX``). Raises MhxError with the line for malformed
    XML, and for declared entities (they are not expanded, so a text would lose its middle in
    silence).
    """
    for _, element in parsed(path, (tag,), kind=kind, events=("end",)):
        yield element
        forget(element)


def parsed(
    path: Path, tags: Sequence[str], *, kind: str, events: Sequence[str]
) -> Generator[tuple[str, Any], None, None]:
    """(event, element) of lxml's incremental parser for `tags`, hardened as `elements` is.

    The caller empties what it is done with (`forget`), or the whole tree stays in memory.
    """
    from lxml import etree

    _refuse_archive(path)
    checked = False
    try:
        for event, element in etree.iterparse(
            str(path), events=tuple(events), tag=tuple(tags), resolve_entities=False,
            no_network=True, load_dtd=False,
        ):
            if not checked:
                _refuse_entities(element, path)
                checked = True
            yield event, element
    except etree.XMLSyntaxError as error:
        raise MhxError(
            Problem(f"not XML: {error.msg}", f"repair the {kind} file", path=path,
                    line=error.lineno)
        ) from error
    except OSError as error:
        raise os_problem(error, path) from error


def forget(element: Any) -> None:
    """Empty an element that was read and drop what stands before it in its parent."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def document(root: Any, *, doctype: str | None = None) -> str:
    """A tree as the text of an indented UTF-8 file."""
    from lxml import etree

    data: bytes = etree.tostring(
        root.getroottree(), encoding="UTF-8", xml_declaration=True, pretty_print=True,
        doctype=doctype,
    )
    return data.decode()


def nested(element: Any, level: int) -> str:
    """An element as indented lines at a depth of a file that is written piece by piece."""
    from lxml import etree

    etree.indent(element, level=level)
    text: str = etree.tostring(element, encoding="unicode", with_tail=False)
    return "  " * level + text + "\n"


def shell(root: Any, *, doctype: str | None = None) -> tuple[str, str]:
    """The text before and after the children of a tree's innermost last element, ``<body>``.

    Pieces of `nested` between them are the file that `document` gives of the whole tree.
    """
    text = document(root, doctype=doctype)
    at = text.rindex("<body/>")
    indent = text[text.rindex("\n", 0, at) + 1 : at]
    return text[:at] + "<body>\n", f"{indent}</body>{text[at + len('<body/>'):]}"


def write_pieces(path: Path, pieces: Iterable[str]) -> None:
    """Write a text that is made piece by piece whole or not at all; only a piece is in memory."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as out:
        out.writelines(pieces)


# XML 1.0 has no way to write these, not even as a reference
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


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
    with path.open(encoding=_encoding(path), errors="replace") as handle:
        for number, text in enumerate(handle, start=1):
            if "<!ENTITY" in text:
                line = number
                break
    what = f"declares an XML entity ({', '.join(names)})"
    raise MhxError(Problem(what, "write the text itself", path=path, line=line))


def _encoding(path: Path) -> str:
    """What to read declarations in: they are ASCII in every encoding but UTF-16."""
    with path.open("rb") as handle:
        head = handle.read(4)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    little, big = head[1::2] == b"\0\0", head[::2] == b"\0\0"
    return "utf-16-le" if little else "utf-16-be" if big else "latin-1"
