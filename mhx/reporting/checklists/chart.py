"""CHART: the Chatbot Assessment Reporting Tool for studies of chatbots that give health advice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mhx.reporting.checklists import estimates, facts
from mhx.reporting.checklists.people import (
    NOBODY,
    forms,
    published,
    raters,
    raters_shown,
)
from mhx.reporting.checklists.records import Checklist, Item
from mhx.reporting.evaluation import Evaluation
from mhx.reporting.methods import each
from mhx.reporting.wording import SHORT_HASH, counted, plan_name, scorer

NOTE = ("Numbers and topics are those of the published abstract (12 items); the wording is not the "
        "statement's, so check it against the published checklist before submission.")


def chart(evaluation: Evaluation) -> Checklist:
    """One item a topic of CHART."""
    table = evaluation.from_table
    return Checklist(
        name="CHART 2025 (studies of chatbots that give health advice)",
        source="CHART Collaborative 2025, BMJ Medicine 4(1):e001632, "
        "doi:10.1136/bmjmed-2025-001632",
        note=NOTE,
        items=(
            Item(id="1a-b", question="Title; abstract", open="title and abstract of the paper"),
            Item(id="2a-b", question="Background", open="rationale and aims of the study"),
            _identifiers(evaluation), _details(evaluation),
            Item(id="5a-b", question="Prompt engineering",
                 answer="" if table else
                 "The system prompt and the probes are files of the language's plugin, which the "
                 "hashes in run.yaml fix; the same wording is used for all groups but for the cue "
                 "of the group.",
                 open="who wrote the prompts, and how" if not table else
                 "the prompts, who wrote them, and how"),
            _queries(evaluation), _performance(evaluation),
            Item(id="8", question="Sample size", answer=estimates.reach(evaluation),
                 open="" if estimates.reach(evaluation) and not table
                 else "how the number of answers was chosen"),
            Item(id="9a", question="Data analysis",
                 answer="In full in the paragraph “Parity analysis” of the methods. "
                 f"{estimates.statistics(evaluation)}"),
            Item(id="10a-c", question="Results", answer=_results(evaluation)),
            Item(id="11a-c", question="Discussion, with limitations",
                 answer=f"Known limits: {facts.said(evaluation, 'What was not done')}",
                 open="interpretation, limits of the study, and what it means for practice"),
            Item(id="12a", question="Disclosures", open="competing interests of the authors"),
            Item(id="12b", question="Funding", open="funding and the funders' role"),
            _ethics(evaluation), _protocol(evaluation), _availability(evaluation),
        ))


def _identifiers(evaluation: Evaluation) -> Item:
    return Item(
        id="3a-b", question="Model identifiers: name, version, access",
        answer=facts.models(evaluation),
        open="name, version, provider and date of each model behind the table"
        if evaluation.from_table else
        "revision and release date of the base model, and whether its weights are open")


def _details(evaluation: Evaluation) -> Item:
    table = evaluation.from_table
    return Item(
        id="4a-c", question="Model details: base or adapted, training, architecture",
        answer="" if table else facts.joined(
            "Each run compares the base with a LoRA adapter of it, trained on the adapted "
            "dialogues.", facts.training(evaluation), facts.MANIFEST),
        open="whether the models were adapted, and how" if table else
        "architecture and size of the base model, where its own card does not give them")


def _queries(evaluation: Evaluation) -> Item:
    question = "Query strategy: route, date, settings, sessions"
    if evaluation.from_table:
        return Item(id="6a-d", question=question,
                    open="route, dates, settings and sessions of the queries")
    how = ("Each probe is a conversation of its own without history, answered once by each system "
           "with greedy decoding, on the machine of the run.")
    return Item(id="6a-d", question=question, answer=facts.joined(how, *each(evaluation, _asked))
                if evaluation.systems else "No probe was answered.")


def _asked(one: Evaluation) -> Iterator[str]:
    meta = one.meta
    probes = (f"{meta['scenarios']} of {meta.get('scenarios_in_all')} scenarios"
              if meta.get("scenarios") else "number of scenarios not recorded")
    yield (f"Run of {meta.get('today')}, device {meta.get('device')}, seed {meta.get('seed')}, "
           f"{probes}.")


def _performance(evaluation: Evaluation) -> Item:
    blind = ("Raters of anchors saw texts in random order, blinded to the system."
             if forms(evaluation) else "")
    nobody = raters_shown(evaluation) == "no"
    people = [f"{NOBODY}.", *published(evaluation)] if nobody else [raters(evaluation)]
    return Item(
        id="7a-b", question="Performance evaluation: definition, evaluators, blinding",
        answer=facts.joined(_success(evaluation), f"Scorer: {scorer(evaluation)}.", blind, *people),
        open="" if nobody else "training of the raters, and whether they knew the models")


def _success(evaluation: Evaluation) -> str:
    plan = evaluation.part("meta", "analysis")
    planned = [] if plan.get("margin") is None else [str(plan["margin"])]
    tested = dict.fromkeys(f"{row['margin']:.4g}" for row in evaluation.parity_rows("contrasts")
                           if row.get("margin") is not None)
    margins = list(tested) or planned
    if not margins:
        return "No margin is given, so equivalence is not tested."
    reason = f" ({plan['margin_reason']})" if plan.get("margin_reason") else ""
    return (f"Parity is shown where a gap lies within the margin of {', '.join(margins)}{reason} "
            "by two one-sided tests.")


def _results(evaluation: Evaluation) -> str:
    rows = evaluation.parity_rows("contrasts", "main")
    if evaluation.pipeline_check or not rows:
        return estimates.statistics(evaluation)
    found = Counter(str(row.get("verdict")) for row in rows)
    each_ = ", ".join(f"{count} {verdict}" for verdict, count in found.items())
    return (f"The tables give every group, gap and interval, the paragraph “Results” sums them up: "
            f"of {counted(len(rows), 'contrast')} of a group with its reference, {each_}.")


def _ethics(evaluation: Evaluation) -> Item:
    return Item(id="12c", question="Ethics: approval, consent",
                answer=f"{NOBODY}." if raters_shown(evaluation) == "no" else "",
                open="whether a review was needed, and its decision")


def _protocol(evaluation: Evaluation) -> Item:
    hashes = [one.meta.get("plan_sha256") for one in evaluation.sources]
    open_ = "whether a protocol was registered, and where"
    if not all(hashes):
        which = "The analysis has no" if len(hashes) == 1 else "Not every analysis has a"
        return Item(id="12d", question="Protocol", open=open_,
                    answer=f"{which} frozen plan, so it is exploratory.")
    when = ("" if evaluation.from_table else
            ", hashed into the run before any answer was generated")
    changed = "; ".join(str(one) for one in evaluation.meta.get("deviations") or [])
    return Item(
        id="12d", question="Protocol", open=open_,
        answer=facts.joined(
            f"The analysis follows analysis.yaml (SHA-256 {plan_name(evaluation)}{when}).",
            f"Not as planned: {changed}." if changed else ""))


def _availability(evaluation: Evaluation) -> Item:
    hashes = ", ".join(one.sha256[:SHORT_HASH] for one in evaluation.sources)
    return Item(id="12e", question="Data and code availability",
                answer="report.json holds every number of this report, and its tables are beside "
                f"it as CSV; the result's SHA-256 begins {hashes}. The code is mhx, "
                "Apache-2.0." + ("" if evaluation.from_table else
                                 " Cards and shipped corpora are CC BY 4.0."),
                open="where answers, scores and adapters are deposited, and under which licence")
