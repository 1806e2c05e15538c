"""EPITOME mechanisms by cue lists of the language's plugin, per sentence window."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mhx.adaptation.rules import compiled, finds
from mhx.contracts import Measure, MeasureSettings
from mhx.errors import MhxError, Problem
from mhx.files import hash_file, load_model
from mhx.schema import EmpathyCues
from mhx.scoring import MECHANISMS, long_frame

if TYPE_CHECKING:
    import polars as pl

    from mhx.schema.language import MechanismCues

WINDOW = r"[^.!?؟…\n]+[.!?؟…]*"  # a sentence with its mark: questions need it


def open(settings: MeasureSettings) -> Measure:
    """Load the language's cue lists. Raises MhxError for a language that brings none."""
    path = settings.language_folder / "empathy_cues.yaml"
    if not path.is_file():
        raise MhxError(
            Problem(
                f"language {settings.lang} brings no empathy cues, so epitome is not scored",
                "write empathy_cues.yaml (regexes by mechanism)",
                path=path,
            )
        )
    return Cues(settings, load_model(path, EmpathyCues))


class Cues:
    """0 where no cue stands, 1 for a weak cue, 2 for a strong one: a response's best window."""

    def __init__(self, settings: MeasureSettings, cues: EmpathyCues) -> None:
        self.settings, self.cues = settings, cues
        digest = hash_file(settings.language_folder / "empathy_cues.yaml")[:12]
        self.signature = f"epitome|scorer:cues|lang:{settings.lang}|cues:{digest}|window:sentence"

    def score(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Three rows a response; an empty response is missing, not zero."""
        rows: list[tuple[str, str, float | None, str]] = []
        for unit, text in zip(frame["unit"], frame["response"], strict=True):
            for mechanism in MECHANISMS:
                if text is None or not str(text).strip():
                    rows.append((str(unit), mechanism, None, "missing"))
                else:
                    rows.append(
                        (str(unit), mechanism, float(self.level(str(text), mechanism)), "scored")
                    )
        return long_frame(rows, self.signature)

    def level(self, text: str, mechanism: str) -> int:
        """The mechanism's level of a response."""
        cues: MechanismCues = getattr(self.cues, mechanism)
        windows = [match.group() for match in compiled(WINDOW, ignore_case=True).finditer(text)]
        return max((_window_level(window, cues) for window in windows), default=0)

    @cached_property
    def _stored(self) -> dict[str, Any]:
        path = self.settings.language_folder / "empathy_agreement.json"
        if not path.is_file():
            return {}
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        current = hash_file(self.settings.language_folder / "empathy_cues.yaml")
        # an agreement measured on other cues says nothing about these
        return stored if stored.get("cues_sha256") == current else {}

    def agreement(self) -> dict[str, Any]:
        """Agreement with human labels, measured on data the cues were not written from."""
        return self._stored

    def summary(self, frame: pl.DataFrame) -> dict[str, Any]:
        """No corpus-level score beyond the rows."""
        return {}


def _window_level(window: str, cues: MechanismCues) -> int:
    if finds(cues.veto, window):
        return 0
    return 2 if finds(cues.strong, window) else 1 if finds(cues.weak, window) else 0
