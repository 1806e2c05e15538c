"""Rebuilding translated dialogues beside NeMo Curator's in-process translation stage.

    python bench/rebuild.py [--size 2000] [--peer-python PYTHON]

Conversations in chat format, taken apart into lines, translated by an engine that gives every text
back, and put together as messages. Ours is what `mhx translate --messages` does, with the engine
of bench/plugins opened as any other; the peer's is its `TranslationStage` (output mode ``both``,
messages rebuilt, no health check), its stages called one after the other as its executor would,
with an echo registered as its custom backend. Neither reads nor writes a file nor keeps a cache.
Conversations by processor second; the messages of both must equal the source's, which is asserted
before. Target 5 times.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from sides import Side, Work, arguments, in_turn

TARGET = 5.0
CHECK = "check"  # the case that compares the messages, which is not timed
PLUGINS = Path(__file__).resolve().parent / "plugins"


def made(options: dict[str, Any]) -> list[list[dict[str, str]]]:
    """The conversations."""
    import texts

    names = {"seeker": "user", "supporter": "assistant"}
    return [[{"role": names[role], "content": text} for role, text in turns]
            for turns in texts.dialogues(options["size"])]


def ours(options: dict[str, Any]) -> Work:
    """A frame of messages through `translate_conversations`."""
    import polars as pl

    from mhx.api import open_run
    from mhx.shelves import discover
    from mhx.translating import translate_conversations

    frame = pl.DataFrame({"messages": made(options)})
    shelves = discover(extra=[PLUGINS], allow_code=True)
    run = open_run("pl", shelves=shelves, translator="echo", out=Path(tempfile.mkdtemp()))

    def work(case: str) -> dict[str, Any]:
        done = translate_conversations(run, frame, "messages")
        if case != CHECK:
            return {}
        return {"equal": int((done["translated"] == done["messages"]).sum())}

    return work


def theirs(options: dict[str, Any]) -> Work:
    """NeMo Curator."""
    import pandas as pd
    from loguru import logger
    from nemo_curator.stages.text.experimental.translation import TranslationStage
    from nemo_curator.stages.text.experimental.translation.backends import register_backend
    from nemo_curator.stages.text.experimental.translation.backends.base import TranslationBackend
    from nemo_curator.tasks import DocumentBatch

    class Echo(TranslationBackend):
        """Every text back."""

        def setup(self) -> None:
            """Nothing to prepare."""

        def check_server(self) -> bool:
            """There is none."""
            return True

        async def translate_batch_async(self, texts: list[str], source_lang: str, target_lang: str
                                        ) -> list[str]:
            """The texts."""
            return texts

    logger.remove()
    register_backend("echo", Echo)
    chats = made(options)
    stages = TranslationStage(
        source_lang="en", target_lang="pl", text_field="messages.*.content", backend_type="echo",
        output_mode="both", reconstruct_messages=True, health_check=False).decompose()
    for stage in stages:
        stage.setup(None)
    frame = pd.DataFrame({"messages": chats})

    def work(case: str) -> dict[str, Any]:
        batch = DocumentBatch(dataset_name="bench", data=frame)
        for stage in stages:
            batch = stage.process(batch)
        if case != CHECK:
            return {}
        done = batch.to_pandas()["translated_messages"]
        return {"equal": sum(same(new, chat) for new, chat in zip(done, chats, strict=True))}

    return work


def same(new: Any, chat: list[dict[str, str]]) -> bool:
    """Whether rebuilt messages, a list or its JSON, are the source's."""
    given = json.loads(new) if isinstance(new, str) else list(new)
    return [dict(item) for item in given] == chat


def main() -> None:
    """Time both and write `results/rebuild.json`."""
    import common

    common.single_threaded()
    given = arguments(__doc__, size=2000).parse_args()
    options = {"size": given.size}
    one = Side(sys.executable, "rebuild", "ours", options)
    two = Side(given.peer_python, "rebuild", "theirs", options, ["nemo-curator", "pandas"])
    for side in (one, two):
        assert side.run(CHECK)["value"]["equal"] == given.size, "messages differ"
    row = common.sides_row("conversations rebuilt", *in_turn((one, two), "both", given.repeats),
                           target=TARGET, unit="conversations", count=given.size, cpu=True)
    common.record("rebuild", {**options, "results": [row]}, found=two.versions, folder=given.out)


if __name__ == "__main__":
    main()
