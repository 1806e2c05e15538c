"""The memory translator: what it holds exactly, nearly, or not at all; it invents nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mhx.contracts import BackendSettings, Reply, Request
from mhx.corpus.tmx import Unit, write_tmx
from mhx.errors import MhxError
from mhx.shelves import Shelves

UNITS = {
    "I can't sleep at night anymore.": "Nie mogę już spać w nocy.",
    "I take 20 mg of it every single morning.": "Biorę 20 mg każdego ranka.",
    "It was a very hard week for all of us.": "To był trudny tydzień.",
}


@pytest.fixture
def memory(tmp_path: Path, shelves: Shelves) -> Callable[..., Any]:
    """An opened memory of UNITS."""

    def open_it(
        *more: dict[str, str], exclude: tuple[str, ...] = (), target: str = "pl", fuzzy: int = 90
    ) -> Any:
        paths = []
        for number, units in enumerate([UNITS, *more]):
            paths.append(tmp_path / f"m{number}.tmx")
            rows = [Unit(one, two, f"u{n}") for n, (one, two) in enumerate(units.items())]
            write_tmx(paths[-1], rows, source="en", target="pl", creator="test")
        settings = BackendSettings(
            source="en",
            target=target,
            source_codes={},
            target_codes={},
            model=None,
            memories=paths,
            exclude=frozenset(exclude),
            fuzzy=fuzzy,
        )
        module = shelves.module(shelves.get("translation", "memory"), "backend.py")
        return module.open(settings)

    return open_it


def ask(backend: Any, *texts: str) -> list[Reply]:
    return backend.translate([Request(text, "en", "pl", "seeker") for text in texts])


@pytest.mark.parametrize(
    "text",
    [
        "I can't sleep at night anymore.",
        "I can’t sleep at night anymore.",
        "  i can't  SLEEP at night anymore. ",
    ],
)
def test_case_blanks_and_quotes_make_no_other_segment(
    memory: Callable[..., Any], text: str
) -> None:
    (reply,) = ask(memory(), text)
    assert (reply.text, reply.engine, reply.detail) == (
        "Nie mogę już spać w nocy.",
        "memory:exact",
        "m0.tmx#u0",
    )


def test_a_near_match_says_so_with_its_source_and_score(memory: Callable[..., Any]) -> None:
    (reply,) = ask(memory(), "I can't sleep at night any more.")
    assert reply.engine == "memory:fuzzy"
    assert reply.text == "Nie mogę już spać w nocy."
    assert "m0.tmx#u0 at " in reply.detail
    assert "I can't sleep at night anymore." in reply.detail


@pytest.mark.parametrize(
    ("fuzzy", "text", "found"),
    [
        (100, "I can't sleep at night any more.", False),
        (100, "I CAN'T sleep at night anymore.", True),
        (99, "I can't sleep at night any more.", False),
        (60, "It was a hard week for me.", True),
        (90, "It was a hard week for me.", False),
        (60, "I can't sleep at night because of 2 dogs.", False),
    ],
)
def test_the_threshold_says_how_near_is_near(
    memory: Callable[..., Any], fuzzy: int, text: str, found: bool
) -> None:
    backend = memory(fuzzy=fuzzy)
    (reply,) = ask(backend, text)
    assert (reply.text is not None) == found
    assert f"fuzzy:{fuzzy}" in backend.signature


def test_of_two_files_the_match_names_its_own(memory: Callable[..., Any]) -> None:
    backend = memory({"She has been tired for a very long time.": "Od dawna jest zmęczona."})
    (reply,) = ask(backend, "She has been tired for a very long time now.")
    assert reply.detail.startswith("m1.tmx#u0 at 9")


def test_another_number_is_another_statement(memory: Callable[..., Any]) -> None:
    (reply,) = ask(memory(), "I take 40 mg of it every single morning.")
    assert (reply.text, reply.failure) == (None, "not_in_memory")


@pytest.mark.parametrize("text", ["Something else entirely.", "", "sleep"])
def test_what_is_not_held_is_not_invented(memory: Callable[..., Any], text: str) -> None:
    (reply,) = ask(memory(), text)
    assert (reply.text, reply.failure) == (None, "not_in_memory")


def test_a_held_out_text_is_refused_though_it_is_in_the_file(memory: Callable[..., Any]) -> None:
    backend = memory(exclude=("I CAN’T sleep at night anymore.",))
    replies = ask(
        backend, "I can't sleep at night anymore.", "It was a very hard week for all of us."
    )
    assert [reply.failure for reply in replies] == ["held_out", None]
    (near,) = ask(backend, "I can't sleep at night any more.")
    assert near.text is None


def test_the_first_files_unit_wins_and_the_signature_names_the_files(
    memory: Callable[..., Any],
) -> None:
    text = "I can't sleep at night anymore."
    one, two = memory(), memory({text: "inne", "New one here.": "Nowe."})
    assert ask(two, text)[0].text == "Nie mogę już spać w nocy."
    assert ask(two, "New one here.")[0].text == "Nowe."
    assert one.signature != two.signature


def test_replies_are_in_the_order_of_the_requests(memory: Callable[..., Any]) -> None:
    replies = ask(memory(), "none of it", *UNITS, "none of it")
    assert [reply.text for reply in replies] == [None, *UNITS.values(), None]


def test_a_memory_of_another_pair_is_refused(memory: Callable[..., Any]) -> None:
    with pytest.raises(MhxError, match="no unit with both 'en' and 'fa'"):
        memory(target="fa")


@pytest.mark.parametrize(("text", "failure"), [(None, None), ("x", "empty"), ("", None)])
def test_a_reply_has_either_text_or_a_failure(text: str | None, failure: str | None) -> None:
    with pytest.raises(ValueError, match="either text or a failure"):
        Reply(text, "e", "r", failure=failure)
