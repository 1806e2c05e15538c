"""The memory a language ships: its own faithful translations, without the test split."""

from __future__ import annotations

from collections.abc import Iterator

from mhx.adaptation.plan import owed_address, person
from mhx.corpus.tmx import Unit, write_tmx
from mhx.language import Language


def memory_units(language: Language, source: Language) -> Iterator[Unit]:
    """Source and faithful text of every segment outside the test split; one unit a translation."""
    authored = {item.id: item for item in language.corpus}
    test = {
        text
        for item in source.source_corpus
        if item.split == "test"
        for turn in item.turns
        for text in turn.segments
    }
    seen: set[tuple[str, str]] = set()
    for item in source.source_corpus:
        if item.split == "test" or item.id not in authored:
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


def build_memory(language: Language, source: Language) -> int:
    """Write the language's `memory.tmx` again from its corpus; returns the number of units."""
    units = list(memory_units(language, source))
    write_tmx(
        language.folder / "memory.tmx", units, source=source.tag, target=language.tag, creator="mhx"
    )
    return len(units)
