"""The methods text, filled from the run: what was done, how, and what was not done."""

from __future__ import annotations

from collections.abc import Iterator

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.quality import frozen_rules
from mhx.reporting.table import show
from mhx.reporting.wording import SHORT_HASH, agreement, origin, plain, scorer

Section = tuple[str, tuple[str, ...]]


def methods(evaluation: Evaluation) -> list[Section]:
    """(heading, paragraphs), in the order of a paper's methods section."""
    return [
        ("Data and adaptation", tuple(_data(evaluation))),
        ("Measures", tuple(_measures(evaluation))),
        ("Parity analysis", tuple(_parity(evaluation))),
        ("Reproducibility", tuple(_reproducibility(evaluation))),
        ("What was not done", tuple(_not_done(evaluation))),
    ]


def _data(evaluation: Evaluation) -> Iterator[str]:
    meta = evaluation.meta
    yield (
        f"Mental-health dialogues ({origin(evaluation)}) were translated to {meta.get('language')} "
        f"({meta.get('lang')}) by the engine “{meta.get('translator')}” and adapted by the culture "
        f"card of the language for the territory {meta.get('territory')}. Faithful text plus the "
        "listed edits is the adapted text, exactly; each edit names the card's rule that asked for it.")
    gate = next((row for row in evaluation.rows("accounts") if row.get("stage") == "gate"), None)
    if gate:
        yield (f"Of {gate.get('rows_in')} dialogues at the gate, {gate.get('accepted')} were accepted, "
               f"{gate.get('review')} went to review (by code: held-out dialogues included) and "
               f"{gate.get('rejected')} were rejected. Acceptance is reported by topic, risk level and "
               "the seeker's gender.")
    yield f"The base model {meta.get('base_model')} and its LoRA adapter are compared (device: {meta.get('device')})."


def _measures(evaluation: Evaluation) -> Iterator[str]:
    for row in evaluation.rows("translation", "rows"):
        yield f"Translation, {row.get('measure')}: {row.get('signature')} ({row.get('units')} units)."
    if evaluation.label("translation"):
        yield f"Status of the translation scores: {evaluation.label('translation')}."
    if evaluation.rows("adaptation", "rows"):
        yield ("Adaptation: precision, recall and F1 of the rules' edits against the listed edits "
               f"({evaluation.label('adaptation') or 'no label'}). {frozen_rules(evaluation)}").strip()
    signatures = dict.fromkeys(str(row.get("signature")) for row in evaluation.rows("perplexity"))
    if signatures:
        yield f"Perplexity of held-out dialogues: {'; '.join(signatures)}."
    if evaluation.rows("empathy", "means"):
        yield f"Empathy of the answers: {scorer(evaluation)}; {agreement(evaluation)}."


def _parity(evaluation: Evaluation) -> Iterator[str]:
    plan = evaluation.part("meta", "analysis")
    if not plan:
        yield "No analysis plan is recorded."
        return
    reference = ", ".join(f"{name} = {value}" for name, value in (plan.get("reference") or {}).items())
    alpha = float(plan.get("alpha") or 0.05)
    yield (
        f"The analysis plan was fixed before the answers were generated (SHA-256 "
        f"{str(evaluation.meta.get('plan_sha256'))[:SHORT_HASH]}). Scores: "
        f"{', '.join(plain(name) for name in plan.get('scores') or [])}. Groups: "
        f"{', '.join(plan.get('groups') or [])}, known by: {plan.get('groups_known_by')}; reference: "
        f"{reference}. Margin: ±{plan.get('margin')} raw points ({plan.get('margin_reason')}); "
        f"alpha {alpha:g}; floor: {'none' if plan.get('floor') is None else plan['floor']}.")
    units = " × ".join(plan.get("unit") or [])
    yield (
        f"The same {units or 'unit'} in several groups is a paired unit. Gaps are group minus "
        f"reference with {100 * (1 - alpha):g} % bootstrap intervals over units "
        f"({plan.get('resamples')} resamples, small-sample inflated); p values come from sign-flip "
        "tests where units pair and from Welch's test elsewhere. Equivalence is two one-sided tests "
        f"(TOST, Lakens 2017), shown by the {100 * (1 - 2 * alpha):g} % interval inside the margin. "
        f"p values of both kinds are adjusted over the planned family ({plan.get('adjust')}). The "
        "largest gap is calibrated for having been picked (max-T). Missing, refused and unparsable "
        f"answers are coverage and are not imputed. Seed {plan.get('seed')}.")
    tests = dict.fromkeys(str(row.get("test")) for row in evaluation.parity_rows("contrasts", "main"))
    if tests:
        yield f"Tests used in this run: {', '.join(tests)}."
    for system in evaluation.systems:
        for note in evaluation.part("parity", system).get("notes") or []:
            yield f"{system}: {str(note).rstrip('.')}."
    found = evaluation.part("planted")
    if found:
        yield (
            f"Check of the statistics on synthetic scores with a planted gap of {found.get('gap')} in "
            f"{found.get('scenarios')} paired scenarios: intervals held the gap in "
            f"{show(found.get('coverage'), 'number', 3)} of {found.get('replicates')} replicates "
            f"({show(found.get('coverage_at_zero'), 'number', 3)} without a gap), power "
            f"{show(found.get('power'), 'number', 3)}, false positives "
            f"{show(found.get('false_positives'), 'number', 3)}.")


def _reproducibility(evaluation: Evaluation) -> Iterator[str]:
    meta = evaluation.meta
    yield (f"Run {meta.get('run')} of {meta.get('today')}, suite {meta.get('suite')}, seed "
           f"{meta.get('seed')}; evaluation.json SHA-256 {evaluation.sha256}.")
    versions = ", ".join(f"{name} {value}" for name, value in (meta.get("versions") or {}).items())
    machine = ", ".join(f"{name}: {value}" for name, value in (meta.get("machine") or {}).items())
    yield f"Versions: {versions or 'not recorded'}. Machine: {machine or 'not recorded'}."


def _not_done(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.pipeline_check:
        yield (f"No finding about a model: {evaluation.meta.get('base_model')} is for trials, so the "
               "numbers from its answers are a pipeline check.")
    yield "No person rated the answers of this run, and no gap is corrected with human ratings."
    if not evaluation.rows("empathy", "agreement", "rows"):
        yield "The scorer was not compared with people's ratings."
    verdict = evaluation.part("cross_language").get("verdict")
    if verdict != "comparable":
        yield f"No gap between languages is printed ({verdict or 'no cross-language gate was run'})."
    if not any(row.get("measure") == "comet" for row in evaluation.rows("translation", "rows")):
        yield "No neural translation metric (COMET) was computed."
    if not evaluation.systems:
        yield f"No parity was computed: {evaluation.data.get('parity_note') or 'no reason recorded'}."
    if evaluation.part("meta", "analysis").get("floor") is None:
        yield "No safety floor was set, so none is tested."
    yield "No mixed model, no test of the scorer's invariance by group and no length adjustment is in this report."
