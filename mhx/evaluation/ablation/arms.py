"""The arms of an ablation: which edits each one's text holds, and which arms are compared."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from mhx.errors import UsageError
from mhx.evaluation.ablation.kinds import Keep, Kinds
from mhx.evaluation.ablation.texts import Record, Text
from mhx.files import hash_json

FAITHFUL, SURFACE, FULL = "faithful", "surface", "full"
SURFACE_EDITS = "depth=surface"
EACH = "each"


@dataclass(frozen=True)
class Arm:
    """A training text: its records, how many edits it holds, and the arms it is compared with.

    `text_sha256` is the hash of the messages trained on: two arms of one hash are one adapter.
    """

    name: str
    records: tuple[Record, ...]
    edits: int
    against: tuple[str, ...]
    text_sha256: str


def arms_of(texts: Sequence[Text], kinds: Kinds, minus: Sequence[str], system: str) -> list[Arm]:
    """Faithful, surface and full, then full without each kind of `minus`.

    "each" stands for every dimension that an edit is of. Raises MhxError for a kind of no edit.
    """
    wanted = list(dict.fromkeys(
        name for kind in minus for name in (kinds.counts() if kind == EACH else [kind])))
    kinds.check(wanted)
    chosen: list[tuple[str, Keep, tuple[str, ...]]] = [
        (FAITHFUL, lambda place: False, ()),
        (SURFACE, kinds.has(SURFACE_EDITS), (FAITHFUL,)),
        (FULL, lambda place: True, (FAITHFUL, SURFACE)),
        *((f"full minus {kind}", kinds.lacks(kind), (FULL,)) for kind in wanted),
    ]
    return [_arm(name, keep, against, texts, system) for name, keep, against in chosen]


def _arm(
    name: str, keep: Keep, against: tuple[str, ...], texts: Sequence[Text], system: str
) -> Arm:
    records = tuple(text.record(system, keep) for text in texts)
    held = sum(keep(place) for text in texts for place, _, _ in text.edits())
    return Arm(name, records, held, against, _hash(records))


def taken(arm: Arm, ids: Collection[str]) -> Arm:
    """The arm with the hash of the dialogues that its steps take: the others train nothing."""
    return replace(arm, text_sha256=_hash([one for one in arm.records if one["id"] in ids]))


def _hash(records: Sequence[Record]) -> str:
    return hash_json([[record["id"], record["messages"]] for record in records])


def pairs_of(arms: Sequence[Arm]) -> list[tuple[Arm, Arm]]:
    """The comparisons, (arm, the arm it is compared with)."""
    by_name = {arm.name: arm for arm in arms}
    return [(arm, by_name[other]) for arm in arms for other in arm.against]


def check_edits(arms: Sequence[Arm]) -> None:
    """Raise MhxError where no arm differs from the faithful text: there is nothing to ablate."""
    if len({arm.text_sha256 for arm in arms}) == 1:
        raise UsageError("the training text holds no edit", "a card with rules, or --edits "
                         "authored for a shipped language")
