"""Reading the object out of what a model said; servers that promise JSON do not always send it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)
TRIES = 100  # opening braces that are looked at
# templates that open the thought in the prompt leave its end alone in the answer
_THOUGHT = re.compile(r"\A.*</think>", re.DOTALL)


def structured(text: str, schema: type[M]) -> M | None:
    """The first JSON object in `text` that fits `schema`, else None: failure `unparsable`.

    Code fences, prefaces, remarks after it and a model's thoughts are passed over; nothing that
    is missing is filled in.
    """
    for value in objects(text):
        try:
            return schema.model_validate(value)
        except ValidationError:
            continue
    return None


def objects(text: str) -> list[dict[str, Any]]:
    """The JSON objects in what a model said after its thoughts, in order, outermost alone."""
    return list(_objects(_THOUGHT.sub("", text)))


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """JSON objects in a text, outermost first."""
    decoder = json.JSONDecoder(strict=False)  # small models break lines inside a string
    at = text.find("{")
    for _ in range(TRIES):
        if at < 0:
            return
        end = at + 1
        try:
            value, stop = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            pass
        else:
            if isinstance(value, dict):
                yield value
                end = stop
        at = text.find("{", end)
