"""Pydantic models of every file format; JSON Schemas are generated from them."""

from mhx.schema.anchors import AnchorCertificate
from mhx.schema.anchors_form import AnchorKey, AnchorRatings, AnchorRubric
from mhx.schema.base import (
    Certainty,
    Depth,
    Dimension,
    Gender,
    Nature,
    Origin,
    Role,
    Strict,
)
from mhx.schema.card import Card, Fact, Rule, RuleTest
from mhx.schema.choices import ChoiceItem, Choices
from mhx.schema.dialogue import (
    AdaptedDialogue,
    AdaptedSegment,
    AdaptedTurn,
    Decision,
    Decisions,
    Dialogue,
    Edit,
    Entity,
    Participant,
    Plan,
    Turn,
)
from mhx.schema.eval import AnalysisPlan, MeasureManifest, SuiteManifest
from mhx.schema.language import (
    ClinicalCues,
    EmpathyCues,
    FloorCues,
    GoldenTests,
    LanguageManifest,
    Probes,
    Prompts,
    RiskCues,
    TrainRecipe,
)
from mhx.schema.privacy import Privacy
from mhx.schema.review import ReviewAnswers, ReviewDecision, ReviewRecord
from mhx.schema.rubric import JudgePhrases, Rubric
from mhx.schema.skills import SkillCues
from mhx.schema.terms import Concept, Term, TermBase
from mhx.schema.territory import Service, Territory
from mhx.schema.translation import BackendManifest
from mhx.schema.vignettes import Vignettes

# The file name of each format: the one list that JSON Schema generation and editors use.
FORMATS: dict[str, type[Strict]] = {
    "language.yaml": LanguageManifest,
    "culture_card.yaml": Card,
    "prompts.yaml": Prompts,
    "tests.yaml": GoldenTests,
    "train.yaml": TrainRecipe,
    "probes.yaml": Probes,
    "vignettes.yaml": Vignettes,
    "choices.yaml": Choices,
    "empathy_cues.yaml": EmpathyCues,
    "safety_floor.yaml": FloorCues,
    "risk_cues.yaml": RiskCues,
    "privacy.yaml": Privacy,
    "clinical_cues.yaml": ClinicalCues,
    "judge.yaml": JudgePhrases,
    "skill_cues.yaml": SkillCues,
    "terms.yaml": TermBase,
    "territory.yaml": Territory,
    "backend.yaml": BackendManifest,
    "measure.yaml": MeasureManifest,
    "suite.yaml": SuiteManifest,
    "analysis.yaml": AnalysisPlan,
    "dialogue.jsonl": Dialogue,
    "adapted.jsonl": AdaptedDialogue,
    "decided.yaml": Decisions,
    "rubric.yaml": AnchorRubric,
    "anchors.key.json": AnchorKey,
    "ratings.json": AnchorRatings,
    "review.jsonl": ReviewRecord,
    "review.decisions.jsonl": ReviewDecision,
    "review.answers.json": ReviewAnswers,
    "anchors.certificate.json": AnchorCertificate,
}

__all__ = [
    "FORMATS",
    "AdaptedDialogue",
    "AdaptedSegment",
    "AdaptedTurn",
    "AnalysisPlan",
    "AnchorCertificate",
    "AnchorKey",
    "AnchorRatings",
    "AnchorRubric",
    "BackendManifest",
    "Card",
    "Certainty",
    "ChoiceItem",
    "Choices",
    "ClinicalCues",
    "Concept",
    "Decision",
    "Decisions",
    "Depth",
    "Dialogue",
    "Dimension",
    "Edit",
    "EmpathyCues",
    "Entity",
    "Fact",
    "FloorCues",
    "Gender",
    "GoldenTests",
    "JudgePhrases",
    "LanguageManifest",
    "MeasureManifest",
    "Nature",
    "Origin",
    "Participant",
    "Plan",
    "Privacy",
    "Probes",
    "Prompts",
    "ReviewAnswers",
    "ReviewDecision",
    "ReviewRecord",
    "RiskCues",
    "Role",
    "Rubric",
    "Rule",
    "RuleTest",
    "Service",
    "SkillCues",
    "Strict",
    "SuiteManifest",
    "Term",
    "TermBase",
    "Territory",
    "TrainRecipe",
    "Turn",
    "Vignettes",
]
