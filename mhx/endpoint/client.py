"""A model at an endpoint: many chats at a time, each asked once and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from mhx.endpoint.address import Endpoint
from mhx.endpoint.attempt import Sender
from mhx.endpoint.chat import Chat, Completion
from mhx.endpoint.limits import Budget, Limits
from mhx.endpoint.store import Store
from mhx.errors import MhxError, Problem
from mhx.files import hash_json

Progress = Callable[[int], None]
SETTINGS_WRONG = frozenset({"unreachable", "timeout", "http_401", "http_403", "http_404"})


class Client:
    """Completions of one endpoint, cached in `cache`; budget and account are the client's."""

    def __init__(
        self, endpoint: Endpoint, cache: Path | None, limits: Limits | None = None
    ) -> None:
        """Raises MhxError where the package `openai` is not installed or the cache unusable."""
        self.endpoint, self.limits = endpoint, limits or Limits()
        self.budget = Budget(self.limits)
        self._sender = Sender(endpoint, self.limits, self.budget)
        self._store = Store(cache) if cache is not None else None
        self._known = False  # whether the server has answered with anything but wrong settings

    def complete(
        self, chats: Sequence[Chat], progress: Progress | None = None
    ) -> list[Completion]:
        """One completion a chat, in order; equal chats are asked once, cached ones not at all.

        What goes wrong with one chat is its failure code. Raises MhxError only for wrong
        settings, seen at the first contact: no such model, no key, nobody there. `progress` is
        told how many different chats are done.
        """
        keys = [self._key(chat) for chat in chats]
        done: dict[str, Completion] = {}
        todo: dict[str, Chat] = {}
        for key, chat in zip(keys, chats, strict=True):
            if key in done or key in todo:
                continue
            stored = self._store.get(key) if self._store is not None else None
            if stored is None:
                todo[key] = chat
            else:
                done[key] = stored

        def arrived(key: str, answer: Completion) -> None:
            if self._store is not None:
                self._store.put(key, answer)
            done[key] = answer
            if progress is not None:
                progress(len(done))

        waiting = iter(todo.items())
        while not self._known and (first := next(waiting, None)) is not None:
            arrived(first[0], self._first(first[1]))
        self._all(dict(waiting), arrived)
        return [done[key] for key in keys]

    def _all(self, todo: dict[str, Chat], arrived: Callable[[str, Completion], None]) -> None:
        """The chats side by side; each answer is kept when it comes, by this thread alone."""
        if not todo:
            return
        pool = ThreadPoolExecutor(self.limits.concurrency)
        try:
            futures = {pool.submit(self._sender.send, chat): key for key, chat in todo.items()}
            for future in as_completed(futures):
                arrived(futures[future], future.result())
        finally:
            pool.shutdown(cancel_futures=True)

    def _first(self, chat: Chat) -> Completion:
        """The first contact: wrong settings stop here instead of failing every chat."""
        answer = self._sender.send(chat)
        if answer.failure in SETTINGS_WRONG or _names_model(answer, self.endpoint.model):
            raise MhxError(self._problem(answer))
        self._known = answer.failure != "budget"
        return answer

    def _problem(self, answer: Completion) -> Problem:
        where = f"the endpoint {self.endpoint.url}"
        if answer.failure in ("unreachable", "timeout"):
            what = f"{where} does not answer: {answer.detail}"
            return Problem(what, "start the server, or check host, port and path (often /v1)")
        if answer.failure in ("http_400", "http_404"):
            known = ", ".join(self._sender.models()) or "it names none"
            what = f"{where} has no model {self.endpoint.model!r}, or no chat at this path: "
            fix = f"check the name (it has: {known}) and the path (often /v1)"
            return Problem(what + answer.detail, fix)
        what = f"{where} refuses the key of {self.endpoint.variable}: {answer.detail}"
        return Problem(what, f"check what {self.endpoint.variable} holds")

    def forget(self, chats: Iterable[Chat]) -> None:
        """Drop cached answers that turned out to be useless: the next run asks again."""
        if self._store is not None:
            self._store.drop([self._key(chat) for chat in chats])

    def _key(self, chat: Chat) -> str:
        return hash_json([self.endpoint.signature, chat.digest()])

    def close(self) -> None:
        """Close connections and cache."""
        self._sender.close()
        if self._store is not None:
            self._store.close()


def _names_model(answer: Completion, model: str) -> bool:
    """Whether a refused request blames the model's name, as servers of one model do."""
    return answer.failure == "http_400" and model in answer.detail
