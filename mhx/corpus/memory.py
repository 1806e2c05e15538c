"""The memory a language ships: its own faithful translations, without the test split."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from mhx.adaptation.plan import owed_address, person
from mhx.corpus.tmx import Unit, tmx_text
from mhx.errors import MhxError, unknown
from mhx.language import Language


def memory_units(
    language: Language, source: Language, *, leave_out: Collection[str] = ()
) -> Iterator[Unit]:
    """Source and faithful text of every segment outside the test split; one unit a translation.

    Dialogues of the ids in `leave_out` are treated as the test split is: no sentence of theirs is
    in the memory, also where another dialogue has the same one. Raises MhxError for unknown ids.
    """
    known = {item.id for item in source.source_corpus}
    if strange := [name for name in leave_out if name not in known]:
        raise MhxError([item for name in strange
                        for item in unknown("dialogue", name, known).problems])
    authored = {item.id: item for item in language.corpus}
    held_out = {
        item.id for item in source.source_corpus if item.split == "test" or item.id in leave_out
    }
    test = {
        text
        for item in source.source_corpus
        if item.id in held_out
        for turn in item.turns
        for text in turn.segments
    }
    seen: set[tuple[str, str]] = set()
    for item in source.source_corpus:
        if item.id in held_out or item.id not in authored:
            continue
        for number, (turn, done) in enumerate(
            zip(item.turns, authored[item.id].turns, strict=True)
        ):
            plan = authored[item.id].plan
            for place, (text, part) in enumerate(zip(turn.segments, done.segments, strict=True)):
                if (text, part.faithful) in seen or text in test:
                    continue
                seen.add((text, part.faithful))
                yield Unit(
                    text,
                    part.faithful,
                    f"{item.id}.{number}.{place}",
                    owed_address(plan, turn.role),
                    person(plan, turn.role).gender,
                )


def memory_text(language: Language, source: Language, *, leave_out: Collection[str] = ()) -> str:
    """The language's `memory.tmx` as its corpus gives it."""
    units = memory_units(language, source, leave_out=leave_out)
    return tmx_text(units, source=source.tag, target=language.tag, creator="mhx")
