"""Segments through a chain of engines: what one cannot translate, the next one is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhx.contracts import Reply, Request
from mhx.corpus.cache import ReplyCache
from mhx.engines.opening import Engine
from mhx.run import Reporter
from mhx.schema import BackendManifest

# segments between two writes of the cache; a language model takes seconds a segment
CHUNK, LLM_CHUNK = 256, 32


@dataclass(frozen=True)
class Tried:
    """A failure before the outcome: the engine as `--translator` names it, code and detail."""

    engine: str
    failure: str
    detail: str


@dataclass(frozen=True)
class Outcome:
    """The reply of the last engine that was asked, its name, and what failed before it."""

    reply: Reply
    engine: str
    earlier: tuple[Tried, ...] = ()


def translate_all(
    requests: Sequence[Request], engines: Sequence[Engine], cache: Path, reporter: Reporter
) -> list[Outcome]:
    """One outcome a request, in order: each engine in turn, on what those before it left."""
    outcomes: dict[int, Outcome] = {}
    waiting = list(range(len(requests)))
    for engine in engines:
        replies = ask([requests[place] for place in waiting], engine, cache, reporter)
        for place, reply in zip(waiting, replies, strict=True):
            earlier = _failures(outcomes[place]) if place in outcomes else ()
            outcomes[place] = Outcome(reply, str(engine.name), earlier)
        waiting = [place for place in waiting if outcomes[place].reply.failure is not None]
    return [outcomes[place] for place in range(len(requests))]


def _failures(outcome: Outcome) -> tuple[Tried, ...]:
    reply = outcome.reply
    return (*outcome.earlier, Tried(outcome.engine, reply.failure or "", reply.detail))


def ask(
    requests: Sequence[Request], engine: Engine, cache: Path, reporter: Reporter
) -> list[Reply]:
    """Replies of one engine, in order: equal segments once, cached ones not at all.

    A memory is its own cache.
    """
    keys = [seen_by(engine.manifest, request) for request in requests]
    first = dict(zip(reversed(keys), reversed(requests), strict=True))
    if engine.manifest.kind == "memory":
        return _replies(keys, first, engine, None, reporter)
    with closing(ReplyCache(cache, engine.signature)) as kept:
        return _replies(keys, first, engine, kept, reporter)


def _replies(
    keys: Sequence[tuple[Any, ...]],
    first: dict[tuple[Any, ...], Request],
    engine: Engine,
    kept: ReplyCache | None,
    reporter: Reporter,
) -> list[Reply]:
    done = {} if kept is None else kept.known(list(first))
    todo = [key for key in dict.fromkeys(keys) if key not in done]
    size = LLM_CHUNK if engine.manifest.kind == "llm" else CHUNK
    chunks = [todo[start : start + size] for start in range(0, len(todo), size)]
    for chunk in reporter.track(chunks, f"{engine.name}: translating {len(todo)} segments"):
        replies = engine.backend.translate([first[key] for key in chunk])
        fresh = dict(zip(chunk, replies, strict=True))
        done.update(fresh)
        if kept is not None:
            kept.put(fresh)
    return [done[key] for key in keys]


def seen_by(manifest: BackendManifest, request: Request) -> tuple[Any, ...]:
    """What an engine's answer depends on: a context-free engine sees the text alone."""
    if manifest.kind == "llm":
        context = request.context if manifest.context_turns else ()
        return (
            request.text, request.role, context, request.register, request.gender,
            request.addressee_gender, tuple(sorted(request.terms.items())), request.forbidden,
        )
    if manifest.kind == "memory":
        return (request.text, request.register, request.gender)
    return (request.text,)


class Tally:
    """Of each engine of a chain: segments translated, and failures by their code."""

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._names = [str(engine.name) for engine in engines]
        self._done: Counter[str] = Counter()
        self._failed: dict[str, Counter[str]] = {name: Counter() for name in self._names}

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count outcomes."""
        for outcome in outcomes:
            failures = outcome.earlier if outcome.reply.failure is None else _failures(outcome)
            for item in failures:
                self._failed[item.engine][item.failure] += 1
            self._done[outcome.engine] += outcome.reply.failure is None

    def merge(self, other: Tally) -> None:
        """Count what another one of the same engines counted."""
        self._done.update(other._done)
        for name, codes in other._failed.items():
            self._failed[name].update(codes)

    def lines(self) -> list[str]:
        """A line an engine: what it was asked, what it translated, why it failed."""
        lines = []
        for name in self._names:
            done, failed = self._done[name], self._failed[name]
            codes = ", ".join(f"{code} {count}" for code, count in sorted(failed.items()))
            line = f"{name}: {done} of {done + failed.total()} segments asked"
            lines.append(f"{line}; failed: {codes}" if codes else line)
        return lines
