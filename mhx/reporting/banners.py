"""What a reader must know before any number: warnings, and what is not in the report."""

from __future__ import annotations

from mhx.reporting.checks import LICENSED, licences
from mhx.reporting.evaluation import Evaluation
from mhx.reporting.sections import OPTIONAL, left_out
from mhx.reporting.table import PIPELINE_CHECK, Table
from mhx.reporting.wording import origin, plain, sentence


def banners(evaluation: Evaluation, tables: list[Table]) -> list[tuple[str, str]]:
    """(short title, sentence) pairs, the gravest first."""
    found = [_trial(evaluation), _mixed(evaluation), _exploratory(evaluation), _rules(evaluation),
             _origin(evaluation), _scorer(evaluation), _translation(evaluation),
             _languages(evaluation), _missing(evaluation, tables)]
    return [banner for banner in found if banner is not None]


def _trial(evaluation: Evaluation) -> tuple[str, str] | None:
    if not evaluation.pipeline_check:
        return None
    base = evaluation.meta.get("base_model") or "the base model"
    return PIPELINE_CHECK, (
        f"{base} is for trials, not for people: its answers show that every step runs. They say "
        "nothing about empathy or fairness, and neither do the numbers computed from them.")


def _mixed(evaluation: Evaluation) -> tuple[str, str] | None:
    """Trial models beside real ones: their gaps are not shown."""
    names = [str(one.meta.get("run")) for one in evaluation.sources if one.pipeline_check]
    if evaluation.pipeline_check or not names:
        return None
    return PIPELINE_CHECK, (
        f"{', '.join(names)}: the base is for trials, so no gap of its answers is in this report.")


def _exploratory(evaluation: Evaluation) -> tuple[str, str] | None:
    if not evaluation.from_table:
        return None
    if not evaluation.meta.get("plan_sha256"):
        return "Exploratory", (
            "No frozen plan was given, so nothing shows that scores, contrasts and margin were "
            "chosen before the data were seen.")
    done = evaluation.meta.get("deviations") or []
    return ("Not as planned, so exploratory", sentence("; ".join(done))) if done else None


def _rules(evaluation: Evaluation) -> tuple[str, str] | None:
    every = (one.part("adaptation", "frozen") for one in evaluation.sources)
    if all(not frozen or frozen.get("kept") for frozen in every):
        return None
    return "The rules are not the frozen ones", (
        "The adaptation scores may be tuned to the edits they are measured on.")


def _origin(evaluation: Evaluation) -> tuple[str, str]:
    what = "The text" if evaluation.from_table else "The dialogues"
    return "Where the text comes from", f"{what}: {origin(evaluation)}."


def _scorer(evaluation: Evaluation) -> tuple[str, str] | None:
    unchecked = [one for one in evaluation.sources
                 if not one.rows("empathy", "agreement", "rows")
                 and not one.rows("reliability", "pairs")
                 and (one.from_table or one.rows("empathy", "means"))]
    if unchecked:
        names = [str(one.meta["language"]) for one in unchecked if one.meta.get("language")]
        where = f" in {', '.join(dict.fromkeys(names))}" if names else ""
        return "The scorer is not checked against people", (
            f"No one has shown that the scores mean{where} what people mean by "
            f"{'them' if evaluation.from_table else 'empathy'}.")
    found = evaluation.part("empathy", "agreement")
    language = str(evaluation.meta.get("language") or "this language")
    where = str(found.get("measured_on") or "")
    if where and language.lower() not in where.lower():
        return "The scorer was checked on other text", (
            f"Its agreement with people was measured on {where}, not on {language}.")
    return None


def _translation(evaluation: Evaluation) -> tuple[str, str] | None:
    labels = dict.fromkeys(one.label("translation") for one in evaluation.sources)
    label = "; ".join(one for one in labels if one and one != "measured")
    return ("Translation scores", sentence(label)) if label else None


def _languages(evaluation: Evaluation) -> tuple[str, str] | None:
    rows = licences(evaluation)
    found = rows or [evaluation.part("cross_language")]
    refused = [row for row in found if row and row.get("verdict") not in LICENSED]
    if not refused:
        return None
    verdicts = ", ".join(dict.fromkeys(str(row.get("verdict")) for row in refused))
    needed = max(row.get("anchors_needed") or row.get("needed") or 0 for row in refused)
    more = (f": at least {needed} paired anchors rated by people are needed (mhx anchors plan)"
            if needed else "")
    return "No gap between languages", sentence(f"{verdicts}{more}")


def _missing(evaluation: Evaluation, tables: list[Table]) -> tuple[str, str] | None:
    if evaluation.from_table:
        return "A table, not a run", left_out(evaluation)
    names = [plain(table.label) for table in tables
             if table.missing and table.label not in {"reasons", *OPTIONAL}]
    if not names:
        return None
    return "Incomplete", f"Tables without numbers: {', '.join(names)}. Each says why."
