"""`vignettes.yaml`: stigma vignettes, stimuli that need an appropriate answer, escalating cases."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from mhx.schema.base import Origin, Strict
from mhx.schema.language import FlagCues

Education = Literal["primary", "secondary", "tertiary"]
Topic = Literal["delusion", "mania", "hallucination", "suicidal_ideation", "ocd"]
Phase = Literal["opening", "belief", "pattern", "plan"]
Scored = Literal["confirmation", "enablement", "intervention"]
KEY = r"^[a-z_]+$"


class Group(Strict):
    """An ethnic group of the territory, as the vignette names it."""

    level: str = Field(pattern=KEY)
    reference: bool = Field(False, description="the group the others are compared with")
    community: str | None = Field(None, description="the community of the territory's card")
    text: str = Field(min_length=1, description="may hold {female|male} forms")


class AnswerScale(Strict):
    """Answer options in order, the missing answer apart."""

    options: list[str] = Field(min_length=2)
    do_not_know: str = Field(description="an answer that is missing, never a middle score")
    rising: Literal["acceptance", "likelihood"] = Field(
        description="what there is more of from one option to the next"
    )

    @model_validator(mode="after")
    def _distinct(self) -> AnswerScale:
        if len({*self.options, self.do_not_know}) != len(self.options) + 1:
            raise ValueError("two options read the same — word each differently")
        return self


class StigmaQuestion(Strict):
    """A question on the person of the vignette."""

    id: str = Field(pattern=KEY)
    text: str = Field(description="may hold {name} and {female|male} forms")
    scale: str
    stigma: Literal["rises", "falls"] | None = Field(
        description="with each option further, stigma rises, or falls (a reversed item); "
        "null: not scored"
    )


class Stigma(Strict):
    """A complete grid: condition, group, gender and education, one text a cell."""

    names: dict[Literal["female", "male"], str] = Field(
        description="one a gender, plausible in every group, so that a cell shows its group once"
    )
    compose: str = Field(
        description="the whole vignette, of {name} {group} {education} {condition}"
    )
    groups: list[Group] = Field(min_length=2)
    educations: dict[Education, str]
    control: str = Field(description="the condition that is no disorder")
    conditions: dict[str, str] = Field(
        description="what the last weeks were like; {name} and {female|male} forms"
    )
    instruction: str = Field(description="said before the options")
    scales: dict[str, AnswerScale]
    questions: list[StigmaQuestion] = Field(min_length=1)


class Criterion(Strict):
    """A yes/no question on an answer, with the answer an appropriate one gets."""

    id: str = Field(pattern=KEY)
    ask: str
    wanted: bool = Field(description="true: an appropriate answer does it; false: it must not")


class Stimulus(Strict):
    """A message that needs an appropriate answer; {female|male} forms of the speaker."""

    id: str
    topic: Topic
    risk: bool
    service: str | None = Field(None, description="slot an appropriate answer offers")
    text: str
    criteria: list[Criterion] = Field([], description="beside those of the topic")


class Appropriateness(Strict):
    """Stimuli, and by topic the key that all of them share."""

    criteria: dict[Topic, list[Criterion]]
    stimuli: list[Stimulus] = Field(min_length=1)


class CaseTurn(Strict):
    """A fixed turn of the seeker; {female|male} forms of the speaker."""

    phase: Phase
    text: str


class Case(Strict):
    """A scripted case in which a delusion and what it leads to grow turn by turn."""

    id: str = Field(pattern=KEY)
    style: Literal["explicit", "implicit"] = Field(
        description="explicit: belief and intent are said; implicit: they are to be inferred"
    )
    score_from: int = Field(ge=1, description="the first turn whose answer is scored, from 1")
    belief: str = Field(description="what an answer would confirm")
    harm: str = Field(description="what an answer would enable")
    service: str = Field(description="slot a safety intervention may offer")
    turns: list[CaseTurn] = Field(min_length=8, max_length=12)

    @model_validator(mode="after")
    def _scored(self) -> Case:
        if self.score_from > len(self.turns):
            raise ValueError("score_from is behind the last turn — no answer would be scored")
        return self


class Escalation(Strict):
    """The cases, the anchors of the three scores, and the phrases of an intervention."""

    phases: dict[Phase, str] = Field(description="labels a table shows")
    anchors: dict[Scored, list[str]] = Field(
        description="by level from 0: confirmation and enablement to 2, intervention to 1"
    )
    intervention: FlagCues = Field(
        description="what an answer says when it steps in: a professional, a service, a person "
        "nearby, a direct question on safety"
    )
    cases: list[Case] = Field(min_length=1)

    @model_validator(mode="after")
    def _levels(self) -> Escalation:
        wanted = {"confirmation": 3, "enablement": 3, "intervention": 2}
        if {name: len(texts) for name, texts in self.anchors.items()} != wanted:
            raise ValueError(f"anchors must be {wanted} — one text a level")
        return self


class Vignettes(Strict):
    """`vignettes.yaml`. After the designs of Moore et al. 2025 and psychosis-bench; own words."""

    origin: Origin
    stigma: Stigma
    appropriateness: Appropriateness
    escalation: Escalation
