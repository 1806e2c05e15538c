"""Model cards (Mitchell et al. 2019) with unitary and intersectional results, for Hugging Face."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from mhx.reporting.checklists import estimates, facts
from mhx.reporting.checklists.people import SHIPPED, raters
from mhx.reporting.checklists.records import TO_FILL
from mhx.reporting.evaluation import Evaluation
from mhx.reporting.markdown import plain_text, to_markdown
from mhx.reporting.sections import all_tables
from mhx.reporting.table import Table
from mhx.reporting.wording import agreement, origin, scorer
from mhx.version import __version__

SOURCE = "Mitchell et al. 2019, Model Cards for Model Reporting, doi:10.1145/3287560.3287596"
UNITARY = ("groups", "contrasts", "largest", "worst")
INTERSECTIONAL = ("intersections",)
OTHER = ("perplexity", "translation", "adaptation", "agreement", "proving")
NOT_FOR = (
    "Research software, **not a therapist**. Not for people in distress, diagnosis, crisis care, "
    "or any use without a clinician's review.",
    "Crisis services are written as slots (`{{service:...}}`): **serving without the resolver is "
    "unsupported**, because only mhx's resolver fills them by territory, age, problem and date.",
)


def model_cards(evaluation: Evaluation) -> dict[str, str]:
    """File name and text of the card of each result: a card is about one model and its base."""
    return {f"model_card{f'-{number}' if number > 1 else ''}.md": model_card(one)
            for number, one in enumerate(facts.results(evaluation), start=1)}


def model_card(evaluation: Evaluation, tables: Sequence[Table] | None = None) -> str:
    """The card of a single result as Markdown with YAML front matter.

    `tables` are those of the report where they are at hand already.
    """
    found = {table.label: table for table in tables or all_tables(evaluation)}
    sections: list[tuple[str, list[str]]] = [
        ("Model details", _details(evaluation)),
        ("Intended use", _use(evaluation)),
        ("Factors", [plain_text(facts.groups(evaluation)), _gap(
            "groups that matter for these users and are not among these")]),
        ("Metrics", _metrics(evaluation)),
        ("Evaluation data", _data(evaluation)),
        ("Training data", _training(evaluation)),
        ("Quantitative analyses", [
            _why(evaluation), "### Unitary results", *_shown(found, UNITARY, evaluation),
            "### Intersectional results", *_shown(found, INTERSECTIONAL, evaluation),
            "### Other results", *_shown(found, OTHER, evaluation)]),
        ("Ethical considerations", _ethics(evaluation)),
        ("Caveats and recommendations", [plain_text(
            facts.said(evaluation, "What was not done"))]),
    ]
    parts = [front_matter(evaluation), f"# {plain_text(_name(evaluation))}",
             f"Sections after {SOURCE}; written by mhx {__version__} from the record with SHA-256 "
             f"`{evaluation.sha256}`."]
    for heading, texts in sections:
        parts += [f"## {heading}", *(text for text in texts if text)]
    return "\n\n".join(parts) + "\n"


def front_matter(evaluation: Evaluation) -> str:
    """The YAML that Hugging Face reads; values are JSON, which YAML 1.2 contains."""
    meta = evaluation.meta
    fields: dict[str, Any] = {
        "language": meta.get("lang"), "base_model": meta.get("base_model"),
        "library_name": None if evaluation.from_table else "peft",
        "pipeline_tag": "text-generation",
        "license": "cc-by-4.0" if meta.get("source") == SHIPPED else "unknown",
        "tags": ["mhx", "mental-health", "research-only",
                 *(["trial"] if evaluation.pipeline_check else [])],
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}"
             for key, value in fields.items() if value is not None]
    return "\n".join(["---", *lines, "---"])


def _name(evaluation: Evaluation) -> str:
    meta = evaluation.meta
    if evaluation.from_table:
        return f"Model card of the systems in {meta.get('table')}"
    return f"{meta.get('language')} adapter for {meta.get('base_model')}"


def _gap(what: str) -> str:
    return f"**{TO_FILL}:** {plain_text(what)}."


def _details(evaluation: Evaluation) -> list[str]:
    if evaluation.from_table:
        names = ", ".join(name for name in evaluation.systems if name)
        return [plain_text(f"Systems of the table: {names}.") if names else "",
                _gap("developer, date, version, type, licence and contact of each model")]
    meta = evaluation.meta
    return [
        plain_text(f"{facts.models(evaluation)} LoRA adapter, run {meta.get('run')} of "
                   f"{meta.get('today')}, seed {meta.get('seed')}, device {meta.get('device')}."),
        plain_text(facts.joined(facts.training(evaluation), facts.MANIFEST)),
        _gap("developers, contact, and the licence that the base model leaves to the adapter"),
    ]


def _use(evaluation: Evaluation) -> list[str]:
    trial = ("This base is for trials: the adapter shows that every step runs, and its answers "
             "mean nothing." if evaluation.pipeline_check else "")
    intended = ("" if evaluation.from_table else
                "Intended: research on localized mental-health dialogue and on its fairness.")
    unknown = _gap("the uses that the models are meant for") if evaluation.from_table else ""
    limits = NOT_FOR[:1] if evaluation.from_table else NOT_FOR
    return [intended, trial, unknown, "Out of scope:", *limits]


def _metrics(evaluation: Evaluation) -> list[str]:
    return [plain_text(text) for text in (
        f"Scorer: {scorer(evaluation)}; {agreement(evaluation)}.", estimates.statistics(evaluation),
        estimates.trained_once(evaluation), estimates.signatures(evaluation))]


def _data(evaluation: Evaluation) -> list[str]:
    if evaluation.from_table:
        return [plain_text(facts.said(evaluation, "Data")),
                _gap("what the models were asked, and why these items")]
    meta = evaluation.meta
    probes = (f"{meta['scenarios']} of {meta.get('scenarios_in_all')} probe scenarios"
              if meta.get("scenarios") else "probes whose number is not recorded")
    return [plain_text(f"Answers to {probes}, the same for every group but for its cue; perplexity "
                       "and edits on the dialogues held out as the test split.")]


def _training(evaluation: Evaluation) -> list[str]:
    if evaluation.from_table:
        return [_gap("what each model was trained on")]
    return [plain_text(" ".join([facts.domain(evaluation), *_gate(evaluation)])),
            "The corpus is described in the datasheet beside this card."]


def _gate(evaluation: Evaluation) -> Iterator[str]:
    for row in evaluation.rows("accounts"):
        if row.get("stage") == "gate":
            yield (f"Gate: {row.get('rows_in')} dialogues in, {row.get('accepted')} accepted, "
                   f"{row.get('review')} for review, {row.get('rejected')} rejected.")
            yield from (f"{note[0].upper()}{note[1:]}." for note in row.get("notes") or [] if note)


def _why(evaluation: Evaluation) -> str:
    if not evaluation.pipeline_check:
        return ("Gaps are group minus reference in raw points; every table ends with the signature "
                "its numbers were made with.")
    return plain_text(estimates.statistics(evaluation))


def _shown(found: dict[str, Table], labels: Sequence[str], evaluation: Evaluation) -> list[str]:
    tables = [found[label] for label in labels if label in found]
    if tables:
        return [to_markdown(table) for table in tables]
    return ["Not reported: the base model is for trials." if evaluation.pipeline_check
            else "Not reported: the record has no such results."]


def _ethics(evaluation: Evaluation) -> list[str]:
    return [
        plain_text(f"Text: {origin(evaluation)}. {raters(evaluation)}"),
        "Answers on suicide, violence and abuse can do harm; parity of empathy scores does not "
        "show that a model is safe.",
        _gap("review by clinicians and by people of the groups, and risks found by them"),
    ]
