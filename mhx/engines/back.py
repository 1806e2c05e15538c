"""The way back: targets translated into the source language by another engine, blind."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
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


class WayBack:
    """The engine of `--back-translator`, opened, and the score: sentence chrF by sacrebleu."""

    def __init__(self, run: Run, *, screened: bool) -> None:
        """Raises MhxError when the engine cannot work here."""
        from sacrebleu.metrics.chrf import CHRF

        names = engine_names(str(run.settings.back_translator))
        (self.engine,) = open_engines(run, names, screened=screened, back=True)
        self._metric = CHRF()
        self._run = run
        self.scores = array("d")  # of everything so far

    @property
    def metric(self) -> str:
        """chrF's signature; there is one after the first score."""
        return str(self._metric.get_signature())

    def of(self, sources: Sequence[str], targets: Sequence[str | None]) -> list[Back | None]:
        """Each target on its way back, None where there is none.

        The engine sees the target alone: no source, no context, no terms.
        """
        settings = self._run.settings
        requests = [
            Request(text, settings.lang, settings.source_lang, "seeker")
            for text in targets
            if text is not None
        ]
        replies = iter(ask(requests, self.engine, self._run.cache, self._run.reporter))
        return [
            None if target is None else self._scored(next(replies), source)
            for source, target in zip(sources, targets, strict=True)
        ]

    def _scored(self, reply: Reply, source: str) -> Back:
        if reply.text is None:
            return Back(reply, None)
        score = float(self._metric.sentence_score(reply.text, [source]).score)
        self.scores.append(score)
        return Back(reply, score)

    def close(self) -> None:
        """Release the engine."""
        self.engine.close()
