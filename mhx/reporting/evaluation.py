"""`evaluation.json` as the report reads it: checked shapes, empty parts instead of null ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import hash_file, read_text

Row = dict[str, Any]
SYSTEMS = ("base", "adapter")
SHAPES: dict[str, type] = {
    "meta": dict, "accounts": list, "acceptance": dict, "perplexity": list, "translation": dict,
    "adaptation": dict, "empathy": dict, "parity": dict, "parity_note": str,
    "cross_language": dict, "planted": dict, "responses": list, "examples": list,
}
WORDS: dict[type, str] = {dict: "an object", list: "a list", str: "text"}


@dataclass(frozen=True)
class Evaluation:
    """What the evaluate stage wrote; `sha256` is the file's hash, `data` its parts."""

    data: dict[str, Any]
    sha256: str

    def part(self, *keys: str) -> dict[str, Any]:
        """A nested object; empty when it, or anything above it, is null or absent."""
        value: Any = self.data
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else {}

    def rows(self, *keys: str) -> list[Row]:
        """A nested list of rows; empty when it is null or absent."""
        value = self.part(*keys[:-1]).get(keys[-1])
        return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

    @cached_property
    def meta(self) -> dict[str, Any]:
        """Language, settings, versions and machine of the run."""
        return self.part("meta")

    @property
    def pipeline_check(self) -> bool:
        """Whether the model's answers only show that the machinery works."""
        return bool(self.meta.get("pipeline_check"))

    @cached_property
    def systems(self) -> list[str]:
        """The systems that have a parity result, base first."""
        return [name for name in SYSTEMS if self.part("parity", name)]

    def parity_rows(self, key: str, kind: str | None = None) -> list[Row]:
        """Records of both systems (`groups`, `contrasts`, ...), each with its `system`.

        `kind` keeps the attributes (`main`) or the intersections (`intersection`).
        """
        return [
            {**row, "system": system}
            for system in self.systems
            for row in self.rows("parity", system, key)
            if kind is None or row.get("kind") == kind
        ]

    def label(self, part: str) -> str:
        """How a part was made, in the evaluate stage's own words."""
        return str(self.part(part).get("label") or "")


def read_evaluation(path: Path) -> Evaluation:
    """Read `evaluation.json`. Raises MhxError with every part that has the wrong shape."""
    if not path.is_file():
        raise MhxError(
            Problem("not there", "run the stages up to it first (--until evaluate)", path=path)
        )
    try:
        value = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        fix = "run the evaluate stage again (--from evaluate)"
        problem = Problem(f"not JSON: {error.msg}", fix, path=path, line=error.lineno)
        raise MhxError(problem) from error
    problems = _shape_problems(value, path)
    if problems:
        raise MhxError(problems)
    data = {name: value.get(name) or shape() for name, shape in SHAPES.items()}
    return Evaluation(data, hash_file(path))


def _shape_problems(value: Any, path: Path) -> list[Problem]:
    fix = "write it with the evaluate stage (--from evaluate)"
    if not isinstance(value, dict):
        return [Problem("not an object", fix, path=path)]
    return [
        Problem(f"{type(value[name]).__name__}, not {WORDS[shape]}", fix, path=path, field=name)
        for name, shape in SHAPES.items()
        if value.get(name) is not None and not isinstance(value[name], shape)
    ]
