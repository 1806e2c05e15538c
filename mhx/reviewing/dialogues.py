"""The dialogues of a run as a reviewer sees them, and what binds a decision to their text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.adaptation.resolver import SLOT
from mhx.corpus.frames import plan_of
from mhx.corpus.privacy import PLACEHOLDER
from mhx.errors import MhxError, Problem, unknown
from mhx.files import hash_file, hash_json, read_jsonl
from mhx.run import Run
from mhx.schema import Plan

if TYPE_CHECKING:
    import polars as pl

WAITING = ("review",)  # decisions of the gate that ask for a person
OPEN = ("accepted", "author_draft", "review", "rejected")  # what a person may decide about
# what no reviewer may change: crisis services and pseudonyms of personal data
CODES = re.compile(rf"{SLOT.pattern}|{PLACEHOLDER.pattern}")


@dataclass(frozen=True)
class Line:
    """A segment: where it is, who speaks, its source and the text that a reviewer judges."""

    at: str
    turn: int
    role: str
    source: str
    text: str | None
    faithful: str | None
    engine: str


@dataclass(frozen=True)
class Reviewable:
    """A dialogue after the gate. `reasons` are the gate's, as `review.jsonl` has them."""

    id: str
    row: int | None
    topic: str
    risk: str
    split: str
    decision: str
    plan: Plan
    lines: tuple[Line, ...]
    reasons: tuple[Mapping[str, Any], ...]

    @property
    def text_sha256(self) -> str:
        """The hash that a decision about this text names."""
        return text_hash(self.lines, [line.text for line in self.lines])

    @property
    def codes(self) -> list[str]:
        """The gate's reason codes, without repeats."""
        return list(dict.fromkeys(str(reason["code"]) for reason in self.reasons))


def refuse_no_run(folder: Path) -> None:
    """Raise MhxError for a folder that is no run folder."""
    if not (folder / "run.yaml").is_file():
        raise MhxError(Problem("no run folder (no run.yaml in it)",
                               "give one, such as runs/pl/2026-11-21-1", path=folder))


def text_hash(lines: Sequence[Line], texts: Sequence[str | None]) -> str:
    """SHA-256 of roles, sources and these texts of a dialogue."""
    pairs = zip(lines, texts, strict=True)
    return hash_json([[line.role, line.source, text] for line, text in pairs])


def codes_in(text: str) -> list[str]:
    """The crisis services and pseudonyms that stand in a text, in order."""
    return [match[0] for match in CODES.finditer(text)]


def run_id(run: Run) -> str:
    """What tells this run from all others: the hash of its frozen settings file."""
    return f"{run.settings.lang}/{run.folder.name}#{hash_file(run.path('run.yaml'))[:12]}"


def lines_of(part: pl.DataFrame) -> tuple[Line, ...]:
    """The segments of one dialogue's rows of `adapt.parquet` or `gate.parquet`."""
    columns = ("turn", "segment", "role", "text", "adapted", "faithful", "engine")
    return tuple(
        Line(f"{turn}.{segment}", turn, role, source, text, faithful, engine or "")
        for turn, segment, role, source, text, faithful, engine
        in zip(*(part[name].to_list() for name in columns), strict=True)
    )


def reviewables(
    run: Run, *, decisions: Collection[str] = WAITING, only: Collection[str] = ()
) -> Iterator[Reviewable]:
    """Dialogues with one of these decisions of the gate and, where `only` names some, one of
    these reason codes, in the corpus's order.

    Raises MhxError for a run before its gate and for a code that no dialogue has.
    """
    import polars as pl

    frame = run.table("gate")
    known = {code for text in frame["reasons"].unique() for code in text.split(",") if code}
    strange = [problem for code in only if code not in known
               for problem in unknown("reason", code, known).problems]
    if strange:
        raise MhxError(strange)
    frame = frame.filter(pl.col("decision").is_in(list(decisions)))
    if only:
        frame = frame.filter(pl.col("reasons").str.split(",").list.eval(
            pl.element().is_in(list(only))).list.any())
    said = _reasons(run)
    for part in frame.partition_by("dialogue", maintain_order=True):
        head = part.row(0, named=True)
        codes = [{"code": code, "segment": 0, "severity": "review", "message": ""}
                 for code in head["reasons"].split(",") if code]
        yield Reviewable(
            head["dialogue"], head["row"], head["topic"], head["risk"], head["split"],
            head["decision"], plan_of(head["plan"]), lines_of(part),
            tuple(said.get(head["dialogue"], codes)))


def _reasons(run: Run) -> dict[str, list[dict[str, Any]]]:
    """Reasons in words, which the gate's table does not hold."""
    path = run.path("review.jsonl")
    if not path.is_file():
        return {}
    return {row["id"]: row["reasons"] for _, row in read_jsonl(path)
            if isinstance(row.get("reasons"), list)}
