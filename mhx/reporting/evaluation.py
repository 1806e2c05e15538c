"""Results as the report reads them: one `evaluation.json`, a table's, or several side by side."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import hash_file, read_text

Row = dict[str, Any]
SYSTEMS = ("base", "adapter")  # stand first, in this order
SHAPES: dict[str, type] = {
    "meta": dict, "accounts": list, "acceptance": dict, "perplexity": list, "translation": dict,
    "adaptation": dict, "empathy": dict, "parity": dict, "parity_note": str,
    "cross_language": dict, "proving": dict, "certificates": list,
    "reliability": dict, "responses": list, "examples": list, "controls": dict,
    "safety_floor": dict, "skills": dict, "measures": list, "crisis": dict, "learning": list,
    "judged": dict, "cases": dict,
}
WORDS: dict[type, str] = {dict: "an object", list: "a list", str: "text"}


@dataclass(frozen=True)
class Evaluation:
    """The parts of a result. `sha256` is the hash of the file they come from.

    `parts` are the results a combined one is made of; empty for a single one.
    """

    data: dict[str, Any]
    sha256: str
    parts: tuple[Evaluation, ...] = ()

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

    @property
    def sources(self) -> tuple[Evaluation, ...]:
        """The single results: the parts of a combined one, else itself."""
        return self.parts or (self,)

    @cached_property
    def meta(self) -> dict[str, Any]:
        """Language, settings, versions and machine of the run."""
        return self.part("meta")

    @property
    def pipeline_check(self) -> bool:
        """Whether the model's answers only show that the machinery works."""
        return bool(self.meta.get("pipeline_check"))

    @property
    def from_table(self) -> bool:
        """Whether the numbers come from a table made elsewhere: there is no run behind them."""
        return all("table" in one.meta for one in self.sources)

    @cached_property
    def systems(self) -> list[str]:
        """The systems that have a parity result: base, adapter, then others as they come."""
        found = [name for name in self.part("parity") if self.part("parity", name)]
        return sorted(found, key=lambda name: SYSTEMS.index(name) if name in SYSTEMS else 9)

    @cached_property
    def languages(self) -> list[str]:
        """The languages that the parity records tell apart; [] where they name none."""
        found = (row.get("language") for row in self.parity_rows("groups"))
        return list(dict.fromkeys(name for name in found if name))

    def parity_rows(self, key: str, kind: str | None = None) -> list[Row]:
        """Records of all systems (`groups`, `contrasts`, ...), each with its `system`; a language
        after the other.

        `kind` keeps the attributes (`main`), the intersections or the languages.
        """
        found = [
            {**row, "system": system}
            for system in self.systems
            for row in self.rows("parity", system, key)
            if kind is None or row.get("kind") == kind
        ]
        languages = list(dict.fromkeys(row.get("language") for row in found))
        return sorted(found, key=lambda row: languages.index(row.get("language")))

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
    return evaluation_of(value, hash_file(path))


def evaluation_of(value: dict[str, Any], digest: str) -> Evaluation:
    """An evaluation of plain data; parts that are absent or null are empty."""
    return Evaluation({name: value.get(name) or shape() for name, shape in SHAPES.items()}, digest)


def _shape_problems(value: Any, path: Path) -> list[Problem]:
    fix = "write it with the evaluate stage (--from evaluate)"
    if not isinstance(value, dict):
        return [Problem("not an object", fix, path=path)]
    return [
        Problem(f"{type(value[name]).__name__}, not {WORDS[shape]}", fix, path=path, field=name)
        for name, shape in SHAPES.items()
        if value.get(name) is not None and not isinstance(value[name], shape)
    ]
