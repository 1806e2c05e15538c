"""Files of a language that are made from its sources: written by one command, checked by another.

`generated` is the one list of them; a file is never edited by hand.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mhx.corpus.data_card import corpus_card
from mhx.corpus.memory import memory_text
from mhx.corpus.tbx import entries, tbx_text
from mhx.errors import Problem
from mhx.files import read_text, write_text
from mhx.language import Language

CARD = "corpus/README.md"
State = Literal["written", "unchanged", "drifted", "missing"]


@dataclass(frozen=True)
class Outcome:
    """What became of one generated file."""

    language: str
    file: str
    state: State
    path: Path

    @property
    def current(self) -> bool:
        """Whether the file is what its sources give, by now."""
        return self.state in ("written", "unchanged")

    @property
    def problem(self) -> Problem:
        """A file that is not current, as a problem."""
        what = "missing" if self.state == "missing" else "is not what its sources give"
        return Problem(what, f"mhx build {self.language}", path=self.path)


def generated(
    language: Language, source: Language, *, leave_out: Collection[str] = ()
) -> dict[str, str]:
    """Name relative to the language's folder, and text, of every file made from its sources.

    `source` is the language that owns dialogues and concepts; `leave_out` keeps dialogues out of
    the memory. What a language has no source for is not in the answer.
    """
    files: dict[str, str] = {}
    if language.tag == source.tag:
        return {CARD: corpus_card(language, source)} if source.source_corpus else files
    if language.corpus:
        files[CARD] = corpus_card(language, source)
        files["memory.tmx"] = memory_text(language, source, leave_out=leave_out)
    if language.terms is not None and source.terms is not None:
        origin = language.terms.origin
        files["terms.tbx"] = tbx_text(
            entries(source.terms, {source.tag: source.terms, language.tag: language.terms}),
            source=source.tag,
            title=f"mhx clinical terms {source.tag}-{language.tag}",
            about=f"origin: {origin.kind} ({origin.name}); "
            f"reviewed by {origin.reviewed_by or 'nobody'}; a term without evidence is unverified",
        )
    return files


def build(
    language: Language,
    source: Language,
    *,
    check: bool = False,
    out: Path | None = None,
    leave_out: Collection[str] = (),
) -> list[Outcome]:
    """Write the generated files that differ, into the language's folder or ``out/TAG``.

    With `check` nothing is written and a file that differs is ``drifted`` or ``missing``.
    """
    folder = language.folder if out is None else out / language.tag
    outcomes = []
    for name, text in generated(language, source, leave_out=leave_out).items():
        path = folder / name
        state: State = "unchanged"
        if not path.is_file() or read_text(path) != text:
            state = "written" if not check else "drifted" if path.is_file() else "missing"
        if state == "written":
            write_text(path, text)
        outcomes.append(Outcome(language.tag, name, state, path))
    return outcomes
