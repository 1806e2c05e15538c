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
from mhx.schema.dialogue import (
    AdaptedDialogue,
    AdaptedSegment,
    AdaptedTurn,
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
    GoldenTests,
    LanguageManifest,
    Probes,
    Prompts,
    RiskCues,
    TrainRecipe,
)
from mhx.schema.territory import Service, Territory
from mhx.schema.translation import BackendManifest

# The file name of each format: the one list that JSON Schema generation and editors use.
FORMATS: dict[str, type[Strict]] = {
    "language.yaml": LanguageManifest,
    "culture_card.yaml": Card,
    "prompts.yaml": Prompts,
    "tests.yaml": GoldenTests,
    "train.yaml": TrainRecipe,
    "probes.yaml": Probes,
    "empathy_cues.yaml": EmpathyCues,
    "risk_cues.yaml": RiskCues,
    "clinical_cues.yaml": ClinicalCues,
    "territory.yaml": Territory,
    "backend.yaml": BackendManifest,
    "measure.yaml": MeasureManifest,
    "suite.yaml": SuiteManifest,
    "analysis.yaml": AnalysisPlan,
    "dialogue.jsonl": Dialogue,
    "adapted.jsonl": AdaptedDialogue,
    "rubric.yaml": AnchorRubric,
    "anchors.key.json": AnchorKey,
    "ratings.json": AnchorRatings,
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
    "ClinicalCues",
    "Depth",
    "Dialogue",
    "Dimension",
    "Edit",
    "EmpathyCues",
    "Entity",
    "Fact",
    "Gender",
    "GoldenTests",
    "LanguageManifest",
    "MeasureManifest",
    "Nature",
    "Origin",
    "Participant",
    "Plan",
    "Probes",
    "Prompts",
    "RiskCues",
    "Role",
    "Rule",
    "RuleTest",
    "Service",
    "Strict",
    "SuiteManifest",
    "Territory",
    "TrainRecipe",
    "Turn",
]
