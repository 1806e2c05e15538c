"""Who is asked: a model behind an OpenAI-compatible endpoint, or a local Hugging Face causal LM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from mhx.endpoint import Chat, Client, Completion, Endpoint, Limits, parse_endpoint
from mhx.errors import UsageError
from mhx.judging.families import family_of

Progress = Callable[[int], None]
SYNTAX = "openai:MODEL@http://127.0.0.1:8000/v1 or hf:FOLDER"


class Judge(Protocol):
    """A model that answers chats. `family` is "" where its name shows none."""

    name: str
    family: str
    signature: str
    remote: bool

    def complete(
        self, chats: Sequence[Chat], progress: Progress | None = None
    ) -> list[Completion]:
        """One completion a chat, in order."""

    def close(self) -> None:
        """Release connections and memory."""


class EndpointJudge:
    """A judge behind an endpoint."""

    def __init__(self, endpoint: Endpoint, family: str, cache: Path | None, limits: Limits) -> None:
        """Raises MhxError where the package of the client is not installed."""
        self.name, self.family = endpoint.model, family or family_of(endpoint.model)
        self.signature, self.remote = endpoint.signature, not endpoint.loopback
        self._client = Client(endpoint, cache, limits)
        self.complete = self._client.complete
        self.close = self._client.close


def open_judge(
    spec: str,
    *,
    family: str = "",
    cache: Path | None = None,
    limits: Limits | None = None,
    device: str = "auto",
    screened: bool = True,
) -> Judge:
    """The judge of ``openai:MODEL@URL`` or ``hf:NAME``; loads nothing before it is asked.

    `family` stands where the name does not show it. A URL of another machine is allowed where it
    is written out and personal data can be replaced before text goes there (`screened`). Raises
    UsageError for another syntax, MhxError for an endpoint that cannot be used.
    """
    kind, colon, rest = spec.partition(":")
    if not colon or not rest or kind not in ("openai", "hf"):
        raise UsageError(f"--judge {spec!r} is no judge", f"write {SYNTAX}")
    limits = limits or Limits()
    if kind == "openai":
        endpoint = parse_endpoint(rest, "--judge openai:", screened=screened)
        return EndpointJudge(endpoint, family, cache, limits)
    from mhx.judging.local import LocalJudge

    return LocalJudge(rest, family=family, cache=cache, limits=limits, device=device)
