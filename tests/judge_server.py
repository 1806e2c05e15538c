"""Judges to test against: a server on loopback whose answer is a function of the prompt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from serving import Faulty, Said

KEYS = re.compile(r'"([a-z_]+)" \(([^)]*)\)')


def legal(prompt: str, pick: int = 0) -> dict[str, object]:
    """A legal answer to a judge's request: of each key the answer at place `pick`."""
    found: dict[str, object] = {}
    for key, answers in KEYS.findall(prompt):
        said = [one.strip() for one in answers.split("|")]
        value = said[min(pick, len(said) - 1)]
        found[key] = int(value) if value.lstrip("-").isdigit() else value
    return found


@contextmanager
def serving(answer: Callable[[str], str | int | Said]) -> Iterator[tuple[str, list[str]]]:
    """Base URL and the prompts it was asked; `answer` gives a text, an HTTP status or a `Said`."""
    asked: list[str] = []

    def script(request: dict[str, Any], number: int) -> Said:
        prompt = request["messages"][-1]["content"]
        asked.append(prompt)
        said = answer(prompt)
        if isinstance(said, int):
            return Said("planted", status=said)
        return Said(said) if isinstance(said, str) else said

    with Faulty(script) as server:
        yield server.url, asked
