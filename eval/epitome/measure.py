"""EPITOME mechanisms: by a language's cue lists, with three flags, or by a classifier."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.adaptation.rules import finds
from mhx.contracts import Measure, MeasureSettings
from mhx.errors import MhxError, Problem
from mhx.files import hash_file, load_model
from mhx.schema import EmpathyCues
from mhx.scoring import MECHANISMS, long_frame
from mhx.scoring.classifier import Classified
from mhx.scoring.cues import example_problems, flagged, sentences

if TYPE_CHECKING:
    import polars as pl

    from mhx.schema.language import MechanismCues

CUES, AGREEMENT = "empathy_cues.yaml", "empathy_agreement.json"
FLAGS = ("invalidation", "over_validation", "claims_of_feeling")
# the Reddit files of Sharma et al. 2020 (of 2023-07-13): agreement with other files is void
DATA_SHA256 = {
    "emotional_reactions": "225b28ffdc257f8a997d557eb937e78b68235e6203c87c7e2203d00fef8545cc",
    "interpretations": "2cedbe4252c919d22a6f46685afa16d3192a91e3306c2d4a386be12a30ad3f29",
    "explorations": "9efa1af8e0537c16894379598f2076cb380ae18aacd9a8d26ebd381f5b7f9645",
}
MEASURE_AGAIN = "measure again (bench/epitome_agreement.py)"


def open(settings: MeasureSettings) -> Measure:
    """Load the language's cue lists. Raises MhxError for a language that brings none.

    Option: `classifier` (FOLDER or MECHANISM=FOLDER,…), which scores in their place.
    """
    given = settings.options.get("classifier")
    if given:
        return Classified(settings.lang, str(given), device=settings.device)
    path = settings.language_folder / CUES
    if not path.is_file():
        raise MhxError(
            Problem(
                f"language {settings.lang} brings no empathy cues, so epitome is not scored",
                "write empathy_cues.yaml (regexes by mechanism)",
                path=path,
            )
        )
    return Cues(settings, load_model(path, EmpathyCues))


def check(language_folder: Path) -> list[Problem]:
    """What is wrong with a language's cues: a flag's own examples, an agreement out of date."""
    path = language_folder / CUES
    if not path.is_file():
        return []
    cues = load_model(path, EmpathyCues)
    found = [
        one
        for name in FLAGS
        for one in example_problems(getattr(cues, name), path=path, field=name)
    ]
    stored = language_folder / AGREEMENT
    return found + [Problem(what, MEASURE_AGAIN, path=stored) for what in _stale(language_folder)]


class Cues:
    """Levels by mechanism, a response's best sentence: 0 no cue, 1 a weak one, 2 a strong one.

    A flag is 1 where any sentence holds a cue of it, else 0. Mechanisms whose agreement was
    measured and does not beat both baselines are hidden: no score, status "hidden".
    """

    def __init__(self, settings: MeasureSettings, cues: EmpathyCues) -> None:
        self.settings, self.cues = settings, cues
        digest = hash_file(settings.language_folder / CUES)[:12]
        end = f"lang:{settings.lang}|cues:{digest}|window:sentence"
        self.signature = f"epitome|scorer:cues|{end}"
        self.flag_signature = f"flags|scorer:cues|{end}|agreement:not measured"

    def score(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A row a response for each mechanism and flag; an empty response is missing, not zero."""
        import polars as pl

        responses = [
            (str(unit), "" if text is None else str(text))
            for unit, text in zip(frame["unit"], frame["response"], strict=True)
        ]
        levels, flags = [], []
        for unit, text in responses:
            empty = not text.strip()
            for name in MECHANISMS:
                status = "missing" if empty else "hidden" if name in self.hidden else "scored"
                level = float(self.level(text, name)) if status == "scored" else None
                levels.append((unit, name, level, status))
            for name in self.flags:
                flag = None if empty else float(self.flagged(text, name))
                flags.append((unit, name, flag, "missing" if empty else "scored"))
        scored = long_frame(levels, self.signature)
        return pl.concat([scored, long_frame(flags, self.flag_signature)]) if flags else scored

    def level(self, text: str, mechanism: str) -> int:
        """The mechanism's level of a response."""
        cues: MechanismCues = getattr(self.cues, mechanism)
        return max((_sentence_level(part, cues) for part in sentences(text)), default=0)

    def flagged(self, text: str, flag: str) -> bool:
        """Whether any sentence of a response holds a cue of the flag."""
        return flagged(text, getattr(self.cues, flag))

    @cached_property
    def flags(self) -> tuple[str, ...]:
        """The flags that the language has cues for."""
        return tuple(name for name in FLAGS if getattr(self.cues, name) is not None)

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Mechanisms measured to be no better than the majority or the length of a response."""
        return frozenset(row["mechanism"] for row in self._stored.get("rows", ()) if not beats(row))

    @cached_property
    def _stored(self) -> dict[str, Any]:
        # an agreement measured on other cues or other data says nothing about these
        folder = self.settings.language_folder
        return {} if any(_stale(folder)) else _read(folder)

    def agreement(self) -> dict[str, Any]:
        """Agreement with human labels, measured on data the cues were not written from."""
        return self._stored

    def summary(self, frame: pl.DataFrame) -> dict[str, Any]:
        """No corpus-level score beyond the rows."""
        return {}


def beats(row: dict[str, Any]) -> bool:
    """Whether a measured row is above each baseline in kappa and in accuracy, interval and all."""
    lows = [gain["low"] for base in row.get("baselines", ()) for gain in base["gain"].values()]
    return bool(lows) and min(lows) > 0


def _sentence_level(sentence: str, cues: MechanismCues) -> int:
    if finds(cues.veto, sentence):
        return 0
    return 2 if finds(cues.strong, sentence) else 1 if finds(cues.weak, sentence) else 0


def _read(folder: Path) -> dict[str, Any]:
    path = folder / AGREEMENT
    stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return stored


def _stale(folder: Path) -> Iterator[str]:
    stored = _read(folder)
    if not stored:
        return
    if stored.get("cues_sha256") != hash_file(folder / CUES):
        yield "the agreement was measured on other cues"
    data = stored.get("data_sha256") or {}
    if not data:
        yield "the agreement does not say which data it was measured on"
    for name, digest in data.items():
        if digest != DATA_SHA256.get(name, digest):
            yield f"the agreement of {name} was measured on another file"
