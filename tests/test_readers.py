"""The user's file, whatever its layout: CSV, chat records, ShareGPT, ESConv, HTML inside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mhx.corpus.readers import RawDialogue, clean, read_source
from mhx.errors import MhxError

Write = Callable[..., Path]
TURNS = [("seeker", "I can't sleep."), ("supporter", "Since when?")]


def read(path: Path, **mapping: str) -> list[RawDialogue]:
    return list(read_source(path, mapping))


def one(path: Path) -> list[tuple[str, str]]:
    (record,) = read(path)
    return record.turns


@pytest.mark.parametrize(
    "header",
    [
        "question,answer",
        "questionText,answerText",
        "Context,Response",
        "seeker_post,response_post",
        "input,output",
        " prompt , completion ",
    ],
)
def test_usual_column_names_are_known(write: Write, header: str) -> None:
    assert one(write("a.csv", f"{header}\nI can't sleep.,Since when?\n")) == TURNS


def test_other_columns_are_offered_by_map_with_their_names(write: Write) -> None:
    path = write("a.csv", "alpha,beta\nI can't sleep.,Since when?\n")
    with pytest.raises(MhxError) as caught:
        read(path)
    assert [problem.field for problem in caught.value.problems] == ["seeker", "supporter"]
    assert all("--map seeker=COL,supporter=COL" in problem.fix for problem in caught.value.problems)
    assert all("alpha, beta" in problem.fix for problem in caught.value.problems)
    assert read(path, seeker="alpha", supporter="beta")[0].turns == TURNS
    with pytest.raises(MhxError, match="no column 'gamma'"):
        read(path, seeker="alpha", supporter="gamma")


RECORDS = {
    "messages": {
        "messages": [
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "I can't sleep."},
            {"role": "assistant", "content": "Since when?"},
        ]
    },
    "sharegpt": {
        "conversations": [
            {"from": "human", "value": "I can't sleep."},
            {"from": "gpt", "value": "Since when?"},
        ]
    },
    "esconv": {
        "problem_type": "sleep",
        "dialog": [
            {"speaker": "seeker", "content": "I can't sleep.\n"},
            {"speaker": "supporter", "content": "Since when?"},
        ],
    },
    "listener": {
        "dialog": [
            {"speaker": "speaker", "text": "I can't sleep."},
            {"speaker": "Listener", "text": "Since when?"},
        ]
    },
}


@pytest.mark.parametrize("layout", RECORDS)
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_lists_of_turns_are_read(write: Write, layout: str, suffix: str) -> None:
    record = json.dumps(RECORDS[layout])
    assert one(write(f"a{suffix}", f"[{record}]" if suffix == ".json" else record + "\n")) == TURNS


def test_a_json_object_that_holds_the_list_is_read(write: Write) -> None:
    assert one(write("a.json", json.dumps({"version": 1, "data": [RECORDS["sharegpt"]]}))) == TURNS


def test_the_topic_of_a_record_is_kept(write: Write) -> None:
    assert read(write("a.json", json.dumps([RECORDS["esconv"]])))[0].topic == "sleep"
    assert read(write("a.csv", "topic,question,answer\nwork,a b,c d\n"))[0].topic == "work"


def test_neighbouring_turns_of_one_role_are_joined_and_empty_ones_left_out(write: Write) -> None:
    turns = [
        ("human", "One."),
        ("human", " Two. "),
        ("gpt", " "),
        ("human", "Three."),
        ("gpt", "Four."),
    ]
    record = {"conversations": [{"from": role, "value": text} for role, text in turns]}
    assert one(write("a.jsonl", json.dumps(record))) == [
        ("seeker", "One. Two. Three."),
        ("supporter", "Four."),
    ]


def test_every_turn_with_an_unknown_role_or_no_text_is_reported(write: Write) -> None:
    good = json.dumps(RECORDS["sharegpt"])
    bad = json.dumps({"conversations": [{"from": "narrator", "value": "x"}, {"from": "gpt"}]})
    with pytest.raises(MhxError) as caught:
        read(write("a.jsonl", f"{good}\n{bad}\n"))
    assert [problem.line for problem in caught.value.problems] == [2, 2]


@pytest.mark.parametrize("turns", [["my role is hard", "text"], [1, 2], [None], [["a", "b"]]])
def test_turns_that_are_no_objects_are_a_message(write: Write, turns: list) -> None:
    with pytest.raises(MhxError, match="turn 0"):
        read(write("a.jsonl", json.dumps({"dialog": turns})))


def test_a_record_that_is_no_object_is_not_lost_in_silence(write: Write) -> None:
    with pytest.raises(MhxError, match="record 2"):
        read(write("a.json", json.dumps([RECORDS["sharegpt"], "text"])))


def test_no_row_is_dropped(write: Write) -> None:
    records = read(write("a.csv", "question,answer\nq,a\n,a\nq,\n,\n"))
    assert [(record.row, [role for role, _ in record.turns]) for record in records] == [
        (2, ["seeker", "supporter"]),
        (3, ["supporter"]),
        (4, ["seeker"]),
        (5, []),
    ]


def test_an_empty_question_takes_its_title_and_says_so(write: Write) -> None:
    text = (
        "questionTitle,questionText,answerText\nMy title,,An answer\nMy title,My text,An answer\n"
    )
    first, second = read(write("a.csv", text))
    assert first.turns[0] == ("seeker", "My title")
    assert first.notes
    assert second.turns[0] == ("seeker", "My text")
    assert not second.notes


def test_rows_of_one_question_share_a_group(write: Write) -> None:
    first, second = read(write("a.csv", "question,answer\nsame,one\nsame,two\n"))
    assert first.group == second.group == "same"


def test_a_line_separator_in_a_record_is_a_blank_not_a_new_record(write: Write) -> None:
    record = {"question": "I can't\u2028sleep.", "answer": "Since when?"}
    assert one(write("a.jsonl", json.dumps(record, ensure_ascii=False))) == TURNS


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<p>One</p><p>two&nbsp;three</p>", "One two three"),
        ("One<br>two<br/>three", "One two three"),
        ("a <strong>b</strong>, c", "a b, c"),
        ("Tom &amp; Ann &lt;3", "Tom & Ann <3"),
        ("<ul><li>one</li><li>two</li></ul>", "one two"),
        ("I love you <3 always", "I love you <3 always"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("I slept <five hours last night", "I slept <five hours last night"),
        ("<p>I slept <five hours</p>", "I slept <five hours"),
        ("he said <b>no</b> and x<y", "he said no and x<y"),
        ("  a\u00a0\u2028b\u200bc ", "a b c"),
        ("<p></p>", ""),
        ("<!-- note -->text", "text"),
        (None, ""),
        (12, "12"),
    ],
)
def test_html_is_stripped_and_words_stay(raw: object, text: str) -> None:
    assert clean(raw) == text


def test_esconv_is_read(real_data: Callable[[str], Path]) -> None:
    records = read(real_data("esconv/FailedESConv.json"))
    assert len(records) == 196
    assert all({role for role, _ in record.turns} == {"seeker", "supporter"} for record in records)


def test_counsel_chat_is_read_without_html(real_data: Callable[[str], Path]) -> None:
    records = read(real_data("counsel_chat/counselchat-data.csv"))
    assert len(records) == 1482
    assert sum(bool(record.notes) for record in records) > 50
    text = " ".join(text for record in records for _, text in record.turns)
    for piece in ("<p>", "</", "<br", "&nbsp;", "&#"):
        assert piece not in text
