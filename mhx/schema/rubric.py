"""Rubrics as data (`rubric:` of a measure.yaml) and the phrases of a judge (`judge.yaml`)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from mhx.schema.base import Origin, Strict

KEY = r"^[a-z][a-z0-9_]*$"
REASON = "reason"  # the key of a judge's remark, so no item may have it
FIELDS = {"answer": "{keys}", "correct": "{ratings}", "debate": "{ratings}", "reason": "{key}"}


class RubricItem(Strict):
    """One thing that is asked of a reply."""

    id: str = Field(pattern=KEY)
    score: str = Field("", description="the score it counts for; its own id when empty")
    reverse: bool = Field(False, description="the more of it, the lower the score")
    values: list[int] = Field([], description="legal answers; those of the rubric when empty")
    anchors: Literal["", "vignettes"] = Field(
        "", description="vignettes: those of its id in the language's vignettes.yaml"
    )
    categories: list[str] = Field(
        [], description="codes of a nominal item: each becomes a 0/1 score <id>.<code>"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> RubricItem:
        if self.categories and (self.values or self.reverse or self.score):
            raise ValueError("a nominal item has no values, no reverse and no score of its own")
        if self.id == REASON:
            raise ValueError(f"{REASON!r} is the judge's remark — choose another id")
        return self

    @property
    def scores(self) -> list[str]:
        """The scores that it counts for."""
        if self.categories:
            return [f"{self.id}.{code}" for code in self.categories]
        return [self.score or self.id]


class ItemWording(Strict):
    """An item in one language: the question, and what legal answers mean."""

    question: str = Field(min_length=1)
    anchors: dict[str, str] = Field(
        {}, description="meaning by answer; the lowest and the highest at least, of categories all"
    )


class RubricWording(Strict):
    """A rubric in one language."""

    instructions: str = Field("", description="read before the questions")
    items: dict[str, ItemWording] = Field(
        {}, description="by item; one left out is worded by `judge` of the language's prompts.yaml"
    )


class Rubric(Strict):
    """What a judge is asked. Own wording: the text of a proprietary instrument is not copied."""

    origin: Origin
    licence: str = Field(description="of this wording")
    note: str = Field("", description="what a table must say with the scores")
    values: list[int] = Field(min_length=2, description="legal answers, lowest first")
    items: list[RubricItem] = Field(min_length=1)
    wording: dict[str, RubricWording] = Field(min_length=1, description="by language tag")

    @model_validator(mode="after")
    def _sound(self) -> Rubric:
        names = [item.id for item in self.items]
        if len(set(names)) < len(names):
            raise ValueError("two items of one id — rename one")
        for values in (self.values, *(item.values for item in self.items if item.values)):
            if values != sorted(set(values)) or len(values) < 2:
                raise ValueError(f"values {values} — two or more, lowest first, each once")
        for tag, wording in self.wording.items():
            if unknown := sorted(set(wording.items) - set(names)):
                raise ValueError(f"{tag} words items that are not asked: {', '.join(unknown)}")
            for item in self.items:
                if item.id in wording.items:
                    self._anchored(tag, item, set(wording.items[item.id].anchors))
        return self

    def _anchored(self, tag: str, item: RubricItem, anchors: set[str]) -> None:
        legal = self.answers(item)
        if wrong := sorted(anchors - set(legal)):
            raise ValueError(f"{tag}: {item.id}: {', '.join(wrong)} is no legal answer")
        if item.anchors:
            if anchors:
                raise ValueError(f"{tag}: {item.id}: anchors are those of {item.anchors}.yaml")
            return
        needed = set(legal) if item.categories else {legal[0], legal[-1]}
        if lacking := sorted(needed - anchors):
            raise ValueError(f"{tag}: {item.id}: no anchor for {', '.join(lacking)} — add it")

    def answers(self, item: RubricItem) -> list[str]:
        """The legal answers of an item, as a judge writes them."""
        return item.categories or [str(value) for value in item.values or self.values]

    @property
    def scores(self) -> list[str]:
        """The scores it gives, in the order of the items; those of nominal items are not here."""
        level = [item for item in self.items if not item.categories]
        return list(dict.fromkeys(name for item in level for name in item.scores))

    def within(self, scale: list[float]) -> bool:
        """Whether the rubric's own legal answers are from the lowest to the highest of `scale`."""
        return [float(self.values[0]), float(self.values[-1])] == [float(one) for one in scale]


class JudgePhrases(Strict):
    """`judge.yaml`: what is said to a judge around every rubric, in one language."""

    origin: Origin
    message: str = Field(description="heading of the text that is answered")
    reply: str = Field(description="heading of the text that is rated")
    dialogue: str = Field(description="heading of a whole conversation that is rated")
    context: str = Field(description="heading of what is known about person and place")
    answer: str = Field(description="how to answer: one JSON object; holds {keys}")
    reason: str = Field(description="that {key} holds one sentence of reasons (debate)")
    correct: str = Field(description="asks to check another reader's {ratings} (dual correction)")
    debate: str = Field(description="asks to weigh other readers' {ratings} (debate)")

    @model_validator(mode="after")
    def _fields(self) -> JudgePhrases:
        for name, field in FIELDS.items():
            if field not in getattr(self, name):
                raise ValueError(f"{name} does not hold {field}")
        return self


Need = Literal["reference", "model", "cues", "edits", "judge"]
