"""Adapters as artefacts: trained from a corpus, described by a card and a manifest, installed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import hash_file, hash_json, read_jsonl, write_bytes, write_text, write_yaml
from mhx.language import Language
from mhx.run import Reporter, run_folders, versions
from mhx.schema import TrainRecipe
from mhx.training.base import TINY, base_hash, pick_device
from mhx.training.lora import TrainResult, train_lora

FILES = ("adapter_config.json", "adapter_model.safetensors", "README.md", "manifest.yaml")


def recipe_for(language: Language, base: str) -> TrainRecipe:
    """The language's recipe with what it overrides for a base."""
    recipe = language.recipe
    changes = {"base": base, **recipe.overrides.get(base, {})}
    return TrainRecipe.model_validate({**recipe.model_dump(), **changes})


def train_adapter(
    language: Language,
    *,
    data: Path | None,
    valid: Path | None,
    base: str,
    runs: Path,
    into: Path | None,
    device: str,
    reporter: Reporter,
) -> dict[str, Any]:
    """Train outside a run: on a file, the newest run's corpus, or fail saying what to do."""
    if data is None:
        folders = [
            path
            for path in run_folders(runs, language.tag)
            if (path / "corpus/train.jsonl").is_file()
        ]
        if not folders:
            raise MhxError(
                Problem(
                    f"no corpus of {language.tag} in {runs}",
                    f"mhx adapt --lang {language.tag} --until gate, or give --data FILE.jsonl",
                )
            )
        data, valid = folders[-1] / "corpus/train.jsonl", folders[-1] / "corpus/valid.jsonl"
    train = records_of(data)
    held = records_of(valid) if valid is not None and valid.is_file() else []
    folder = into or runs / language.tag / "adapters" / base.replace("/", "--")
    result = fit(
        language,
        train,
        held,
        base=base,
        out=folder,
        device=device,
        reporter=reporter,
        corpus_sha256=hash_file(data),
    )
    return {
        "adapter": str(folder),
        "base": base,
        "data": str(data),
        "steps": result.steps,
        "first loss": round(result.first_loss, 4),
        "last loss": round(result.last_loss, 4),
        "valid loss": result.valid_loss,
        "trainable parameters": result.trainable,
    }


def records_of(path: Path) -> list[dict[str, Any]]:
    """Chat records of a JSONL file. Raises MhxError for every record without messages."""
    out, problems = [], []
    for line, record in read_jsonl(path):
        messages = record.get("messages")
        if not isinstance(messages, list) or not all(
            isinstance(item, dict) and {"role", "content"} <= set(item) for item in messages
        ):
            problems.append(
                Problem(
                    "no list of {role, content}",
                    "the Hugging Face chat format",
                    path=path,
                    line=line,
                    field="messages",
                )
            )
            continue
        out.append({"id": f"line {line}", **record})
    if problems:
        raise MhxError(problems)
    return out


def fit(
    language: Language,
    train: list[dict[str, Any]],
    valid: list[dict[str, Any]],
    *,
    base: str,
    out: Path,
    device: str,
    reporter: Reporter,
    corpus_sha256: str,
) -> TrainResult:
    """Train, then write the model card and the manifest beside the weights."""
    recipe = recipe_for(language, base)
    progress = _Bar(reporter)
    result = train_lora(
        train, valid, base=base, recipe=recipe, out=out, device=device, progress=progress
    )
    manifest = {
        "language": language.tag,
        "base": base,
        "base_sha256": base_hash(base),
        "corpus_sha256": corpus_sha256,
        "card": f"{language.card.id} {language.card.version} ({language.card.status})",
        "card_sha256": hash_json(language.card.model_dump(mode="json")),
        "device": pick_device(device),
        "seed": recipe.seed,
        "recipe": recipe.model_dump(exclude={"overrides", "recommended_bases"}),
        "dialogues": len(train),
        "risk_dialogues": sum(str(item.get("risk", "none")) != "none" for item in train),
        "steps": result.steps,
        "first_loss": round(result.first_loss, 4),
        "last_loss": round(result.last_loss, 4),
        "valid_loss": None if result.valid_loss is None else round(result.valid_loss, 4),
        "versions": {
            name: version
            for name, version in versions().items()
            if name in ("mhx", "torch", "transformers", "peft")
        },
    }
    write_yaml(out / "manifest.yaml", manifest)
    write_text(out / "README.md", model_card(language, manifest, origins(train)))
    return result


class _Bar:
    """Says every tenth of the training where it is."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter

    def __call__(self, step: int, total: int, loss: float) -> None:
        """Report a finished step."""
        if step == total or step % max(1, total // 5) == 0:
            self.reporter.say(f"  step {step} of {total}, loss {loss:.3f}")


def origins(train: list[dict[str, Any]]) -> list[str]:
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
        f"- dialogues: {manifest['dialogues']}; **risk dialogues in training: "
        f"{manifest['risk_dialogues']} of {manifest['dialogues']}**",
        f"- text: {'; '.join(origin)}",
        f"- culture card: {manifest['card']}",
        f"- LoRA: {manifest['recipe']['lora']}; {manifest['steps']} steps, "
        f"seed {manifest['seed']}, "
        f"device {manifest['device']}",
        f"- loss: {manifest['first_loss']} at the first step, {manifest['last_loss']} at the last, "
        f"{manifest['valid_loss']} on the validation split",
        f"- corpus SHA-256: `{manifest['corpus_sha256']}`",
        f"- base SHA-256: `{manifest['base_sha256']}`",
        "",
        "## Not for",
        "",
        "People in distress, diagnosis, crisis care, or any use without a clinician's review.",
        "",
    ]
    return "\n".join(lines)


def install_adapter(language: Language, folder: Path, info: Mapping[str, Any]) -> Path:
    """Copy an adapter with its manifest to the language's ``adapters/<base>/``.

    Raises MhxError when the plugin folder cannot be written, or the adapter is incomplete.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise MhxError(
            Problem(f"the adapter lacks {', '.join(missing)}", "train it again", path=folder)
        )
    target = language.folder / "adapters" / str(info["base"]).replace("/", "--")
    for name in FILES:
        write_bytes(target / name, (folder / name).read_bytes())
    stale = [path for path in target.iterdir() if path.name not in FILES]
    for path in stale:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return target
