"""Apertium's web service APy, by its /translate: one text a request, failures by their code."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any

from mhx.endpoint.address import address_problems, is_loopback, not_screened
from mhx.endpoint.limits import Limits
from mhx.errors import MhxError, Problem

Answer = tuple[str | None, str]  # (text, "") or (None, failure code)
LIMITS = Limits(concurrency=4, timeout=60.0, retries=2, backoff=0.5)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry text to another machine."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Apy:
    """A language pair (`eng-spa`) at a service's URL."""

    def __init__(
        self, url: str, pair: str, *, screened: bool, limits: Limits | None = None
    ) -> None:
        """Ask for its pairs. Raises MhxError for a wrong address, no answer or no such pair."""
        self.url, self._limits = url.rstrip("/"), limits or LIMITS
        self._pair = pair.replace("-", "|", 1)
        problems = address_problems(self.url)
        host = urllib.parse.urlsplit(self.url).hostname if not problems else ""
        near = is_loopback(host or "")
        if not (problems or near or screened):
            problems.append(not_screened(host))
        if problems:
            raise MhxError(problems)
        proxies = [urllib.request.ProxyHandler({})] if near else []
        self._opener = urllib.request.build_opener(_NoRedirect, *proxies)
        known = self._pairs()
        if self._pair not in known:
            listing = ", ".join(sorted(name.replace("|", "-") for name in known)) or "none"
            what = f"the service {self.url} has no pair {pair} (it has: {listing})"
            raise MhxError(Problem(what, "name one of them, or install the pair there"))

    def _pairs(self) -> set[str]:
        listed, failure = self._get("/listPairs", None)
        found = listed.get("responseData") if isinstance(listed, dict) else None
        if failure or not isinstance(found, list):
            what = f"{self.url} does not answer as APy does: {failure or 'no list of pairs'}"
            fix = "start it (apertium-apy /usr/share/apertium), or check host and port (often 2737)"
            raise MhxError(Problem(what, fix))
        return {
            f"{item.get('sourceLanguage')}|{item.get('targetLanguage')}"
            for item in found
            if isinstance(item, dict)
        }

    def ask(self, texts: Sequence[str]) -> list[Answer]:
        """Each text's translation with Apertium's marks, or why there is none; in order."""
        with ThreadPoolExecutor(self._limits.concurrency) as pool:
            return list(pool.map(self._one, texts))

    def _one(self, text: str) -> Answer:
        asked = {
            "langpair": self._pair, "q": text, "markUnknown": "yes",
            "deformat": "txt", "reformat": "txt",
        }
        answer, failure = self._get("/translate", urllib.parse.urlencode(asked).encode())
        if failure:
            return None, failure
        data = answer.get("responseData") if isinstance(answer, dict) else None
        said = data.get("translatedText") if isinstance(data, dict) else None
        return (said, "") if isinstance(said, str) else (None, "unparsable")

    def _get(self, path: str, body: bytes | None) -> tuple[Any, str]:
        """(answer, "") or (None, failure code), after the retries."""
        failure = "unreachable"
        for attempt in range(self._limits.retries + 1):
            if attempt:
                time.sleep(self._limits.wait(attempt - 1))
            try:
                with self._opener.open(
                    self.url + path, data=body, timeout=self._limits.timeout
                ) as answer:
                    return json.load(answer), ""
            except urllib.error.HTTPError as error:
                error.close()
                failure = f"http_{error.code}"
                if error.code < 500:
                    break
            except TimeoutError:
                failure = "timeout"
            except (OSError, HTTPException):
                failure = "unreachable"
            except ValueError:
                return None, "unparsable"
        return None, failure
