"""Adapters as artefacts: trained from a corpus, described by a card and a manifest, installed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import hash_json, write_bytes, write_text, write_yaml
from mhx.language import Language
from mhx.run import Reporter, Silent, machine, versions
from mhx.schema import TrainRecipe
from mhx.training.base import base_hash, pick_device
from mhx.training.card import licenses, model_card, origins, risky, silent_on_risk, unreviewed
from mhx.training.encoding import Record
from mhx.training.energy import Spent, meter
from mhx.training.launching import current, lost_processes
from mhx.training.loggers import check_loggers, logging
from mhx.training.lora import TEMPLATE, Job, Moment, TrainResult, train_adapters
from mhx.training.sources import records_of

__all__ = ["FILES", "Part", "fit", "fit_all", "install_adapter", "recipe_for", "records_of"]

FILES = ("adapter_config.json", "adapter_model.safetensors", "README.md", "manifest.yaml")


@dataclass(frozen=True)
class Part:
    """A language of a training: its conversations, their hash, its settings and its folder."""

    language: Language
    train: Sequence[Record]
    valid: Sequence[Record]
    recipe: TrainRecipe
    out: Path
    corpus_sha256: str
    preference: bool = False


def recipe_for(language: Language, base: str) -> TrainRecipe:
    """The language's recipe with what it overrides for a base."""
    recipe = language.recipe
    changes = {"base": base, **recipe.overrides.get(base, {})}
    return TrainRecipe.model_validate({**recipe.model_dump(), **changes})


def fit(
    language: Language,
    train: list[Record],
    valid: list[Record],
    *,
    base: str,
    out: Path,
    device: str,
    reporter: Reporter,
    corpus_sha256: str,
) -> TrainResult:
    """Train one language by its recipe, then write card and manifest beside the weights."""
    part = Part(language, train, valid, recipe_for(language, base), out, corpus_sha256)
    done = fit_all([part], base=base, folder=out, device=device, reporter=reporter)
    return done[language.tag]


def fit_all(
    parts: Sequence[Part],
    *,
    base: str,
    folder: Path,
    device: str,
    reporter: Reporter,
    log: Sequence[str] = (),
    shard: bool = False,
    timed: bool = False,
) -> dict[str, TrainResult]:
    """Train all languages in one pass; each gets weights, card and manifest in its `out`.

    `folder` holds the checkpoint of them all. Either all parts hold conversations or all pairs.
    `log` names loggers that also take the steps. Of several processes the first alone writes and
    reports; `shard` spreads the base over them. With `timed` card and manifest say time, device
    and, where a meter can be read, energy; without it the same call writes the same bytes.
    """
    check_loggers(log)
    group = current()
    if not group.leads:
        reporter, log = Silent(), ()
    if lost := lost_processes():
        reporter.say(f"  {lost}")
    jobs = [
        Job(part.language.tag, part.train, part.valid, part.recipe, part.out) for part in parts
    ]
    for part in parts:
        if len(part.train) < part.recipe.batch_size:
            reporter.say(f"  {part.language.tag}: {len(part.train)} conversations are fewer than a "
                         f"batch of {part.recipe.batch_size}: each step sees all of them")
        if part.recipe.patience is not None and not part.valid:
            reporter.say(f"  {part.language.tag}: nothing to validate on, so patience of "
                         f"{part.recipe.patience} stops nothing (--valid FILE)")
        if part.recipe.batch_size < group.size:
            reporter.say(f"  {part.language.tag}: batch_size {part.recipe.batch_size} leaves some "
                         f"of {group.size} processes without a conversation")
    bar = _Bar(reporter)
    # a folder's path is this machine's own affair
    named = Path(base).name if Path(base).is_dir() else base
    settings = {part.language.tag: part.recipe.model_dump(
        exclude={"base", "overrides", "recipes", "recommended_bases"}) for part in parts}
    with (logging(log, folder, {"base": named, **settings}, reporter.say) as logged,
          meter(pick_device(device)) as gauge):

        def watch(moment: Moment) -> None:
            bar(moment)
            logged(moment)

        done = train_adapters(jobs, base=base, folder=folder, device=device, progress=watch,
                              preference=parts[0].preference, shard=shard,
                              say=reporter.say)
    spent = gauge.spent() if timed else None
    for note in dict.fromkeys(note for result in done.values() for note in result.notes):
        reporter.say(f"  {note}")
    for part in parts if group.leads else ():
        result = done[part.language.tag]
        manifest = manifest_of(part, result, base=base, device=device,
                               trained_with=[one.language.tag for one in parts], spent=spent)
        write_yaml(part.out / "manifest.yaml", manifest)
        card = model_card(part.language, manifest, origins(list(part.train)))
        write_text(part.out / "README.md", card)
    return done


def manifest_of(
    part: Part,
    result: TrainResult,
    *,
    base: str,
    device: str,
    trained_with: Sequence[str],
    spent: Spent | None = None,
) -> dict[str, Any]:
    """What an adapter was made of and how, with hashes, seeds and versions."""
    card = part.language.card
    return {
        "language": part.language.tag,
        "base": base,
        "base_sha256": base_hash(base),
        "corpus_sha256": part.corpus_sha256,
        "card": f"{card.id} {card.version} ({card.status})",
        "card_sha256": hash_json(card.model_dump(mode="json")),
        "device": pick_device(device),
        **({"processes": current().size} if current().size > 1 else {}),
        **({"objective": "dpo"} if part.preference else {}),
        "seed": part.recipe.seed,
        "recipe": part.recipe.model_dump(exclude={"overrides", "recommended_bases", "recipes"}),
        "trained_with": list(trained_with),
        "dialogues": len(part.train),
        "risk_dialogues": len(risky(part.train)),
        "risk_unreviewed": unreviewed(risky(part.train)),
        **({"risk_unsaid": unsaid} if (unsaid := silent_on_risk(part.train)) else {}),
        **({"left_out": len(result.left_out)} if result.left_out else {}),
        "licenses": licenses(part.train),
        "notes": list(result.notes),
        "tokenizer": result.fertility.record() if result.fertility else {},
        "steps": result.steps,
        "best_step": result.best_step,
        "first_loss": round(result.first_loss, 4),
        "last_loss": round(result.last_loss, 4),
        "base_valid_loss": _rounded(result.base_valid_loss),
        "valid_loss": _rounded(result.valid_loss),
        **({"spent": _spent(spent, result, pick_device(device))} if spent else {}),
        "versions": {
            name: version
            for name, version in versions().items()
            if name in ("mhx", "torch", "transformers", "peft")
        },
    }


def _rounded(loss: float | None) -> float | None:
    return None if loss is None else round(loss, 4)


def _spent(spent: Spent, result: TrainResult, device: str) -> dict[str, Any]:
    """Of all adapters of the pass together; a resumed training counts its last part alone."""
    import torch

    own = machine()
    name = (torch.cuda.get_device_name() if device.startswith("cuda")
            else f"{own['machine']}, {own['cpus']} CPUs, {torch.get_num_threads()} threads")
    size = current().size
    if size > 1:  # this process reads one GPU and one machine: not what the training took
        return {"seconds": round(spent.seconds, 1), "from_step": result.resumed_at,
                "device": f"{size} processes, the first on {name}"}
    return {"seconds": round(spent.seconds, 1), "device": name, "from_step": result.resumed_at,
            **({"kwh": {key: round(kwh, 6) for key, kwh in spent.kwh.items()}}
               if spent.kwh else {})}


class _Bar:
    """Says every fifth of the training where it is."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter

    def __call__(self, moment: Moment) -> None:
        """Report a finished step."""
        step, total = moment.step, moment.total
        if step == total or step % max(1, total // 5) == 0:
            each = [f"{name} {loss:.3f}" for name, loss in moment.losses.items()]
            losses = ", ".join(each) if len(each) > 1 else f"{moment.loss:.3f}"
            left = timedelta(seconds=round(moment.seconds_left))
            self.reporter.say(f"  step {step} of {total}, loss {losses}, "
                              f"{moment.tokens_per_second:,.0f} tokens/s, {left} left")


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
    names = [*FILES, *([TEMPLATE] if (folder / TEMPLATE).is_file() else [])]
    for name in names:
        write_bytes(target / name, (folder / name).read_bytes())
    stale = [path for path in target.iterdir() if path.name not in names]
    for path in stale:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return target
