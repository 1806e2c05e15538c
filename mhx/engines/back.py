"""The way back: targets translated into the source language by another engine, blind."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from mhx.contracts import Reply, Request
from mhx.engines.chain import ask
from mhx.engines.names import EngineName, engine_names
from mhx.engines.opening import open_engines
from mhx.errors import Problem
from mhx.files import load_model
from mhx.run import Run
from mhx.schema import BackendManifest
from mhx.shelves import Shelves


@dataclass(frozen=True)
class Back:
    """A target translated back, and sentence chrF against its source: a screen, no proof."""

    reply: Reply
    chrf: float | None


@dataclass(frozen=True)
class WayBack:
    """Every target's way back, None where there is no target; signatures of engine and chrF."""

    engine: str
    metric: str
    ways: list[Back | None]


def check_back(text: str, translator: str, shelves: Shelves) -> list[Problem]:
    """What is wrong with `--back-translator`: not one engine, a memory, or one of the way there.

    The same model in two programs (hf and ct2) is the same engine: its errors undo themselves.
    """
    names = engine_names(text)
    if len(names) > 1:
        return [Problem("--back-translator names several engines", "name one")]
    manifest = load_model(shelves.get("translation", names[0].name).manifest, BackendManifest)
    if manifest.kind == "memory":
        what = "a memory cannot translate back: it would give its own source"
        return [Problem(what, "name an engine: apertium, hf:MODEL, openai:MODEL@URL")]
    forward = {_model(name, shelves) for name in engine_names(translator)}
    if _model(names[0], shelves) in forward:
        what = f"--back-translator {text} translates the way there too"
        return [Problem(what, "name another engine or another model: this one agrees with itself")]
    return []


def _model(name: EngineName, shelves: Shelves) -> str:
    """What an engine runs, whatever the program, arithmetic or address."""
    manifest = load_model(shelves.get("translation", name.name).manifest, BackendManifest)
    model = name.model or manifest.default_model
    plain = model.partition("@")[0].rstrip("/") if model else ""
    # one set of rules a pair, so a pair is no model
    return name.name if manifest.kind in ("rules", "memory") or not plain else plain


def translate_back(
    run: Run, sources: Sequence[str], targets: Sequence[str | None], *, screened: bool
) -> WayBack:
    """Targets through the engine of `--back-translator`, which sees nothing else: no source,
    no context, no terms.
    """
    from sacrebleu.metrics.chrf import CHRF

    metric = CHRF()
    names = engine_names(str(run.settings.back_translator))
    requests = [
        Request(text, run.settings.lang, run.settings.source_lang, "seeker")
        for text in targets
        if text is not None
    ]
    with ExitStack() as stack:
        (engine,) = open_engines(run, names, screened=screened, back=True)
        stack.callback(engine.close)
        replies = iter(ask(requests, engine, run.cache, run.reporter))
    out: list[Back | None] = []
    for source, target in zip(sources, targets, strict=True):
        if target is None:
            out.append(None)
            continue
        reply = next(replies)
        text = reply.text
        score = None if text is None else float(metric.sentence_score(text, [source]).score)
        out.append(Back(reply, score))
    return WayBack(engine.signature, str(metric.get_signature()), out)
