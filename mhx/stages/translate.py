"""translate: the plan of each dialogue first, then each segment once, by the chosen engines."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING

from mhx.adaptation.plan import make_plan
from mhx.corpus.frames import dialogues_of, failed_dialogues
from mhx.engines.asked import requests_of
from mhx.engines.back import translate_back
from mhx.engines.chain import Outcome, engine_lines, translate_all
from mhx.engines.opening import open_chain
from mhx.files import write_parquet
from mhx.run import Counts, Run

if TYPE_CHECKING:
    import polars as pl

SETTINGS = (
    "lang", "territory", "card", "translator", "memories", "memory_sha256", "fuzzy", "seed",
    "device", "back_translator", "request_budget", "token_budget",
    "plugin_sha256.source", "plugin_sha256.language", "plugin_sha256.card",
    "plugin_sha256.translator", "plugin_sha256.back_translator",
)
OUTPUTS = ("translate.parquet",)


def run(run: Run) -> None:
    """Write `translate.parquet`: load's rows with plan, target text or failure, engine.

    `tried` holds what failed before the engine that answered (JSON); with a back-translator,
    `back` is the target translated back and `back_chrf` its likeness to the source.
    """
    import polars as pl

    frame = run.table("load").filter(pl.col("status") == "ok")
    plans = {
        dialogue.id: make_plan(dialogue, run.language, seed=run.settings.seed)
        for dialogue in dialogues_of(frame, run.settings.source_lang)
    }
    with ExitStack() as stack:
        # load has replaced personal data, and the shipped dialogues hold none
        engines = open_chain(run, _held_out(run, frame), screened=True)
        for engine in engines:
            stack.callback(engine.close)
            run.log("translator", signature=engine.signature)
        requests = list(requests_of(frame, plans, run.source, run.language, engines))
        outcomes = translate_all(requests, engines, run.cache, run.reporter)
    notes = engine_lines(outcomes, engines) if len(engines) > 1 else []
    out = frame.with_columns(
        pl.Series("plan", [plans[name].model_dump_json() for name in frame["dialogue"]], pl.String),
        *_reply_columns(outcomes),
    )
    if run.settings.back_translator is not None:
        out, more = _with_back(run, out)
        notes += more
    write_parquet(run.path("translate.parquet"), out)
    run.account("translate", _count(out, notes))


def _reply_columns(outcomes: list[Outcome]) -> list[pl.Series]:
    import polars as pl

    replies = [outcome.reply for outcome in outcomes]
    tried = [
        json.dumps([asdict(item) for item in outcome.earlier], ensure_ascii=False)
        if outcome.earlier
        else None
        for outcome in outcomes
    ]
    return [
        pl.Series("target", [reply.text for reply in replies], pl.String),
        pl.Series("failure", [reply.failure for reply in replies], pl.String),
        pl.Series("engine", [reply.engine for reply in replies], pl.String),
        pl.Series("revision", [reply.revision for reply in replies], pl.String),
        pl.Series("detail", [reply.detail for reply in replies], pl.String),
        pl.Series("tried", tried, pl.String),
    ]


def _with_back(run: Run, out: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The columns of the way back, and a line on how it went."""
    import polars as pl

    done = translate_back(run, out["text"].to_list(), out["target"].to_list(), screened=True)
    run.log("back-translator", signature=done.engine)
    ways = done.ways
    out = out.with_columns(
        pl.Series("back", [way and way.reply.text for way in ways], pl.String),
        pl.Series("back_chrf", [way and way.chrf for way in ways], pl.Float64),
        pl.Series("back_engine", [way and way.reply.engine for way in ways], pl.String),
        pl.Series("back_failure", [way and way.reply.failure for way in ways], pl.String),
    )
    scores = sorted(way.chrf for way in ways if way is not None and way.chrf is not None)
    line = f"translated back: {len(scores)} of {out['target'].count()} segments"
    if scores:
        line += f", median chrF {median(scores):.1f} (a screen, not a measure of quality)"
    return out, [f"{line}; {done.metric}"]


def _held_out(run: Run, frame: pl.DataFrame) -> frozenset[str]:
    """Source texts of the shipped test split: no memory may answer them in the shipped run."""
    import polars as pl

    if run.settings.source is not None:
        return frozenset()
    return frozenset(frame.filter(pl.col("split") == "test")["text"].to_list())


def _count(frame: pl.DataFrame, notes: list[str]) -> Counts:
    reasons = failed_dialogues(frame)
    dialogues, failed = frame["dialogue"].n_unique(), sum(reasons.values())
    translated = frame["target"].is_not_null().sum()
    return Counts(
        rows_in=dialogues,
        accepted=dialogues - failed,
        review=failed,
        reasons=reasons,
        notes=[f"segments translated: {translated} of {frame.height}", *notes, *_left(frame)],
    )


def _left(frame: pl.DataFrame) -> list[str]:
    """How many segments hold words the engine left as they were."""
    import polars as pl

    unknown = pl.col("detail").str.contains("unknown words")
    left = frame.filter(pl.col("target").is_not_null() & unknown)
    return [f"segments with words the engine does not know: {left.height}"] if left.height else []
