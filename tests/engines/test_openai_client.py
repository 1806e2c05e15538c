"""The client of OpenAI-compatible endpoints, with servers that fail in every way they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from serving import Faulty, Said, free_port

from mhx.endpoint import Chat, Client, Limits, full_name, parse_endpoint, structured
from mhx.errors import MhxError

pytest.importorskip("openai")
QUICK = Limits(concurrency=4, timeout=5.0, retries=2, backoff=0.01)
KEY = "sk-planted-4711"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def chat(text: str, **more: Any) -> Chat:
    return Chat(({"role": "user", "content": text},), **more)


def text_of(request: dict[str, Any]) -> str:
    return str(request["messages"][-1]["content"])


def echo(request: dict[str, Any], number: int) -> Said:
    return Said(f"said {text_of(request)}")


def client_of(url: str, cache: Path | None = None, limits: Limits = QUICK) -> Client:
    return Client(parse_endpoint(f"m@{url}", "--x ", screened=False), cache, limits)


@pytest.fixture
def good() -> Iterator[Faulty]:
    with Faulty(echo) as server:
        yield server


def test_answers_are_in_order_and_equal_chats_are_asked_once(good: Faulty) -> None:
    told: list[int] = []
    found = client_of(good.url).complete([chat(t) for t in "abcab"], told.append)
    assert [one.text for one in found] == [f"said {t}" for t in "abcab"]
    assert sorted(text_of(item) for item in good.seen) == ["a", "b", "c"]
    assert told == [1, 2, 3]
    assert (found[0].tokens_in, found[0].tokens_out, found[0].revision) == (10, 5, "m")


def test_no_more_requests_at_once_than_allowed() -> None:
    def slow(request: dict[str, Any], number: int) -> Said:
        return Said("x", delay=0.05)

    with Faulty(slow) as server:
        limits = Limits(concurrency=3, timeout=5.0)
        client_of(server.url, limits=limits).complete([chat(str(n)) for n in range(12)])
        assert 1 < server.most_at_once <= 3


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (Said("half", ending="length"), "truncated"),
        (Said(None, refusal="I will not."), "refused"),
        (Said(None, ending="content_filter"), "refused"),
        (Said("  "), "empty"),
        (Said(None), "empty"),
        (Said("no such thing", status=418), "http_418"),
        (Said(raw=b"<html>proxy error</html>"), "unparsable"),
        (Said(raw=b"{\"choices\": ["), "unparsable"),
        (Said(raw=b"{\"choices\": []}"), "unparsable"),
        (Said(raw=b"{\"choices\": [{\"message\": {\"content\": [1]}}]}"), "unparsable"),
        (Said(raw=b"null"), "unparsable"),
        (Said("broken", status=500), "http_500"),
        (Said("slow down", status=429), "http_429"),
        (Said(drop=True), "unreachable"),
        (Said("late", delay=0.5), "timeout"),
    ],
)
def test_one_bad_answer_costs_one_chat(said: Said, failure: str, tmp_path: Path) -> None:
    def script(request: dict[str, Any], number: int) -> Said:
        return said if text_of(request) == "bad" else echo(request, number)

    limits = Limits(timeout=0.2, retries=1, backoff=0.01)
    with Faulty(script) as server:
        client = client_of(server.url, tmp_path, limits)
        found = client.complete([chat(text) for text in ("a", "bad", "b")])
    assert [one.text for one in found] == ["said a", None, "said b"]
    assert found[1].failure == failure


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_that_recovers_is_asked_again(status: int) -> None:
    def script(request: dict[str, Any], number: int) -> Said:
        return Said("busy", status=status) if number < 2 else Said("well")

    with Faulty(script) as server:
        (found,) = client_of(server.url).complete([chat("a")])
        assert (found.text, len(server.seen)) == ("well", 3)


def test_a_closed_connection_and_a_timeout_are_tried_again() -> None:
    def script(request: dict[str, Any], number: int) -> Said:
        return [Said(drop=True), Said("late", delay=0.5), Said("well")][number]

    with Faulty(script) as server:
        limits = Limits(timeout=0.2, retries=2, backoff=0.01)
        assert client_of(server.url, limits=limits).complete([chat("a")])[0].text == "well"


def test_the_wait_doubles_has_an_end_and_heeds_the_server() -> None:
    limits = Limits(backoff=1.0, longest_wait=10.0)
    assert [limits.wait(n) for n in range(5)] == [1.0, 2.0, 4.0, 8.0, 10.0]
    assert limits.wait(0, 7.0) == 7.0
    assert limits.wait(0, 1000.0) == 10.0


def test_the_environment_says_what_the_server_bears(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Limits().concurrency, Limits().timeout) == (4, 120.0)
    monkeypatch.setenv("MHX_ENDPOINT_CONCURRENCY", "16")
    monkeypatch.setenv("MHX_ENDPOINT_TIMEOUT", "900")
    assert (Limits().concurrency, Limits().timeout) == (16, 900.0)
    assert Limits(concurrency=2).concurrency == 2
    for wrong in ("many", "0", "-1", "nan", "inf"):
        monkeypatch.setenv("MHX_ENDPOINT_TIMEOUT", wrong)
        with pytest.raises(MhxError, match="MHX_ENDPOINT_TIMEOUT is"):
            Limits()


def test_a_dead_server_is_not_waited_for_by_every_chat() -> None:
    def script(request: dict[str, Any], number: int) -> Said:
        return Said("well") if number == 0 else Said(drop=True)

    with Faulty(script) as server:
        limits = Limits(concurrency=1, retries=5, backoff=0.001)
        found = client_of(server.url, limits=limits).complete([chat(str(n)) for n in range(20)])
        assert [one.failure for one in found] == [None, *["unreachable"] * 19]
        assert len(server.seen) == 1 + 6 + 18


def test_parameters_a_server_does_not_take_are_left_out() -> None:
    def script(request: dict[str, Any], number: int) -> Said:
        for name in ("max_tokens", "response_format"):
            if name in request:
                return Said(f"Unsupported parameter: '{name}'", status=400)
        return Said(str(request["max_completion_tokens"]))

    with Faulty(script) as server:
        found = client_of(server.url).complete([chat(t, schema={"type": "object"}) for t in "ab"])
        assert [one.text for one in found] == ["512", "512"]


# ---------------------------------------------------------------- settings, seen at first contact


def test_nobody_there_is_an_error_that_says_what_to_check() -> None:
    with pytest.raises(MhxError, match="does not answer") as caught:
        client_of(f"http://127.0.0.1:{free_port()}/v1").complete([chat("a")])
    assert "start the server" in caught.value.problems[0].fix


@pytest.mark.parametrize(
    ("status", "text", "match"),
    [
        (404, "model m not found", "has no model 'm'"),
        (400, "Server is pinned to 'other'; requested 'm'.", "has no model 'm'"),
        (401, "bad key", "refuses the key of OPENAI_API_KEY"),
        (403, "bad key", "refuses the key of OPENAI_API_KEY"),
    ],
)
def test_wrong_settings_stop_at_the_first_contact(status: int, text: str, match: str) -> None:
    with (
        Faulty(lambda request, number: Said(text, status=status)) as server,
        pytest.raises(MhxError, match=match),
    ):
        client_of(server.url).complete([chat("a"), chat("b")])
    assert len(server.seen) == 1


def test_a_key_that_expires_later_is_a_failure_of_its_chat() -> None:
    def script(request: dict[str, Any], number: int) -> Said:
        return Said("gone", status=401) if number else Said("well")

    with Faulty(script) as server:
        found = client_of(server.url).complete([chat("a"), chat("b")])
    assert [one.failure for one in found] == [None, "http_401"]


# ---------------------------------------------------------------- budget, cache, resume


def test_the_budget_of_requests_counts_attempts() -> None:
    def script(request: dict[str, Any], number: int) -> Said:
        return Said("busy", status=503) if number == 0 else echo(request, number)

    with Faulty(script) as server:
        limits = Limits(concurrency=2, backoff=0.01, requests=4)
        found = client_of(server.url, limits=limits).complete([chat(str(n)) for n in range(9)])
        assert len(server.seen) == 4
    assert sorted(one.failure or "" for one in found) == ["", "", "", *["budget"] * 6]


def test_tokens_are_never_overspent_and_the_rest_fails_with_budget() -> None:
    def script(request: dict[str, Any], number: int) -> Said:
        return Said("x", usage=(40, 10))

    with Faulty(script) as server:
        limits = Limits(concurrency=8, tokens=1000)
        client = client_of(server.url, limits=limits)
        found = client.complete([chat(f"{n:04}", max_tokens=60) for n in range(40)])
    spent = sum(one.tokens_in + one.tokens_out for one in found)
    assert spent == client.budget.tokens <= 1000
    # each of eight at once reserves 96: a byte a token, the message's frame, the longest answer
    assert spent >= 1000 - 96 - 7 * (96 - 50)
    assert {one.failure for one in found} == {None, "budget"}


def test_the_cache_knows_what_an_answer_depends_on(good: Faulty, tmp_path: Path) -> None:
    client_of(good.url, tmp_path).complete([chat("a")])
    (again,) = client_of(good.url, tmp_path).complete([chat("a")])
    assert (again.text, again.cached, len(good.seen)) == ("said a", True, 1)
    others = [chat("b"), chat("a", temperature=1.0), chat("a", seed=1), chat("a", max_tokens=9),
              chat("a", schema={"type": "object"})]
    assert not any(one.cached for one in client_of(good.url, tmp_path).complete(others))
    named = Client(parse_endpoint(f"n@{good.url}", "--x ", screened=False), tmp_path, QUICK)
    assert not named.complete([chat("a")])[0].cached


def test_failures_and_forgotten_answers_are_asked_again(tmp_path: Path) -> None:
    def script(request: dict[str, Any], number: int) -> Said:
        return Said("half", ending="length") if number == 0 else echo(request, number)

    with Faulty(script) as server:
        client = client_of(server.url, tmp_path)
        assert client.complete([chat("a")])[0].failure == "truncated"
        assert client.complete([chat("a")])[0].text == "said a"
        client.forget([chat("a")])
        assert not client.complete([chat("a")])[0].cached


KILLED = """
import sys
from pathlib import Path
from mhx.endpoint import *
client = Client(parse_endpoint(f"m@{sys.argv[1]}", "--x ", screened=False), Path(sys.argv[2]),
                Limits(concurrency=2))
client.complete([Chat(({"role": "user", "content": str(n)},)) for n in range(12)])
"""


def test_a_killed_process_asks_only_for_the_rest(tmp_path: Path) -> None:
    process: list[subprocess.Popen[bytes]] = []

    def script(request: dict[str, Any], number: int) -> Said:
        if number == 6:
            os.kill(process[0].pid, signal.SIGKILL)
        return echo(request, number)

    with Faulty(script) as server:
        process.append(subprocess.Popen([sys.executable, "-c", KILLED, server.url, str(tmp_path)]))
        assert process[0].wait(60) == -signal.SIGKILL
        before = len(server.seen)
        assert 6 < before < 12
        found = client_of(server.url, tmp_path).complete([chat(str(n)) for n in range(12)])
        kept = sum(one.cached for one in found)
        assert [one.text for one in found] == [f"said {n}" for n in range(12)]
        assert len(server.seen) - before == 12 - kept
        assert kept >= before - 3  # at most the two in flight, and one not yet written


# ---------------------------------------------------------------- addresses and keys


def test_a_cut_off_answer_is_kept_whole_and_without_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    said = "word\n" * 100
    with Faulty(lambda request, number: Said(said + KEY, ending="length")) as server:
        endpoint = parse_endpoint(f"m@{server.url}#MY_KEY", "--x ", screened=False)
        (found,) = Client(endpoint, None, QUICK).complete([chat("a")])
    assert (found.text, found.failure, found.cut) == (None, "truncated", said + "***")
    assert len(found.detail) == 200

def test_the_key_is_sent_and_is_in_no_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)

    def script(request: dict[str, Any], number: int) -> Said:
        return Said(f"Incorrect API key provided: {KEY}", status=[200, 418][number > 0])

    with Faulty(script) as server:
        endpoint = parse_endpoint(f"m@{server.url}#MY_KEY", "--x ", screened=False)
        found = Client(endpoint, tmp_path, QUICK).complete([chat("a"), chat("b")])
        assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert (found[1].failure, found[1].detail) == ("http_418", "Incorrect API key provided: ***")
    assert KEY not in repr(endpoint) + endpoint.signature


def test_a_server_of_this_machine_is_not_told_of_accounts_elsewhere(
    good: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "planted-organization")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "planted-project")
    client_of(good.url).complete([chat("a")])
    assert "planted" not in str(good.headers)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("m@ftp://127.0.0.1/v1", "no http or https URL"),
        ("m@127.0.0.1:8000/v1", "no http or https URL"),
        ("m@https://user:secret@host/v1", "holds a user, a password or a query"),
        ("m@https://host/v1?key=secret", "holds a user, a password or a query"),
        ("m@https://host/v1#sk-secret", "no name of an environment variable"),
        ("m@http://host/v1", "unencrypted"),
        ("m@https://[bad/v1", "cannot be read"),
        ("m", "needs a model and a URL"),
        ("@http://127.0.0.1/v1", "needs a model and a URL"),
        ("m@https://host/v1", "no key for host"),
    ],
)
def test_a_wrong_address_is_a_message_without_the_secret(text: str, match: str) -> None:
    with pytest.raises(MhxError, match=match) as caught:
        parse_endpoint(text, "--x ", screened=True)
    assert "secret" not in str(caught.value)


def test_text_that_was_not_screened_goes_to_this_machine_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(MhxError, match="personal data in this text was not replaced"):
        parse_endpoint("m@https://host/v1", "--x ", screened=False)
    assert not parse_endpoint("m@https://host/v1", "--x ", screened=True).loopback
    for host in ("127.0.0.1", "localhost", "[::1]", "127.1.2.3"):
        assert parse_endpoint(f"m@http://{host}:1/v1", "--x ", screened=False).loopback


def test_another_machine_is_never_taken_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "https://host/v1")
    for read in (
        lambda: parse_endpoint("m", "--x ", screened=True),
        lambda: full_name("m", "--x "),
    ):
        with pytest.raises(MhxError, match="names another machine, host"):
            read()
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1/")
    assert full_name("org/m", "--x ") == "org/m@http://localhost:1/v1"
    assert full_name("a@b@http://localhost:2/v1#MINE", "--x ") == "a@b@http://localhost:2/v1#MINE"


def test_neither_a_redirect_nor_a_proxy_takes_text_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Faulty(echo) as other:
        moved = Said("", status=307, headers={"Location": f"{other.url}/chat/completions"})
        with Faulty(lambda request, number: moved) as server:
            (found,) = client_of(server.url).complete([chat("a")])
            monkeypatch.setenv("HTTP_PROXY", other.url)
            monkeypatch.setenv("ALL_PROXY", other.url)
            client_of(server.url).complete([chat("b")])
        assert (found.failure, other.seen) == ("http_307", [])
        assert len(server.seen) == 2


# ---------------------------------------------------------------- structured answers


class Given(BaseModel):
    """A schema."""

    value: int


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"value": 3}', 3),
        ('Sure, here it is:\n```json\n{"value": 3}\n```\nAnything else?', 3),
        ('<think>{"value": 1}?</think>{"value": 3}', 3),
        ('I think {"value": 1}.</think>{"value": 3}', 3),
        ('{"other": 1} {"value": 3}', 3),
        ('{broken {"value": 3}', 3),
        ('{"value": "three"}', None),
        ('{"value": 3', None),
        ("[3]", None),
        ("", None),
        ("{" * 100_000, None),
    ],
)
def test_the_object_is_found_in_what_a_model_says(text: str, value: int | None) -> None:
    found = structured(text, Given)
    assert (found.value if found else None) == value
