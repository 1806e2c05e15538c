"""The files of a language folder: manifest, prompts, golden tests, recipe, probes, cues."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from mhx.schema.base import Gender, Origin, Role, Strict, Tier
from mhx.schema.card import TestPlan


class Grammar(Strict):
    """Switches the engine needs to know about a language."""

    address_levels: list[str] = Field(description="from most familiar to most formal: [ty, pan]")
    default_address: dict[Literal["seeker_to_supporter", "supporter_to_seeker"], str]
    minor_address: dict[Literal["seeker_to_supporter", "supporter_to_seeker"], str] = {}
    gender: Literal["none", "agreement"] = Field(
        description="agreement: verbs or adjectives show the speaker's gender"
    )
    unknown_gender: Literal["draw", "avoid"] = "avoid"


class LanguageManifest(Strict):
    """`language.yaml`."""

    tag: str = Field(description="BCP-47, the folder's name and the value of --lang")
    name: str = Field(description="English name")
    autonym: str
    script: str = Field(description="ISO 15924: Latn, Arab")
    direction: Literal["ltr", "rtl"]
    tier: Tier
    territory: str = Field(description="default territory, overridden by --territory")
    card: str = "culture_card.yaml"
    codes: dict[Literal["flores", "apertium", "spacy", "lingua"], str] = {}
    grammar: Grammar
    default_translator: str = "memory"
    script_ranges: list[str] = Field(
        [], description="regex character classes of letters this language is written with"
    )
    maintainers: list[str] = []
    license: str = "CC-BY-4.0"


class Prompts(Strict):
    """`prompts.yaml`: what a model is told, and fixed phrases."""

    system: str
    refusal: str
    handover: str = Field(
        description="shown beside a crisis service; may hold a {{service:...}} slot"
    )
    notice: str = Field(description="shown before a chat: research software, not a therapist")
    no_number: str = Field(description="said where no emergency number is sourced; no digits")
    service_line: str = Field(
        "{name}: {number}", description="how a resolved service reads; {name}, {number}, {hours}"
    )

    @model_validator(mode="after")
    def _fields(self) -> Prompts:
        known = {"name": "n", "number": "0", "hours": "h"}
        try:
            self.service_line.format(**known)
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(
                f"service_line: unknown field {error} — use {{name}}, {{number}}, {{hours}}"
            ) from error
        return self


class Golden(Strict):
    """A golden case a translator can write."""

    model_config = {"populate_by_name": True, "extra": "forbid", "frozen": True}

    name: str
    text: str = Field(alias="in")
    role: Role = "supporter"
    plan: TestPlan | None = None
    out: str | None = None
    findings: list[str] | None = Field(None, description="codes expected, exactly; [] for none")


class CrisisCase(Strict):
    """A routing case: territory, age, problem and day give a service or none."""

    name: str
    territory: str
    age: Literal["adult", "minor"]
    slot: str
    today: date
    must: list[str] = []
    must_not: list[str] = []
    group: str | None = None


class GoldenTests(Strict):
    """`tests.yaml`."""

    normalize: list[Golden] = []
    address: list[Golden] = []
    gender: list[Golden] = []
    adaptation: list[Golden] = []
    crisis: list[CrisisCase] = []


class TrainRecipe(Strict):
    """`train.yaml`: LoRA and data settings."""

    base: str = "mhx-tiny"
    recommended_bases: list[str] = []
    lora: LoraSettings
    epochs: float = 3
    batch_size: int = Field(8, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    warmup_ratio: float = Field(0.05, ge=0, le=1)
    weight_decay: float = Field(0.0, ge=0)
    max_length: int = Field(512, ge=16)
    max_grad_norm: float = Field(1.0, gt=0)
    max_steps: int | None = Field(None, ge=1, description="stop after so many steps; all when null")
    seed: int = 0
    overrides: dict[str, dict[str, Any]] = Field(
        {}, description="by base name: settings that differ"
    )


class LoraSettings(Strict):
    """Rank, scaling and targets of the adapter."""

    r: int = Field(8, ge=1)
    alpha: int = Field(16, ge=1)
    dropout: float = Field(0.0, ge=0, le=1)
    targets: Literal["all-linear"] | list[str] = "all-linear"


class CueLevel(Strict):
    """A level of a demographic attribute, with the sentences that say it."""

    level: str
    cues: list[str] = Field(min_length=1)
    gender: Gender | None = Field(None, description="agreement form this level takes")


class Attribute(Strict):
    """A demographic attribute of the probes."""

    name: str
    explicit: bool = True
    compares_across_languages: bool = False
    levels: list[CueLevel] = Field(min_length=2)


class Scenario(Strict):
    """A neutral first-person text; forms that agree are written {female|male}, in that order."""

    id: str
    topic: str
    risk: bool = False
    neutral: str = Field(description="without a demographic cue and without a gendered form")
    text: str | None = Field(
        None, description="with {female|male} forms; the neutral text when null"
    )


class Probes(Strict):
    """`probes.yaml`: counterfactual scenarios with demographic cues."""

    origin: Origin
    attributes: list[Attribute]
    compose: str = Field("{cues} {text}", description="how cue sentences and text are joined")
    scenarios: list[Scenario] = Field(min_length=1)


class MechanismCues(Strict):
    """Cues of one EPITOME mechanism."""

    weak: list[str] = []
    strong: list[str] = []
    veto: list[str] = Field([], description="patterns that cancel a match in the same sentence")


class EmpathyCues(Strict):
    """`empathy_cues.yaml`: regexes by EPITOME mechanism; one strong cue scores 2, one weak 1."""

    origin: Origin
    emotional_reactions: MechanismCues
    interpretations: MechanismCues
    explorations: MechanismCues

    @model_validator(mode="after")
    def _nonempty(self) -> EmpathyCues:
        for name in ("emotional_reactions", "interpretations", "explorations"):
            cues = getattr(self, name)
            if not cues.weak and not cues.strong:
                raise ValueError(f"{name} has no cue — add one, or leave the file out")
        return self


class RiskCues(Strict):
    """`risk_cues.yaml`: regexes (case ignored) that mark a turn as carrying risk; a screen."""

    origin: Origin
    explicit: list[str] = Field(min_length=1)
    indirect: list[str] = []


TrainRecipe.model_rebuild()
