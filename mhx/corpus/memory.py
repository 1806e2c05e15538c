"""The memory a language ships: its own faithful translations, without the test split."""

from __future__ import annotations

from collections.abc import Iterator

from mhx.corpus.tmx import Unit, write_tmx
from mhx.language import Language


def memory_units(language: Language, source: Language) -> Iterator[Unit]:
    """Source and faithful text of every segment outside the test split; each source text once."""
    authored = {item.id: item for item in language.corpus}
    test = {text for item in source.source_corpus if item.split == "test"
            for turn in item.turns for text in turn.segments}
    seen: set[str] = set()
    for item in source.source_corpus:
        if item.split == "test" or item.id not in authored:
            continue
        for number, (turn, done) in enumerate(zip(item.turns, authored[item.id].turns, strict=True)):
            for place, (text, part) in enumerate(zip(turn.segments, done.segments, strict=True)):
                if text not in seen and text not in test:
                    seen.add(text)
                    yield Unit(text, part.faithful, f"{item.id}.{number}.{place}")


def build_memory(language: Language, source: Language) -> int:
    """Write the language's `memory.tmx` again from its corpus; returns the number of units."""
    units = list(memory_units(language, source))
    write_tmx(language.folder / "memory.tmx", units, source=source.tag, target=language.tag,
              creator="mhx")
    return len(units)
