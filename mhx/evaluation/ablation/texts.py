"""The dialogues of an ablation: faithful text and edits, so that any choice of edits is a text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mhx.adaptation.gates import ACCEPTED
from mhx.corpus.export import CHAT_ROLES, test_references
from mhx.corpus.frames import edits_of, plan_of
from mhx.errors import MhxError, Problem, UsageError
from mhx.run import Run
from mhx.schema import AdaptedDialogue, AdaptedSegment, Dialogue, Edit, Plan
from mhx.schema.base import Role
from mhx.schema.dialogue import apply_edits

if TYPE_CHECKING:
    import polars as pl

EDITS = ("run", "authored")
Record = dict[str, Any]


@dataclass(frozen=True, order=True)
class Place:
    """Where an edit stands: dialogue, turn, segment and the edit's number in it."""

    dialogue: str
    turn: int
    segment: int
    edit: int


@dataclass(frozen=True)
class Said:
    """A turn: who speaks, and its segments with their edits."""

    role: Role
    segments: tuple[AdaptedSegment, ...]


@dataclass(frozen=True)
class Text:
    """A dialogue with its plan; `risk` and `origin` go into the adapter's card."""

    id: str
    turns: tuple[Said, ...]
    plan: Plan
    risk: str
    origin: Record

    def edits(self) -> Iterator[tuple[Place, Role, Edit]]:
        """Every edit with its place and who speaks."""
        for turn, said in enumerate(self.turns):
            for number, segment in enumerate(said.segments):
                for at, edit in enumerate(segment.edits):
                    yield Place(self.id, turn, number, at), said.role, edit

    def said(self, turn: int, keep: Callable[[Place], bool]) -> str:
        """A turn's faithful text plus the edits chosen, exactly."""
        return " ".join(
            apply_edits(segment.faithful, [
                edit for at, edit in enumerate(segment.edits)
                if keep(Place(self.id, turn, number, at))
            ])
            for number, segment in enumerate(self.turns[turn].segments)
        )

    def record(self, system: str, keep: Callable[[Place], bool]) -> Record:
        """The chat record of the faithful text plus the edits chosen."""
        turns = [{"role": CHAT_ROLES[said.role], "content": self.said(number, keep)}
                 for number, said in enumerate(self.turns)]
        messages = [{"role": "system", "content": system}, *turns]
        return {"id": self.id, "risk": self.risk, "origin": self.origin, "messages": messages}


def training_texts(run: Run, edits: str) -> list[Text]:
    """The dialogues that the run's gate let into the training split.

    With `edits` "run" they are as the run translated and edited them, reviewers' edits included;
    with "authored", as the author of the shipped corpus did. Raises MhxError for another word,
    for "authored" on a user's corpus, and where no dialogue passed.
    """
    if edits not in EDITS:
        raise UsageError(f"--edits {edits}", f"one of {', '.join(EDITS)}")
    if edits == "authored" and run.settings.source is not None:
        raise UsageError("--edits authored", "a corpus of your own has only the run's edits")
    found = list(_of_split(run, "train"))
    if edits == "authored":
        names = {text.id for text in found}
        found = [text for text in _authored(run) if text.id in names]
    if not found:
        fix = f"see why in {run.path('review.jsonl')}; another --translator may help"
        raise MhxError(Problem("no dialogue passed the gate into the training split", fix,
                               path=run.folder))
    return found


def test_texts(run: Run) -> tuple[list[Text], str]:
    """The dialogues that adapters are scored on, and what they are, in words.

    Shipped: the test dialogues as their author translated and adapted them, which are in no base,
    tokenizer or memory. A user's: the run's own edits of its test split. Raises MhxError without
    any.
    """
    if run.settings.source is None:
        found = [_shipped(source, item) for source, item in test_references(run)]
        what = "authored test dialogues"
    else:
        found, what = list(_of_split(run, "test")), "test dialogues as the run adapted them"
    if not found:
        raise MhxError(Problem("no test dialogue to score on",
                               "a corpus needs dialogues whose split is test", path=run.folder))
    return found, what


def _of_split(run: Run, split: str) -> Iterator[Text]:
    """Dialogues of the gate's table that it accepted."""
    import polars as pl

    for frame in run.batches("gate"):
        chosen = frame.filter((pl.col("split") == split) & pl.col("decision").is_in(ACCEPTED))
        for part in chosen.partition_by("dialogue", maintain_order=True):
            yield _gated(part)


def _gated(part: pl.DataFrame) -> Text:
    head = part.row(0, named=True)
    turns = tuple(
        Said(turn["role"][0], tuple(
            AdaptedSegment(faithful=row["faithful"], adapted=row["adapted"],
                           edits=edits_of(row["edits"]) if row["edits"] else [])
            for row in turn.iter_rows(named=True)
        ))
        for turn in part.partition_by("turn", maintain_order=True)
    )
    return Text(head["dialogue"], turns, plan_of(head["plan"]), head["risk"],
                json.loads(head["origin"]))


def _authored(run: Run) -> Iterator[Text]:
    authored = {item.id: item for item in run.language.corpus}
    for source in run.source.source_corpus:
        if source.split == "train" and source.id in authored:
            yield _shipped(source, authored[source.id])


def _shipped(source: Dialogue, item: AdaptedDialogue) -> Text:
    turns = tuple(Said(turn.role, tuple(turn.segments)) for turn in item.turns)
    return Text(item.id, turns, item.plan, source.risk, item.origin.model_dump())


def edited_turns(texts: Sequence[Text], role: Role = "supporter") -> set[tuple[str, int]]:
    """(dialogue, number among its turns of this role) of turns with an edit."""
    return {
        (text.id, number)
        for text in texts
        for number, said in enumerate(one for one in text.turns if one.role == role)
        if any(segment.edits for segment in said.segments)
    }
