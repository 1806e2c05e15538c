"""The ACL Responsible NLP Research checklist: B5, C3, C4 and D1 to D5."""

from __future__ import annotations

from mhx.reporting.checklists import estimates, facts
from mhx.reporting.checklists.people import (
    NOBODY,
    forms,
    raters,
    raters_shown,
    users_text,
)
from mhx.reporting.checklists.records import Checklist, Item
from mhx.reporting.evaluation import Evaluation

# the human part, in short words: id, question, what only the authors can say
PEOPLE = (
    ("D1", "Instructions given to participants, with risks and disclaimers",
     "the full text of the instructions and the warnings about distressing content"),
    ("D2", "Recruitment and payment of participants, and whether the payment is adequate",
     "how the raters were recruited and paid, and whether that is adequate where they live"),
    ("D3", "Consent of the people whose data are used",
     "whether and how the raters consented, and were told what the ratings are for"),
    ("D4", "Approval or exemption by an ethics review board",
     "the board, its decision and the number"),
    ("D5", "Demographic and geographic characteristics of the annotators",
     "gender, age, country, native language and training of the raters"),
)


def acl(evaluation: Evaluation) -> Checklist:
    """The items that a report can answer; the others are about the paper's text."""
    return Checklist(
        name="ACL Responsible NLP Research checklist",
        source="Association for Computational Linguistics, Rolling Review "
        "(https://aclrollingreview.org/responsibleNLPresearch/)",
        note="Items B5, C3, C4 and D1 to D5; the questions are shortened.",
        items=(_documentation(evaluation), _statistics(evaluation), _settings(evaluation),
               *(_people(evaluation, *one) for one in PEOPLE)))


def _documentation(evaluation: Evaluation) -> Item:
    cards = ("" if evaluation.from_table else
             "The model card and the datasheet beside this report document the adapter and the "
             "corpus.")
    return Item(
        id="B5", question="Documentation of artifacts: domains, languages, linguistic phenomena, "
        "demographic groups",
        answer=facts.joined(facts.domain(evaluation), facts.groups(evaluation), cards),
        open="domain, languages and authors of the text behind the table, and how the groups are "
        "known"
        if evaluation.from_table else "")


def _statistics(evaluation: Evaluation) -> Item:
    return Item(
        id="C3", question="Descriptive statistics: error bars, and whether a result is of a "
        "single run",
        answer=facts.joined(estimates.statistics(evaluation), estimates.trained_once(evaluation)),
        open="whether each model was run once, or which of its runs the table holds"
        if evaluation.from_table else "")


def _settings(evaluation: Evaluation) -> Item:
    return Item(
        id="C4", question="Existing packages: implementation, model and parameter settings",
        answer=facts.joined(facts.said(evaluation, "Reproducibility"),
                            facts.training(evaluation), estimates.signatures(evaluation)),
        open="packages and settings that made the scores of the table"
        if evaluation.from_table else "")


def _people(evaluation: Evaluation, id_: str, question: str, lacking: str) -> Item:
    """Filled only where the record shows that nobody took part."""
    shown = raters_shown(evaluation)
    answer = raters(evaluation) if id_ == "D1" else (
        f"{NOBODY} (D1)." if shown == "no" else "Who rated what: see D1.")
    if id_ == "D1" and forms(evaluation):
        answer += (" What the raters were shown is the offline form whose key has the SHA-256 "
                   f"{', '.join(forms(evaluation))}.")
    missing = []
    if shown == "yes":
        missing.append(lacking)
    elif shown == "unknown":
        missing.append(f"whether people took part; if so, {lacking}")
    others = users_text(evaluation)
    if others and id_ in ("D3", "D4"):
        what = ("whether and how the people in it consented" if id_ == "D3"
                else "the review under which it was collected")
        missing.append(f"for the dialogues of {', '.join(others)}, {what}")
    return Item(id=id_, question=question, answer=answer, open="; ".join(missing))
