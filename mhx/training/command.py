"""`mhx train`: which languages learn what, with which settings, and where their adapters go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem, UsageError
from mhx.files import hash_file, parse_model
from mhx.language import Language
from mhx.run import Reporter, run_folders
from mhx.schema import TrainRecipe
from mhx.training.adapter import Part, fit_all, recipe_for
from mhx.training.lora import TrainResult
from mhx.training.mixture import Share, by_language, capped, numbers, shares
from mhx.training.pair_data import pair_share
from mhx.training.recipes import dry_run, fitting_gpu, on_gpu, sized
from mhx.training.sharding import asked_by_accelerate
from mhx.training.sources import records_of, with_system

OBJECTIVES = ("sft", "dpo")


def train_languages(
    languages: Sequence[Language],
    *,
    base: str,
    runs: Path,
    device: str,
    reporter: Reporter,
    data: Sequence[str] = (),
    valid: Sequence[str] = (),
    weights: Sequence[str] = (),
    caps: Sequence[str] = (),
    settings: Sequence[str] = (),
    into: Path | None = None,
    objective: str = "sft",
    pairs: Sequence[str] = (),
    source: Language | None = None,
    size: str | None = None,
    gpu: str | None = None,
    dry: bool = False,
    log: Sequence[str] = (),
    shard: bool = False,
) -> list[dict[str, Any]]:
    """Train one adapter a language, all in one pass; returns a row of figures for each.

    `data` and `valid` are FILE or LANG=FILE (without data: the corpus of each language's newest
    run), `weights` and `caps` LANG=NUMBER: passes over the data relative to the recipe's epochs,
    and the most conversations. `settings` are KEY=VALUE of the recipe. `objective` dpo learns
    `pairs`, FILE or LANG=FILE, else those compiled from the card (`source` owns the dialogues).
    `size` takes base and settings of a recipe for a card of `gpu` GB. `dry` trains nothing and
    says what it would. `log` names loggers. `shard` spreads the base over the processes of a
    launcher. Raises MhxError with what is missing.
    """
    tags = [language.tag for language in languages]
    if len(set(tags)) < len(tags):
        raise UsageError(f"--lang {' --lang '.join(tags)}", "name each language once")
    if objective not in OBJECTIVES:
        raise UsageError(f"--objective {objective!r}", f"one of {', '.join(OBJECTIVES)}")
    preference = objective == "dpo"
    if (pairs and not preference) or (preference and (data or valid)):
        raise UsageError("--pairs goes with --objective dpo, --data and --valid with sft",
                         "give the pairs' own file a column split to validate on")
    sizes = sized(languages, size) if size else {}
    if gpu and not size:
        raise UsageError(f"--gpu {gpu} without --recipe", "the settings for a card are a recipe's")
    base = next((item.base for item in sizes.values()), base)
    card = gpu or (fitting_gpu(device) if size else "")
    weight = numbers(by_language(weights, tags, "--weight"), "--weight", float)
    cap = numbers(by_language(caps, tags, "--cap"), "--cap", int)
    found = (_pairs(languages, source, pairs) if preference
             else chosen(tags, data, valid, runs))
    parts = []
    for language in languages:
        tag, share = language.tag, found[language.tag]
        plain = (on_gpu(language.recipe, sizes[tag], card) if size
                 else recipe_for(language, base))
        recipe = changed(plain, settings)
        factor = weight.get(tag, 1.0)
        recipe = recipe.model_copy(update={"epochs": recipe.epochs * factor})
        limit = int(cap[tag]) if tag in cap else None
        prompt = language.prompts.system.strip()
        parts.append(Part(
            language,
            with_system(capped(share.train, limit, recipe.seed), prompt),
            with_system(share.valid, prompt),
            recipe,
            _out(tag, base + "-dpo" * preference, runs, into, alone=len(tags) == 1),
            share.sha256,
            preference,
        ))
    if dry:
        return dry_run(parts, base, sizes, card)
    together = "+".join(tags)
    folder = parts[0].out if len(parts) == 1 else (
        into or runs / "joint" / _plain(base + "-dpo" * preference) / together)
    done = fit_all(parts, base=base, folder=folder, device=device, reporter=reporter, timed=True,
                   log=log, shard=shard or asked_by_accelerate())
    return [_row(part, found[part.language.tag], done[part.language.tag], base) for part in parts]


def chosen(
    tags: Sequence[str], data: Sequence[str], valid: Sequence[str], runs: Path
) -> dict[str, Share]:
    """The conversations of each language: the named files, else its newest run's corpus."""
    named = by_language(data, tags, "--data", bare=True)
    held = by_language(valid, tags, "--valid", bare=True)
    missing = [tag for tag in tags if tag not in named and "" not in named]
    out = {}
    problems = []
    for tag in missing:
        folders = [path for path in run_folders(runs, tag)
                   if (path / "corpus/train.jsonl").is_file()]
        if not folders:
            problems.append(Problem(
                f"no corpus of {tag} in {runs}",
                f"mhx adapt --lang {tag} --until gate, or give --data FILE.jsonl"))
            continue
        corpus = folders[-1] / "corpus/train.jsonl"
        rows = folders[-1] / "corpus/valid.jsonl"
        own = held.get(tag, held.get("", ""))
        validation = shares([tag], {tag: own}, {})[tag].train if own else (
            records_of(rows) if rows.is_file() else [])
        out[tag] = Share(records_of(corpus), validation, (str(corpus),), hash_file(corpus))
    if problems:
        raise MhxError(problems)
    rest = [tag for tag in tags if tag not in missing]
    return {**out, **(shares(rest, named, held) if rest else {})}


def _pairs(
    languages: Sequence[Language], source: Language | None, pairs: Sequence[str]
) -> dict[str, Share]:
    tags = [language.tag for language in languages]
    named = by_language(pairs, tags, "--pairs", bare=True)
    out = {}
    for language in languages:
        given = named.get(language.tag, named.get("", ""))
        alone = len(tags) == 1 or language.tag in named
        out[language.tag] = pair_share(language, source or language, given, alone=alone)
    return out


def changed(recipe: TrainRecipe, settings: Sequence[str]) -> TrainRecipe:
    """The recipe with KEY=VALUE settings (`epochs=1`, `lora.r=16`), checked like `train.yaml`.

    Raises UsageError for text without a value, MhxError for an unknown key or a wrong value.
    """
    fields: dict[str, Any] = recipe.model_dump()
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set {text!r}", "write KEY=VALUE, such as epochs=1 or lora.r=16")
        place: dict[str, Any] = fields
        *parents, last = key.split(".")
        for name in parents:
            inner = place.get(name)
            place = place.setdefault(name, {}) if inner is None else inner
        place[last] = _value(value)
    return parse_model(fields, TrainRecipe, path=Path("--set"))


def _value(text: str) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text)


def _plain(base: str) -> str:
    return base.strip("/").replace("/", "--")


def _out(tag: str, base: str, runs: Path, into: Path | None, *, alone: bool) -> Path:
    if into is not None:
        return into if alone else into / tag
    return runs / tag / "adapters" / _plain(base)


def _row(part: Part, share: Share, result: TrainResult, base: str) -> dict[str, Any]:
    words = result.fertility.record() if result.fertility else {}
    return {
        "lang": part.language.tag,
        "adapter": str(part.out),
        "base": base,
        "data": ", ".join(share.sources),
        "dialogues": len(part.train),
        "left out": len(result.left_out),
        "steps": result.steps,
        "stopped early": result.stopped_at,
        "first loss": round(result.first_loss, 4),
        "last loss": round(result.last_loss, 4),
        "valid loss": result.valid_loss,
        "valid loss of the base": result.base_valid_loss,
        "tokens a word": words.get("tokens_per_word"),
        "unknown tokens": words.get("unknown_share"),
        "byte tokens": words.get("byte_share"),
        "trainable parameters": result.trainable,
        "notes": "; ".join(result.notes) or None,
    }
