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


BACKEND = """
from mhx.contracts import Reply

class Engine:
    signature = "undo|1"

    def translate(self, batch):
        known = {"Mam dość.": "I am tired.", "Nie śpię.": "No sleep at all.",
                 "It breaks.": "Pęka,\\n i to \\n\\nbardzo."}
        return [Reply(known.get(request.text), "undo", "1",
                      failure=None if request.text in known else "unknown_words")
                for request in batch]

    def close(self):
        pass

def open(settings):
    assert (settings.source, settings.target) == ("pl", "en")
    return Engine()
"""
MANIFEST = """name: undo
title: Undoes what it knows
kind: rules
location: local
context_turns: 0
sentence_level: true
"""


def test_messages_go_back_line_by_line(mhx: Callable[..., Any], here: Path) -> None:
    plugin = here / "shelf" / "translation" / "undo"
    plugin.mkdir(parents=True)
    (plugin / "backend.py").write_text(BACKEND, encoding="utf-8")
    (plugin / "backend.yaml").write_text(MANIFEST, encoding="utf-8")
    unit = MEMORY.partition("<body>")[2].partition("</body>")[0]
    more = unit.replace("I am tired.", "I do not sleep.").replace("Mam dość.", "Nie śpię.")
    other = unit.replace("I am tired.", "It hurts.").replace("Mam dość.", "Boli.")
    Path("m.tmx").write_text(MEMORY.replace(unit, unit + more + other), encoding="utf-8")
    said = ["I am tired.", "I am tired.\n\nI do not sleep.", "It hurts.", "No memory has it.", None]
    row = {"messages": [{"role": "user", "content": text} for text in said]}
    Path("chats.jsonl").write_text(json.dumps(row) + "\n" + json.dumps({"messages": []}) + "\n")
    ending = mhx("translate", "chats.jsonl", "--lang", "pl", "--messages", "messages",
                 "--memory", "m.tmx", "--back-translator", "undo", "--plugins", "shelf",
                 "--allow-code", "-o", "done.jsonl")
    assert ending.code == 0, ending.err
    done, empty = (json.loads(line) for line in Path("done.jsonl").read_text().split("\n") if line)
    assert done["back"] == ["I am tired.", "I am tired.\n\nNo sleep at all.", None, None, None]
    assert done["back_chrf"][0] == 100
    assert 0 < done["back_chrf"][1] < 100
    assert done["back_chrf"][2:] == [None] * 3
    assert (empty["back"], empty["back_chrf"]) == ([], [])


def test_a_line_stays_a_line_whatever_the_engine_breaks(
    mhx: Callable[..., Any], here: Path
) -> None:
    plugin = here / "shelf" / "translation" / "undo"
    plugin.mkdir(parents=True)
    forth = BACKEND.replace('("pl", "en")', '("en", "pl")')
    (plugin / "backend.py").write_text(forth, encoding="utf-8")
    (plugin / "backend.yaml").write_text(MANIFEST, encoding="utf-8")
    (here / "shelf" / "translation" / "redo").mkdir()
    (plugin.parent / "redo" / "backend.py").write_text(
        BACKEND.replace('"It breaks."', '"Pęka, i to bardzo."'), encoding="utf-8")
    (plugin.parent / "redo" / "backend.yaml").write_text(
        MANIFEST.replace("name: undo", "name: redo"), encoding="utf-8")
    row = {"messages": [{"role": "user", "content": "It breaks.\nIt breaks."}]}
    Path("chats.jsonl").write_text(json.dumps(row) + "\n")
    ending = mhx("translate", "chats.jsonl", "--lang", "pl", "--messages", "messages",
                 "--translator", "undo", "--back-translator", "redo", "--plugins", "shelf",
                 "--allow-code", "-o", "done.jsonl")
    assert ending.code == 0, ending.err
    done = json.loads(Path("done.jsonl").read_text())
    assert done["translated"][0]["content"] == "Pęka, i to bardzo.\nPęka, i to bardzo."
    assert done["back"][0] == "Pęka, i to bardzo.\nPęka, i to bardzo."
