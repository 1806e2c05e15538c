"""Dialogues as frames: one row a segment, and back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mhx.files import sha256
from mhx.schema import Dialogue, Edit, Origin, Participant, Plan, Turn

if TYPE_CHECKING:
    import polars as pl

DIALOGUE_COLUMNS = (
    "dialogue",
    "row",
    "status",
    "reason",
    "topic",
    "approach",
    "setting",
    "risk",
    "relation",
    "split",
    "license",
    "origin",
    "participants",
)


def dialogue_rows(
    dialogue: Dialogue, *, row: int, status: str = "ok", reason: str = ""
) -> Iterator[dict[str, Any]]:
    """One row a segment; dialogue-level fields are repeated (Parquet packs them)."""
    head = {
        "dialogue": dialogue.id,
        "row": row,
        "status": status,
        "reason": reason,
        "topic": dialogue.topic,
        "approach": dialogue.approach,
        "setting": dialogue.setting,
        "risk": dialogue.risk,
        "relation": dialogue.relation,
        "split": dialogue.split,
        "license": dialogue.license,
        "origin": dialogue.origin.model_dump_json(),
        "participants": json.dumps(
            {role: person.model_dump() for role, person in dialogue.participants.items()}
        ),
    }
    for turn_number, turn in enumerate(dialogue.turns):
        for segment_number, text in enumerate(turn.segments):
            yield {
                **head,
                "turn": turn_number,
                "segment": segment_number,
                "role": turn.role,
                "turn_risk": turn.risk,
                "text": text,
                "text_sha": sha256(text)[:16],
            }


def schema() -> dict[str, pl.DataType | type[pl.DataType]]:
    """Column types of `load.parquet`, so that an empty frame has them too."""
    import polars as pl

    return {
        **dict.fromkeys(DIALOGUE_COLUMNS, pl.String),
        "row": pl.Int64,
        "turn": pl.Int64,
        "segment": pl.Int64,
        "role": pl.String,
        "turn_risk": pl.Boolean,
        "text": pl.String,
        "text_sha": pl.String,
    }


def frame_of(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """The load frame of segment rows."""
    import polars as pl

    return pl.DataFrame(list(rows), schema=schema())


def dialogues_of(frame: pl.DataFrame, lang: str) -> Iterator[Dialogue]:
    """Source dialogues of a segment frame, in order."""
    for part in frame.partition_by("dialogue", maintain_order=True):
        head = part.row(0, named=True)
        by_turn: dict[int, list[tuple[Any, ...]]] = {}
        columns = (part[name].to_list() for name in ("turn", "role", "turn_risk", "text"))
        for turn, *rest in zip(*columns, strict=True):
            by_turn.setdefault(turn, []).append(tuple(rest))
        turns = [
            Turn(role=rows[0][0], risk=bool(rows[0][1]), segments=[text for _, _, text in rows])
            for rows in by_turn.values()
        ]
        yield Dialogue(
            id=head["dialogue"],
            lang=lang,
            topic=head["topic"],
            approach=head["approach"],
            setting=head["setting"],
            risk=head["risk"],
            relation=head["relation"],
            split=head["split"],
            origin=Origin.model_validate_json(head["origin"]),
            license=head["license"],
            participants={
                role: Participant.model_validate(value)
                for role, value in json.loads(head["participants"]).items()
            },
            turns=turns,
        )


def edits_json(edits: Sequence[Edit]) -> str:
    """Edits as JSON text for a column."""
    return json.dumps([edit.model_dump() for edit in edits], ensure_ascii=False)


def edits_of(text: str) -> list[Edit]:
    """Edits of a column's JSON text."""
    return [Edit.model_validate(item) for item in json.loads(text)]


def plan_of(text: str) -> Plan:
    """The plan of a column's JSON text."""
    return Plan.model_validate_json(text)


def failed_dialogues(frame: pl.DataFrame) -> dict[str, int]:
    """Dialogues with a segment that has no translation, by the first failure of each."""
    import polars as pl

    missing = frame.filter(pl.col("failure").is_not_null())
    first = missing.unique("dialogue", keep="first", maintain_order=True)
    return dict(sorted(Counter(first["failure"].to_list()).items()))
