"""Sentences of a record that several checklists and cards repeat."""

from __future__ import annotations

from collections.abc import Iterator

from mhx.reporting.evaluation import Evaluation
from mhx.reporting.fairness import alpha_of, known_by, percent
from mhx.reporting.methods import each, methods
from mhx.reporting.table import show
from mhx.reporting.wording import SHORT_HASH, origin, parity_signature, plain, scorer

MANIFEST = "Recipe, seeds, losses and hashes stand in adapter/manifest.yaml of the run."


def joined(*texts: str) -> str:
    """The sentences that are there, with a space between them."""
    return " ".join(text for text in texts if text)


def said(evaluation: Evaluation, heading: str) -> str:
    """A section of the methods text as one paragraph; empty where it has none."""
    return " ".join(text for name, texts in methods(evaluation) if name == heading
                    for text in texts)


def domain(evaluation: Evaluation) -> str:
    """What the text is about, in which language, by whom; empty for a table."""
    return "" if evaluation.from_table else " ".join(each(evaluation, _domain))


def _domain(one: Evaluation) -> Iterator[str]:
    meta = one.meta
    yield (f"Mental-health dialogues ({origin(one)}; source: "
           f"{meta.get('source') or 'not recorded'}) in {meta.get('language')} "
           f"({meta.get('lang')}) for the territory {meta.get('territory')}.")
    for key, name in (("topic", "topics"), ("risk", "risk levels"),
                      ("seeker_gender", "gender of the seeker")):
        found = [f"{plain(row.get(key))} {row.get('dialogues')}"
                 for row in one.rows("acceptance", key)]
        if found:
            yield f"Dialogues at the gate by {name}: {', '.join(found)}."


def groups(evaluation: Evaluation) -> str:
    """The groups that are compared, and how they are known."""
    found: dict[str, dict[str, None]] = {}
    for row in evaluation.parity_rows("groups", "main"):
        found.setdefault(str(row.get("attribute")), {})[str(row.get("group"))] = None
    if not found:
        return "No groups are compared."
    each_ = "; ".join(f"{name} ({', '.join(values)})" for name, values in found.items())
    crossed = " Their intersections are reported too." if evaluation.parity_rows(
        "groups", "intersection") else ""
    return f"Groups compared: {each_}; known by: {known_by(evaluation)}.{crossed}"


def statistics(evaluation: Evaluation) -> str:
    """How much is estimated, with which error bars."""
    if evaluation.pipeline_check:
        return ("The base model is for trials: its gaps are not reported, and the statistics are "
                "shown on synthetic scores with known gaps.")
    means, gaps = (len(evaluation.parity_rows(key)) for key in ("groups", "contrasts"))
    if not means:
        return "No group means are reported."
    resamples = evaluation.part("meta", "analysis").get("resamples")
    return (f"{means} group means and {gaps} gaps are reported, each mean with n, coverage and its "
            f"{percent(alpha_of(evaluation), 1)} interval, each gap with both intervals, effect "
            f"sizes and adjusted p values (bootstrap of {resamples} resamples). Reported values "
            "are estimates of all scored answers, never the best of several.")


def trained_once(evaluation: Evaluation) -> str:
    """That intervals are over units and not over training runs; empty for a table."""
    if evaluation.from_table:
        return ""
    seeds = ", ".join(dict.fromkeys(str(one.meta.get("seed")) for one in evaluation.sources))
    runs = len(evaluation.sources)
    which = "The run" if runs == 1 else f"Each of the {runs} runs"
    return (f"{which} trained one adapter once, and each system answered each probe once (seed "
            f"{seeds}): the intervals are over units, not over training runs.")


def signatures(evaluation: Evaluation) -> str:
    """How every kind of number was made, in the measures' own signatures."""
    found: dict[str, None] = {}
    for one in evaluation.sources:
        rows = [*one.rows("perplexity"), *one.rows("translation", "rows")]
        found |= dict.fromkeys(str(row["signature"]) for row in rows if row.get("signature"))
    if evaluation.systems:
        found[parity_signature(evaluation)] = None
    elif evaluation.part("empathy"):
        found[scorer(evaluation)] = None
    return f"Signatures: {'; '.join(found)}." if found else "No signature is recorded."


def models(evaluation: Evaluation) -> str:
    """The models of the runs and their adapters; empty for a table."""
    if evaluation.from_table:
        return ""
    names = dict.fromkeys(str(one.meta.get("base_model")) for one in evaluation.sources)
    trial = [str(one.meta.get("base_model")) for one in evaluation.sources if one.pipeline_check]
    mark = f" {', '.join(dict.fromkeys(trial))} is for trials, not for people." if trial else ""
    return f"Base model{'s' if len(names) > 1 else ''}: {', '.join(names)}.{mark}"


def training(evaluation: Evaluation) -> str:
    """How the adapters were trained, by their manifests; empty where none is in the record."""
    return "" if evaluation.from_table else " ".join(each(evaluation, _training))


def _training(one: Evaluation) -> Iterator[str]:
    made = one.part("meta", "adapter")
    if not made:
        return
    recipe = made.get("recipe") or {}
    lora = ", ".join(f"{name} {value}" for name, value in (recipe.get("lora") or {}).items())
    rest = ", ".join(f"{plain(name)} {recipe[name]}" for name in (
        "epochs", "batch_size", "learning_rate", "warmup_ratio", "weight_decay", "max_length")
        if recipe.get(name) is not None)
    yield (f"LoRA ({lora}; {rest}) on {made.get('dialogues')} dialogues, "
           f"{made.get('risk_dialogues')} of them with risk: {made.get('steps')} steps, seed "
           f"{made.get('seed')}, device {made.get('device')}; loss {made.get('first_loss')} at the "
           f"first step, {made.get('last_loss')} at the last, "
           f"{show(made.get('valid_loss'), 'number', 4)} on the validation split. SHA-256 of the "
           f"base {str(made.get('base_sha256'))[:SHORT_HASH]}, of the corpus "
           f"{str(made.get('corpus_sha256'))[:SHORT_HASH]}; culture card {made.get('card')}.")


def reach(evaluation: Evaluation) -> str:
    """The sample in units and the smallest gap that could have been found."""
    rows = evaluation.parity_rows("contrasts", "main")
    units = [row.get("pairs") or row.get("n_group") for row in rows]
    mde = [row["mde"] for row in rows if row.get("mde") is not None]
    if not rows or evaluation.pipeline_check:
        return ""
    found = sorted({int(one) for one in units if one is not None})
    size = f"{found[0]} to {found[-1]}" if len(found) > 1 else f"{found[0]}" if found else "no"
    text = f"{len(rows)} contrasts of {size} pairs, or units a group where none pair."
    if mde:
        text += (f" Smallest gap found with 80 % power: {show(min(mde), 'number')} to "
                 f"{show(max(mde), 'number')} raw points.")
    return text


def results(evaluation: Evaluation) -> list[Evaluation]:
    """The single results, each with the certificates that were given for all of them."""
    certificates = evaluation.rows("certificates")
    return [Evaluation({**one.data, "certificates": certificates}, one.sha256)
            for one in evaluation.sources]
