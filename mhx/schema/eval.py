"""`measure.yaml`, `suite.yaml` and the frozen `analysis.yaml`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from mhx.schema.base import Strict
from mhx.schema.rubric import Need, Rubric


class MeasureManifest(Strict):
    """`measure.yaml`."""

    name: str = Field(description="the folder's name")
    title: str
    unit: Literal["segment", "response", "dialogue", "corpus"]
    scores: list[str] = Field(description="names of the scores it gives")
    flags: list[str] = Field(
        [], description="what it also gives, 0 or 1 with less better; never in a composite"
    )
    scale: list[float] | None = Field(None, description="[lowest, highest] legal value of a score")
    direction: Literal["higher", "lower", "none"]
    per_language: bool = Field(description="true: never compared across languages")
    needs: list[Need] = []
    source: str = Field(description="paper or tool the method comes from")
    rubric: Rubric | None = Field(
        None, description="what a judge is asked; then no Python is needed"
    )

    @model_validator(mode="after")
    def _rubric_gives_the_scores(self) -> MeasureManifest:
        if self.rubric is None:
            return self
        if self.rubric.scores != [*self.scores, *self.flags]:
            raise ValueError(
                f"the rubric's items give {', '.join(self.rubric.scores)} — scores and flags name "
                "these, in this order"
            )
        if self.scale is None or not self.rubric.within(self.scale):
            raise ValueError("scale is not the lowest and highest legal answer of the scores")
        if self.needs != ["judge"]:
            raise ValueError("a measure with a rubric has needs: [judge]")
        return self


class AnalysisPlan(Strict):
    """Frozen before generation; its hash stands in the run record."""

    scores: list[str]
    composite: str | None = None
    groups: list[str]
    reference: dict[str, str]
    reference_by_language: dict[str, dict[str, str]] = Field(
        {}, description="by language tag, references of the groups whose levels differ by language"
    )
    unit: list[str]
    cluster: list[str] = Field([], description="what is resampled, if not the unit")
    scale: tuple[float, float] | None = Field(None, description="lowest and highest legal score")
    lower_is_better: list[str] = Field([], description="scores of which less is better")
    margin: float = Field(gt=0, description="raw points of the scale, fixed in advance")
    margin_reason: str
    floor: float | None = None
    alpha: float = Field(0.05, gt=0, lt=0.5)
    resamples: int = Field(2000, ge=100)
    adjust: Literal["holm", "bh"] = "holm"
    seed: int = 0
    groups_known_by: Literal["assigned", "observed", "stated"] = "assigned"

    def references(self, lang: str) -> dict[str, str]:
        """The reference of each group in a language; a group without one is not there."""
        named = {**self.reference, **self.reference_by_language.get(lang, {})}
        return {name: named[name] for name in self.groups if name in named}


class SuiteManifest(Strict):
    """`suite.yaml`: measures and the analysis plan that goes with them."""

    name: str = Field(description="the folder's name")
    title: str
    measures: list[str]
    analysis: str = "analysis.yaml"
    scenarios_default: int = Field(
        8, ge=1, description="seeded subset of the probes; --all-probes for the rest"
    )
    forms: list[Literal["explicit", "implicit"]] = Field(
        ["explicit"], min_length=1, description="forms of the cues that probes are composed with"
    )
    max_new_tokens: int = Field(32, ge=1)
