"""gate: accept, send to review or reject whole dialogues; write the corpus and the review file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mhx.adaptation.gates import (
    ACCEPTED,
    GateContext,
    Reason,
    Segment,
    check_dialogue,
    context_of,
    median_ratio,
)
from mhx.contracts import Finding
from mhx.corpus.export import (
    CorpusTally,
    chat_record,
    data_card,
    reference_record,
    test_references,
)
from mhx.corpus.frames import edits_of, plan_of
from mhx.files import jsonl_writer, write_text
from mhx.language import Language
from mhx.quality.estimate import Estimator
from mhx.reviewing.gated import gate_record
from mhx.reviewing.gating import Review, keep_answers, open_review
from mhx.run import Counts, Run
from mhx.schema import AdaptedDialogue
from mhx.streaming import Work

if TYPE_CHECKING:
    import polars as pl

SETTINGS = (
    "lang", "territory", "card", "source", "translator", "plugin_sha256.language",
    "plugin_sha256.card", "plugin_sha256.territories", "quality", "quality_floor", "device",
    "plugin_sha256.quality",
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
SPLITS = ("train", "valid", "test")


@dataclass
class Gated:
    """What becomes of a piece's dialogues: their lines in the files, and how many of each kind."""

    corpus: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    review: list[dict[str, Any]] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    near_test: int = 0  # held out and of another split: one says a sentence of a test dialogue
    why: Counter[str] = field(default_factory=Counter)
    risky: Counter[bool] = field(default_factory=Counter)  # in training: whether accepted
    by_people: dict[str, str] = field(default_factory=dict)

    def merge(self, other: Gated) -> None:
        """Count what another piece counted; its lines are written already."""
        self.kinds.update(other.kinds)
        self.near_test += other.near_test
        self.why.update(other.why)
        self.risky.update(other.risky)
        self.by_people.update(other.by_people)


def run(run: Run) -> None:
    """Write `gate.parquet`, `review.jsonl` and `corpus/`. The gated unit is the dialogue."""
    people = open_review(run)
    given = {"length_ratio": median_ratio(_pairs(run, people))}
    shipped = run.settings.source is None
    total, tally = Gated(), CorpusTally(SPLITS)
    with ExitStack() as stack:
        writer = stack.enter_context(run.writer("gate"))
        review = stack.enter_context(jsonl_writer(run.path("review.jsonl")))
        corpus = {
            split: stack.enter_context(jsonl_writer(run.path(f"corpus/{split}.jsonl")))
            for split in SPLITS
        }
        done = stack.enter_context(closing(run.executor.map(run, opened, "adapt", given)))

        def keep(split: str, record: dict[str, Any]) -> None:
            corpus[split](record)
            tally.add(split, record)

        for frame, gated in done:
            writer.add(frame)
            total.merge(gated)
            for line in gated.review:
                review(line)
            for split, record in gated.corpus:
                if not (shipped and split == "test"):
                    keep(split, record)
        if shipped:
            # the shipped test split is measured on its authored text, which no stage has seen
            for source, item in test_references(run):
                keep("test", reference_record(source, item, run))
        keep_answers(run)
    counts = _counts(total, [*people.notes(total.by_people), *_unchecked(run.language)])
    write_text(run.path("corpus/README.md"), data_card(run, tally, counts))
    run.account("gate", counts)


def _pairs(run: Run, people: Review) -> Iterator[tuple[str, str]]:
    """(source, faithful) of every translated segment, as people left it."""
    wanted = None if people.decisions else ["dialogue", "text", "faithful"]
    for frame in run.batches("adapt", columns=wanted):
        done = people.edit(frame).drop_nulls("faithful")
        yield from zip(done["text"].to_list(), done["faithful"].to_list(), strict=True)


@contextmanager
def opened(run: Run, given: dict[str, float]) -> Iterator[Work]:
    """The gates and what people decided: adapt's rows become gate's.

    `given` is the usual length ratio of all dialogues.
    """
    people = open_review(run)
    estimator = Estimator(run) if run.settings.quality is not None else None
    user_text = run.settings.source is not None
    context = context_of(run.source, run.language, (), user_text=user_text)
    context = replace(context, length_ratio=given["length_ratio"],
                      quality_floor=run.settings.quality_floor)
    shipped = {} if user_text else {item.id: item for item in run.language.corpus}

    def work(frame: pl.DataFrame) -> tuple[pl.DataFrame, Gated]:
        frame = people.edit(frame)
        if estimator is not None:
            frame = estimator.with_quality(frame)
        return _gated(run, frame, people, context, shipped)

    yield work


def _gated(
    run: Run,
    frame: pl.DataFrame,
    people: Review,
    context: GateContext,
    shipped: dict[str, AdaptedDialogue],
) -> tuple[pl.DataFrame, Gated]:
    """Whole dialogues with their decision and reasons."""
    gated = Gated()
    decisions: dict[str, str] = {}
    reasons: dict[str, list[Reason]] = {}
    shapes = _shapes(run, frame["dialogue"].unique())
    parts = frame.partition_by("dialogue", maintain_order=True)
    for part in run.reporter.track(parts, "gating"):
        name, plan = part["dialogue"][0], plan_of(part["plan"][0])
        segments = [_segment(row) for row in part.iter_rows(named=True)]
        found = check_dialogue(segments, plan, context, shapes[name]) + people.reasons(name)
        decision = decide(found, authored=_authored(segments, shipped.get(name)))
        decision = people.decide(name, found, decision)
        decisions[name], reasons[name] = decision, found
        split, risk = part["split"][0], part["risk"][0]
        gated.kinds[decision] += 1
        gated.near_test += decision == "held_out" and split != "test"
        if split == "train" and risk != "none":
            gated.risky[decision in ACCEPTED] += 1
        if name in people.decisions:
            gated.by_people[name] = decision
        if decision in ACCEPTED:
            record = chat_record(part, plan, run) | people.provenance(name)
            gated.corpus.append((split, record))
        else:
            gated.why.update({reason.code for reason in found if reason.severity != "warn"})
            gated.review.append(gate_record(part, segments, found, decision))
    return _with_decisions(frame, decisions, reasons), gated


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


def _shapes(run: Run, names: pl.Series) -> dict[str, list[tuple[int, str]]]:
    """Of these dialogues as they were loaded, each segment's turn and role."""
    shapes: dict[str, list[tuple[int, str]]] = {}
    loaded = run.of_dialogues("load", names, ["dialogue", "turn", "role"])
    for name, turn, role in loaded.iter_rows():
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


def _with_decisions(
    frame: pl.DataFrame, decisions: dict[str, str], reasons: dict[str, list[Reason]]
) -> pl.DataFrame:
    """The rows with what their segment is asked about, and their dialogue's decision and codes."""
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
    return frame.with_columns(
        pl.Series("asked", by_row, pl.String),
        pl.Series("decision", [decisions[name] for name in names], pl.String),
        pl.Series("reasons", [",".join(codes[name]) for name in names], pl.String),
    )


def _unchecked(language: Language) -> list[str]:
    if language.manifest.grammar.gender != "agreement" or checks_grammar(language):
        return []
    return ["address and gender agreement were not checked: the language has no analyze hook"]


def checks_grammar(language: Language) -> bool:
    """Whether the language brings its own `analyze` hook."""
    own: frozenset[str] = getattr(language.hooks, "own", frozenset())
    return "analyze" in own


def _counts(total: Gated, more: list[str]) -> Counts:
    kinds = total.kinds
    notes = [f"risk dialogues in training: {total.risky[True]} of {total.risky.total()}"]
    if kinds["author_draft"]:
        notes.append(f"decided by their author, marked draft: {kinds['author_draft']}")
    if kinds["held_out"]:
        own = kinds["held_out"] - total.near_test
        notes.append(f"held out as the test split (no memory may answer it): {own}")
    if total.near_test:
        notes.append(f"held out for a sentence that a test dialogue has too: {total.near_test}")
    return Counts(
        rows_in=kinds.total(),
        accepted=kinds["accepted"] + kinds["author_draft"],
        review=kinds["review"] + kinds["held_out"],
        rejected=kinds["rejected"],
        reasons=dict(sorted(total.why.items())),
        notes=[*notes, *more],
    )
