"""The client of the COMET worker against a worker that dies, hangs, babbles or answers short."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mhx.environments import Environment
from mhx.environments.place import INSTALLED
from mhx.errors import MhxError
from mhx.quality import comet
from mhx.quality.comet import GIVEN_UP, Comet, Scored


def opened(place: Environment, name: str = "model", seconds: float = 20) -> Comet:
    (place.source / name).mkdir()
    return Comet(str(place.source / name), place=place, seconds=seconds)


def scores(client: Comet, *texts: str) -> list[Scored]:
    return [one for part in client.scores([{"src": "s", "mt": text} for text in texts])
            for one in part]


def starts(place: Environment) -> int:
    return len((place.source / "starts").read_text())


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(comet, "CHUNK", 2)
    yield


def test_scores_come_back_in_order_from_one_worker(faulty_place: Environment, small: None) -> None:
    client = opened(faulty_place)
    assert [one.score for one in scores(client, "a", "bb", "ccc", "dddd", "NAN")] == [
        0.1, 0.2, 0.3, 0.4, None]
    assert starts(faulty_place) == 1
    assert client.signature == (
        "comet|model:model|checkpoint:0|class:fake|reference:no|device:cpu|unbabel-comet:0|"
        "torch:0|transformers:0")


@pytest.mark.parametrize("word", ["DIE", "GARBAGE"])
def test_a_worker_lost_once_is_started_again_and_nothing_is_missing(
    word: str, faulty_place: Environment, small: None
) -> None:
    client = opened(faulty_place)
    found = scores(client, "a", "bb", word, "dddd", "e")
    assert [one.score for one in found] == [0.1, 0.2, len(word) / 10, 0.4, 0.1]
    assert starts(faulty_place) == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [("DIE ALWAYS", "it ended by signal 9: last words"),
     ("GARBAGE ALWAYS", "not an answer: 'Loading weights 100%'"),
     ("SHORT", "1 scores for 2 segments"),
     ("HANG", "no answer within 1 s")],
)
def test_what_is_lost_twice_is_missing_with_its_reason_and_the_rest_is_scored(
    text: str, why: str, faulty_place: Environment, small: None
) -> None:
    client = opened(faulty_place, seconds=1 if text == "HANG" else 20)
    found = scores(client, "a", "bb", text, "dddd", "e")
    assert [one.score for one in found] == [0.1, 0.2, None, None, 0.1]
    assert [one.why for one in found[2:4]] == [why, why]


def test_a_worker_that_is_lost_again_and_again_is_given_up(
    faulty_place: Environment, small: None
) -> None:
    found = scores(opened(faulty_place), *["DIE ALWAYS"] * 4, "a")
    assert all(one.score is None for one in found)
    assert [one.why for one in found[3:]] == ["it ended by signal 9: last words", GIVEN_UP]
    assert starts(faulty_place) == 4


def test_an_error_of_the_model_costs_its_own_request_alone(
    faulty_place: Environment, small: None
) -> None:
    found = scores(opened(faulty_place), "ERROR", "b", "c")
    assert [one.why for one in found] == ["MemoryError: too long"] * 2 + [""]
    assert starts(faulty_place) == 1


def test_a_checkpoint_that_vanished_between_two_tries_costs_scores_only(
    faulty_place: Environment, small: None
) -> None:
    client = opened(faulty_place)
    client.model = "BROKEN"
    found = scores(client, "DIE ALWAYS", "b", "c")
    assert [one.score for one in found] == [None] * 3
    assert "no weights" in found[0].why


def test_a_model_that_is_not_there_or_not_comet_is_an_error(faulty_place: Environment) -> None:
    with pytest.raises(MhxError, match="no such COMET checkpoint"):
        Comet(str(faulty_place.source / "nothing"), place=faulty_place)
    with pytest.raises(MhxError, match=r"no weights — name a checkpoint that unbabel-comet"):
        opened(faulty_place, "BROKEN")


def test_a_worker_that_dies_while_loading_is_an_error_not_a_score(
    faulty_place: Environment
) -> None:
    with pytest.raises(MhxError, match="lost twice: it ended by signal 9: last words"):
        opened(faulty_place, "DIE ALWAYS")


def test_an_environment_that_is_absent_or_broken_says_how_to_install(
    faulty_place: Environment
) -> None:
    (faulty_place.folder / "bin/python").unlink()
    with pytest.raises(MhxError, match=r"broken: its Python interpreter is gone — mhx doctor"):
        opened(faulty_place)
    (faulty_place.folder / INSTALLED).unlink()
    with pytest.raises(MhxError, match="unfinished"):
        opened(faulty_place, "two")
    shutil.rmtree(faulty_place.folder)
    with pytest.raises(MhxError, match="not installed — mhx doctor --install comet"):
        opened(faulty_place, "three")


def test_a_closed_client_leaves_no_process(faulty_place: Environment) -> None:
    client = opened(faulty_place)
    process = client._process
    assert process is not None
    pid = process.pid
    client.close()
    assert not Path(f"/proc/{pid}").exists()
