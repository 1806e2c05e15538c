"""The adapter's README: what it is for, what it is not, what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mhx.language import Language
from mhx.training.base import TINY
from mhx.training.encoding import Record


def origins(train: list[Record]) -> list[str]:
    """Who wrote the training text, each once."""
    found = set()
    for item in train:
        origin = item.get("origin")
        if isinstance(origin, Mapping):
            reviewed = origin.get("reviewed_by") or "nobody"
            found.add(f"{origin.get('kind')}: {origin.get('name')} (reviewed by {reviewed})")
    return sorted(found) or ["not said by the data"]


def model_card(language: Language, manifest: Mapping[str, Any], origin: list[str]) -> str:
    """The adapter's README: what it is for, what it is not, what it was made from."""
    others = [tag for tag in manifest["trained_with"] if tag != language.tag]
    trial = manifest["base"] == TINY
    lines = [
        "---",
        f"language: {language.tag}",
        f"base_model: {manifest['base']}",
        "library_name: peft",
        "license: cc-by-4.0",
        "---",
        "",
        f"# {language.manifest.name} adapter for {manifest['base']}",
        "",
        "Research software, **not a therapist**; no clinician has reviewed it.",
        "Crisis services are written as slots (`{{service:...}}`). Serving it without mhx's",
        "resolver, which fills them by territory, age and date, is unsupported.",
    ]
    if trial:
        lines += [
            "",
            "A trial adapter on a base of a few million parameters: its answers are babble.",
        ]
    lines += [
        "",
        "## Training",
        "",
        *([f"- DPO on {manifest['dialogues']} preference pairs, beta "
           f"{manifest['recipe']['dpo_beta']}; losses are of pairs"]
          if manifest.get("objective") == "dpo" else []),
        f"- dialogues: {manifest['dialogues']}; **risk dialogues in training: "
        f"{manifest['risk_dialogues']} of {manifest['dialogues']}**",
        f"- text: {'; '.join(origin)}",
        f"- culture card: {manifest['card']}",
        f"- tokenizer: {_words(manifest['tokenizer'])}",
        f"- LoRA: {manifest['recipe']['lora']}; {manifest['steps']} steps, "
        f"seed {manifest['seed']}, "
        f"device {manifest['device']}",
        f"- loss: {manifest['first_loss']} at the first step, {manifest['last_loss']} at the last, "
        f"{manifest['valid_loss']} on the validation split{_kept(manifest)}",
        *(f"- {note}" for note in manifest["notes"]),
        *([f"- in one pass with adapters of {', '.join(others)}, on the same frozen base"]
          if others else []),
        f"- corpus SHA-256: `{manifest['corpus_sha256']}`",
        f"- base SHA-256: `{manifest['base_sha256']}`",
        "",
        "## Not for",
        "",
        "People in distress, diagnosis, crisis care, or any use without a clinician's review.",
        "",
    ]
    return "\n".join(lines)


def _words(figures: Mapping[str, Any]) -> str:
    return (f"{figures['tokens_per_word']:.2f} tokens a word, {figures['unknown_share']:.1%} "
            f"unknown and {figures['byte_share']:.1%} byte tokens")


def _kept(manifest: Mapping[str, Any]) -> str:
    if manifest["best_step"] is None:
        return ""
    return f"; the weights of step {manifest['best_step']} are kept, which had the lowest"
