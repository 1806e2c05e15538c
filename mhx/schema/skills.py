"""`skill_cues.yaml`: what each therapist skill looks like in one language, sentence by sentence."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from mhx.schema.base import Origin, Strict
from mhx.schema.language import FlagCues

# Therapist codes of AnnoMI (2022); its "input" is split into advice and information, and
# affirmation is counted by itself.
Skill = Literal[
    "question_open", "question_closed", "affirmation", "advice", "information",
    "reflection_complex", "reflection_simple",
]
SKILLS: tuple[Skill, ...] = (
    "reflection_simple", "reflection_complex", "question_open", "question_closed", "affirmation",
    "advice", "information",
)
OTHER = "other"


class SkillCues(Strict):
    """A sentence has the first skill, in the order of `order`, whose cues match; else none."""

    origin: Origin
    order: list[Skill] = Field(description="each skill once: the first that matches has it")
    skills: dict[Skill, FlagCues]

    @model_validator(mode="after")
    def _complete(self) -> SkillCues:
        if sorted(self.order) != sorted(SKILLS):
            raise ValueError(f"order must name each of {', '.join(SKILLS)} once")
        if lacking := sorted(set(SKILLS) - set(self.skills)):
            raise ValueError(f"no cues of {', '.join(lacking)} — add them")
        return self
