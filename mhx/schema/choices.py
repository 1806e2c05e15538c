"""`choices.yaml`: multiple-choice items on psychoeducation, counselling ethics, crisis, culture."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from mhx.schema.base import Origin, Strict

LETTERS = ("A", "B", "C", "D")
Letter = Literal["A", "B", "C", "D"]


class ChoiceItem(Strict):
    """A question with four options; an item on law or culture names the facts it rests on."""

    id: str = Field(pattern=r"^[a-z_]+\.[a-z_]+$", description="<topic>.<concept>")
    topic: Literal["psychoeducation", "ethics", "crisis", "culture"]
    difficulty: Literal["easy", "medium", "hard"]
    local: bool = Field(False, description="true: of this language alone, no counterpart in en")
    question: str
    options: list[str] = Field(min_length=4, max_length=4)
    correct: list[Letter] = Field(min_length=1, max_length=3)
    explanation: str
    sources: list[str] = Field([], description="facts of the culture card or of the territory")

    @model_validator(mode="after")
    def _sound(self) -> ChoiceItem:
        if not self.id.startswith(f"{self.topic}."):
            raise ValueError(f"{self.id!r} does not begin with its topic {self.topic!r}")
        if len(set(self.options)) != len(self.options):
            raise ValueError("two options read the same — word each differently")
        if self.correct != sorted(set(self.correct)):
            raise ValueError("correct: letters in order, each once")
        if self.local and not self.sources:
            raise ValueError("a local item needs sources: ids of facts that carry it")
        return self


class Choices(Strict):
    """`choices.yaml`."""

    origin: Origin
    several: str = Field(description="said after a question with more than one correct option")
    items: list[ChoiceItem] = Field(min_length=1)
