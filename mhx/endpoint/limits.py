"""How much may be asked of an endpoint, how fast, and the account of what was."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field

from mhx.errors import MhxError, Problem

CONCURRENCY, TIMEOUT = 4, 120.0
CONCURRENCY_VARIABLE, TIMEOUT_VARIABLE = "MHX_ENDPOINT_CONCURRENCY", "MHX_ENDPOINT_TIMEOUT"


def _of_environment(variable: str, default: float) -> float:
    """A positive number of the environment: what a server bears is no setting of a run."""
    text = os.environ.get(variable, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise MhxError(Problem(f"{variable} is {text!r}", "write a number above 0, or unset it"))
    return value


def _concurrency() -> int:
    return max(1, int(_of_environment(CONCURRENCY_VARIABLE, CONCURRENCY)))


def _timeout() -> float:
    return _of_environment(TIMEOUT_VARIABLE, TIMEOUT)


@dataclass(frozen=True)
class Limits:
    """Concurrency, patience and budget of a client.

    `timeout`, `backoff` and `longest_wait` are seconds. `retries` are attempts after the first;
    the wait doubles each time. `requests` (attempts count) and `tokens` (asked and answered) cap
    what a client may spend; None is no cap. MHX_ENDPOINT_CONCURRENCY and MHX_ENDPOINT_TIMEOUT of
    the environment are the defaults of the first two; they change no answer.
    """

    concurrency: int = field(default_factory=_concurrency)
    timeout: float = field(default_factory=_timeout)
    retries: int = 4
    backoff: float = 1.0
    longest_wait: float = 60.0
    requests: int | None = None
    tokens: int | None = None

    def wait(self, attempt: int, asked: float | None = None) -> float:
        """Seconds before attempt number `attempt` + 1; `asked` is what the server asks for."""
        own = float(self.backoff * 2**attempt)
        return min(self.longest_wait, own if asked is None else max(own, asked))


class Budget:
    """What is spent and what is in flight; never more than the caps. Used by several threads."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self.requests = 0
        self.tokens = 0
        self._reserved = 0

    def take(self, tokens: int) -> bool:
        """Reserve a request of at most `tokens`; False where a cap would be passed."""
        with self._lock:
            caps = self._limits
            if caps.requests is not None and self.requests + 1 > caps.requests:
                return False
            if caps.tokens is not None and self.tokens + self._reserved + tokens > caps.tokens:
                return False
            self.requests += 1
            self._reserved += tokens
            return True

    def settle(self, reserved: int, used: int) -> None:
        """Replace a reservation by what the server counted."""
        with self._lock:
            self._reserved -= reserved
            self.tokens += used
