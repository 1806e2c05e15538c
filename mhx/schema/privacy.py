"""`privacy.yaml`: how a language's texts name people and places, so that load can hide them."""

from __future__ import annotations

import regex
from pydantic import Field, field_validator

from mhx.schema.base import Origin, Strict

NAME, KNOWN = "{name}", "{known}"


class Privacy(Strict):
    """Given names and the phrases that introduce a name or an address.

    A listed name is hidden wherever it stands. One that is also an everyday word (`words`) is
    hidden in a frame only, or where the script writes it large within a sentence.
    """

    origin: Origin
    names: list[str] = Field(description="given names that are no everyday word")
    words: list[str] = Field([], description="given names that are everyday words too")
    large: list[str] = Field(
        [], description="those of `words` that are written large for other reasons too: frames only"
    )
    inflection: list[str] = Field([], description="tags the `inflect` hook is asked for")
    frames: list[str] = Field(
        [],
        description=f"regular expressions; {NAME} is what follows (one or two words), {KNOWN} a "
        "listed name or a word that may be one",
    )
    no_names: list[str] = Field([], description="what stands in a frame and is no name")
    addresses: list[str] = Field([], description="regular expressions of a street with its number")

    @field_validator("frames", "addresses")
    @classmethod
    def _compiles(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            try:
                regex.compile(pattern.replace(NAME, "x").replace(KNOWN, "x"))
            except regex.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return patterns

    @field_validator("frames")
    @classmethod
    def _name_a_person(cls, frames: list[str]) -> list[str]:
        for frame in frames:
            if (NAME in frame) + (KNOWN in frame) != 1:
                raise ValueError(f"{frame!r} has not one of {NAME} and {KNOWN} — write one")
        return frames
