"""translate: the plan of each dialogue first, then each segment once, by the chosen engines."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from mhx.adaptation.plan import make_plan
from mhx.corpus.frames import dialogues_of, failed_dialogues
from mhx.engines.asked import Asker
from mhx.engines.back import WayBack
from mhx.engines.chain import Outcome, Tally, translate_all
from mhx.engines.opening import Engine, open_chain
from mhx.run import Counts, Run
from mhx.streaming import Work

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
    account = Account()
    done = run.executor.map(run, opened, "load")
    with run.writer("translate") as writer, closing(done):
        for frame, asked in done:
            writer.add(frame)
            account.add(frame, asked)
    run.account("translate", account.counts())


@dataclass
class Asked:
    """What the table does not say of a piece: how the chain went, chrF's signature if any."""

    engines: Tally
    chain: bool
    metric: str | None = None


@contextmanager
def opened(run: Run, given: Any) -> Iterator[Work]:
    """The engines, opened: load's rows become translate's."""
    with ExitStack() as stack:
        # load has replaced personal data, and the shipped dialogues hold none
        engines = open_chain(run, _held_out(run), screened=run.screened)
        for engine in engines:
            stack.callback(engine.close)
            run.log("translator", signature=engine.signature)
        back: WayBack | None = None
        if run.settings.back_translator is not None:
            back = stack.enter_context(closing(WayBack(run, screened=run.screened)))
            run.log("back-translator", signature=back.engine.signature)
        ask = Asker(run.source, run.language, engines)

        def work(frame: pl.DataFrame) -> tuple[pl.DataFrame, Asked]:
            out, asked = _translated(run, frame, engines, ask)
            if back is not None:
                out = _with_back(out, back)
                asked.metric = back.metric if back.scores else ""
            return out, asked

        yield work


def _translated(
    run: Run, frame: pl.DataFrame, engines: list[Engine], ask: Asker
) -> tuple[pl.DataFrame, Asked]:
    """Whole dialogues with their plans and replies; rejected ones are left out."""
    import polars as pl

    frame = frame.filter(pl.col("status") == "ok")
    plans = {
        dialogue.id: make_plan(dialogue, run.language, seed=run.settings.seed)
        for dialogue in dialogues_of(frame, run.settings.source_lang)
    }
    outcomes = translate_all(list(ask.requests(frame, plans)), engines, run.cache, run.reporter)
    asked = Asked(Tally(engines), chain=len(engines) > 1)
    asked.engines.add(outcomes)
    return frame.with_columns(
        pl.Series("plan", [plans[name].model_dump_json() for name in frame["dialogue"]], pl.String),
        *_reply_columns(outcomes),
    ), asked


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


def _with_back(out: pl.DataFrame, back: WayBack) -> pl.DataFrame:
    """The columns of the way back."""
    import polars as pl

    ways = back.of(out["text"].to_list(), out["target"].to_list())
    return out.with_columns(
        pl.Series("back", [way and way.reply.text for way in ways], pl.String),
        pl.Series("back_chrf", [way and way.chrf for way in ways], pl.Float64),
        pl.Series("back_engine", [way and way.reply.engine for way in ways], pl.String),
        pl.Series("back_failure", [way and way.reply.failure for way in ways], pl.String),
    )


class Account:
    """What became of the rows, counted as they pass."""

    def __init__(self) -> None:
        self._asked: Asked | None = None
        self._back = array("d")
        self._dialogues = self._segments = self._translated = self._left = 0
        self._reasons: Counter[str] = Counter()

    def add(self, frame: pl.DataFrame, asked: Asked) -> None:
        """Count the rows of whole dialogues."""
        import polars as pl

        if self._asked is None:
            self._asked = asked
        else:
            self._asked.engines.merge(asked.engines)
            self._asked.metric = self._asked.metric or asked.metric
        self._reasons.update(failed_dialogues(frame))
        self._dialogues += frame["dialogue"].n_unique()
        self._segments += frame.height
        self._translated += frame["target"].count()
        if "back_chrf" in frame.columns:
            self._back.extend(frame["back_chrf"].drop_nulls())
        unknown = pl.col("detail").str.contains("unknown words")
        self._left += frame.filter(pl.col("target").is_not_null() & unknown).height

    def counts(self) -> Counts:
        """The stage's account, in dialogues, and what is to be told."""
        failed = self._reasons.total()
        notes = [f"segments translated: {self._translated} of {self._segments}"]
        if self._asked is not None and self._asked.chain:
            notes += self._asked.engines.lines()
        if self._asked is not None and self._asked.metric is not None:
            notes.append(self._back_line(self._asked.metric))
        if self._left:
            notes.append(f"segments with words the engine does not know: {self._left}")
        return Counts(
            rows_in=self._dialogues,
            accepted=self._dialogues - failed,
            review=failed,
            reasons=dict(sorted(self._reasons.items())),
            notes=notes,
        )

    def _back_line(self, metric: str) -> str:
        line = f"translated back: {len(self._back)} of {self._translated} segments"
        if not self._back:
            return line
        middle = median(self._back)
        return f"{line}, median chrF {middle:.1f} (a screen, no measure of quality); {metric}"


def _held_out(run: Run) -> frozenset[str]:
    """Source texts of the shipped test split: no memory may answer them in the shipped run."""
    import polars as pl

    if run.settings.source is not None:
        return frozenset()
    return frozenset(run.table("load").filter(pl.col("split") == "test")["text"].to_list())
