"""Dialogues in chat format: taken apart and put together, nothing lost and nothing invented."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

from mhx.corpus.messages import translate_messages
from mhx.errors import MhxError

DIALOGUES: list[list[dict[str, Any]] | None] = [
    [
        {"role": "system", "content": "Be kind.", "n": 1},
        {"role": "user", "content": "One.\n\nTwo.\n", "n": None},
        {"role": "assistant", "content": "One.", "n": 3},
    ],
    [],
    None,
    [{"role": "user", "content": "lost", "n": 4}, {"role": "assistant", "content": "", "n": 5}],
    [{"role": "user", "content": None, "n": 6}, {"role": "user", "content": "kept\nlost", "n": 7}],
]


def upper(asked: Sequence[tuple[str, str]]) -> list[str | None]:
    return [None if text == "lost" else text.upper() for _, text in asked]


def test_structure_stays_and_what_failed_is_null() -> None:
    frame = pl.DataFrame({"id": list("abcde"), "messages": DIALOGUES})
    out = translate_messages(frame, upper)
    assert out.drop("translated", "untranslated").equals(frame)
    assert out["untranslated"].to_list() == [0, 0, 0, 1, 1]
    first = out["translated"][0].to_list()
    assert [item["content"] for item in first] == ["BE KIND.", "ONE.\n\nTWO.\n", "ONE."]
    assert [(item["role"], item["n"]) for item in first] == [
        ("system", 1), ("user", None), ("assistant", 3)]
    assert out["translated"].to_list()[1:3] == [[], None]
    assert [item["content"] for item in out["translated"][3].to_list()] == [None, ""]
    assert [item["content"] for item in out["translated"][4].to_list()] == [None, None]


def test_a_line_is_asked_for_once_a_role_and_blank_ones_never() -> None:
    seen: list[tuple[str, str]] = []

    def keep(asked: Sequence[tuple[str, str]]) -> list[str | None]:
        seen.extend(asked)
        return [text for _, text in asked]

    frame = pl.DataFrame({"messages": [*DIALOGUES, *DIALOGUES]})
    out = translate_messages(frame, keep)
    assert out["translated"].to_list() == frame["messages"].to_list()
    assert seen == [("supporter", "Be kind."), ("seeker", "One."), ("seeker", "Two."),
                    ("supporter", "One."), ("seeker", "lost"), ("seeker", "kept")]


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"text": ["a"]}),
        pl.DataFrame({"messages": ["a"]}),
        pl.DataFrame({"messages": [[{"from": "human", "value": "a"}]]}),
    ],
)
def test_another_shape_is_refused(frame: pl.DataFrame) -> None:
    with pytest.raises(MhxError, match="not a list of messages with role and content"):
        translate_messages(frame, upper)
