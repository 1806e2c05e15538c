"""translate: the plan of each dialogue first, then each segment once, by the chosen engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.adaptation.plan import make_plan, owed_address, person
from mhx.contracts import Backend, BackendSettings, Reply, Request
from mhx.corpus.cache import ReplyCache
from mhx.corpus.frames import dialogues_of, failed_dialogues
from mhx.errors import MhxError, Problem
from mhx.files import load_model, write_parquet
from mhx.run import Counts, Run
from mhx.schema import BackendManifest, Plan
from mhx.seq2seq.sentences import sentence_splitter

if TYPE_CHECKING:
    import polars as pl

SETTINGS = (
    "lang", "territory", "card", "translator", "memories", "memory_sha256", "seed", "device",
    "plugin_sha256.source", "plugin_sha256.language", "plugin_sha256.card",
    "plugin_sha256.translator",
)
OUTPUTS = ("translate.parquet",)
CHUNK = 256


def run(run: Run) -> None:
    """Write `translate.parquet`: load's rows with plan, target text or failure, engine."""
    import polars as pl

    frame = run.table("load").filter(pl.col("status") == "ok")
    plans = {
        dialogue.id: make_plan(dialogue, run.language, seed=run.settings.seed)
        for dialogue in dialogues_of(frame, run.settings.source_lang)
    }
    manifest, backend = open_backend(run, _held_out(run, frame))
    with closing(backend):
        requests = list(_requests(frame, plans, run, manifest))
        replies = translate_all(requests, backend, manifest, run)
        run.log("translator", signature=backend.signature)
    out = frame.with_columns(
        pl.Series("plan", [plans[name].model_dump_json() for name in frame["dialogue"]], pl.String),
        pl.Series("target", [reply.text for reply in replies], pl.String),
        pl.Series("failure", [reply.failure for reply in replies], pl.String),
        pl.Series("engine", [reply.engine for reply in replies], pl.String),
        pl.Series("revision", [reply.revision for reply in replies], pl.String),
        pl.Series("detail", [reply.detail for reply in replies], pl.String),
    )
    write_parquet(run.path("translate.parquet"), out)
    run.account("translate", _count(out))


def open_backend(run: Run, exclude: frozenset[str]) -> tuple[BackendManifest, Backend]:
    """The translator of the settings, opened. Raises MhxError when it cannot work here."""
    name, _, model = run.settings.translator.partition(":")
    plugin = run.shelves.get("translation", name)
    manifest = load_model(plugin.manifest, BackendManifest)
    module = run.shelves.module(plugin, "backend.py")
    if module is None:
        raise MhxError(Problem("no backend.py", "a translator needs one", path=plugin.folder))
    if model and not manifest.takes_model:
        raise MhxError(f"translator {name} takes no model", f"use --translator {name}")
    settings = BackendSettings(
        source=run.settings.source_lang,
        target=run.settings.lang,
        source_codes={str(k): v for k, v in run.source.manifest.codes.items()},
        target_codes={str(k): v for k, v in run.language.manifest.codes.items()},
        model=model or manifest.default_model,
        memories=[Path(path) for path in run.settings.memories] + run.language.memories,
        device=run.settings.device,
        exclude=exclude,
        cache=run.cache,
        split_source=sentence_splitter(run.source),
        split_target=sentence_splitter(run.language),
    )
    backend: Backend = module.open(settings)
    return manifest, backend


def _held_out(run: Run, frame: pl.DataFrame) -> frozenset[str]:
    """Source texts of the shipped test split: no memory may answer them in the shipped run."""
    import polars as pl

    if run.settings.source is not None:
        return frozenset()
    return frozenset(frame.filter(pl.col("split") == "test")["text"].to_list())


def _requests(
    frame: pl.DataFrame, plans: dict[str, Plan], run: Run, manifest: BackendManifest
) -> Iterator[Request]:
    recent: list[str] = []
    current = ""
    for row in frame.iter_rows(named=True):
        if row["dialogue"] != current:
            current, recent = row["dialogue"], []
        plan = plans[current]
        width = manifest.context_turns
        yield Request(
            text=row["text"],
            source=run.settings.source_lang,
            target=run.settings.lang,
            role=row["role"],
            context=tuple(recent[-width:]) if width else (),
            register=owed_address(plan, row["role"]),
            gender=person(plan, row["role"]).gender,
        )
        recent.append(row["text"])


def translate_all(
    requests: list[Request], backend: Backend, manifest: BackendManifest, run: Run
) -> list[Reply]:
    """Replies in order: repeated segments once, cached ones not at all (a memory needs none)."""
    by_key: dict[tuple[Any, ...], list[int]] = {}
    for place, request in enumerate(requests):
        by_key.setdefault(_key(request, manifest), []).append(place)
    # the plugin's own code counts: a mended backend does not answer from the old cache
    signature = f"{backend.signature}|plugin:{run.settings.plugin_sha256['translator'][:12]}"
    cache = None if manifest.kind == "memory" else ReplyCache(run.cache, signature)
    done: dict[tuple[Any, ...], Reply] = {}
    if cache is not None:
        for key in by_key:
            stored = cache.get(key)
            if stored is not None:
                done[key] = stored
    todo = [key for key in by_key if key not in done]
    chunks = [todo[start : start + CHUNK] for start in range(0, len(todo), CHUNK)]
    for chunk in run.reporter.track(chunks, f"translating {len(todo)} segments"):
        replies = backend.translate([requests[by_key[key][0]] for key in chunk])
        fresh = dict(zip(chunk, replies, strict=True))
        done.update(fresh)
        if cache is not None:
            cache.put(fresh)
    out: list[Reply | None] = [None] * len(requests)
    for key, places in by_key.items():
        for place in places:
            out[place] = done[key]
    return [reply for reply in out if reply is not None]


def _key(request: Request, manifest: BackendManifest) -> tuple[Any, ...]:
    """What an engine's answer depends on: a context-free engine sees the text alone."""
    if manifest.kind == "llm":
        return (request.text, request.role, request.context, request.register, request.gender)
    if manifest.kind == "memory":
        return (request.text, request.register, request.gender)
    return (request.text,)


def _count(frame: pl.DataFrame) -> Counts:
    reasons = failed_dialogues(frame)
    dialogues, failed = frame["dialogue"].n_unique(), sum(reasons.values())
    translated = frame["target"].is_not_null().sum()
    return Counts(
        rows_in=dialogues,
        accepted=dialogues - failed,
        review=failed,
        reasons=reasons,
        notes=[f"segments translated: {translated} of {frame.height}", *_left(frame)],
    )


def _left(frame: pl.DataFrame) -> list[str]:
    """How many segments hold words the engine left as they were."""
    import polars as pl

    unknown = pl.col("detail").str.contains("unknown words")
    left = frame.filter(pl.col("target").is_not_null() & unknown)
    return [f"segments with words the engine does not know: {left.height}"] if left.height else []
