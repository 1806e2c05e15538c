"""A local Hugging Face causal LM as a judge; its answers are kept like those of an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from mhx.endpoint import Chat, Completion, Limits
from mhx.endpoint.limits import Budget
from mhx.endpoint.store import Store
from mhx.files import hash_json
from mhx.judging.families import family_of
from mhx.training.base import base_hash


class LocalJudge:
    """A model folder, a hub name or mhx-tiny; it is loaded when the first chat is not cached."""

    remote = False

    def __init__(
        self, name: str, *, family: str, cache: Path | None, limits: Limits, device: str
    ) -> None:
        self.name, self.family = name, family or family_of(name)
        digest = base_hash(name)
        self.signature = f"hf:{name}@{digest[:12]}" if digest else f"hf:{name}"
        self._budget, self._device = Budget(limits), device
        self._store = Store(cache) if cache is not None else None

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from mhx.training.base import load_model, load_tokenizer

        return load_model(self.name, device=self._device), load_tokenizer(self.name)

    def complete(
        self, chats: Sequence[Chat], progress: Callable[[int], None] | None = None
    ) -> list[Completion]:
        """One completion a chat, in order; a temperature above 0 draws by the chat's seed."""
        done: list[Completion] = []
        for chat in chats:
            key = hash_json([self.signature, chat.digest()])
            answer = self._store.get(key) if self._store else None
            if answer is None:
                answer = self._ask(chat)
                if self._store:
                    self._store.put(key, answer)
            done.append(answer)
            if progress is not None:
                progress(len(done))
        return done

    def _ask(self, chat: Chat) -> Completion:
        from mhx.training.generate import generate

        if not self._budget.take(chat.most_tokens()):
            return Completion(None, "budget", "the budget of requests or tokens is used up")
        model, tokenizer = self._loaded
        text = next(generate(model, tokenizer, [list(chat.messages)],
                             max_new_tokens=chat.max_tokens, seed=chat.seed or 0,
                             temperature=chat.temperature))
        asked = sum(len(tokenizer(item["content"])["input_ids"]) for item in chat.messages)
        given = len(tokenizer(text)["input_ids"])
        self._budget.settle(chat.most_tokens(), asked + given)
        if not text:
            return Completion(None, "empty", tokens_in=asked)
        failure = "truncated" if given >= chat.max_tokens else None
        cut = text if failure else ""
        return Completion(None if failure else text, failure, cut, tokens_in=asked,
                          tokens_out=given, revision=self.signature, cut=cut)

    def close(self) -> None:
        """Close the cache."""
        if self._store is not None:
            self._store.close()
