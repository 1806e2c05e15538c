"""Translating the user's own segments, outside a run: one row a segment, failures named."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mhx.contracts import Reply, Request
from mhx.corpus.messages import translate_messages
from mhx.engines.asked import MatchedTerms
from mhx.engines.back import Back, WayBack
from mhx.engines.chain import Outcome, translate_all
from mhx.engines.opening import Engine, open_chain
from mhx.run import Run
from mhx.schema.base import Role

if TYPE_CHECKING:
    import polars as pl


def translate_texts(run: Run, texts: list[str]) -> list[dict[str, Any]]:
    """One row a text, in order: row (1-based), text, target, failure, engine, revision, detail,
    and `tried`, the failures of a chain's engines before; `back` and `back_chrf` where a
    back-translator is set.

    An empty text is a row with the failure ``empty``, so that rows can be joined back. Personal
    data is not replaced here, so no engine on another machine is asked.
    """
    with ExitStack() as stack:
        engines = open_chain(run, frozenset(), screened=False)
        for engine in engines:
            stack.callback(engine.close)
        back = None
        if run.settings.back_translator is not None:
            back = stack.enter_context(closing(WayBack(run, screened=False)))
        terms = _terms(run, engines)
        requests = [_request(run, text, terms) for text in texts if text.strip()]
        outcomes = iter(translate_all(requests, engines, run.cache, run.reporter))
        nothing = Outcome(Reply(None, "none", "none", failure="empty"), "none")
        rows = [
            _row(number, text, next(outcomes) if text.strip() else nothing)
            for number, text in enumerate(texts, start=1)
        ]
        if back is None:
            return rows
        ways = back.of(texts, [row["target"] for row in rows])
        return [{**row, **_back(way)} for row, way in zip(rows, ways, strict=True)]


def translate_conversations(run: Run, frame: pl.DataFrame, field: str) -> pl.DataFrame:
    """The frame with `translated`, the messages of `field` in the target language, and
    `untranslated`, how many of them have none (null content); see corpus/messages.

    Every line of text is asked for once a role, without its dialogue: no context, no plan. Where
    a back-translator is set there are also `back`, each message translated back, and
    `back_chrf`, each message's least sentence chrF of a line; null where there is none.
    """
    with ExitStack() as stack:
        engines = open_chain(run, frozenset(), screened=False)
        for engine in engines:
            stack.callback(engine.close)
        way = None
        if run.settings.back_translator is not None:
            way = stack.enter_context(closing(WayBack(run, screened=False)))
        terms = _terms(run, engines)

        def ask(texts: Sequence[tuple[Role, str]]) -> list[str | None]:
            requests = [_request(run, text, terms, role) for role, text in texts]
            outcomes = translate_all(requests, engines, run.cache, run.reporter)
            return [_one_line(outcome.reply.text) for outcome in outcomes]

        done = translate_messages(frame, ask, field=field)
        return done if way is None else _with_back(done, way, field)


def _one_line(text: str | None) -> str | None:
    """A line's answer as a line: a model may break it, and a message keeps its lines."""
    return text if text is None else " ".join(filter(None, map(str.strip, text.split("\n"))))


def _with_back(done: pl.DataFrame, way: WayBack, field: str) -> pl.DataFrame:
    """The frame with `back` and `back_chrf`: lists, one item a message of `translated`."""
    import polars as pl

    lines = [
        [_lines(before, after) for before, after in zip(one or (), two or (), strict=True)]
        for one, two in done.select(field, "translated").iter_rows()
    ]
    asked = list(dict.fromkeys(pair for row in lines for part in row for pair in part if pair[0]))
    sources, targets = [one for one, _ in asked], [two for _, two in asked]
    known = dict(zip(asked, way.of(sources, targets), strict=True))
    whole = [[_message_back(part, known) for part in row] for row in lines]
    return done.with_columns(
        pl.Series("back", [[text for text, _ in row] for row in whole], pl.List(pl.String)),
        pl.Series("back_chrf", [[chrf for _, chrf in row] for row in whole], pl.List(pl.Float64)),
    )


def _lines(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    """(source, target) of each line of a message, blank ones empty; none where it has no target."""
    if before["content"] is None or after["content"] is None:
        return []
    one, two = (part["content"].split("\n") for part in (before, after))
    return [(a, b) if a.strip() else ("", "") for a, b in zip(one, two, strict=True)]


def _message_back(
    lines: list[tuple[str, str]], known: dict[tuple[str, str], Back | None]
) -> tuple[str | None, float | None]:
    """A message on its way back; (None, None) where a line has none or there is no text."""
    ways = [known[pair] if pair[0] else None for pair in lines]
    said = [_one_line(way.reply.text) if way else "" for way in ways]
    scores = [way.chrf for way in ways if way]
    if not scores or any(text is None for text in said):
        return None, None
    return "\n".join(text or "" for text in said), min(chrf or 0.0 for chrf in scores)


def _terms(run: Run, engines: Sequence[Engine]) -> MatchedTerms | None:
    """Only a language model is told which terms to use."""
    llm = any(engine.manifest.kind == "llm" for engine in engines)
    return MatchedTerms(run.source, run.language) if llm else None


def _request(
    run: Run, text: str, terms: MatchedTerms | None, role: Role = "supporter"
) -> Request:
    wanted, avoided = terms.of(text, role) if terms is not None else ({}, ())
    return Request(
        text=text,
        source=run.settings.source_lang,
        target=run.settings.lang,
        role=role,
        terms=wanted,
        forbidden=avoided,
    )


def _row(number: int, text: str, outcome: Outcome) -> dict[str, Any]:
    answer = asdict(outcome.reply)
    return {
        "row": number, "text": text, "target": answer.pop("text"), **answer,
        "tried": [asdict(item) for item in outcome.earlier],
    }


def _back(way: Back | None) -> dict[str, Any]:
    if way is None:
        return {"back": None, "back_chrf": None, "back_engine": None, "back_failure": None}
    return {
        "back": way.reply.text, "back_chrf": way.chrf,
        "back_engine": way.reply.engine, "back_failure": way.reply.failure,
    }
