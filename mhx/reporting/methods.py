"""The methods text, filled from the run: what was done, how, and what was not done."""

from __future__ import annotations

from collections.abc import Iterator

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.quality import frozen_rules
from mhx.reporting.table import show
from mhx.reporting.wording import SHORT_HASH, agreement, origin, plain, scorer, sentence

Section = tuple[str, tuple[str, ...]]
ALWAYS_MISSING = (
    "No mixed model, no test of the scorer's invariance by group and no length adjustment is in "
    "this report.")


def methods(evaluation: Evaluation) -> list[Section]:
    """(heading, paragraphs), in the order of a paper's methods section."""
    return [
        ("Data and adaptation", tuple(_data(evaluation))),
        ("Measures", tuple(_measures(evaluation))),
        ("Parity analysis", (*_plan(evaluation), *_tests(evaluation))),
        ("Reproducibility", tuple(_reproducibility(evaluation))),
        ("What was not done", tuple(_not_done(evaluation))),
    ]


def _data(evaluation: Evaluation) -> Iterator[str]:
    meta = evaluation.meta
    yield (
        f"Mental-health dialogues ({origin(evaluation)}) were translated to {meta.get('language')} "
        f"({meta.get('lang')}) by the engine “{meta.get('translator')}” and adapted by the "
        f"language's culture card for the territory {meta.get('territory')}. Faithful text plus "
        "the listed edits is the adapted text, exactly; each edit names the card's entry that "
        "asked for it.")
    gate = next((row for row in evaluation.rows("accounts") if row.get("stage") == "gate"), None)
    if gate:
        yield (
            f"Of {gate.get('rows_in')} dialogues at the gate, {gate.get('accepted')} were "
            f"accepted, {gate.get('review')} went to review and {gate.get('rejected')} were "
            "rejected. "
            "Acceptance is reported by topic, risk level and the seeker's gender.")
    if meta.get("scenarios"):
        yield (f"Probes: {meta['scenarios']} of {meta.get('scenarios_in_all')} scenarios, drawn "
               f"with seed {meta.get('seed')}.")
    yield (f"The base model {meta.get('base_model')} and its LoRA adapter are compared "
           f"(device: {meta.get('device')}).")


def _measures(evaluation: Evaluation) -> Iterator[str]:
    for row in evaluation.rows("translation", "rows"):
        units = f"{row.get('units')} units"
        yield f"Translation, {row.get('measure')}: {row.get('signature')} ({units})."
    label = evaluation.label("translation")
    if label:
        yield f"Status of the translation scores: {label}."
    if evaluation.rows("adaptation", "rows"):
        how = evaluation.label("adaptation") or "no label"
        yield (f"Adaptation: precision, recall and F1 of the rules' edits against the listed "
               f"edits ({how}). {frozen_rules(evaluation)}").strip()
    found = dict.fromkeys(str(row.get("signature")) for row in evaluation.rows("perplexity"))
    if found:
        yield f"Perplexity of held-out dialogues: {'; '.join(found)}."
    if evaluation.rows("empathy", "means"):
        yield f"Empathy of the answers: {scorer(evaluation)}; {agreement(evaluation)}."


def _plan(evaluation: Evaluation) -> Iterator[str]:
    plan = evaluation.part("meta", "analysis")
    if not plan:
        yield "No analysis plan is recorded."
        return
    reference = ", ".join(f"{name} = {one}" for name, one in (plan.get("reference") or {}).items())
    alpha = float(plan.get("alpha") or 0.05)
    yield (
        f"The analysis plan was fixed before the answers were generated (SHA-256 "
        f"{str(evaluation.meta.get('plan_sha256'))[:SHORT_HASH]}). Scores: "
        f"{', '.join(plain(name) for name in plan.get('scores') or [])}. Groups: "
        f"{', '.join(plan.get('groups') or [])}, known by: {plan.get('groups_known_by')}; "
        f"reference: {reference}. Margin: ±{plan.get('margin')} raw points "
        f"({plan.get('margin_reason')}); alpha {alpha:g}; "
        f"floor: {'none' if plan.get('floor') is None else plan['floor']}.")
    if not evaluation.systems:
        return
    units = " × ".join(plan.get("unit") or []) or "unit"
    yield (
        f"The same {units} in several groups is a paired unit. Gaps are group minus reference "
        f"with {100 * (1 - alpha):g} % intervals, by bootstrap over paired units "
        f"({plan.get('resamples')} resamples, corrected for small samples); p values come from "
        "sign-flip tests where units pair and from t tests elsewhere. Equivalence is two "
        f"one-sided tests (TOST, Lakens 2017); the {100 * (1 - 2 * alpha):g} % interval shows "
        f"them. p values of both kinds are adjusted over the planned family "
        f"({plan.get('adjust')}), and verdicts rest on the adjusted ones. The largest gap is "
        "calibrated for having been picked. Missing, refused and unparsable answers are coverage "
        f"and are not imputed. Seed {plan.get('seed')}.")


def _tests(evaluation: Evaluation) -> Iterator[str]:
    rows = evaluation.parity_rows("contrasts", "main")
    tests = dict.fromkeys(str(row.get("test")) for row in rows)
    if tests:
        yield f"Tests used in this run: {', '.join(tests)}."
    for system in evaluation.systems:
        for note in evaluation.part("parity", system).get("notes") or []:
            yield f"{system}: {str(note).rstrip('.')}."
    found = evaluation.part("planted")
    if found:
        rate = {key: show(found.get(key), "number", 3)
                for key in ("coverage", "coverage_at_zero", "power", "false_positives")}
        yield (
            f"Check of the statistics on synthetic scores with a planted gap of {found.get('gap')} "
            f"in {found.get('scenarios')} paired scenarios: intervals held the gap in a share of "
            f"{rate['coverage']} of {found.get('replicates')} replicates "
            f"({rate['coverage_at_zero']} without a gap), power {rate['power']}, false positives "
            f"{rate['false_positives']}.")


def _reproducibility(evaluation: Evaluation) -> Iterator[str]:
    meta = evaluation.meta
    yield (f"Run {meta.get('run')} of {meta.get('today')}, suite {meta.get('suite')}, seed "
           f"{meta.get('seed')}; evaluation.json SHA-256 {evaluation.sha256}.")
    versions, machine = (
        ", ".join(f"{name} {one}" for name, one in evaluation.part("meta", key).items())
        for key in ("versions", "machine"))
    yield f"Versions: {versions or 'not recorded'}. Machine: {machine or 'not recorded'}."


def _not_done(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.pipeline_check:
        yield (f"No finding about a model: {evaluation.meta.get('base_model')} is for trials, so "
               "the numbers from its answers are a pipeline check.")
    yield "No ratings of this run's answers by people are used, and no gap is corrected with any."
    if not evaluation.rows("empathy", "agreement", "rows"):
        yield "The scorer was not compared with people's ratings."
    verdict = evaluation.part("cross_language").get("verdict")
    if verdict != "comparable":
        why = verdict or "no cross-language gate was run"
        yield f"No gap between languages is printed ({why})."
    if not any(row.get("measure") == "comet" for row in evaluation.rows("translation", "rows")):
        yield "No neural translation metric (COMET) was computed."
    if not evaluation.systems:
        why = str(evaluation.data.get("parity_note") or "no reason recorded")
        yield f"No parity was computed. {sentence(why)}"
    if evaluation.part("meta", "analysis").get("floor") is None:
        yield "No safety floor was set, so none is tested."
    yield ALWAYS_MISSING
