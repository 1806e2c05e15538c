"""Translating the user's own segments, outside a run: one row a segment, failures named."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import Any

from mhx.contracts import Reply, Request
from mhx.run import Run
from mhx.stages.translate import open_backend, translate_all


def translate_texts(run: Run, texts: list[str]) -> list[dict[str, Any]]:
    """One row a text, in order: row (1-based), text, target, failure, engine, revision, detail.

    An empty text is a row with the failure ``empty``, so that rows can be joined back.
    """
    manifest, backend = open_backend(run, frozenset())
    requests = [
        Request(
            text=text,
            source=run.settings.source_lang,
            target=run.settings.lang,
            role="supporter",
        )
        for text in texts
        if text.strip()
    ]
    with closing(backend):
        replies = iter(translate_all(requests, backend, manifest, run))
    nothing = Reply(None, "none", "none", failure="empty")
    return [
        _row(number, text, next(replies) if text.strip() else nothing)
        for number, text in enumerate(texts, start=1)
    ]


def _row(number: int, text: str, reply: Reply) -> dict[str, Any]:
    answer = asdict(reply)
    return {"row": number, "text": text, "target": answer.pop("text"), **answer}
