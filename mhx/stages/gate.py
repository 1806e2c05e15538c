"""gate: accept, send to review or reject whole dialogues; write the corpus and the review file."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mhx.adaptation.gates import (
    ACCEPTED,
    GateContext,
    Reason,
    Segment,
    check_dialogue,
    context_of,
)
from mhx.contracts import Finding
from mhx.corpus.export import chat_record, data_card, reference_record, test_references
from mhx.corpus.frames import edits_of, plan_of
from mhx.files import write_jsonl, write_parquet, write_text
from mhx.language import Language
from mhx.quality.estimate import with_quality
from mhx.reviewing.gating import Review, binding, keep_answers, open_review
from mhx.run import Counts, Run
from mhx.schema import AdaptedDialogue

if TYPE_CHECKING:
    import polars as pl

SETTINGS = (
    "lang", "territory", "card", "source", "translator", "plugin_sha256.language",
    "plugin_sha256.card", "plugin_sha256.territories", "quality", "device", "plugin_sha256.quality",
)
READS = ("review.decisions.jsonl",)
OUTPUTS = (
    "gate.parquet",
    "review.jsonl",
    "corpus/train.jsonl",
    "corpus/valid.jsonl",
    "corpus/test.jsonl",
    "corpus/README.md",
)


def run(run: Run) -> None:
    """Write `gate.parquet`, `review.jsonl` and `corpus/`. The gated unit is the dialogue."""
    people = open_review(run)
    frame = with_quality(run, people.edit(run.table("adapt")))
    context = _context(run, frame)
    authored = (
        {item.id: item for item in run.language.corpus} if run.settings.source is None else {}
    )
    decisions: dict[str, str] = {}
    reasons: dict[str, list[Reason]] = {}
    records: dict[str, list[dict[str, Any]]] = {"train": [], "valid": [], "test": []}
    review: list[dict[str, Any]] = []
    shapes = _shapes(run)
    parts = frame.partition_by("dialogue", maintain_order=True)
    for part in run.reporter.track(parts, "gating"):
        name, plan = part["dialogue"][0], plan_of(part["plan"][0])
        segments = [_segment(row) for row in part.iter_rows(named=True)]
        found = check_dialogue(segments, plan, context, shapes[name]) + people.reasons(name)
        decision = decide(found, authored=_authored(segments, authored.get(name)))
        decision = people.decide(name, found, decision)
        decisions[name], reasons[name] = decision, found
        if decision in ACCEPTED:
            records[part["split"][0]].append(
                chat_record(part, plan, run) | people.provenance(name)
            )
        else:
            review.append(_review_record(part, segments, found, decision))
    if run.settings.source is None:
        # the shipped test split is measured on its authored text, which no stage has seen
        records["test"] = [
            reference_record(source, item, run) for source, item in test_references(run)
        ]
    _write(run, frame, decisions, reasons, records, review, people)


def decide(reasons: list[Reason], *, authored: bool) -> str:
    """accepted, author_draft, held_out, review or rejected.

    A crisis turn that fails goes to review like any other: no gate drops a dialogue. A shipped,
    authored text is decided by its author and stays a draft; a block stops even that.
    """
    severities = {reason.severity for reason in reasons}
    codes = {reason.code for reason in reasons if reason.severity != "warn"}
    if "held_out" in codes:
        return "held_out"
    if not severities & {"block", "review"}:
        return "accepted"
    return "author_draft" if authored and "block" not in severities else "review"


def _authored(segments: list[Segment], shipped: AdaptedDialogue | None) -> bool:
    """Whether the run's faithful text is the plugin's own, so that its author answers for it."""
    if shipped is None:
        return False
    own = [segment.faithful for turn in shipped.turns for segment in turn.segments]
    return own == [segment.faithful for segment in segments]


def _context(run: Run, frame: pl.DataFrame) -> GateContext:
    done = frame.drop_nulls("faithful")
    pairs = list(zip(done["text"].to_list(), done["faithful"].to_list(), strict=True))
    return context_of(
        run.source, run.language, pairs, user_text=run.settings.source is not None
    )


def _shapes(run: Run) -> dict[str, list[tuple[int, str]]]:
    """Of every loaded dialogue, each segment's turn and role."""
    shapes: dict[str, list[tuple[int, str]]] = {}
    for name, turn, role in run.table("load").select("dialogue", "turn", "role").iter_rows():
        shapes.setdefault(name, []).append((turn, role))
    return shapes


def _segment(row: dict[str, Any]) -> Segment:
    return Segment(
        turn=row["turn"],
        role=row["role"],
        source=row["text"],
        faithful=row["faithful"],
        adapted=row["adapted"],
        edits=edits_of(row["edits"]) if row["edits"] else [],
        findings=[Finding(**item) for item in json.loads(row["findings"])]
        if row["findings"]
        else [],
        failure=row["failure"],
        engine=row["engine"],
        detail=row["detail"],
        quality=row.get("quality"),
        back=row.get("back"),
        back_chrf=row.get("back_chrf"),
    )


def _review_record(
    part: pl.DataFrame, segments: list[Segment], reasons: list[Reason], decision: str
) -> dict[str, Any]:
    """What a reviewer needs: the reasons, and each segment in source, faithful and adapted text."""
    head = part.row(0, named=True)
    return {
        "id": head["dialogue"],
        "row": head["row"],
        **binding(part),
        "decision": decision,
        "split": head["split"],
        "risk": head["risk"],
        "topic": head["topic"],
        "reasons": [asdict(reason) for reason in reasons],
        "segments": [
            {
                "turn": segment.turn,
                "segment": number,
                "role": segment.role,
                "source": segment.source,
                "faithful": segment.faithful,
                "adapted": segment.adapted,
            }
            for number, segment in zip(part["segment"], segments, strict=True)
        ],
        "reviewer": None,
        "verdict": None,
        "comment": None,
    }


def _write(
    run: Run,
    frame: pl.DataFrame,
    decisions: dict[str, str],
    reasons: dict[str, list[Reason]],
    records: dict[str, list[dict[str, Any]]],
    review: list[dict[str, Any]],
    people: Review,
) -> None:
    import polars as pl

    names = frame["dialogue"].to_list()
    codes = {name: sorted({reason.code for reason in found}) for name, found in reasons.items()}
    asked: dict[str, dict[int, set[str]]] = {name: {} for name in decisions}
    for name, found in reasons.items():
        for reason in found:
            if reason.severity != "warn":
                asked[name].setdefault(reason.segment, set()).add(reason.code)
    places: Counter[str] = Counter()
    by_row: list[str] = []
    for name in names:
        by_row.append(",".join(sorted(asked[name].get(places[name], ()))))
        places[name] += 1
    out = frame.with_columns(
        pl.Series("asked", by_row, pl.String),
        pl.Series("decision", [decisions[name] for name in names], pl.String),
        pl.Series("reasons", [",".join(codes[name]) for name in names], pl.String),
    )
    write_parquet(run.path("gate.parquet"), out)
    keep_answers(run)
    write_jsonl(run.path("review.jsonl"), review)
    for split, items in records.items():
        write_jsonl(run.path(f"corpus/{split}.jsonl"), items)
    counts = _counts(out, decisions, reasons)
    counts = counts.model_copy(update={"notes": [*counts.notes, *people.notes(decisions)]})
    if run.language.manifest.grammar.gender == "agreement" and not checks_grammar(run.language):
        note = "address and gender agreement were not checked: the language has no analyze hook"
        counts = counts.model_copy(update={"notes": [*counts.notes, note]})
    write_text(run.path("corpus/README.md"), data_card(run, records, counts))
    run.account("gate", counts)


def checks_grammar(language: Language) -> bool:
    """Whether the language brings its own `analyze` hook."""
    own: frozenset[str] = getattr(language.hooks, "own", frozenset())
    return "analyze" in own


def _counts(
    frame: pl.DataFrame, decisions: dict[str, str], reasons: dict[str, list[Reason]]
) -> Counts:
    import polars as pl

    kinds = Counter(decisions.values())
    why = Counter(
        code
        for name, found in reasons.items()
        if decisions[name] not in ACCEPTED
        for code in {reason.code for reason in found if reason.severity != "warn"}
    )
    training = frame.filter(pl.col("split") == "train").unique("dialogue")
    risky = training.filter(pl.col("risk") != "none")
    kept = risky.filter(pl.col("decision").is_in(ACCEPTED)).height
    notes = [f"risk dialogues in training: {kept} of {risky.height}"]
    if kinds["author_draft"]:
        notes.append(f"decided by their author, marked draft: {kinds['author_draft']}")
    if kinds["held_out"]:
        notes.append(f"held out as the test split (no memory may answer it): {kinds['held_out']}")
    return Counts(
        rows_in=len(decisions),
        accepted=kinds["accepted"] + kinds["author_draft"],
        review=kinds["review"] + kinds["held_out"],
        rejected=kinds["rejected"],
        reasons=dict(sorted(why.items())),
        notes=notes,
    )

