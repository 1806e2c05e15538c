"""What reviewers decided, as the gate applies it: texts, decisions, reasons, notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mhx.adaptation.gates import Reason
from mhx.files import hash_file, read_jsonl
from mhx.reviewing.decisions import read_decisions
from mhx.reviewing.dialogues import lines_of, text_hash
from mhx.reviewing.edits import with_edits
from mhx.reviewing.settling import Settled, settle
from mhx.run import Run
from mhx.schema.review import ReviewDecision

if TYPE_CHECKING:
    import polars as pl

REJECTED = "rejected_by_reviewer"
_REASONS = {
    "reject": (REJECTED, "a reviewer rejected it"),
    "escalate": ("escalated_by_reviewer", "a reviewer asks for another one"),
    "disagree": ("reviewers_disagree", "reviewers decided differently: one import --settle"),
}


@dataclass
class Review:
    """The decisions of a run's reviewers, and what they come to once `edit` has seen the text."""

    run: Run
    decisions: Mapping[str, Sequence[ReviewDecision]]
    settled: dict[str, Settled] = field(default_factory=dict)
    risky: set[str] = field(default_factory=set)

    def edit(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows of `adapt.parquet`, whole dialogues, with the texts that people edited."""
        import polars as pl

        places: dict[str, list[int]] = {}
        for number, name in enumerate(frame["dialogue"] if self.decisions else ()):
            if name in self.decisions:
                places.setdefault(name, []).append(number)
        changed: dict[int, dict[str, Any]] = {}
        for name, numbers in places.items():
            part = frame[numbers]
            lines = lines_of(part)
            self.settled[name] = found = settle(lines, self.decisions[name])
            if part["risk"][0] != "none":
                self.risky.add(name)
            rows = zip(numbers, lines, found.texts, part.iter_rows(named=True), strict=True)
            for number, line, text, row in rows:
                if text != line.text:
                    changed[number] = with_edits(row, line.at, found.edited, self.run)
        if not changed:
            return frame
        order = sorted(changed)
        rows_ = frame.with_row_index("_number")
        new = pl.DataFrame([changed[number] for number in order], schema=frame.schema)
        new = new.with_columns(pl.Series("_number", order, rows_.schema["_number"]))
        kept = rows_.filter(~pl.col("_number").is_in(order))
        return pl.concat([kept, new.select(kept.columns)]).sort("_number").drop("_number")

    def reasons(self, dialogue: str) -> list[Reason]:
        """What people's decisions add to a dialogue's reasons; none for one that is accepted."""
        found = self.settled.get(dialogue)
        if found is None or found.outcome not in _REASONS:
            return []
        code, message = _REASONS[found.outcome]
        said = "; ".join(one.comment for one in found.holding if one.comment)
        severity = "block" if found.outcome == "reject" else "review"
        return [Reason(code, 0, severity, said or message)]

    def decide(self, dialogue: str, reasons: Iterable[Reason], decision: str) -> str:
        """The gate's decision after people's: a block and a missing text stop even theirs."""
        found = self.settled.get(dialogue)
        if found is None or found.outcome is None or decision == "held_out":
            return decision
        if found.outcome == "reject":
            return "rejected"
        if found.outcome != "accept" or None in found.texts:
            return "review"
        blocked = any(reason.severity == "block" for reason in reasons)
        return "review" if blocked else "accepted"

    def provenance(self, dialogue: str) -> dict[str, Any]:
        """What a corpus record says of its review; empty where no person decided."""
        found = self.settled.get(dialogue)
        if found is None or found.outcome != "accept":
            return {}
        people = {one.reviewer: one for one in (*found.edited, *found.holding)}
        return {"review": [
            {"reviewer": one.reviewer, "role": one.role, "decided": one.decided.isoformat(),
             "verdict": one.verdict} for one in people.values()]}

    def notes(self, decisions: dict[str, str]) -> list[str]:
        """Lines for the gate's account."""
        accepted = [name for name, one in self.settled.items()
                    if one.outcome == "accept" and decisions.get(name) == "accepted"]
        notes = []
        if accepted:
            roles = Counter(one.role for name in accepted for one in self.settled[name].holding)
            edited = sum(bool(self.settled[name].edited) for name in accepted)
            listed = ", ".join(f"{role} {count}" for role, count in sorted(roles.items()))
            notes.append(f"accepted by reviewers: {len(accepted)} ({listed}), {edited} edited")
        if risky := [name for name in accepted if name in self.risky]:
            clinical = sum(any(one.role == "clinician" for one in self.settled[name].holding)
                           for name in risky)
            notes.append(f"of them with risk: {len(risky)}, by a clinician {clinical}")
        blocked = sum(one.outcome == "accept" and decisions.get(name) == "review"
                      for name, one in self.settled.items())
        if blocked:
            notes.append(f"accepted by reviewers, stopped by a gate that blocks: {blocked}")
        stale = sum(len(one.stale) for one in self.settled.values())
        stale += sum(len(items) for name, items in self.decisions.items()
                     if name not in self.settled)
        if stale:
            notes.append(f"decisions about a text that has changed since, not used: {stale}")
        return notes


def open_review(run: Run) -> Review:
    """The run's review with every decision that came back; raises MhxError for a damaged file."""
    return Review(run, read_decisions(run))


def binding(part: pl.DataFrame) -> dict[str, str]:
    """What a review record names so that its verdict can come back: the text, by its hash.

    Not the run: a run that holds the same texts may take over the file.
    """
    lines = lines_of(part)
    return {"text_sha256": text_hash(lines, [line.text for line in lines])}


def keep_answers(run: Run) -> None:
    """Move a review file with verdicts that were not imported out of the way, and say so."""
    path = run.path("review.jsonl")
    if not path.is_file():
        return
    given = [row for _, row in read_jsonl(path) if row.get("verdict")]
    taken = {(one.dialogue, one.text_sha256, _plain(one.verdict))
             for items in read_decisions(run).values() for one in items}
    if all((row.get("id"), row.get("text_sha256"), _plain(row["verdict"])) in taken
           for row in given):
        return
    kept = run.path(f"review.kept-{hash_file(path)[:8]}.jsonl")
    path.replace(kept)
    run.reporter.say(
        f"  the gate runs again: the verdicts you wrote are kept in {kept}; to use them: "
        f"mhx review import {run.folder} {kept} --reviewer NAME --role native")


def _plain(verdict: object) -> object:
    """A verdict as people write it: whether an accepted text was edited, the import finds out."""
    return "accept" if verdict == "edit" else verdict
