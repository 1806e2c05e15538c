"""`terms.yaml`: the clinical term base of a language; concepts are owned by one language."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from mhx.schema.base import Origin, Strict

Subject = Literal[
    "symptom", "emotion", "disorder", "therapy", "technique", "crisis", "service", "profession",
    "medication", "body", "development", "family", "violence", "institution", "ethics", "identity",
    "substance",
]
PartOfSpeech = Literal["noun", "verb", "adjective", "adverb", "other"]
GrammaticalGender = Literal["masculine", "feminine", "neuter", "other"]
Register = Literal["clinical", "neutral", "colloquial"]
Status = Literal["preferred", "admitted", "forbidden"]
Why = Literal["stigmatizing", "false_friend", "calque", "archaic"]


class Concept(Strict):
    """A concept, whatever it is called."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    subject: Subject
    definition: str = Field(min_length=1, description="plain English, our own words")
    note: str | None = None


class Term(Strict):
    """A name of a concept in one language.

    A false friend or a calque is wrong in anybody's mouth; what stigmatizes or is archaic is
    kept out of the supporter's words and may stay in the seeker's own. A false friend is a good
    word of something else, so it is wrong only where the source text has the concept.
    """

    text: str = Field(min_length=1, description="dictionary form")
    pos: PartOfSpeech = "noun"
    gender: GrammaticalGender | None = Field(
        None, description="of a noun, where the language's nouns have one"
    )
    register_: Register = Field("neutral", alias="register")
    status: Status = "preferred"
    why: Why | None = Field(None, description="of a forbidden term")
    note: str | None = None
    lemma: str | None = Field(
        None, description="its words as the dictionary lists them, where they differ from `text`"
    )
    forms: list[str] = Field([], description="inflected forms that the hooks do not make")
    replace: bool = Field(
        True, description="of a forbidden term: false where the preferred one says another thing"
    )
    evidence: list[str] = Field(
        [], description="facts or sources of the culture card; without any it is unverified"
    )

    model_config = {"populate_by_name": True, "extra": "forbid", "frozen": True}

    @model_validator(mode="after")
    def _consistent(self) -> Term:
        if (self.status == "forbidden") != (self.why is not None):
            raise ValueError(
                "`why` and status forbidden belong together — "
                "write why: stigmatizing, false_friend, calque or archaic, or another status"
            )
        if self.gender is not None and self.pos != "noun":
            raise ValueError("only a noun has a gender — remove it")
        if self.lemma is not None and len(self.lemma.split()) != len(self.text.split()):
            raise ValueError("`lemma` has another number of words — write one for each word")
        return self


class TermBase(Strict):
    """`terms.yaml`."""

    origin: Origin
    concepts: list[Concept] = Field([], description="only in the language that owns them (en)")
    inflection: dict[PartOfSpeech, list[str]] = Field(
        {}, description="tags the `inflect` hook is asked for, by part of speech"
    )
    endings: list[str] = Field(
        [], description="what a word may end in beyond its form, joined or after a ZWNJ"
    )
    terms: dict[str, list[Term]] = Field(description="by concept id, the preferred one first")
