"""What goes to an endpoint and what comes back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mhx.files import hash_json

FRAME = 32  # tokens that a chat template puts around a message, at most


@dataclass(frozen=True)
class Chat:
    """One request: messages (`role`, `content`), and how the answer is drawn.

    `schema` is the JSON Schema the answer should fit; servers may ignore it, so the answer is
    to be read with :func:`mhx.endpoint.structured` all the same. `max_tokens` bounds the answer.
    """

    messages: tuple[dict[str, str], ...]
    schema: dict[str, Any] | None = None
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int | None = 0

    def digest(self) -> str:
        """Hex SHA-256 of everything the answer depends on."""
        return hash_json(asdict(self))

    def most_tokens(self) -> int:
        """No fewer tokens than the request can cost: a byte a token, and the longest answer."""
        asked = sum(len(item["content"].encode()) + FRAME for item in self.messages)
        return asked + self.max_tokens


@dataclass(frozen=True)
class Completion:
    """The answer's text, or a failure code and no text.

    Codes: `timeout`, `unreachable`, `http_NNN`, `refused`, `truncated`, `empty`, `budget`,
    `unparsable` (not a chat completion). `detail` is what the server said, without the key; `cut`
    is all that a `truncated` answer said before the length limit, without the key.
    `revision` is the model as the server names it. Tokens as the server counts them; 0 where it
    does not say. `seconds` is the wall time of all attempts, 0 for a cached answer. `unsent` names
    the parameters of the chat that the server refuses, so that they were not sent.
    """

    text: str | None
    failure: str | None = None
    detail: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    cached: bool = False
    revision: str = ""
    cut: str = ""
    unsent: tuple[str, ...] = ()
