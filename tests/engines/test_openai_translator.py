"""The openai translator: what it asks, what it refuses to take for a translation, a real server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from serving import Faulty, Said, serve, teach_chats

from mhx.api import open_run
from mhx.contracts import BackendSettings, Naming, Reply, Request
from mhx.defaults import split_sentences
from mhx.errors import MhxError
from mhx.pipeline import execute
from mhx.shelves import Shelves
from mhx.translating import translate_texts

pytest.importorskip("openai")
LINE = "I take [name] to school at 8 every single morning."
GOOD = "Codziennie rano o 8 odprowadzam [name] do szkoły."
LANGUAGES: dict[str, Any] = {
    "source": "en", "target": "pl", "source_codes": {"lingua": "ENGLISH"},
    "target_codes": {"lingua": "POLISH"}, "memories": [],
    "naming": Naming("English", "Polish", ("ty", "pan")),
    "split_source": split_sentences, "split_target": split_sentences,
}


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def openai(shelves: Shelves, tmp_path: Path) -> Callable[..., Any]:
    """The backend opened on a server."""

    def opened(url: str, **more: Any) -> Any:
        module: Any = shelves.module(shelves.get("translation", "openai"), "backend.py")
        return module.open(
            BackendSettings(**{**LANGUAGES, "model": f"m@{url}", "cache": tmp_path, **more})
        )

    return opened


def said(text: str) -> Said:
    return Said(json.dumps({"translation": text}))


def one(openai: Callable[..., Any], script: Callable[..., Said], text: str = LINE) -> Reply:
    with Faulty(script) as server, closing(openai(server.url)) as backend:
        (reply,) = backend.translate([Request(text, "en", "pl", "seeker")])
    assert isinstance(reply, Reply)
    return reply


def test_the_prompt_holds_the_plan_the_talk_and_only_the_matched_terms(
    openai: Callable[..., Any],
) -> None:
    with Faulty(lambda request, number: said(GOOD)) as server:
        openai(server.url).translate([
            Request(
                LINE, "en", "pl", "supporter", context=(("seeker", "It is \"a lot\"."),),
                register="pan", gender="female", addressee_gender="male",
                terms={"anxiety": "lęk"}, forbidden=("wariat",),
            )
        ])
        request = server.seen[0]
    system, asked = (item["content"] for item in request["messages"])
    assert "from English into Polish" in system
    assert "{{double braces}}" in system
    assert asked.splitlines() == [
        "Speaker: the supporter, who gives help, a woman",
        "Spoken to: the seeker, who came for help, a man",
        "Form of address: pan (from the most familiar to the most formal: ty, pan)",
        "Said before, not to be translated:",
        '- seeker: It is "a lot".',
        "Terms, to be inflected as the sentence asks:",
        "- anxiety: lęk",
        "Words to avoid: wariat",
        f"Text: {json.dumps(LINE)}",
    ]
    assert request["temperature"] == 0
    assert request["response_format"]["json_schema"]["schema"]["required"] == ["translation"]


def test_a_good_answer_is_a_translation_whatever_is_around_the_object(
    openai: Callable[..., Any],
) -> None:
    reply = one(openai, lambda request, number: Said(f"Sure!\n```json\n{said(GOOD).text}\n```"))
    assert (reply.text, reply.failure, reply.engine) == (GOOD, None, "openai:m")
    assert reply.revision == "m"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Said("I'm sorry, but I can't assist with that."), "refused"),
        (said("As an AI language model, I cannot translate this text."), "refused"),
        (said("Jako model językowy nie mogę tego przetłumaczyć."), "refused"),
        (said(f"Here is the translation: {GOOD}"), "remarks"),
        (said(f"Tłumaczenie: {GOOD}"), "remarks"),
        (said(LINE), "source_copied"),
        (said(""), "empty"),
        (said(GOOD.replace("[name]", "Adama")), "placeholders"),
        (said(f"{GOOD[:-1]} {{{{service:emergency}}}}."), "slots"),
        (said(GOOD.replace("8", "dziewiątej")), "numbers"),
        (said("Every morning at 8 I am bringing [name] over to the school."), "wrong_language"),
        (said(f"{GOOD} Dam radę. Tak trzeba. Naprawdę."), "added"),
        (said("a b c d " * 3 + "8 [name]"), "repeats"),
        (Said("Codziennie rano"), "unparsable"),
        (Said('{"translation": 8}'), "unparsable"),
        (Said("cut", ending="length"), "truncated"),
        (Said("", ending="content_filter"), "refused"),
        (Said("x", status=422), "http_422"),
    ],
)
def test_what_is_no_translation_is_a_failure_without_text(
    openai: Callable[..., Any], answer: Said, failure: str
) -> None:
    reply = one(openai, lambda request, number: answer)
    assert (reply.text, reply.failure) == (None, failure)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("I can't help with this at home.", "Nie mogę w tym pomóc w domu."),
        ("As an AI I have no feelings, she read aloud.",
         "Jako AI nie mam uczuć, przeczytała na głos."),
        ("Translation: it is over.", "Tłumaczenie: to koniec."),
        ("We have two kids.", "Mamy 2 dzieci."),
    ],
)
def test_a_text_that_itself_reads_so_is_translated(
    openai: Callable[..., Any], text: str, target: str
) -> None:
    assert one(openai, lambda request, number: said(target), text).text == target


def test_a_wrong_answer_is_asked_for_once_more_with_the_reason(openai: Callable[..., Any]) -> None:
    asked: list[Any] = []

    def script(request: dict[str, Any], number: int) -> Said:
        asked.append(request["messages"])
        return said(GOOD.replace("[name]", "Adama") if number == 0 else GOOD)

    reply = one(openai, script)
    assert (reply.text, reply.detail) == (GOOD, "first answer: placeholders")
    assert [item["role"] for item in asked[1]] == ["system", "user", "assistant", "user"]
    assert "these must stand in it, unchanged and no others: [name]" in asked[1][3]["content"]


def test_a_useless_answer_is_not_kept_and_a_good_one_is(openai: Callable[..., Any]) -> None:
    def script(request: dict[str, Any], number: int) -> Said:
        return said(LINE) if number < 2 else said(GOOD)

    with Faulty(script) as server:
        request = Request(LINE, "en", "pl", "seeker")
        replies = [openai(server.url).translate([request])[0] for _ in range(3)]
        assert [reply.failure for reply in replies] == ["source_copied", None, None]
        assert len(server.seen) == 3


def test_the_model_and_its_address_are_in_the_signature_the_key_is_not(
    openai: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    signature = openai("http://127.0.0.1:1/v1").signature
    assert signature.startswith("openai|m@http://127.0.0.1:1/v1|en-pl|")
    assert "sk-planted" not in signature


# ---------------------------------------------------------------- in a run

MINE = """question,answer
I take my son to school at 8 every day. I am so tired.,What would help you to rest?
My mail is ann.smith@example.org and I cannot sleep.,I hear how hard the nights are.
"""
POLISH = {
    "I take my son to school at 8 every day.": "Codziennie odprowadzam syna do szkoły na 8.",
    "I am so tired.": "To takie męczące.",
    "What would help you to rest?": "Co pomogłoby odpocząć?",
    "My mail is [email] and I cannot sleep.": "Mój adres to [email] i nie mogę spać.",
    "I hear how hard the nights are.": "Słyszę, jak trudne są noce.",
}


def polish(request: dict[str, Any], number: int) -> Said:
    line = request["messages"][1]["content"].splitlines()[-1]
    return said(POLISH[json.loads(line.removeprefix("Text: "))])


@pytest.fixture
def start(tmp_path: Path, shelves: Shelves) -> Callable[..., Any]:
    """A run of MINE up to the translation."""
    (tmp_path / "mine.csv").write_text(MINE, encoding="utf-8")

    def go(translator: str, **more: Any) -> Any:
        run = open_run(
            "pl", shelves=shelves, source=str(tmp_path / "mine.csv"), translator=translator,
            out=tmp_path / "runs", **more,
        )
        execute(run, last="translate")
        return run

    return go


def test_only_screened_text_leaves_and_the_key_is_in_no_file(
    start: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-planted-0815"
    monkeypatch.setenv("MY_KEY", key)
    with Faulty(polish) as server:
        run = start(f"openai:m@{server.url}#MY_KEY")
        sent = json.dumps(server.seen)
        assert server.headers[0]["authorization"] == f"Bearer {key}"
    assert run.table("translate")["target"].to_list() == list(POLISH.values())
    assert "ann.smith" not in sent
    assert "[email]" in sent
    files = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert any(path.name == "completions.sqlite" for path in files)
    assert not [path for path in files if key.encode() in path.read_bytes()]


def test_the_run_tells_the_model_the_turns_before(start: Callable[..., Any]) -> None:
    with Faulty(polish) as server:
        start(f"openai:m@{server.url}")
        asked = {item["messages"][1]["content"] for item in server.seen}
    (answer,) = (text for text in asked if text.endswith('"What would help you to rest?"'))
    assert "- seeker: I take my son to school at 8 every day.\n- seeker: I am so tired." in answer
    assert "mail" not in answer


def test_the_address_of_the_environment_is_in_the_frozen_settings(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Faulty(polish) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        assert start("openai:m").settings.translator == f"openai:m@{server.url}"


def test_over_the_budget_the_next_engine_is_asked_and_more_budget_goes_on(
    start: Callable[..., Any],
) -> None:
    with Faulty(polish) as server:
        run = start(f"openai:m@{server.url},memory", request_budget=3)
        frame = run.table("translate")
        assert len(server.seen) == 3
        left = frame.filter(pl.col("engine") == "memory")
        assert left["failure"].to_list() == ["not_in_memory"] * 2
        assert {item["failure"] for text in left["tried"] for item in json.loads(text)} == {
            "budget"
        }
        run = start(f"openai:m@{server.url},memory", request_budget=9)
        assert run.table("translate")["target"].to_list() == list(POLISH.values())
        assert len(server.seen) == 5


def test_lines_that_nobody_screened_do_not_leave_the_machine(
    shelves: Shelves, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    run = open_run("pl", shelves=shelves, translator="openai:m@https://host/v1", out=tmp_path)
    with pytest.raises(MhxError, match="was not replaced, and host is another machine"):
        translate_texts(run, ["I am tired."])


def test_a_secret_in_the_address_stops_before_a_file_is_written(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(MhxError, match="holds a user, a password or a query"):
        start("openai:m@https://user:secret@host/v1")
    assert not (tmp_path / "runs").exists()


# ---------------------------------------------------------------- a real server


@pytest.fixture(scope="module")
def real(shelves: Shelves, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """`transformers serve` on a model that knows two lines by heart, one of them wrongly."""
    module: Any = shelves.module(shelves.get("translation", "openai"), "backend.py")
    opened = module.open(BackendSettings(**LANGUAGES, model="m@http://127.0.0.1:1/v1"))
    folder = tmp_path_factory.mktemp("model")
    with closing(opened) as backend:
        texts = {LINE: said(GOOD).text or "", "I am tired.": "I can't help with that."}
        chats = [(backend.chat(Request(text, "en", "pl", "seeker")).messages, answer)
                 for text, answer in texts.items()]
    teach_chats(folder, chats)
    with serve(folder) as url:
        yield url, folder


def test_a_real_server_translates_and_its_refusal_is_a_failure(
    real: tuple[str, Path], openai: Callable[..., Any]
) -> None:
    url, folder = real
    with closing(openai(url, model=f"{folder}@{url}")) as backend:
        good, bad = backend.translate(
            [Request(text, "en", "pl", "seeker") for text in (LINE, "I am tired.")]
        )
    assert (good.text, good.engine) == (GOOD, f"openai:{folder}")
    assert good.revision.startswith(str(folder))
    assert bad.text is None
    assert bad.detail.startswith("first answer: refused")


def test_a_model_that_a_real_server_does_not_have_is_a_message(
    real: tuple[str, Path], openai: Callable[..., Any]
) -> None:
    with (
        closing(openai(real[0], model=f"nobody/no-model@{real[0]}")) as backend,
        pytest.raises(MhxError, match="has no model 'nobody/no-model'"),
    ):
        backend.translate([Request("I am tired.", "en", "pl", "seeker")])
