"""Sentences of a record that several checklists and cards repeat."""

from __future__ import annotations

from collections.abc import Iterator

from mhx.reporting.checks import LICENSED, licences
from mhx.reporting.evaluation import Evaluation, Row
from mhx.reporting.fairness import known_by
from mhx.reporting.methods import each, methods
from mhx.reporting.table import show
from mhx.reporting.wording import SHORT_HASH, origin, plain

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
           f"({meta.get('lang')}) for the territory "
           f"{meta.get('territory') or 'not recorded'}.")
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


def results(evaluation: Evaluation) -> list[Evaluation]:
    """The single results, each with the certificates and licences that were given for all."""
    certificates = evaluation.rows("certificates")
    return [Evaluation({**one.data, "certificates": certificates,
                        "cross_language": _licence(evaluation, one)}, one.sha256)
            for one in evaluation.sources]


def _licence(whole: Evaluation, one: Evaluation) -> Row:
    """The licence of a result's language among all languages: the first refusal, if any."""
    own = [row for row in licences(whole)
           if one.meta.get("language") in (row.get("language"), row.get("reference"))]
    refused = [row for row in own if row.get("verdict") not in LICENSED]
    return next(iter([*refused, *own]), one.part("cross_language"))
