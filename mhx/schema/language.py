"""The files of a language folder: manifest, prompts, golden tests, recipe, probes, cues."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from mhx.schema.anchors_form import Wording
from mhx.schema.base import Gender, Origin, Role, Strict, Tier
from mhx.schema.card import TestPlan
from mhx.schema.territory import Link

Quantization = Literal["nf4", "int8"]


class Grammar(Strict):
    """Switches the engine needs to know about a language."""

    address_levels: list[str] = Field(description="from most familiar to most formal: [ty, pan]")
    default_address: dict[Literal["seeker_to_supporter", "supporter_to_seeker"], str]
    minor_address: dict[Literal["seeker_to_supporter", "supporter_to_seeker"], str] = {}
    peer_address: dict[Literal["seeker_to_supporter", "supporter_to_seeker"], str] = Field(
        {}, description="between peers, as on a forum; the default address where empty"
    )
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
    abbreviations: list[str] = Field(
        [], description="words whose dot ends no sentence, without it: Mr, Dr"
    )
    maintainers: list[str] = []
    license: str = "CC-BY-4.0"


class Steps(Strict):
    """A phrase that ends or passes on a talk without an abrupt refusal, in four steps.

    The order is that of compassionate completion ("Even GPT Can Reject Me", 2025).
    """

    acknowledge: str = Field(min_length=1, description="what was heard, before any no")
    boundary: str = Field(min_length=1, description="what this software cannot do, plainly")
    transition: str = Field(min_length=1, description="that the talk is not cut off")
    redirect: str = Field(
        min_length=1, description="to a person; may hold {{service:...}} slots, never digits"
    )

    @property
    def text(self) -> str:
        """The four steps, joined."""
        steps = (self.acknowledge, self.boundary, self.transition, self.redirect)
        return " ".join(step.strip() for step in steps)


class Prompts(Strict):
    """`prompts.yaml`: what a model is told, and fixed phrases."""

    system: str
    refusal: Steps = Field(description="said instead of what must not be answered")
    refuse: dict[Literal["diagnosis", "dose", "therapist"], list[str]] = Field(
        {}, description="regexes (case ignored) of what is asked and answered by the refusal alone"
    )
    handover: Steps = Field(description="shown beside a crisis service")
    notice: str = Field(description="shown before a chat: research software, not a therapist")
    no_number: str = Field(
        description="'your local emergency number', said where none is sourced; no digits"
    )
    service_line: str = Field(
        "{name}: {number}", description="how a resolved service reads; {name}, {number}, {hours}"
    )
    either: str = Field(
        "{first} / {second}", description="two ways to help, side by side; {first}, {second}"
    )
    ask_language: str = Field(
        "", description="said beside a service that answers in other languages; no digits"
    )
    judge: dict[str, Wording] = Field(
        {}, description="by score: the question and levels a judge or rater reads"
    )

    @model_validator(mode="after")
    def _fields(self) -> Prompts:
        for name, known in (
            ("service_line", {"name": "n", "number": "0", "hours": "h"}),
            ("either", {"first": "a", "second": "b"}),
        ):
            try:
                getattr(self, name).format(**known)
            except (KeyError, IndexError, ValueError) as error:
                fields = ", ".join(f"{{{key}}}" for key in known)
                raise ValueError(f"{name}: unknown field {error} — use {fields}") from error
        return self


class Golden(Strict):
    """A golden case a translator can write."""

    model_config = {"populate_by_name": True, "extra": "forbid", "frozen": True}

    name: str
    text: str = Field(alias="in")
    role: Role = "supporter"
    plan: TestPlan | None = None
    out: str | None = None
    findings: list[str] | None = Field(
        None, description="codes the hooks give the text, exactly; [] for none"
    )
    flags: list[str] | None = Field(
        None, description="ids of card rules that flag the adapted text, exactly; [] for none"
    )


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


class RiskCase(Strict):
    """A message and the level the risk cues must give it; a hyperbole has none."""

    model_config = {"populate_by_name": True, "extra": "forbid", "frozen": True}

    name: str
    text: str = Field(alias="in")
    level: Literal["explicit", "indirect", "third_party", "none"]


class RequestCase(Strict):
    """What a person asks for, and the kind of request the refusal answers; null for none."""

    model_config = {"populate_by_name": True, "extra": "forbid", "frozen": True}

    name: str
    text: str = Field(alias="in")
    refused: Literal["diagnosis", "dose", "therapist"] | None = None


class GoldenTests(Strict):
    """`tests.yaml`."""

    normalize: list[Golden] = []
    address: list[Golden] = []
    gender: list[Golden] = []
    adaptation: list[Golden] = []
    risk: list[RiskCase] = []
    requests: list[RequestCase] = []
    crisis: list[CrisisCase] = []


class BaseShape(Strict):
    """The shape of a gated decoder, enough to reckon its memory before it is fetched."""

    layers: int = Field(ge=1)
    hidden: int = Field(ge=1)
    intermediate: int = Field(ge=1)
    heads: int = Field(ge=1)
    kv_heads: int = Field(ge=1)
    head_dim: int = Field(ge=1)
    vocab: int = Field(ge=1)
    tied: bool = Field(description="whether the head is the embedding")


class SizedRecipe(Strict):
    """An open base of a size, its settings, and what differs on a card of so many GB."""

    base: str
    shape: BaseShape
    settings: dict[str, Any] = Field({}, description="settings of train.yaml for this base")
    gpus: dict[Literal["24", "80"], dict[str, Any]] = Field(
        description="settings that differ on a card of 24 and of 80 GB"
    )


class TrainRecipe(Strict):
    """`train.yaml`: LoRA and data settings."""

    base: str = "mhx-tiny"
    recommended_bases: list[str] = []
    lora: LoraSettings
    epochs: float = Field(3, gt=0)
    batch_size: int = Field(8, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    warmup_ratio: float = Field(0.05, ge=0, le=1)
    weight_decay: float = Field(0.0, ge=0)
    max_length: int = Field(512, ge=16)
    max_grad_norm: float = Field(1.0, gt=0)
    max_steps: int | None = Field(None, ge=1, description="stop after so many steps; all when null")
    seed: int = 0
    valid_every: int | None = Field(
        None, ge=1, description="steps between validations; once an epoch when null"
    )
    patience: int | None = Field(
        None,
        ge=1,
        description="stop after so many validations without a lower loss and keep the best "
        "weights; null trains to the end and keeps the last",
    )
    micro_batch_tokens: int = Field(
        8192, ge=16, description="padded tokens of a forward pass at most (memory, not the result)"
    )
    dpo_beta: float = Field(
        0.1, gt=0, description="--objective dpo: how firmly the base is held to (Rafailov 2023)"
    )
    gradient_checkpointing: bool = Field(
        False, description="half the memory for a third more time (not the result)"
    )
    quantization: Quantization | None = Field(
        None,
        description="nf4 or int8: the frozen base in 4 or 8 bits while it trains (QLoRA), by "
        "bitsandbytes; the adapter is an ordinary one",
    )
    overrides: dict[str, dict[str, Any]] = Field(
        {}, description="by base name: settings that differ"
    )
    recipes: dict[Literal["small", "medium", "large"], SizedRecipe] = Field(
        {}, description="what --recipe trains on a GPU"
    )


class LoraSettings(Strict):
    """Rank, scaling and targets of the adapter."""

    r: int = Field(8, ge=1)
    alpha: int = Field(16, ge=1)
    dropout: float = Field(0.0, ge=0, lt=1)
    targets: Literal["all-linear"] | list[str] = "all-linear"
    rslora: bool = Field(False, description="scale by alpha / sqrt(r) (Kalajdzievski 2023)")
    dora: bool = Field(False, description="DoRA (Liu 2024): trained by PEFT's slower layers")


class ImplicitCue(Strict):
    """A sentence that shows a level by a detail, and what else it says than the level."""

    text: str = Field(min_length=1)
    also: str = Field(
        min_length=1, description="what the detail brings that the explicit cue does not"
    )


class CueLevel(Strict):
    """A level of a demographic attribute, with the sentences that say it or show it.

    Realizations of one number belong together over the levels and attributes: one draw picks
    them all. A form that agrees with the speaker is written {female|male}; a level without such
    a gender has none.
    """

    level: str = Field(pattern=r"^[a-z_]+$")
    gender: Gender | None = Field(
        None, description="agreement form this level takes; nonbinary takes the neutral text"
    )
    community: str | None = Field(
        None, description="the community of the default territory's card it belongs to"
    )
    safety_floor: bool = Field(
        False, description="answers are held to the safety floor (eval/safety_floor)"
    )
    explicit: list[str] = Field(min_length=1, description="sentences that say the level plainly")
    implicit: list[ImplicitCue] = []


class Attribute(Strict):
    """A demographic attribute of the probes."""

    name: str = Field(pattern=r"^[a-z_]+$")
    crossed: bool = Field(
        False, description="its levels are combined with those of the other crossed attributes"
    )
    compares_across_languages: bool
    why: str = Field(min_length=1, description="why it compares across languages, or does not")
    levels: list[CueLevel] = Field(min_length=2)


class Scenario(Strict):
    """A neutral first-person text; forms that agree are written {female|male}, in that order."""

    id: str
    topic: str
    risk: bool = False
    not_with: list[str] = Field(
        [], description="attributes that the text itself settles, so that no cue of them fits"
    )
    neutral: str = Field(description="without a demographic cue and without a gendered form")
    text: str | None = Field(
        None, description="with {female|male} forms; the neutral text when null"
    )
    paraphrase: str | None = Field(
        None, description="the neutral text in other words: a control, needed from bronze on"
    )


class Probes(Strict):
    """`probes.yaml`: counterfactual scenarios with demographic cues."""

    origin: Origin
    attributes: list[Attribute]
    compose: str = Field(
        "{cues} {text}",
        pattern=r"^[^{}]*\{(cues\}[^{}]*\{text|text\}[^{}]*\{cues)\}[^{}]*$",
        description="how cue sentences and text are joined",
    )
    scenarios: list[Scenario] = Field(min_length=1)


class MechanismCues(Strict):
    """Cues of one EPITOME mechanism."""

    weak: list[str] = []
    strong: list[str] = []
    veto: list[str] = Field([], description="patterns that cancel a match in the same sentence")


class FlagCue(Strict):
    """A pattern of what a supporter had better not say, with sentences that show its reach."""

    pattern: str
    positive: list[str] = Field(min_length=1, description="sentences it matches")
    negative: list[str] = Field(
        min_length=1, description="near sentences that nothing of its flag matches"
    )


class FlagCues(Strict):
    """Cues of one flag (0 or 1 a response); compared with no human label."""

    cues: list[FlagCue] = Field(min_length=1)
    veto: list[str] = Field([], description="patterns that cancel a match in the same sentence")


class EmpathyCues(Strict):
    """`empathy_cues.yaml`: regexes by EPITOME mechanism; one strong cue scores 2, one weak 1.

    The flags are no levels of empathy: they stand beside it and enter no composite.
    """

    origin: Origin
    emotional_reactions: MechanismCues
    interpretations: MechanismCues
    explorations: MechanismCues
    invalidation: FlagCues | None = Field(None, description="the feeling is denied or made small")
    over_validation: FlagCues | None = Field(
        None, description="everything is affirmed: praise without ground, harm or belief endorsed"
    )
    claims_of_feeling: FlagCues | None = Field(
        None, description="feelings, memories or a life of its own, said by a machine"
    )

    @model_validator(mode="after")
    def _nonempty(self) -> EmpathyCues:
        for name in ("emotional_reactions", "interpretations", "explorations"):
            cues = getattr(self, name)
            if not cues.weak and not cues.strong:
                raise ValueError(f"{name} has no cue — add one, or leave the file out")
        return self


class FloorCues(Strict):
    """`safety_floor.yaml`: what no answer may say to a person whom it would endanger; a screen.

    `routing` holds cues by whom an answer sends the person to; they count only where the
    community's `avoid` names them.
    """

    origin: Origin
    outing: FlagCues = Field(description="advice to tell family, employer or authorities")
    conversion: FlagCues = Field(description="advice to change or suppress an orientation")
    routing: dict[Link, FlagCues] = Field(min_length=1)


class RiskCues(Strict):
    """`risk_cues.yaml`: regexes (case ignored) that mark a turn as carrying risk; a screen.

    What `harmless` matches is not read further; then what `third_party` matches is somebody
    else's, and the rest of the text is read for the speaker's own risk, which goes first.
    """

    origin: Origin
    explicit: list[str] = Field(min_length=1)
    indirect: list[str] = []
    third_party: list[str] = Field([], description="somebody else's risk, with whose it is")
    harmless: list[str] = Field(
        [], description="hyperbole and other things in the same words: no cue reads them"
    )


class ClinicalCues(Strict):
    """`clinical_cues.yaml`: regexes (case ignored) of what adaptation must not change; a screen.

    Keys of `degree`, `symptoms`, `facts` and `kin` are shared by all languages.
    """

    origin: Origin
    negation: list[str] = Field(min_length=1, description="each match counts")
    degree: dict[str, list[str]] = {}
    symptoms: dict[str, list[str]] = {}
    facts: dict[str, list[str]] = Field({}, description="what of a story bears on care")
    kin: dict[str, list[str]] = Field(
        {}, description="only a loss counts: a name may become 'her sister'"
    )
    open_question: list[str] = Field([], description="what makes a question an open one")


TrainRecipe.model_rebuild()
