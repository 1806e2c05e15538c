"""mhx translate --messages: dialogues in chat format keep their shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

MEMORY = """<tmx version="1.4"><header/><body><tu tuid="1">
<tuv xml:lang="en"><seg>I am tired.</seg></tuv><tuv xml:lang="pl"><seg>Mam dość.</seg></tuv>
</tu></body></tmx>"""
ROWS = [
    {"id": 1, "messages": [{"role": "user", "content": "I am tired."}]},
    {"id": 2, "messages": [{"role": "user", "content": "No memory has this one."}]},
]


def test_what_no_engine_knows_has_no_content(mhx: Callable[..., Any], here: Path) -> None:
    Path("chats.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    Path("m.tmx").write_text(MEMORY, encoding="utf-8")
    ending = mhx("translate", "chats.jsonl", "--lang", "pl", "--messages", "messages",
                 "--memory", "m.tmx", "-o", "done.jsonl")
    assert ending.code == 0, ending.err
    assert "1 of 2 dialogues translated whole by memory" in ending.err
    one, two = (json.loads(line) for line in Path("done.jsonl").read_text().split("\n") if line)
    assert one["translated"] == [{"role": "user", "content": "Mam dość."}]
    assert (two["translated"][0]["content"], two["untranslated"]) == (None, 1)
    assert [one["messages"], two["messages"]] == [row["messages"] for row in ROWS]


def test_a_column_that_holds_no_messages_is_named(mhx: Callable[..., Any], here: Path) -> None:
    Path("chats.jsonl").write_text('{"text": "a"}\n')
    ending = mhx("translate", "chats.jsonl", "--lang", "pl", "--messages", "messages")
    assert ending.code == 1
    assert "not a list of messages" in ending.err
    assert "columns: text" in ending.err
