"""What plugins implement: Protocols and the records they exchange.

A plugin's Python file defines plain functions. A function that is missing falls back to the
default of the same name, so the smallest plugin has no Python at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mhx.schema.base import Role

if TYPE_CHECKING:
    import polars as pl

    from mhx.schema.dialogue import Edit, Plan

Status = Literal["scored", "missing", "refused", "unparsable", "hidden"]


# ---------------------------------------------------------------- languages


@dataclass(frozen=True)
class Finding:
    """Something a language's hooks saw: ``text[start:end]``, code points.

    `code` is stable and short, prefixed by what it is about: ``address.mixed``,
    ``gender.speaker``, ``orthography.yeh``. `severity` is what the gate does with it.
    """

    code: str
    start: int
    end: int
    message: str
    severity: Literal["block", "review", "warn"] = "review"


class Hooks(Protocol):
    """Language knowledge that needs code: any of these functions in `hooks.py`."""

    def normalize(self, text: str) -> str:
        """Canonical orthography (Unicode form, letters, digits, spaces); never changes words."""

    def split_sentences(self, text: str) -> list[str]:
        """Sentences in order; joined by one blank they give the text (blanks aside)."""

    def analyze(self, text: str, role: Role, plan: Plan) -> list[Finding]:
        """Address, gender and orthography findings of one segment spoken by `role`."""

    def realize(self, text: str, role: Role, plan: Plan) -> list[Edit]:
        """Repairs: non-overlapping edits that give `text` the plan's names, gender, register."""

    def inflect(self, lemma: str, tag: str) -> str:
        """`lemma` in the form `tag` asks for; the lemma itself when that cannot be told."""

    def knows(self, word: str) -> bool:
        """Whether the language's dictionary has the word, or there is none to ask."""


# ---------------------------------------------------------------- translation


@dataclass(frozen=True)
class Request:
    """One segment to translate, with what a context-aware engine may use.

    `context` is what was said before, (role, source text) each. `register` is the address level
    the speaker owes the other; `gender` is the speaker's, `addressee_gender` the other's. `terms`
    are the clinical terms of this text, source to target in dictionary form; `forbidden` the
    target terms to keep out of it.
    """

    text: str
    source: str
    target: str
    role: Role
    context: tuple[tuple[Role, str], ...] = ()
    register: str = ""
    gender: str = "unknown"
    addressee_gender: str = "unknown"
    terms: Mapping[str, str] = field(default_factory=dict)
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """The translation, or a failure code and no text: never an empty string, never the source."""

    text: str | None
    engine: str
    revision: str
    failure: str | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        if (self.text is None) == (self.failure is None) or self.text == "":
            raise ValueError(f"a reply has either text or a failure code: {self!r}")


@dataclass(frozen=True)
class Naming:
    """How the source and the target are called in English, and the target's address levels.

    `levels` go from the most familiar to the most formal, as `Request.register` names them.
    """

    source: str
    target: str
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class BackendSettings:
    """What `open` of a translation backend gets.

    `batch_size` is in tokens: what a neural engine's batch holds at most, padding counted. The
    splitters cut a text of their language into sentences; without one the default rule does.
    `fuzzy` is the least score, in percent, of a memory's match that is not exact; 100 for none.
    `screened` says that personal data was replaced, so that an engine on another machine may see
    the text. `request_budget` and `token_budget` cap what a paid engine may spend; None is no cap.
    """

    source: str
    target: str
    source_codes: Mapping[str, str]
    target_codes: Mapping[str, str]
    model: str | None
    memories: Sequence[Path]
    device: str = "auto"
    batch_size: int = 2048
    exclude: frozenset[str] = frozenset()
    fuzzy: int = 90
    cache: Path | None = None
    split_source: Callable[[str], list[str]] | None = None
    split_target: Callable[[str], list[str]] | None = None
    naming: Naming | None = None
    screened: bool = False
    request_budget: int | None = None
    token_budget: int | None = None


class Backend(Protocol):
    """An opened translation engine."""

    signature: str

    def translate(self, batch: list[Request]) -> list[Reply]:
        """One reply a request, in order."""

    def close(self) -> None:
        """Release processes and memory."""


# ---------------------------------------------------------------- measures


@dataclass(frozen=True)
class MeasureSettings:
    """What `open` of a measure gets."""

    lang: str
    language_folder: Path
    cache: Path | None = None
    device: str = "auto"
    options: Mapping[str, Any] = field(default_factory=dict)


class Measure(Protocol):
    """An opened measure.

    Every number it gives is printed with its signature and its agreement with people. `score`
    takes one row a scored unit (columns by the measure's needs: ``unit``, ``prompt``,
    ``response``, ``reference``) and returns the long frame ``unit, measure, score, status,
    scorer``; a unit without a score has a null score and a status that says why.
    """

    signature: str

    def score(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Scores of every unit in `frame`."""

    def agreement(self) -> dict[str, Any]:
        """The scorer's measured agreement with human labels for this language, or ``{}``."""

    def summary(self, frame: pl.DataFrame) -> dict[str, Any]:
        """What holds for all units together (a corpus score with its signature), or ``{}``."""
