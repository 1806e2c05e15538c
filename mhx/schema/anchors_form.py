"""The rating form: `rubric.yaml`, `NAME.key.json` and the `ratings-*.json` a rater saves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from mhx.schema.base import Strict

Tag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
RATER = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"
RaterId = Annotated[str, Field(pattern=RATER)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9]{4,12}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Exact = Annotated[int, Field(strict=True)]  # 2, never "2" or 2.0


class Level(Strict):
    """One step of the scale, as a rater of one language reads it."""

    value: Exact = Field(ge=0, le=9, description="the digit that gives it")
    label: str = Field(min_length=1, description="one or two words")
    meaning: str = Field("", description="what earns this rating")


class Wording(Strict):
    """The question in one language."""

    question: str = Field(min_length=1)
    levels: list[Level]
    instructions: str = Field("", description="read before the first text; at hand all the time")
    message: str = Field("Message", description="heading of the context")
    reply: str = Field("Reply", description="heading of the text that is rated")


class AnchorRubric(Strict):
    """`rubric.yaml`: one question on one scale, worded for each language of the anchors."""

    name: str = Field(min_length=1, description="the score it measures; raters do not see it")
    source: str = Field("", description="paper or instrument")
    scale: tuple[Exact, Exact] = Field(description="[lowest, highest], whole numbers from 0 to 9")
    wording: dict[Tag, Wording] = Field(description="by language tag")

    @model_validator(mode="after")
    def _levels_are_the_scale(self) -> AnchorRubric:
        low, high = self.scale
        if not 0 <= low < high <= 9:
            raise ValueError(f"scale [{low}, {high}] — two whole numbers from 0 to 9, lowest first")
        for tag, wording in self.wording.items():
            found = [level.value for level in wording.levels]
            if found != list(range(low, high + 1)):
                raise ValueError(f"the levels in {tag!r} are {found} — give {low} to {high}, each "
                                 "once, in this order")
        return self


class AnchorItem(Strict):
    """One text under its code. `repeat_of` is the code of the same text shown before."""

    code: Code
    item: str
    language: Tag
    text_sha256: Digest
    context_sha256: Digest | None = None
    repeat_of: Code | None = None


class AnchorRater(Strict):
    """A pseudonymous rater and the codes that he or she is shown, in this order."""

    id: RaterId
    languages: list[Tag]
    order: list[Code]


class AnchorKey(Strict):
    """`NAME.key.json`: what the codes of a form stand for. Raters never get this file."""

    format: Literal[1]
    rubric: AnchorRubric
    scale: tuple[Exact, Exact]
    languages: list[Tag]
    items: list[AnchorItem]
    raters: list[AnchorRater]
    apart: int = Field(ge=0, description="fewest steps between two showings of one item")
    seed: int
    made: str = Field(description="date")
    sha256: Digest = Field(description="of the canonical JSON of all other fields")

    @model_validator(mode="after")
    def _codes_and_raters_are_one(self) -> AnchorKey:
        twice = _twice(one.code for one in self.items) + _twice(one.id for one in self.raters)
        if twice:
            raise ValueError(f"given twice: {', '.join(twice)}")
        unknown = {code for one in self.raters for code in one.order}
        unknown -= {one.code for one in self.items}
        if unknown:
            raise ValueError(f"codes of no text: {', '.join(sorted(unknown))}")
        return self


class AnchorRating(Strict):
    """What a rater gave one text: a value, or a skip."""

    code: Code
    value: Exact | None
    seconds: float = Field(ge=0, allow_inf_nan=False, description="that the text was in view")
    skipped: bool = False
    note: str = ""

    @model_validator(mode="after")
    def _rated_or_skipped(self) -> AnchorRating:
        if self.skipped == (self.value is not None):
            raise ValueError("skipped and value disagree — a skip has value null, a rating a digit")
        return self


class AnchorRatings(Strict):
    """`ratings-RATER-DATE.json`, saved by the form."""

    format: Literal[1]
    form: Digest = Field(description="sha256 of the form's key")
    rater: RaterId
    languages: list[Tag]
    started: AwareDatetime
    saved: AwareDatetime
    ratings: list[AnchorRating]


def _twice(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)
