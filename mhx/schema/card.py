"""The culture card: facts with sources, rules with tests."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from mhx.schema.base import Certainty, Depth, Dimension, Gender, Nature, Role, Strict

Gate = Literal[
    "conservation.turns",
    "conservation.roles",
    "conservation.sentences",
    "conservation.edits",
    "conservation.numbers",
    "conservation.slots",
    "conservation.placeholders",
    "conservation.risk",
    "conservation.negation",
    "conservation.degree",
    "conservation.symptoms",
    "conservation.technique",
    "conservation.facts",
]


class Source(Strict):
    """Where a claim was read. The date is the page's or publication's own, not ours."""

    id: str
    cite: str
    url: str | None = None
    date: str | None = Field(
        None, description="date shown by the page or publication, any precision"
    )


class Fact(Strict):
    """One checkable claim. A norm is a default to check with the person, never an assertion."""

    id: str
    claim: str
    dimension: list[Dimension] = Field(min_length=1)
    depth: Depth = "surface"
    use: list[Literal["adapt", "eval", "safety", "review"]] = Field(min_length=1)
    certainty: Certainty
    sources: list[str] = []
    verified_on: date | None = None
    expires_on: date | None = None
    checked_how: Literal["page", "official", "phoned"] | None = None
    value: Any = None
    norm: bool = False
    counterexamples: str | None = None
    note: str | None = None
    reviewer: str | None = None

    @model_validator(mode="after")
    def _honest(self) -> Fact:
        if self.certainty in ("sourced", "weak", "conflicting", "verified") and not self.sources:
            raise ValueError(
                f"fact {self.id}: certainty {self.certainty!r} without a source — "
                "add sources: [ID], or say certainty: unverified, use: [review]"
            )
        if self.certainty == "unverified" and set(self.use) - {"review", "adapt"}:
            raise ValueError(
                f"fact {self.id}: an unverified claim may serve only review (or adapt for style) "
                "— use: [review]"
            )
        if self.certainty == "verified" and not self.reviewer:
            raise ValueError(f"fact {self.id}: verified by whom? — name the reviewer")
        if self.norm and not self.counterexamples:
            raise ValueError(
                f"fact {self.id}: a norm without counterexamples — say who it does not hold for"
            )
        return self


class Scope(Strict):
    """Where a rule applies."""

    role: Role | Literal["any"] = "any"
    when: Literal["always", "risk", "no_risk"] = "always"


class Match(Strict):
    """What a rule looks for: exactly one of the three."""

    regex: str | None = Field(None, description="`regex` module syntax; Unicode, case as written")
    entity: Literal["seeker_name", "supporter_name", "person_name"] | None = None
    feature: Literal["address", "gender", "orthography"] | None = Field(
        None, description="what the language's hooks analyze and repair"
    )
    ignore_case: bool = False

    @model_validator(mode="after")
    def _one(self) -> Match:
        given = [key for key in ("regex", "entity", "feature") if getattr(self, key)]
        if len(given) != 1:
            raise ValueError(f"give exactly one of regex, entity, feature — given: {given}")
        return self


class Action(Strict):
    """What a rule does: replace the match, or only say so (`forbid`, `require`, `prefer`)."""

    replace: str | None = Field(None, description=r"replacement text; \1 or \g<name> for groups")
    message: str | None = None


class RuleTest(Strict):
    """One golden case of a rule: `in` gives `out`, or must / must_not be flagged or contain."""

    model_config = {"populate_by_name": True, "extra": "forbid", "frozen": True}

    text: str = Field(alias="in")
    out: str | None = None
    must: list[str] = []
    must_not: list[str] = []
    flagged: bool | None = None
    role: Role = "supporter"
    risk: bool = False
    plan: TestPlan | None = None


class TestPlan(Strict):
    """The part of a dialogue plan that a test needs."""

    __test__ = False

    seeker: Gender = "unknown"
    supporter: Gender = "unknown"
    seeker_to_supporter: str | None = None
    supporter_to_seeker: str | None = None
    names: dict[str, str] = {}


class Rule(Strict):
    """An executable adaptation rule with its evidence and its tests."""

    id: str
    dimension: Dimension
    kind: Literal[
        "substitute", "forbid", "require", "prefer", "normalize", "register", "gender", "entity"
    ]
    scope: Scope = Scope()
    match: Match
    action: Action = Action()
    severity: Literal["block", "review", "warn"] = "warn"
    depth: Depth = "surface"
    nature: Nature = "tailoring"
    reason: str
    gloss: str | None = Field(
        None, description="what the edit says, in English, word for word: 'before' → 'after'"
    )
    evidence: list[str] = Field(min_length=1, description="ids of facts of this card or sources")
    tests: list[RuleTest] = Field(min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        if self.kind in ("substitute", "normalize", "entity") and (
            self.match.regex and self.action.replace is None
        ):
            raise ValueError(f"rule {self.id}: kind {self.kind} needs action.replace — add it")
        for number, test in enumerate(self.tests):
            if test.out is None and not test.must and not test.must_not and test.flagged is None:
                raise ValueError(
                    f"rule {self.id}: test {number} checks nothing — "
                    "give out, must, must_not or flagged"
                )
        return self


class SignOff(Strict):
    """Who answered for a card, and when; binds to the hash of what was signed."""

    name: str
    role: Literal["linguist", "clinician", "lived_experience"]
    on: date
    sha256: str


class Card(Strict):
    """`culture_card.yaml` of a language, or `culture_cards/base.yaml`."""

    id: str
    version: str
    status: Literal["draft", "linguist_reviewed", "clinician_signed", "debriefed"] = "draft"
    license: str = "CC-BY-4.0"
    extends: str | None = Field(None, description="id of the card this one builds on")
    heterogeneity_note: str = Field(description="who this card does not speak for")
    signoffs: list[SignOff] = []
    sources: list[Source] = []
    facts: list[Fact] = []
    rules: list[Rule] = []
    invariants: list[Invariant] = []

    @model_validator(mode="after")
    def _consistent(self) -> Card:
        if self.status != "draft" and not self.signoffs:
            raise ValueError(
                f"status {self.status!r} without a sign-off — say draft, or add signoffs"
            )
        known_sources = {source.id for source in self.sources}
        ids: set[str] = set()
        named: list[Source | Fact | Rule] = [*self.sources, *self.facts, *self.rules]
        for item in named:
            if item.id in ids:
                raise ValueError(f"id {item.id!r} is used twice — ids are unique in a card")
            ids.add(item.id)
        for fact in self.facts:
            for source in fact.sources:
                if source not in known_sources:
                    raise ValueError(
                        f"fact {fact.id}: source {source!r} is not listed — add it under sources"
                    )
        return self


class Invariant(Strict):
    """What adaptation must not change (the base card), and the gates that refuse a change."""

    id: str
    claim: str
    gates: list[Gate] = Field(min_length=1, description="reason codes of mhx/adaptation")
    left_to_people: str = Field("", description="what no gate sees")
    evidence: str


RuleTest.model_rebuild()
Card.model_rebuild()
