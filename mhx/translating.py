"""Translating the user's own segments, outside a run: one row a segment, failures named."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from mhx.contracts import Request
from mhx.run import Run
from mhx.stages.translate import open_backend, translate_all


def translate_texts(run: Run, texts: list[str]) -> list[dict[str, Any]]:
    """text, target, failure, engine and revision of each segment, in order."""
    manifest, backend = open_backend(run, frozenset())
    requests = [
        Request(
            text=text, source=run.settings.source_lang, target=run.settings.lang, role="supporter"
        )
        for text in texts
    ]
    with closing(backend):
        replies = translate_all(requests, backend, manifest, run)
    return [
        {
            "text": text,
            "target": reply.text,
            "failure": reply.failure,
            "engine": reply.engine,
            "revision": reply.revision,
            "detail": reply.detail,
        }
        for text, reply in zip(texts, replies, strict=True)
    ]
