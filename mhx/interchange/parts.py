"""What an XLIFF document holds: files of units of segments, with notes and metadata.

Names are those of XLIFF 2.0 (OASIS Standard, 5 August 2014).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

NAMESPACE = "urn:oasis:names:tc:xliff:document:2.0"
METADATA = "urn:oasis:names:tc:xliff:metadata:2.0"
GLOSSARY = "urn:oasis:names:tc:xliff:glossary:2.0"
VERSIONS = ("2.0", "2.1")  # 2.1 keeps the namespace of 2.0
State = Literal["initial", "translated", "reviewed", "final"]
STATES: tuple[str, ...] = get_args(State)


@dataclass(frozen=True)
class Note:
    """A remark: `category` says whose kind it is, `id` is what the file calls it."""

    text: str
    category: str = ""
    id: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Term:
    """A term of the source in a unit, with its name in the target language."""

    source: str
    target: str
    definition: str = ""


@dataclass(frozen=True)
class Segment:
    """A segment; `target` is None where there is no translation.

    `faults` are what a reader could not make text of (an inline code that the file does not
    define), in words. `line` is where the segment stands, 0 for one that was not read.
    """

    id: str
    source: str
    target: str | None
    state: str = "initial"
    line: int = field(default=0, compare=False)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unit:
    """A unit of segments; `about` is its metadata by type."""

    id: str
    segments: tuple[Segment, ...]
    notes: tuple[Note, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    terms: tuple[Term, ...] = ()
    line: int = field(default=0, compare=False)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Head:
    """A file of a document: `original` points to where its text comes from."""

    id: str
    original: str
    notes: tuple[Note, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class File:
    """A file with its units, which may be made one by one."""

    head: Head
    units: Iterable[Unit]


@dataclass(frozen=True)
class Document:
    """What the root of a document says."""

    source: str
    target: str
    version: str
    line: int
