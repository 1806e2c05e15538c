"""Apertium kept open: one process over batches, restarted when it dies; the APy service."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from serving import free_port

from mhx.contracts import BackendSettings, Reply, Request
from mhx.endpoint import Limits
from mhx.engines.apy import Apy
from mhx.engines.null_flush import NullFlush, Stopped
from mhx.errors import MhxError
from mhx.shelves import Shelves

# Upper case; it holds a record back until the next one begins, as gawk does in a pipeline.
HOLDS = """
import os, sys
held = None
buffer = b""
while part := os.read(0, 65536):
    buffer += part
    *records, buffer = buffer.split(b"\\0")
    for record in records:
        if b"DIE" in record: os._exit(3)
        if b"SLEEP" in record: import time; time.sleep(30)
        if held is not None:
            os.write(1, held.upper() + b"\\0")
        held = record
"""
PROMPT = HOLDS.replace("held = record", 'os.write(1, record.upper() + b"\\0")')


@pytest.fixture(params=[HOLDS, PROMPT], ids=["holds", "prompt"])
def pipe(request: Any) -> Iterator[NullFlush]:
    with closing(NullFlush([sys.executable, "-c", request.param], "-", patience=20)) as opened:
        yield opened


def started(pipe: NullFlush) -> int:
    assert pipe._process is not None
    return pipe._process.pid


def test_one_process_answers_every_batch_in_order(pipe: NullFlush) -> None:
    assert pipe.ask(["a", "b"]) == ["A", "B"]
    first = started(pipe)
    assert pipe.ask([]) == []
    assert pipe.ask(["c"]) == ["C"]
    assert pipe.ask(["d\ne", "", "ż"]) == ["D\nE", "", "ż"]
    assert pipe.ask([str(n) for n in range(500)]) == [str(n) for n in range(500)]
    assert started(pipe) == first


def test_more_than_the_pipes_hold_does_not_stop_it(pipe: NullFlush) -> None:
    records = ["x" * 300_000, "y" * 300_000, "z"]
    assert pipe.ask(records) == [record.upper() for record in records]


def test_a_process_that_died_between_batches_is_started_again(pipe: NullFlush) -> None:
    pipe.ask(["a"])
    first = started(pipe)
    os.kill(first, signal.SIGKILL)
    assert pipe.ask(["b", "c"]) == ["B", "C"]
    assert started(pipe) != first


def test_a_record_that_kills_it_twice_is_an_error_and_the_next_batch_works(
    pipe: NullFlush,
) -> None:
    with pytest.raises(Stopped):
        pipe.ask(["a", "DIE", "b"])
    assert pipe.ask(["c"]) == ["C"]


def test_a_silent_process_is_given_up() -> None:
    with (
        closing(NullFlush([sys.executable, "-c", PROMPT], "-", patience=0.5)) as pipe,
        pytest.raises(Stopped, match=r"no answer in 0\.5 s"),
    ):
        pipe.ask(["SLEEP"])


def test_what_it_said_last_is_told() -> None:
    broken = [sys.executable, "-c", "import sys; sys.exit('no such mode')"]
    with closing(NullFlush(broken, "-")) as pipe, pytest.raises(Stopped, match="no such mode"):
        pipe.ask(["a"])


def test_a_nul_inside_a_record_is_refused(pipe: NullFlush) -> None:
    with pytest.raises(ValueError, match="NUL"):
        pipe.ask(["a\0b"])


def test_closing_ends_what_it_started() -> None:
    shell = ["sh", "-c", f"{sys.executable} -c 'import time; time.sleep(600)' | cat"]
    pipe = NullFlush(shell, "-", patience=0.1)
    with pytest.raises(Stopped):
        pipe.ask(["a"])
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert "time.sleep(600)" not in running.stdout


# ---------------------------------------------------------------- the program itself


def open_it(shelves: Shelves, **more: Any) -> Any:
    module: Any = shelves.module(shelves.get("translation", "apertium"), "backend.py")
    settings: dict[str, Any] = {
        "source": "en", "target": "es", "source_codes": {"apertium": "eng"},
        "target_codes": {"apertium": "spa"}, "model": None, "memories": [],
    }
    return module.open(BackendSettings(**{**settings, **more}))


def ask(backend: Any, *texts: str) -> list[Reply]:
    replies: list[Reply] = backend.translate([Request(text, "en", "es", "seeker")
                                              for text in texts])
    return replies


def installed() -> bool:
    if shutil.which("apertium") is None:
        return False
    done = subprocess.run(["apertium", "-l"], capture_output=True, text=True, check=False)
    return "eng-spa" in done.stdout.split()


needs = pytest.mark.skipif(not installed(), reason="apertium with eng-spa is not installed")


@needs
def test_apertium_stays_open_over_batches_and_comes_back_when_killed(shelves: Shelves) -> None:
    with closing(open_it(shelves)) as backend:
        texts = ["I have a dog.", "The house is big.", "[name] is here."]
        first = [reply.text for reply in ask(backend, *texts)]
        process = backend.engine.pipe._process
        assert [reply.text for text in texts for reply in ask(backend, text)] == first
        assert backend.engine.pipe._process is process
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert [reply.text for reply in ask(backend, *texts)] == first
        assert backend.engine.pipe._process is not process
    assert backend.engine.pipe._process is None


def test_a_text_that_stops_the_pipeline_costs_itself_alone(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    module: Any = shelves.module(shelves.get("translation", "apertium"), "backend.py")
    program = module.Program("eng-spa")
    program.pipe = NullFlush([sys.executable, "-c", HOLDS], "[]")
    with closing(module.Apertium("eng-spa", "1", program)) as backend:
        replies = ask(backend, "one here", "DIE now", "two here")
    assert [reply.text for reply in replies] == ["ONE HERE", None, "TWO HERE"]
    assert (replies[1].failure, replies[1].detail) == ("stopped", "at 'DIE now'")


def test_a_pipeline_that_never_answers_is_a_message(shelves: Shelves) -> None:
    module: Any = shelves.module(shelves.get("translation", "apertium"), "backend.py")
    program = module.Program("eng-spa")
    program.pipe = NullFlush([sys.executable, "-c", "import sys; sys.exit('broken')"], "[]")
    with (
        closing(module.Apertium("eng-spa", "1", program)) as backend,
        pytest.raises(MhxError, match="eng-spa gives no answer: broken"),
    ):
        ask(backend, "one here")


# ---------------------------------------------------------------- the service

TRANSLATED = {"I have a dog.": "Tengo un perro.", "and": "y", "Florbish 3*4.": "*Florbish 3*4."}


class Service:
    """A server that speaks APy's /listPairs and /translate."""

    def __init__(self, fault: Callable[[str, int], Any] | None = None) -> None:
        self.seen: list[dict[str, list[str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pairs = [{"sourceLanguage": "eng", "targetLanguage": "spa"}]
                self.say(200, {"responseData": pairs, "responseStatus": 200})

            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                asked = urllib.parse.parse_qs(form)
                outer.seen.append(asked)
                text = asked["q"][0]
                said = fault(text, len(outer.seen)) if fault else None
                if said is not None:
                    self.say(*said)
                    return
                data = {"translatedText": TRANSLATED.get(text, text.upper())}
                self.say(200, {"responseData": data, "responseStatus": 200})

            def say(self, status: int, value: Any, **headers: str) -> None:
                body = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                for name, text in headers.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


def test_a_service_is_asked_for_the_pair_and_slots_stay_here(shelves: Shelves) -> None:
    with closing(Service()) as service, closing(
        open_it(shelves, model=f"eng-spa@{service.url}")
    ) as backend:
        replies = ask(backend, "I have a dog.", "[name] and {{service:emergency}}")
        assert [reply.text for reply in replies] == [
            "Tengo un perro.", "[name] y {{service:emergency}}",
        ]
        assert [item["q"] for item in service.seen] == [["I have a dog."], ["and"]]
        assert service.seen[0]["langpair"] == ["eng|spa"]
        assert replies[0].engine == "apertium:eng-spa"
        assert replies[0].revision == f"APy at {service.url}"


def test_the_texts_own_stars_are_no_marks_of_unknown_words(shelves: Shelves) -> None:
    with closing(Service()) as service, closing(
        open_it(shelves, model=f"eng-spa@{service.url}")
    ) as backend:
        (reply,) = ask(backend, "Florbish 3*4.")
    assert reply.text == "*Florbish 3*4."


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ((400, {"explanation": "no"}), "http_400"),
        ((503, {}), "http_503"),
        ((302, {}), "http_302"),
        ((200, b"<html>"), "unparsable"),
        ((200, {"responseData": {"translatedText": None}}), "unparsable"),
        ((200, []), "unparsable"),
    ],
)
def test_a_wrong_answer_of_the_service_costs_one_text(
    said: Any, failure: str, shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mhx.engines.apy.LIMITS", Limits(retries=1, backoff=0.01, timeout=5))
    with closing(Service(lambda text, n: said if text == "bad" else None)) as service, closing(
        open_it(shelves, model=f"eng-spa@{service.url}")
    ) as backend:
        replies = ask(backend, "good", "bad", "fine")
    assert [reply.text for reply in replies] == ["GOOD", None, "FINE"]
    assert replies[1].failure == failure


def test_a_service_that_recovers_is_asked_again() -> None:
    with closing(Service(lambda text, n: (503, {}) if n < 3 else None)) as service:
        apy = Apy(service.url, "eng-spa", screened=False, limits=Limits(retries=2, backoff=0.01))
        assert apy.ask(["a"]) == [("A", "")]


def test_nobody_there_and_a_pair_it_lacks_are_messages(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mhx.engines.apy.LIMITS", Limits(retries=1, backoff=0.01, timeout=5))
    with pytest.raises(MhxError, match="does not answer as APy does: unreachable"):
        open_it(shelves, model=f"eng-spa@http://127.0.0.1:{free_port()}")
    with closing(Service()) as service, pytest.raises(MhxError, match=r"no pair eng-fra \(it has"):
        open_it(shelves, model=f"eng-fra@{service.url}")


def test_unscreened_text_goes_to_no_other_machines_service(shelves: Shelves) -> None:
    with pytest.raises(MhxError, match="was not replaced, and host is another machine"):
        open_it(shelves, model="eng-spa@https://host")


@needs
def test_the_real_service_says_what_the_program_says(shelves: Shelves) -> None:
    program = shutil.which("apertium-apy")
    if program is None:
        pytest.skip("apertium is not installed as a service (apertium-apy)")
    port = free_port()
    process = subprocess.Popen(
        [program, "-p", str(port), "/usr/share/apertium"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )
    try:
        Apy(f"http://127.0.0.1:{port}", "eng-spa", screened=False,
            limits=Limits(retries=20, backoff=0.2, longest_wait=0.5))
        texts = ["I have a dog.", "Florbish lives in a big house with me.", "It is 5 < 6 [really].",
                 "Call {{service:emergency}} now, [name]."]
        with closing(open_it(shelves)) as here, closing(
            open_it(shelves, model=f"eng-spa@http://127.0.0.1:{port}")
        ) as there:
            one, two = ask(here, *texts), ask(there, *texts)
        assert [reply.text for reply in one] == [reply.text for reply in two]
        assert [reply.detail for reply in one] == [reply.detail for reply in two]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)
