"""Shared vocabulary of the file formats."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["seeker", "supporter"]
Gender = Literal["female", "male", "nonbinary", "unknown"]
# Bernal, Bonilla & Bellido 1995: the eight dimensions of the Ecological Validity Model.
Dimension = Literal[
    "language", "persons", "metaphors", "content", "concepts", "goals", "methods", "context"
]
DIMENSIONS: tuple[str, ...] = (
    "language",
    "persons",
    "metaphors",
    "content",
    "concepts",
    "goals",
    "methods",
    "context",
)
Depth = Literal["surface", "deep"]  # Resnicow 1999
# FRAME (Stirman 2019): nature of a content modification.
Nature = Literal["tailoring", "substituting", "adding", "removing", "reordering"]
Certainty = Literal["sourced", "weak", "conflicting", "unverified", "inference", "verified"]
Tier = Literal["draft", "bronze", "silver", "gold"]


class Strict(BaseModel):
    """A format in which an unknown key is an error and a number is never taken for text."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=False)


class Origin(Strict):
    """Who wrote a text: repeated by data cards, signatures and table captions."""

    kind: Literal["human", "model", "template"]
    name: str = Field(description="person, model or template that wrote it")
    reviewed_by: str | None = Field(None, description="nobody when null")
