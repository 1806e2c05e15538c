"""The adapter's README: what it is for, what it is not, what it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from mhx.language import Language
from mhx.training.base import TINY
from mhx.training.encoding import Record

NO_RISK = "none"
UNSAID = "not said by the data"


def origins(train: Sequence[Record]) -> list[str]:
    """Who wrote the training text, each once."""
    found = set()
    for item in train:
        origin = item.get("origin")
        if isinstance(origin, Mapping):
            reviewed = origin.get("reviewed_by") or "nobody"
            found.add(f"{origin.get('kind')}: {origin.get('name')} (reviewed by {reviewed})")
    return sorted(found) or [UNSAID]


def licenses(train: Sequence[Record]) -> list[str]:
    """Under which licences the text stands, each once; `UNSAID` where a record does not say."""
    return sorted({str(item.get("license") or UNSAID) for item in train})


def risky(train: Sequence[Record]) -> list[Record]:
    """The dialogues that carry risk."""
    return [item for item in train if str(item.get("risk") or NO_RISK) != NO_RISK]


def silent_on_risk(train: Sequence[Record]) -> int:
    """How many dialogues do not say whether they carry risk."""
    return sum(item.get("risk") is None for item in train)


def unreviewed(train: Sequence[Record]) -> int:
    """How many dialogues no person has reviewed, or do not say so."""
    return sum(not (isinstance(origin := item.get("origin"), Mapping)
                    and origin.get("reviewed_by")) for item in train)


def model_card(language: Language, manifest: Mapping[str, Any], origin: Sequence[str]) -> str:
    """The adapter's README: what it is for, what it is not, what it was made from."""
    licence = manifest["licenses"]
    lines = [
        "---",
        f"language: {language.tag}",
        f"base_model: {manifest['base']}",
        "library_name: peft",
        *(["license: cc-by-4.0"] if licence == ["CC-BY-4.0"] else []),
        "---",
        "",
        f"# {language.manifest.name} adapter for {manifest['base']}",
        "",
        "Research software, **not a therapist**; no clinician has reviewed it.",
        "Crisis services are written as slots (`{{service:...}}`). Serving it without mhx's",
        "resolver, which fills them by territory, age and date, is unsupported.",
    ]
    if manifest["base"] == TINY:
        lines += [
            "",
            "A trial adapter on a base of a few million parameters: its answers are babble.",
        ]
    lines += ["", "## Training", "", *_training(manifest, origin)]
    lines += [
        "",
        "## For",
        "",
        f"Research on supportive dialogue in {language.manifest.name}: comparing training data,",
        "bases and cultures, offline or with informed adults who know that a machine answers.",
        "",
        "## Limits",
        "",
        *_limits(manifest),
        "",
        "## Not for",
        "",
        "People in distress, diagnosis, crisis care, or any use without a clinician's review.",
        "",
    ]
    return "\n".join(lines)


def _training(manifest: Mapping[str, Any], origin: Sequence[str]) -> list[str]:
    recipe = manifest["recipe"]
    others = [tag for tag in manifest["trained_with"] if tag != manifest["language"]]
    risk, count = manifest["risk_dialogues"], manifest["dialogues"]
    unsaid, left = manifest.get("risk_unsaid"), manifest.get("left_out")
    base = manifest["base_sha256"]
    return [
        *([f"- DPO on {count} preference pairs, beta {recipe['dpo_beta']}; losses are of pairs"]
          if manifest.get("objective") == "dpo" else []),
        f"- dialogues: {count}; **risk dialogues in training: {risk} of {count}**, "
        f"{manifest['risk_unreviewed']} of them reviewed by nobody"
        + (f"; **{unsaid} do not say** whether they carry risk" if unsaid else ""),
        *([f"- left out, too long for max_length: {left}"] if left else []),
        f"- text: {'; '.join(origin)}; licence: {', '.join(manifest['licenses'])}",
        f"- culture card: {manifest['card']}, SHA-256 `{manifest['card_sha256']}`",
        f"- tokenizer: {_words(manifest['tokenizer'])}",
        f"- LoRA: {recipe['lora']}; {manifest['steps']} steps, seed {manifest['seed']}, "
        f"device {manifest['device']}",
        f"- loss: {manifest['first_loss']} at the first step, {manifest['last_loss']} at the last",
        *_validation(manifest),
        *_spent(manifest.get("spent")),
        *(f"- {note}" for note in manifest["notes"]),
        *([f"- in one pass with adapters of {', '.join(others)}, on the same frozen base"]
          if others else []),
        f"- corpus SHA-256: `{manifest['corpus_sha256']}`",
        f"- base SHA-256: `{base}`" if base else "- base: by its name on the hub, no hash taken",
    ]


def _validation(manifest: Mapping[str, Any]) -> list[str]:
    if manifest["valid_loss"] is None:
        return ["- validation: none, so nothing says how it does on text it has not seen"]
    kept = ("" if manifest["best_step"] is None else
            f"; the weights of step {manifest['best_step']} are kept, which had the lowest")
    before = manifest["base_valid_loss"]
    base = "" if before is None else f"{before} of the base, "
    return [f"- validation split: loss {base}{manifest['valid_loss']} of the adapter{kept}"]


def _spent(spent: Mapping[str, Any] | None) -> list[str]:
    """Time, and energy where a meter was read."""
    if spent is None:
        return []
    since = f" from step {spent['from_step']} on" if spent["from_step"] else ""
    lines = [f"- time: {timedelta(seconds=round(spent['seconds']))}{since}, on {spent['device']}"]
    if energy := spent.get("kwh"):
        each = ", ".join(f"{kwh:.4f} kWh ({name})" for name, kwh in energy.items())
        lines.append(f"- energy{since}: {each}, by the devices' own counters, with all else that "
                     "ran on them")
    return lines


def _limits(manifest: Mapping[str, Any]) -> list[str]:
    worse = (manifest["valid_loss"] is not None and manifest["base_valid_loss"] is not None
             and manifest["valid_loss"] >= manifest["base_valid_loss"])
    return [
        "- A loss is no measure of care. Empathy, safety and fairness between groups are measured",
        "  by a run (`mhx adapt`), whose report then belongs beside this card.",
        *(["- On the validation split it is no better than the base."] if worse else []),
        "- Its culture card is one territory's: elsewhere forms of address, services and examples",
        "  are wrong.",
    ]


def _words(figures: Mapping[str, Any]) -> str:
    return (f"{figures['tokens_per_word']:.2f} tokens a word, {figures['unknown_share']:.1%} "
            f"unknown and {figures['byte_share']:.1%} byte tokens")
