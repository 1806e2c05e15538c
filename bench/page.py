"""Stored figures shown on docs/gates.md: each bench writes the block between its own marks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mhx.files import read_text, write_text

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "gates.md"
Block = Callable[[dict[str, Any]], str]


def stored(name: str) -> dict[str, Any]:
    """The figures of a bench's last measurement."""
    path = ROOT / "bench" / "results" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def with_block(text: str, name: str, shown: str) -> str:
    """The page with `shown` between the marks of `name`. Raises ValueError without marks."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if begin not in text or end not in text:
        raise ValueError(f"the page has no marks of {name}")
    head, _, rest = text.partition(begin)
    return f"{head}{begin}\n{shown}\n{end}{rest.partition(end)[2]}"


def write(name: str, block: Block) -> None:
    """Write the stored figures of a bench into the page."""
    write_text(PAGE, with_block(read_text(PAGE), name, block(stored(name))))
