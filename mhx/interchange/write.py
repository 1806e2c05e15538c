"""XLIFF 2.0 written piece by piece: one unit is in memory at a time.

What a translator must not change are inline codes (``<ph/>``) whose text stands in the unit's
``<originalData>``. Characters that XML cannot hold are ``<cp/>``. Elements stand in the order of
the specification, modules before notes, notes before original data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from mhx.corpus.xml_stream import FORBIDDEN, write_pieces
from mhx.interchange.parts import GLOSSARY, METADATA, NAMESPACE, File, Note, Term, Unit

CATEGORY = "mhx"  # of our metadata and, with a colon and more, of our notes
_SIGNS = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_QUOTED = {**_SIGNS, '"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
_TEXT = re.compile("[&<>\r]")
_ATTRIBUTE = re.compile('[&<>\r\n\t"]')


def write_xliff(
    path: Path, files: Iterable[File], *, source: str, target: str, codes: re.Pattern[str],
    right_to_left: bool = False,
) -> None:
    """Write an XLIFF 2.0 document whole or not at all.

    `codes` matches what becomes an inline code. `right_to_left` is the target's direction.
    """
    write_pieces(path, pieces(files, source=source, target=target, codes=codes,
                              right_to_left=right_to_left))


def pieces(
    files: Iterable[File], *, source: str, target: str, codes: re.Pattern[str],
    right_to_left: bool = False,
) -> Iterator[str]:
    """The text of the document, a unit a piece."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield (f'<xliff xmlns="{NAMESPACE}" xmlns:mda="{METADATA}" xmlns:gls="{GLOSSARY}"'
           f' version="2.0" srcLang={_quoted(source)} trgLang={_quoted(target)}>\n')
    direction = ' trgDir="rtl"' if right_to_left else ""
    for file in files:
        head = file.head
        # a source is never the translator's to change; XLIFF lets one forbid new segments too
        yield (f"<file id={_quoted(head.id)} original={_quoted(head.original)} translate=\"yes\""
               f' canResegment="no"{direction} xml:space="preserve">\n')
        yield from _metadata(head.about, "  ")
        yield from _notes(head.notes, "  ")
        for unit in file.units:
            yield "".join(_unit(unit, codes))
        yield "</file>\n"
    yield "</xliff>\n"


def _unit(unit: Unit, codes: re.Pattern[str]) -> Iterator[str]:
    data: dict[str, str] = {}  # code → id of its original data
    body: list[str] = []
    number = 0
    for segment in unit.segments:
        free: list[tuple[str, str]] = []  # codes of the source: what the target's are called
        source, target = [], []
        for text, code in _cut(segment.source, codes):
            source.append(_inline(text))
            if code:
                number += 1
                free.append((code, str(number)))
                source.append(_code(code, str(number), data))
        for text, code in _cut(segment.target or "", codes):
            target.append(_inline(text))
            if code:
                same = next((item for item in free if item[0] == code), None)
                if same is None:
                    number += 1
                    same = (code, str(number))
                else:
                    free.remove(same)
                target.append(_code(code, same[1], data))
        body.append(f"  <segment id={_quoted(segment.id)} state={_quoted(segment.state)}>\n"
                    f"    <source>{''.join(source)}</source>\n")
        if segment.target is not None:
            body.append(f"    <target>{''.join(target)}</target>\n")
        body.append("  </segment>\n")
    yield f"<unit id={_quoted(unit.id)}>\n"
    yield from _terms(unit.terms)
    yield from _metadata(unit.about, "  ")
    yield from _notes(unit.notes, "  ")
    if data:
        yield "  <originalData>\n"
        for code, name in data.items():
            yield f"    <data id={_quoted(name)}>{_inline(code)}</data>\n"
        yield "  </originalData>\n"
    yield from body
    yield "</unit>\n"


def _cut(text: str, codes: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """(text, the code after it) in order; the last code is empty."""
    at = 0
    for match in codes.finditer(text):
        yield text[at : match.start()], match[0]
        at = match.end()
    yield text[at:], ""


def _code(code: str, name: str, data: dict[str, str]) -> str:
    reference = data.setdefault(code, f"d{len(data) + 1}")
    return (f'<ph id="{name}" canCopy="no" canDelete="no" dataRef="{reference}"'
            f" disp={_quoted(code)} equiv={_quoted(code)}/>")


def _metadata(about: Mapping[str, str], indent: str) -> Iterator[str]:
    if not about:
        return
    yield f'{indent}<mda:metadata><mda:metaGroup category="{CATEGORY}">\n'
    for kind, value in about.items():
        yield f"{indent}  <mda:meta type={_quoted(kind)}>{_plain(value)}</mda:meta>\n"
    yield f"{indent}</mda:metaGroup></mda:metadata>\n"


def _notes(notes: Iterable[Note], indent: str) -> Iterator[str]:
    written = [
        f"{indent}  <note id={_quoted(note.id or f'n{number}')}"
        + (f" category={_quoted(note.category)}" if note.category else "")
        + f">{_plain(note.text)}</note>\n"
        for number, note in enumerate(notes, start=1)
    ]
    if written:
        yield f"{indent}<notes>\n{''.join(written)}{indent}</notes>\n"


def _terms(terms: Iterable[Term]) -> Iterator[str]:
    written = [
        f"    <gls:glossEntry><gls:term>{_plain(term.source)}</gls:term>"
        f"<gls:translation>{_plain(term.target)}</gls:translation>"
        + (f"<gls:definition>{_plain(term.definition)}</gls:definition>" if term.definition
           else "") + "</gls:glossEntry>\n"
        for term in terms
    ]
    if written:
        yield f"  <gls:glossary>\n{''.join(written)}  </gls:glossary>\n"


def _plain(text: str) -> str:
    return _TEXT.sub(lambda match: _SIGNS[match[0]], FORBIDDEN.sub("", text))


def _inline(text: str) -> str:
    """Text of a source, target or datum: a character that XML cannot hold is a ``<cp/>``."""
    text = _TEXT.sub(lambda match: _SIGNS[match[0]], text)
    return FORBIDDEN.sub(lambda match: f'<cp hex="{ord(match[0]):04X}"/>', text)


def _quoted(text: str) -> str:
    safe = _ATTRIBUTE.sub(lambda match: _QUOTED[match[0]], FORBIDDEN.sub("", text))
    return f'"{safe}"'
