"""`--translator` read: one engine, or several that stand in for each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mhx.errors import MhxError, Problem
from mhx.shelves import Shelves


@dataclass(frozen=True)
class EngineName:
    """An engine of the shelf and the model it is given, None where none was."""

    name: str
    model: str | None = None

    def __str__(self) -> str:
        return self.name if self.model is None else f"{self.name}:{self.model}"


def engine_names(text: str) -> list[EngineName]:
    """`NAME[:MODEL],NAME[:MODEL],…` in order. Raises MhxError for an empty or repeated part."""
    names = []
    for part in text.split(","):
        name, colon, model = part.strip().partition(":")
        if not name:
            fix = "write NAME[:MODEL],NAME[:MODEL]"
            raise MhxError(Problem(f"--translator {text!r} names no engine in one place", fix))
        names.append(EngineName(name, (model or None) if colon else None))
    twice = [str(name) for name, times in Counter(names).items() if times > 1]
    if twice:
        raise MhxError(Problem(f"--translator names {', '.join(twice)} twice", "name it once"))
    return names


def in_full(text: str, shelves: Shelves) -> str:
    """The chain with all that decides its answers written out, for the frozen settings.

    A backend may define `in_full(model: str | None) -> str` for what it reads from the environment.
    """
    full = []
    for name in engine_names(text):
        plugin = shelves.plugins.get(("translation", name.name))
        module = plugin and shelves.module(plugin, "backend.py")
        complete = getattr(module, "in_full", None)
        full.append(str(EngineName(name.name, complete(name.model)) if complete else name))
    return ",".join(full)
