"""The methods text, filled from the record: what was done, how, and what was not done.

Sources stand as "Author Year"; the paper turns them into citations (`mhx.reporting.citations`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mhx.reporting.beside import beside
from mhx.reporting.checks import LICENSED, licences, proved
from mhx.reporting.combine import identities
from mhx.reporting.evaluation import Evaluation
from mhx.reporting.fairness import alpha_of, known_by, percent
from mhx.reporting.quality import frozen_rules
from mhx.reporting.wording import SHORT_HASH, agreement, origin, plain, scorer, sentence

Section = tuple[str, tuple[str, ...]]
Say = Callable[[Evaluation], Iterator[str]]
ADJUST = {"holm": "Holm 1979", "bh": "Benjamini & Hochberg 1995"}
# what a hostile reader asks for, and the parity records that hold it
CHECKS = {
    "models": "a mixed or an ordinal model beside the gaps (--models)",
    "lengths": "the gap at equal length of the answers (--length)",
    "conditional": "score differences by group at equal human rating",
    "corrected": "gaps corrected by human ratings of the evaluated answers",
}


def methods(evaluation: Evaluation) -> list[Section]:
    """(heading, paragraphs), in the order of a paper's methods section."""
    data = _of_table(evaluation) if evaluation.from_table else each(evaluation, _data)
    quality = () if evaluation.from_table else each(evaluation, _measures)
    found = [
        ("Data" if evaluation.from_table else "Data and adaptation", tuple(data)),
        ("Measures", tuple(quality)),
        ("Parity analysis", (*_plan(evaluation), *_tests(evaluation))),
        ("Reproducibility", tuple(_reproducibility(evaluation))),
        ("Notes of the analysis", tuple(_notes(evaluation))),
        ("What was not done", tuple(_not_done(evaluation))),
    ]
    return [(heading, texts) for heading, texts in found if texts]


def each(evaluation: Evaluation, say: Say) -> Iterator[str]:
    """The sentences of every run; those that all runs share once, others with the run's name."""
    names = identities(evaluation.sources)
    found: dict[str, list[str]] = {}
    for one in evaluation.sources:
        for text in say(one):
            found.setdefault(text, []).append(", ".join(map(str, names[one.sha256].values())))
    for text, which in found.items():
        everywhere = len(which) == len(evaluation.sources)
        yield text if everywhere else f"{'; '.join(which)}: {text}"


def _of_table(evaluation: Evaluation) -> Iterator[str]:
    for one in evaluation.sources:
        meta = one.meta
        yield (f"The scores come from the table {meta.get('table')} (SHA-256 "
               f"{str(meta.get('table_sha256'))[:SHORT_HASH]}), not from a run of mhx; how they "
               "were made is not recorded here.")
        found = one.rows("reliability", "pairs")
        if found:
            yield (f"Agreement was measured on {one.part('reliability').get('items')} items by "
                   f"{len(found)} {'pair' if len(found) == 1 else 'pairs'} of raters.")


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
    yield (f"The base model {meta.get('base_model')} and its LoRA adapter (Hu et al. 2022) are "
           f"compared (device: {meta.get('device')}).")


def _measures(evaluation: Evaluation) -> Iterator[str]:
    sources = {"chrf": " (Popović 2015)", "bleu": " (Post 2018)"}
    for row in evaluation.rows("translation", "rows"):
        name = str(row.get("measure"))
        yield (f"Translation, {name}{sources.get(name, '')}: {row.get('signature')} "
               f"({row.get('units')} units).")
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
        source = " (scale: Sharma et al. 2020)" if scorer(evaluation).startswith("epitome") else ""
        yield f"Empathy of the answers{source}: {scorer(evaluation)}; {agreement(evaluation)}."
    if evaluation.rows("crisis", "rows"):
        yield (f"Answers to messages at risk: {evaluation.part('crisis').get('signature')}; misses "
               "are counted by severity and group with exact one-sided 95 % bounds (Clopper & "
               "Pearson 1934).")
    judges = dict.fromkeys(str(row.get("judge")) for row in evaluation.rows("judged", "cost"))
    if judges:
        rubrics = dict.fromkeys(plain(row.get("measure"))
                                for row in evaluation.rows("judged", "rows"))
        yield (f"Answers rated by judges ({', '.join(judges)}) with the rubrics "
               f"{', '.join(rubrics)}; an answer that is not legal leaves the score empty.")


def _plan(evaluation: Evaluation) -> Iterator[str]:
    """The plan as it was fixed; where results have several, what they share."""
    plan, alpha = evaluation.part("meta", "analysis"), alpha_of(evaluation)
    if not plan:
        yield "No one analysis plan is recorded."
    else:
        reference = ", ".join(f"{name} = {one}"
                              for name, one in (plan.get("reference") or {}).items())
        reference += "".join(
            f"; {lang}: " + ", ".join(f"{name} = {one}" for name, one in own.items())
            for lang, own in (plan.get("reference_by_language") or {}).items())
        margin = str(plan.get("margin") or "none")
        shown = f"±{margin} raw points" if margin.replace(".", "", 1).isdigit() else margin
        reason = f" ({plan['margin_reason']})" if plan.get("margin_reason") else ""
        yield (
            f"{_fixed(evaluation)} Scores: "
            f"{', '.join(plain(name) for name in plan.get('scores') or [])}. Groups: "
            f"{', '.join(plan.get('groups') or [])}, known by: {known_by(evaluation)}; "
            f"reference: {reference}. Margin: {shown}{reason}; alpha {alpha:g}; "
            f"floor: {'none' if plan.get('floor') is None else plan['floor']}.")
    if evaluation.systems:
        yield _procedure(evaluation)


def _fixed(evaluation: Evaluation) -> str:
    hashes = dict.fromkeys(str(one.meta.get("plan_sha256") or "")[:SHORT_HASH]
                           for one in evaluation.sources)
    if not any(hashes):
        return "No plan was frozen: the analysis is exploratory."
    shown = f"SHA-256 {', '.join(name or 'none' for name in hashes)}"
    if evaluation.from_table:
        return (f"The analysis follows a plan ({shown}); that it was fixed before the scores were "
                "seen is for its authors to show.")
    return f"The analysis plan was fixed before the answers were generated ({shown})."


def _procedure(evaluation: Evaluation) -> str:
    plan, alpha = evaluation.part("meta", "analysis"), alpha_of(evaluation)
    units = plan.get("unit") or []
    rows = evaluation.parity_rows("contrasts", "main")
    paired = any(row.get("pairs") is not None for row in rows)
    adjust = str(plan.get("adjust") or "holm")
    largest = " ".join(str(row.get("method")) for row in evaluation.parity_rows("largest"))
    ways = [f"a {name}" for part, name in (
        ("max-T", "max-T sign-flip test over units (Westfall & Young 1993)"),
        ("Games-Howell", "studentized range (Games & Howell 1976)")) if part in largest]
    return " ".join(text for text in (
        f"The same {' × '.join(units)} in several groups is a paired unit." if paired else "",
        f"Gaps are group minus reference with {percent(alpha, 1)} intervals, by a bootstrap over "
        f"{'paired units' if paired else 'units'} ({plan.get('resamples')} resamples, corrected "
        "for small samples; Hesterberg 2015); p values come from sign-flip tests where units pair "
        "and from t tests elsewhere. Effect sizes are Hedges g (Hedges 1981) and Cliff's delta "
        "(Cliff 1993).",
        "Equivalence is two one-sided tests (TOST; Schuirmann 1987, Lakens 2017); the "
        f"{percent(alpha, 2)} interval shows them. p values of both kinds are adjusted over the "
        f"planned family ({ADJUST.get(adjust, adjust)}), and verdicts rest on the adjusted ones.",
        f"The largest gap is calibrated for having been picked, by {' or '.join(ways)}."
        if ways else "The largest gap is calibrated for having been picked.",
        "Means of intersections stand beside their shrunk estimates (DerSimonian & Laird 1986)."
        if evaluation.parity_rows("groups", "intersection") else "",
        "Gaps on the human scale are corrected by prediction-powered inference (Angelopoulos et "
        "al. 2023)." if evaluation.parity_rows("corrected") else "",
        f"Missing, refused and unparsable {'scores' if evaluation.from_table else 'answers'} are "
        f"coverage and are not imputed. Seed {plan.get('seed')}.",
        "Nothing is averaged or tested over languages or runs." if evaluation.parts else "",
    ) if text)


def _tests(evaluation: Evaluation) -> Iterator[str]:
    rows = evaluation.parity_rows("contrasts", "main")
    tests = dict.fromkeys(str(row.get("test")) for row in rows)
    if tests and not evaluation.pipeline_check:
        yield f"Tests used: {', '.join(tests)}."
    yield from beside(evaluation)
    if proved(evaluation):
        yield (f"The statistics were run on synthetic scores with known gaps ({proved(evaluation)})"
               ".")


def _notes(evaluation: Evaluation) -> Iterator[str]:
    """What parity() says about the data; a trial model's are about babble."""
    for system in [] if evaluation.pipeline_check else evaluation.systems:
        for note in evaluation.part("parity", system).get("notes") or []:
            yield sentence(str(note) if evaluation.from_table else f"{system}: {note}")


def _reproducibility(evaluation: Evaluation) -> Iterator[str]:
    for one in evaluation.sources:
        meta = one.meta
        if one.from_table:
            yield f"Table {meta.get('table')}, SHA-256 {meta.get('table_sha256')}."
        else:
            yield (f"Run {meta.get('run')} of {meta.get('today')}, suite {meta.get('suite')}, seed "
                   f"{meta.get('seed')}; evaluation.json SHA-256 {one.sha256}.")
    yield from dict.fromkeys(_made_with(one) for one in evaluation.sources)


def _made_with(evaluation: Evaluation) -> str:
    versions, machine = (
        ", ".join(f"{name} {one}" for name, one in evaluation.part("meta", key).items())
        for key in ("versions", "machine"))
    machine = "" if evaluation.from_table else f" Machine: {machine or 'not recorded'}."
    return f"Versions: {versions or 'not recorded'}.{machine}"


def _not_done(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.pipeline_check:
        yield (f"No finding about a model: {evaluation.meta.get('base_model')} is for trials, so "
               "the gaps of its answers are not shown, and its other numbers are a pipeline check.")
    rated = {key: bool(evaluation.parity_rows(key)) for key in CHECKS}
    if not rated["corrected"] and not rated["conditional"]:
        yield "No ratings of these answers by people are used."
    unchecked = [one for one in evaluation.sources if not one.rows("reliability", "pairs")
                 and not one.rows("empathy", "agreement", "rows")]
    if unchecked:
        names = [str(one.meta["language"]) for one in unchecked if one.meta.get("language")]
        where = f" in {', '.join(dict.fromkeys(names))}" if names else ""
        yield f"The scorer's agreement with people was not measured{where}."
    rows = licences(evaluation)
    refused = dict.fromkeys(str(row.get("verdict")) for row in
                            rows or [evaluation.part("cross_language")]
                            if row.get("verdict") not in (None, *LICENSED))
    licensed = [row for row in rows if row.get("verdict") in LICENSED]
    if refused:
        which = (f"For {len(rows) - len(licensed)} of {len(rows)} scores and pairs of languages no "
                 "gap" if licensed else "No gap between languages")
        yield f"{which} is printed ({', '.join(refused)})."
    elif not rows and not evaluation.part("cross_language") and not evaluation.from_table:
        yield "No gap between languages is printed (no cross-language gate was run)."
    measured = {row.get("measure") for one in evaluation.sources
                for row in one.rows("translation", "rows")}
    estimated = any(one.part("meta").get("quality") for one in evaluation.sources)
    if "comet" not in measured and not estimated and not evaluation.from_table:
        yield "No neural translation metric (COMET) was computed."
    if not proved(evaluation):
        yield "The statistics were not run on known gaps beside this analysis (mhx prove)."
    if not evaluation.systems:
        why = str(evaluation.data.get("parity_note") or "no reason recorded")
        yield f"No parity was computed. {sentence(why)}"
    if evaluation.part("meta", "analysis").get("floor") is None:
        yield "No safety floor was set, so none is tested."
    lacking = [name for key, name in CHECKS.items() if not rated[key]]
    if lacking:
        yield f"Not computed: {'; '.join(lacking)}."
