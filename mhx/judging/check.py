"""What is wrong with the files that a language brings for judges and skill codes."""

from __future__ import annotations

from mhx.errors import MhxError, Problem
from mhx.files import load_model
from mhx.judging.rubrics import PHRASES
from mhx.language import Language
from mhx.schema import JudgePhrases
from mhx.scoring.skills import FILE, cue_problems


def file_problems(language: Language) -> list[Problem]:
    """Problems of `judge.yaml` and `skill_cues.yaml`, where there are any."""
    found: list[Problem] = []
    for name in (PHRASES, FILE):
        path = language.folder / name
        if not path.is_file():
            continue
        try:
            if name == PHRASES:
                load_model(path, JudgePhrases)
            else:
                found += cue_problems(path)
        except MhxError as error:
            found += error.problems
    return found
