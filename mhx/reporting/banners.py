"""What a reader must know before any number: warnings, and what is not in the report."""

from __future__ import annotations

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.table import PIPELINE_CHECK, Table
from mhx.reporting.wording import origin, plain


def banners(evaluation: Evaluation, tables: list[Table]) -> list[tuple[str, str]]:
    """(short title, sentence) pairs, the gravest first."""
    found = [_trial(evaluation), _rules(evaluation), _origin(evaluation), _scorer(evaluation),
             _translation(evaluation), _languages(evaluation), _missing(tables)]
    return [banner for banner in found if banner is not None]


def _trial(evaluation: Evaluation) -> tuple[str, str] | None:
    if not evaluation.pipeline_check:
        return None
    base = evaluation.meta.get("base_model") or "the base model"
    return PIPELINE_CHECK, (
        f"{base} is for trials, not for people: its answers show that every step runs. They say "
        "nothing about empathy or fairness, and neither do the numbers computed from them.")


def _rules(evaluation: Evaluation) -> tuple[str, str] | None:
    frozen = evaluation.part("adaptation", "frozen")
    if not frozen or frozen.get("kept"):
        return None
    return "The rules are not the frozen ones", (
        "The adaptation scores may be tuned to the edits they are measured on.")


def _origin(evaluation: Evaluation) -> tuple[str, str]:
    return "Where the text comes from", f"The dialogues: {origin(evaluation)}."


def _scorer(evaluation: Evaluation) -> tuple[str, str] | None:
    found = evaluation.part("empathy", "agreement")
    language = str(evaluation.meta.get("language") or "this language")
    if not evaluation.rows("empathy", "agreement", "rows"):
        if not evaluation.rows("empathy", "means"):
            return None
        return "The scorer is not checked against people", (
            f"No one has shown that the scores mean in {language} what people mean by empathy.")
    where = str(found.get("measured_on") or "")
    if where and language.lower() not in where.lower():
        return "The scorer was checked on other text", (
            f"Its agreement with people was measured on {where}, not on {language}.")
    return None


def _translation(evaluation: Evaluation) -> tuple[str, str] | None:
    label = evaluation.label("translation")
    if not label or label == "measured":
        return None
    return "Translation scores", f"{label[0].upper()}{label[1:]}."


def _languages(evaluation: Evaluation) -> tuple[str, str] | None:
    found = evaluation.part("cross_language")
    if not found or found.get("verdict") == "comparable":
        return None
    needed = found.get("needed")
    more = f": {needed} paired anchors rated by people are still needed" if needed else ""
    return "No gap between languages", f"{str(found.get('verdict')).capitalize()}{more}."


def _missing(tables: list[Table]) -> tuple[str, str] | None:
    names = [plain(table.label) for table in tables if table.missing and table.label != "reasons"]
    if not names:
        return None
    return "Incomplete", f"Tables without numbers: {', '.join(names)}. Each says why."
