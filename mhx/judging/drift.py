"""Drift of a judge: the same few texts asked again, without the cache, and set beside last time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from mhx.corpus.describe import texts_of
from mhx.files import sha256, write_json
from mhx.judging.engine import JudgeSettings, judge
from mhx.judging.judges import Judge
from mhx.judging.prompt import Item
from mhx.judging.rubrics import Worded
from mhx.language import Language

FIXED = 8  # texts, asked once each in the mode single


@dataclass(frozen=True)
class Drift:
    """Answers of today beside those of `since`: how many items of texts can be compared, the
    share that is the same, the mean absolute difference (points; of numbers alone).

    `since` None: nothing was stored before, today's answers are what later ones are compared to.
    """

    judge: str
    texts: int
    since: str | None
    compared: int
    same: float | None
    mean_absolute: float | None


def fixed_items(language: Language, source: Language, count: int = FIXED) -> list[Item]:
    """The first exchange of the first train dialogues of a language: texts that do not change.

    `source` is the language that owns the dialogues; [] where `language` has none.
    """
    own = language.tag == source.tag
    names = [item.id for item in source.source_corpus] if own else [
        item.id for item in language.corpus]
    splits = {item.id: item.split for item in source.source_corpus}
    found = []
    for name, turns in zip(names, texts_of(language, source), strict=True):
        if splits.get(name) == "train" and [role for role, _ in turns[:2]] == [
            "seeker", "supporter"
        ]:
            found.append(Item(name, turns[1][1], prompt=turns[0][1]))
    return found[:count]


def drift(
    one: Judge, items: Sequence[Item], worded: Worded, folder: Path, *, today: date
) -> Drift:
    """Ask the fixed items and compare with what is stored in `folder` for this judge and wording.

    `one` must answer without a cache. What was stored first stays: drift is from there.
    Raises MhxError where the judge cannot be used.
    """
    found = judge(items, [worded], [one], JudgeSettings(skip_family=False))
    now = {f"{rating.unit}|{rating.item}": rating.value for rating in found.ratings}
    key = sha256(f"{one.signature}|{worded.tag}|{worded.digest}|{[asdict(i) for i in items]}")
    path = folder / f"{key[:16]}.json"
    if not path.is_file():
        if any(value is not None for value in now.values()):  # else nothing to compare with
            write_json(path, {"judge": one.signature, "since": today.isoformat(),
                              "answers": now})
        return Drift(one.name, len(items), None, 0, None, None)
    before = json.loads(path.read_text(encoding="utf-8"))
    pairs = [(now[name], old) for name, old in before["answers"].items() if name in now]
    both = [(new, old) for new, old in pairs if new is not None and old is not None]
    numbers = [abs(int(new) - int(old)) for new, old in both if _is_number(new) and _is_number(old)]
    return Drift(
        one.name, len(items), before["since"], len(both),
        sum(new == old for new, old in both) / len(both) if both else None,
        sum(numbers) / len(numbers) if numbers else None,
    )


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdigit()
