"""A record of the user's file as a dialogue: personal data replaced, sentences, risk turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from mhx.adaptation.conservation import risk_level
from mhx.corpus.names import NameFinder
from mhx.corpus.privacy import people_of, pseudonymize
from mhx.corpus.readers import RawDialogue
from mhx.files import sha256
from mhx.language import Language
from mhx.schema import Dialogue, Origin, Participant, Turn
from mhx.schema.dialogue import Risk


def rejection(raw: RawDialogue) -> str:
    """Why a record is no dialogue, as a code; empty where it is one."""
    roles = {role for role, _ in raw.turns}
    if not roles:
        return "empty"
    if "seeker" not in roles:
        return "empty_seeker"
    return "" if "supporter" in roles else "empty_supporter"


def dialogue_of(
    raw: RawDialogue, language: Language, source: str, split: Callable[[str], list[str]],
    finder: NameFinder | None
) -> tuple[Dialogue, Counter[str]]:
    """The dialogue without personal data, and how many of each kind were replaced.

    `split` cuts a text into sentences; a record of one side gets an empty answer.
    """
    found: Counter[str] = Counter()
    turns: list[Turn] = []
    levels: list[str] = []
    people = people_of(finder, (text for _, text in raw.turns))
    for role, text in raw.turns:
        hidden, counts = pseudonymize(text, people)
        found.update(counts)
        segments = [language.hooks.normalize(part) for part in split(hidden)]
        levels.append(risk_level(language.risk_cues, hidden))  # a screen: it errs to yes
        turns.append(
            Turn(role=role, segments=segments or [hidden], risk=levels[-1] != "none")
        )
    while len(turns) < 2:  # a one-sided record is kept to be read, and rejected
        turns.append(Turn(role="supporter", segments=[""]))
    identity = sha256(f"{Path(source).name}:{raw.row}")[:10]
    dialogue = Dialogue(
        id=f"{raw.row:06d}-{identity}",
        lang=language.tag,
        topic=raw.topic,
        risk=_strongest(levels),
        split="train",
        origin=Origin(kind="human", name=f"the user's file {Path(source).name}"),
        license="the user's",
        participants={"seeker": Participant(), "supporter": Participant()},
        turns=turns,
    )
    return dialogue, found


def _strongest(levels: Iterable[str]) -> Risk:
    """The level of a dialogue, of those its turns have by the source language's cues."""
    found = set(levels)
    known: tuple[Risk, ...] = ("explicit", "indirect", "third_party")
    return next((level for level in known if level in found), "none")
