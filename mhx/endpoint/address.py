"""Where an endpoint is, which model it is asked for, and which variable holds its key."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mhx.errors import MhxError, Problem

URL_VARIABLE, KEY_VARIABLE = "OPENAI_BASE_URL", "OPENAI_API_KEY"
SYNTAX = "MODEL@http://127.0.0.1:8000/v1"
LOOPBACK_KEY = "none"  # a server on this machine asks for none, the client package for some


@dataclass(frozen=True)
class Endpoint:
    """A model at a base URL. `key` is in no repr and in no file."""

    model: str
    url: str
    variable: str = KEY_VARIABLE
    key: str = field(default=LOOPBACK_KEY, repr=False)

    @property
    def loopback(self) -> bool:
        """Whether what is sent stays on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")

    @property
    def signature(self) -> str:
        """What names the answers: model and address, never the key."""
        return f"{self.model}@{self.url}"

    def hidden(self, text: str) -> str:
        """A text of the server without the key in it."""
        return text if self.key == LOOPBACK_KEY else text.replace(self.key, "***")


def full_name(text: str | None, option: str) -> str:
    """`MODEL@URL[#VARIABLE]` with the URL of the environment where none is written out.

    For frozen settings: the address decides the answers. Raises MhxError for an address that is
    none, holds a secret, or stands in the environment and is another machine's.
    """
    model, address, variable, named = _parts(text or "", option)
    host = urlsplit(address).hostname or ""
    if not named and not is_loopback(host):
        what = f"{URL_VARIABLE} names another machine, {host}"
        raise MhxError(
            Problem(what, f"to send text there, write it out: {option}{model}@URL")
        )
    return f"{model}@{address}" + (f"#{variable}" if variable != KEY_VARIABLE else "")


def _parts(text: str, option: str) -> tuple[str, str, str, bool]:
    """Model, address, key variable, and whether the address is written out."""
    found = re.match(r"(.*?)@(?=https?://)(.*)", text, re.DOTALL)
    model, address = (found[1], found[2]) if found else text.partition("@")[::2]
    named = bool(address)
    address, _, variable = (address or os.environ.get(URL_VARIABLE, "")).partition("#")
    address = address.rstrip("/")
    if not model or not address:
        raise MhxError(
            Problem(
                f"{option} needs a model and a URL",
                f"{option}{model or 'MODEL'}@http://127.0.0.1:8000/v1, or set {URL_VARIABLE}",
            )
        )
    problems = address_problems(address, variable)
    if problems:
        raise MhxError(problems)
    return model, address, variable or KEY_VARIABLE, named


def parse_endpoint(text: str, option: str, *, screened: bool) -> Endpoint:
    """`MODEL@URL`, `MODEL@URL#KEY_VARIABLE` or `MODEL` (URL from OPENAI_BASE_URL).

    Text leaves this machine only to a URL written out in the command, and only where personal
    data was replaced before (`screened`). `option` (`--translator openai:`) is for messages.
    Raises MhxError with everything that is wrong.
    """
    model, address, variable, named = _parts(text, option)
    key = os.environ.get(variable, "").strip()
    endpoint = Endpoint(model, address, variable, key or LOOPBACK_KEY)
    if endpoint.loopback:
        return endpoint
    host = urlsplit(address).hostname
    problems = [] if screened else [not_screened(host)]
    if not named:
        what = f"{URL_VARIABLE} names another machine, {host}"
        problems.append(Problem(what, f"to send text there, write it out: {option}{model}@URL"))
    if not key:
        problems.append(
            Problem(f"no key for {host}: the variable {variable} is empty",
                    f"export {variable}=…, or name another: {option}{model}@URL#VARIABLE")
        )
    if problems:
        raise MhxError(problems)
    return endpoint


def address_problems(address: str, variable: str = "") -> list[Problem]:
    """What is wrong with a URL; it may hold a secret, so it is not repeated."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return [Problem("the endpoint's URL cannot be read", f"write {SYNTAX}")]
    problems = []
    if parts.scheme not in ("http", "https") or not host:
        problems.append(Problem("the endpoint is no http or https URL", f"write {SYNTAX}"))
    if parts.username or parts.password or parts.query:
        what = "the endpoint's URL holds a user, a password or a query"
        problems.append(
            Problem(what, f"put the key into {KEY_VARIABLE}: the URL is written into run.yaml")
        )
    if variable and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
        what = "what follows # is no name of an environment variable"
        problems.append(Problem(what, "write its name there, never the key itself"))
    if parts.scheme == "http" and host and not (is_loopback(host) or _is_private(host)):
        what = f"plain http to {host} sends text and key unencrypted"
        problems.append(Problem(what, "use https, or an SSH tunnel to a port of this machine"))
    return problems


def not_screened(host: str | None) -> Problem:
    """Why text may not go to another machine."""
    what = f"personal data in this text was not replaced, and {host} is another machine"
    fix = "give a server on this machine; mhx adapt replaces personal data when it loads"
    return Problem(what, fix)


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine, whatever the name service says."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False
