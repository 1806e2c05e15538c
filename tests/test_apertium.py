"""Apertium as a real process: text framed by NUL, slots out of its hands, unknown words counted."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from mhx.contracts import BackendSettings, Reply, Request
from mhx.errors import MhxError
from mhx.shelves import Shelves


def listed() -> list[str]:
    if shutil.which("apertium") is None:
        return []
    return subprocess.run(
        ["apertium", "-l"], capture_output=True, text=True, check=False
    ).stdout.split()


needs = pytest.mark.skipif(
    "eng-spa" not in listed(), reason="apertium with eng-spa is not installed"
)


def open_it(shelves: Shelves, target: str = "es", code: str | None = "spa", **more: Any) -> Any:
    module = shelves.module(shelves.get("translation", "apertium"), "backend.py")
    return module.open(
        BackendSettings(
            source="en",
            target=target,
            source_codes={"apertium": "eng"},
            target_codes={"apertium": code} if code else {},
            model=more.get("model"),
            memories=[],
        )
    )


@pytest.fixture(scope="module")
def backend(shelves: Shelves) -> Any:
    return open_it(shelves)


def ask(backend: Any, *texts: str) -> list[Reply]:
    return backend.translate([Request(text, "en", "es", "seeker") for text in texts])


@needs
def test_sentences_are_translated_in_order(backend: Any) -> None:
    replies = ask(backend, "The house is big.", "I have a dog.", "The house is big.")
    assert [reply.text for reply in replies] == [
        "La casa es grande.",
        "Tengo un perro.",
        "La casa es grande.",
    ]
    assert {reply.engine for reply in replies} == {"apertium:eng-spa"}
    assert "eng-spa" in backend.signature


@needs
@pytest.mark.parametrize("piece", ["{{service:suicide_adult}}", "[name]", "[phone]"])
def test_slots_and_placeholders_are_kept(backend: Any, piece: str) -> None:
    texts = [f"You can call {piece} now.", f"{piece} is here.", f"I know {piece}", piece]
    for reply in ask(backend, *texts):
        assert reply.text is not None
        assert reply.text.count(piece) == 1
    assert ask(backend, piece)[0].text == piece


@needs
def test_a_batch_is_the_same_as_one_by_one(backend: Any) -> None:
    texts = ["The house is big.", "I am tired.", "My mother called me yesterday.", "Why?"]
    assert ask(backend, *texts) == [ask(backend, text)[0] for text in texts]


@needs
@pytest.mark.parametrize(
    "odd",
    [
        "[",
        "]",
        "{",
        "}",
        "\\",
        "^",
        "$",
        "@",
        "<",
        ">",
        "*",
        "/",
        "~",
        "[]",
        "\\n",
        "%",
        "&amp;",
        "^a/b$",
        "\u2028",
        "\u200c",
        "👩‍👧",
        "—",
        "\t",
        "\n",
        "\r\n",
        "\x00",
    ],
)
def test_odd_characters_do_not_shift_the_answers(backend: Any, odd: str) -> None:
    replies = ask(backend, f"The house is {odd} big.", "I have a dog.", odd, "The house is big.")
    assert len(replies) == 4
    assert replies[1].text == "Tengo un perro."
    assert replies[3].text == "La casa es grande."
    assert replies[0].text is not None
    assert replies[0].text.startswith("La casa es")


@needs
@pytest.mark.parametrize(
    "text", ["2 * 3 is six", "a/b", "5 < 6 > 4", "it cost $5 [really]", "C:\\temp"]
)
def test_reserved_characters_come_back_as_they_were(backend: Any, text: str) -> None:
    (reply,) = ask(backend, text)
    kept = {letter for letter in text if letter in "*/<>$[]\\"}
    assert reply.text is not None
    assert {letter for letter in reply.text if letter in "*/<>$[]\\^@~"} == kept


@needs
def test_too_many_unknown_words_are_a_failure_not_a_translation(backend: Any) -> None:
    (reply,) = ask(backend, "Florbish grunkled wibberly the snorp.")
    assert (reply.text, reply.failure) == (None, "unknown_words")
    assert "of 5 words unknown" in reply.detail


@needs
def test_a_few_unknown_words_are_told(backend: Any) -> None:
    (reply,) = ask(backend, "My mother and my father live in a big house with Snorp.")
    assert reply.text is not None
    assert "*" not in reply.text
    assert reply.detail == "1 unknown words"


@needs
@pytest.mark.parametrize("text", ["...", "?!", "—"])
def test_marks_alone_stay(backend: Any, text: str) -> None:
    assert ask(backend, text)[0].text == text


@needs
@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_a_blank_text_is_a_failure(backend: Any, text: str) -> None:
    assert ask(backend, text)[0].failure == "empty"


@needs
def test_no_request_is_no_reply(backend: Any) -> None:
    assert ask(backend) == []


def test_a_language_without_a_code_is_an_error_that_says_where_it_belongs(shelves: Shelves) -> None:
    with pytest.raises(MhxError, match=r"no pair for en to fa — codes\.apertium is missing"):
        open_it(shelves, "fa", None)


@needs
def test_a_pair_that_is_not_installed_gives_the_command(shelves: Shelves) -> None:
    with pytest.raises(MhxError, match="apt install apertium apertium-eng-xyz") as caught:
        open_it(shelves, "xx", "xyz")
    assert "eng-spa" in str(caught.value)


@needs
def test_a_pair_may_be_named(shelves: Shelves) -> None:
    assert (
        ask(open_it(shelves, "fa", None, model="eng-spa"), "I have a dog.")[0].text
        == "Tengo un perro."
    )
