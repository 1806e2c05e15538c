"""One chat sent until it is answered or given up: retries, and every ending as a code."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from mhx.endpoint.address import Endpoint
from mhx.endpoint.chat import Chat, Completion
from mhx.endpoint.limits import Budget, Limits
from mhx.errors import MhxError, Problem

TRY_AGAIN = frozenset({408, 409, 425, 429})  # and every 5xx
WITHOUT = -1.0  # in place of a wait: ask again at once without a parameter, which is no attempt
DETAIL = 200  # characters of a server's message that are kept
# parameters that some servers do not take, and what stands in for each; None is left out
OPTIONAL = {
    "max_tokens": "max_completion_tokens",
    "temperature": None,
    "seed": None,
    "response_format": None,
}


@dataclass
class Sender:
    """Sends chats by the `openai` package; its methods are called by several threads."""

    endpoint: Endpoint
    limits: Limits
    budget: Budget
    patient: bool = True  # False after a chat that could not be delivered: no retries until one is

    def __post_init__(self) -> None:
        try:
            import openai
        except ImportError as error:
            what = "an endpoint needs the package openai"
            raise MhxError(Problem(what, "pip install 'mhx[openai]'")) from error
        self._refused: set[str] = set()
        self._openai = openai
        self._client = openai.OpenAI(
            base_url=self.endpoint.url,
            api_key=self.endpoint.key,
            max_retries=0,
            timeout=self.limits.timeout,
            http_client=openai.DefaultHttpxClient(
                # a proxy or a redirect would carry text from this machine to another
                trust_env=not self.endpoint.loopback,
                follow_redirects=False,
                timeout=self.limits.timeout,
            ),
        )

        if self.endpoint.loopback:  # the package reads them from the environment
            self._client.organization = self._client.project = None

    def send(self, chat: Chat) -> Completion:
        """The answer or the failure of the last attempt; never raises for what a server does."""
        start = time.perf_counter()
        done = Completion(None, "budget", "the budget of requests or tokens is used up")
        attempt = 0
        while True:
            if not self.budget.take(chat.most_tokens()):
                break
            done, wait = self._once(chat, attempt)
            if wait == WITHOUT:
                continue
            if wait is None or attempt >= (self.limits.retries if self.patient else 0):
                break
            attempt += 1
            time.sleep(wait)
        if done.failure != "budget":
            self.patient = done.failure not in ("unreachable", "timeout")
        return replace(done, seconds=time.perf_counter() - start)

    def _once(self, chat: Chat, attempt: int) -> tuple[Completion, float | None]:
        """One attempt, and the seconds to the next one; None where another would not help."""
        used = 0
        given, unsent = self._parameters(chat)
        try:
            answer = self._client.chat.completions.create(**given)
            done = read_answer(answer)
            used = done.tokens_in + done.tokens_out or chat.most_tokens()
            return replace(done, detail=self._detail(done.detail), unsent=unsent,
                           cut=self.endpoint.hidden(done.cut)), None
        except self._openai.APITimeoutError:
            detail = f"no answer in {self.limits.timeout:g} s"
            return Completion(None, "timeout", detail), self.limits.wait(attempt)
        except self._openai.APIStatusError as error:
            return self._status(error, attempt)
        except self._openai.APIConnectionError as error:
            detail = self._detail(str(error.__cause__ or error))
            return Completion(None, "unreachable", detail), self.limits.wait(attempt)
        except (self._openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
            detail = self._detail(f"not a chat completion: {error}")
            return Completion(None, "unparsable", detail), None
        finally:
            self.budget.settle(chat.most_tokens(), used)

    def _status(self, error: Any, attempt: int) -> tuple[Completion, float | None]:
        code = int(error.status_code)
        said = _message(error)
        done = Completion(None, f"http_{code}", self._detail(said))
        if code in (400, 422):
            blamed = f"{getattr(error, 'param', '') or ''} {said}"
            left = [name for name in OPTIONAL if name in blamed and name not in self._refused]
            if left:
                self._refused.update(left)
                return done, WITHOUT
        if code in TRY_AGAIN or code >= 500:
            if getattr(error, "code", None) == "insufficient_quota":
                return done, None
            return done, self.limits.wait(attempt, _asked_for(error))
        return done, None

    def _parameters(self, chat: Chat) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What is sent, and the names of what is left out because the server refuses it."""
        refused = frozenset(self._refused)  # another thread may add to it
        given: dict[str, Any] = {
            "max_tokens": chat.max_tokens, "temperature": chat.temperature, "seed": chat.seed,
        }
        if chat.schema is not None:
            given["response_format"] = {
                "type": "json_schema", "json_schema": {"name": "answer", "schema": chat.schema},
            }
        out: dict[str, Any] = {"model": self.endpoint.model, "messages": list(chat.messages)}
        unsent = []
        for name, value in given.items():
            key = OPTIONAL[name] if name in refused else name
            if value is None:
                continue
            if key is None:
                unsent.append(name)
            else:
                out[key] = value
        return out, tuple(unsent)

    def _detail(self, text: str) -> str:
        return self.endpoint.hidden(" ".join(text.split()))[:DETAIL]

    def models(self) -> list[str]:
        """Names of the models the server says it has; none where it does not say."""
        try:
            return sorted(str(item.id) for item in self._client.models.list().data)
        except Exception:  # only for a message about another error
            return []

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def read_answer(answer: Any) -> Completion:
    """The first choice of a chat completion, or why it is none. Raises nothing for odd shapes."""
    choices = getattr(answer, "choices", None)
    if not isinstance(choices, list) or not choices:
        return Completion(None, "unparsable", f"not a chat completion: {str(answer)[:DETAIL]}")
    choice = choices[0]
    message = getattr(choice, "message", None)
    text = getattr(message, "content", None)
    refusal = getattr(message, "refusal", None)
    usage = getattr(answer, "usage", None)
    base = Completion(
        None,
        tokens_in=_count(getattr(usage, "prompt_tokens", 0)),
        tokens_out=_count(getattr(usage, "completion_tokens", 0)),
        revision=_revision(answer),
    )
    ending = getattr(choice, "finish_reason", None)
    if refusal or ending == "content_filter":
        return replace(base, failure="refused", detail=str(refusal or "the content filter"))
    if ending == "length":
        said = str(text or "")
        return replace(base, failure="truncated", detail=said, cut=said)
    if text is not None and not isinstance(text, str):
        return replace(base, failure="unparsable", detail=str(text))
    if not (text or "").strip():
        return replace(base, failure="empty")
    return replace(base, text=text)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _revision(answer: Any) -> str:
    named = (getattr(answer, "model", None), getattr(answer, "system_fingerprint", None))
    return "|".join(part for part in named if isinstance(part, str) and part)


def _message(error: Any) -> str:
    """What a server says is wrong: the field `message` or `detail` of its answer, or the text."""
    body = error.body
    if isinstance(body, dict):
        return str(body.get("message") or body.get("detail") or body)
    return str(body or error.message)


def _asked_for(error: Any) -> float | None:
    """Seconds of a Retry-After header."""
    try:
        return float(error.response.headers.get("retry-after"))
    except (AttributeError, TypeError, ValueError):
        return None
