"""A chat server on loopback that answers by a function of the request: judges to test against."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = str | int | dict[str, object]
KEYS = re.compile(r'"([a-z_]+)" \(([^)]*)\)')


def legal(prompt: str, pick: int = 0) -> dict[str, object]:
    """A legal answer to a judge's request: of each key the answer at place `pick`."""
    found = {}
    for key, answers in KEYS.findall(prompt):
        said = [one.strip() for one in answers.split("|")]
        value = said[min(pick, len(said) - 1)]
        found[key] = int(value) if value.lstrip("-").isdigit() else value
    return found


@contextmanager
def serving(answer: Callable[[str], Answer]) -> Iterator[tuple[str, list[str]]]:
    """Base URL and the prompts it was asked.

    `answer` gives the text; an int is an HTTP status; a dict is put over the choice.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            prompt = body["messages"][-1]["content"]
            asked.append(prompt)
            said = answer(prompt)
            if isinstance(said, int):
                self._send(said, {"error": {"message": "planted"}})
                return
            choice = {"index": 0, "finish_reason": "stop",
                      "message": {"role": "assistant", "content": said}}
            if isinstance(said, dict):
                choice |= {"message": {"role": "assistant", "content": ""}} | said
            self._send(200, {"id": "1", "object": "chat.completion", "created": 1,
                             "model": body["model"], "choices": [choice],
                             "usage": {"prompt_tokens": 10, "completion_tokens": 5,
                                       "total_tokens": 15}})

        def _send(self, code: int, value: object) -> None:
            data = json.dumps(value).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
