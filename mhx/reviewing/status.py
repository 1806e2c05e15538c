"""Where a run's review stands: what waits by reason, what came back, what no longer holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mhx.reviewing.decisions import FILE, read_decisions
from mhx.reviewing.dialogues import lines_of
from mhx.reviewing.settling import Settled, settle
from mhx.run import Run
from mhx.schema.review import ReviewDecision

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Status:
    """Counts of dialogues. `waiting` are those the gate leaves for people; `reasons` counts theirs
    by code (all, those with risk). `pending` have decisions that the gate has not seen yet;
    `blocked` were accepted and stopped by a gate. `reviewers` counts by person what holds."""

    dialogues: int
    waiting: int
    risky: int
    reasons: dict[str, tuple[int, int]]
    outcomes: dict[str, int]
    reviewers: dict[tuple[str, str], dict[str, int]]
    stale: int
    pending: int
    blocked: tuple[str, ...]
    disagree: tuple[str, ...]


def status(run: Run) -> Status:
    """Read the run's gate and its decisions; raises MhxError for a run before its gate."""
    gate = run.table("gate").unique("dialogue", keep="first", maintain_order=True)
    decisions = read_decisions(run)
    settled = settled_of(run, decisions)
    seen = gate_has_seen(run)
    waiting, risky, pending = 0, 0, 0
    reasons: Counter[str] = Counter()
    with_risk: Counter[str] = Counter()
    blocked = []
    for name, decision, codes, risk in gate.select(
        "dialogue", "decision", "reasons", "risk"
    ).iter_rows():
        outcome = settled[name].outcome if name in settled else None
        if outcome and not seen:
            pending += 1
            continue
        if decision != "review":
            continue
        if outcome == "accept":
            blocked.append(name)
        waiting += 1
        risky += risk != "none"
        found = [code for code in codes.split(",") if code]
        reasons.update(found)
        with_risk.update(found if risk != "none" else ())
    people: dict[tuple[str, str], Counter[str]] = {}
    for one in (one for found in settled.values() for one in found.holding):
        people.setdefault((one.reviewer, one.role), Counter())[one.verdict] += 1
    return Status(
        dialogues=gate.height, waiting=waiting, risky=risky,
        reasons={code: (count, with_risk[code]) for code, count in reasons.most_common()},
        outcomes=dict(Counter(one.outcome for one in settled.values() if one.outcome)),
        reviewers={who: dict(counts) for who, counts in people.items()},
        stale=sum(len(one.stale) for one in settled.values())
        + sum(len(items) for name, items in decisions.items() if name not in settled),
        pending=pending, blocked=tuple(blocked),
        disagree=tuple(name for name, one in settled.items() if one.outcome == "disagree"))


def gate_has_seen(run: Run) -> bool:
    """Whether the gate has run since the last decision came."""
    given = run.path(FILE)
    return not given.is_file() or (
        run.path("gate.parquet").stat().st_mtime_ns >= given.stat().st_mtime_ns)


def settled_of(run: Run, decisions: Mapping[str, Sequence[ReviewDecision]]) -> dict[str, Settled]:
    """What holds of every dialogue that someone decided about."""
    import polars as pl

    if not decisions:
        return {}
    frame: pl.DataFrame = run.table("adapt").filter(pl.col("dialogue").is_in(list(decisions)))
    return {part["dialogue"][0]: settle(lines_of(part), decisions[part["dialogue"][0]])
            for part in frame.partition_by("dialogue", maintain_order=True)}
