"""What stands for foreign names, places, measures and school years in a territory's language."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from mhx.schema.base import Certainty, Gender, Strict

Generation = Literal["old", "middle", "young"]  # about 60 and over, 30 to 60, under 30
Measures = Literal["metric", "us"]
Measure = Literal["mile", "yard", "foot", "inch", "pound", "gallon", "fahrenheit"]
SiteKind = Literal["city", "region", "country"]


class GivenName(Strict):
    """A given name with the gender and generation of most people who have it."""

    name: str
    gender: Gender
    generation: Generation


class Site(Strict):
    """A place of the territory, and how languages write it."""

    id: str
    kind: SiteKind
    names: dict[str, list[str]] = Field(description="by language tag; the dictionary form first")
    forms: dict[str, str] = Field(
        {}, description="by case, where the main language's hook does not make them"
    )
    swap: bool = Field(True, description="false: known here, but put in for no foreign place")


class Counterpart(Strict):
    """A thing of elsewhere and what people here have in its place."""

    id: str
    kind: Literal["shop", "institution", "school", "money", "other"]
    source: dict[str, list[str]] = Field(
        description="words of the source text by language: without one of them nothing is replaced"
    )
    said: list[str] = Field(min_length=1, description="dictionary forms a translation has for it")
    here: str = Field(min_length=1, description="dictionary form of the local word")
    number: Literal["sg", "pl"] = "sg"
    forms: dict[str, str] = Field({}, description="of `here` by case, where the hook makes none")
    certainty: Certainty
    sources: list[str] = []


class UnitWord(Strict):
    """A measure of elsewhere in the main language, and the one people here use.

    A foot has two: under ten feet people are measured in centimetres, above it rooms in metres.
    """

    measure: Measure
    said: list[str] = Field(min_length=1, description="dictionary forms")
    here: str = Field(description="dictionary form of kilometre, metre, centimetre, kilogram …")
    large: str | None = Field(None, description="for ten feet and more")


class Phrase(Strict):
    """Words of elsewhere, form by form, and what people here say: school years, marks."""

    id: str
    source: dict[str, list[str]] = Field(
        description="words of the source text by language: without one of them nothing is replaced"
    )
    forms: dict[str, str] = Field(description="as a translation has it → as it is said here")
    certainty: Certainty
    sources: list[str] = []


class Calendar(Strict):
    """The calendar people here live by, where it is not the Gregorian one."""

    id: str
    kind: Literal["solar_hijri"]
    months: list[str] = Field(min_length=12, max_length=12)
    marked: dict[str, str] = Field(
        {}, description="Gregorian months that are also other words, with the word they need before"
    )
    also: dict[str, str] = Field({}, description="other spellings of Gregorian months")
    rest: dict[str, str] = Field(
        {}, description="weekday of rest there → here, in CLDR names: {sunday: friday}"
    )
    habit_before: list[str] = Field([], description="words that make a weekday a habit: every")
    habit_endings: list[str] = Field([], description="endings that make it one: Sundays")
    certainty: Certainty
    sources: list[str] = []


class Wording(Strict):
    """How the main language inflects what is put in, for the engine that does not know it."""

    cases: list[str] = Field([], description="empty: nouns do not change")
    noun: str = Field("", description="tag of the `inflect` hook: subst:{number}:{case}")
    classes: list[str] = Field(
        [], description="regexes of nouns that verbs and adjectives agree with in the same way"
    )
    governs: dict[str, str] = Field({}, description="preposition → case it asks of a place")
    alternate: dict[str, list[str]] = Field(
        {}, description="preposition → [its other form, regex of the next word that asks for it]"
    )
    endings: list[str] = Field([], description="what may be attached to a noun, and is kept")
    few: list[str] = Field([], description="CLDR plural categories with a nominative plural noun")
    joiner: str = Field(" ", description="between the parts of a number in words")
    half: str = Field("", description="'and a half' after a number in words")
    decimal: str = "."
    numerals: dict[int, list[str]] = Field({}, description="number words; the one we write first")


class Localization(Strict):
    """The part of a territory's card that entities are adapted by."""

    id: str = Field(description="what edits of measures and of pooled names cite")
    lang: str = Field(description="the language that its words are in")
    measures: Measures = "metric"
    certainty: Certainty = "unverified"
    sources: list[str] = []
    wording: Wording = Wording()
    calendar: Calendar | None = None
    sensitive: list[str] = Field(
        [], description="regexes (case ignored) of what no entity edit may touch"
    )
    names: dict[Gender, dict[Generation, list[str]]] = Field(
        {}, description="given names that people have, by gender and generation"
    )
    sites: list[Site] = []
    counterparts: list[Counterpart] = []
    units: list[UnitWord] = []
    phrases: list[Phrase] = []

    @model_validator(mode="after")
    def _unique(self) -> Localization:
        ids = [self.id, *(item.id for item in self.sites)]
        ids += [item.id for item in self.counterparts]
        ids += [item.id for item in self.phrases]
        for name in ids:
            if ids.count(name) > 1:
                raise ValueError(f"id {name!r} is used twice — ids are unique in a card")
        return self

    @property
    def given_names(self) -> list[GivenName]:
        """The names, one by one."""
        return [
            GivenName(name=name, gender=gender, generation=generation)
            for gender, generations in self.names.items()
            for generation, listed in generations.items()
            for name in listed
        ]

    def claims(self) -> list[Localization | Calendar | Counterpart | Phrase]:
        """What carries a certainty and sources."""
        calendar = [self.calendar] if self.calendar else []
        return [self, *calendar, *self.counterparts, *self.phrases]
