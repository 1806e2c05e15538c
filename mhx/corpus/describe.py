"""What a corpus holds: counts and balances of its dialogues, the size of each language's text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mhx.corpus.export import adapted_turns
from mhx.corpus.variety import words_of
from mhx.language import Language
from mhx.schema import Dialogue

BANDS = ((13, 17), (18, 29), (30, 44), (45, 64), (65, 120))
GENDERS = ("female", "male", "nonbinary", "unknown")
Row = dict[str, Any]


def band(age: int | None) -> str:
    """The age band of a seeker in words (``18–29``, ``65+``); ``unknown`` where none is said."""
    for low, high in BANDS:
        if age is not None and low <= age <= high:
            return _band(low, high)
    return "unknown"


def _band(low: int, high: int) -> str:
    return f"{low}+" if high == BANDS[-1][1] else f"{low}–{high}"


def balances(corpus: Sequence[Dialogue]) -> list[Row]:
    """Rows (what, value, dialogues): split, gender, age, risk, approach, relation, language."""
    keys: tuple[tuple[str, Callable[[Dialogue], Iterable[str]]], ...] = (
        ("split", lambda item: [item.split]),
        ("seeker's gender", lambda item: [item.participants["seeker"].gender]),
        ("supporter's gender", lambda item: [item.participants["supporter"].gender]),
        ("seeker's age", lambda item: [band(item.participants["seeker"].age)]),
        ("risk", lambda item: [item.risk]),
        ("made to test", lambda item: item.traps),
        ("approach", lambda item: [item.approach]),
        ("relation", lambda item: [item.relation]),
        ("first written in", lambda item: [item.written_in]),
    )
    return [
        {"what": what, "value": value.replace("_", " "), "dialogues": count}
        for what, values in keys
        for value, count in Counter(v for item in corpus for v in values(item)).most_common()
    ]


def by_topic(corpus: Sequence[Dialogue]) -> list[Row]:
    """One row a topic: dialogues by the seeker's gender and age, with risk, held out."""
    rows: list[Row] = []
    for topic in sorted({item.topic for item in corpus}):
        part = [item for item in corpus if item.topic == topic]
        seekers = [item.participants["seeker"] for item in part]
        row: Row = {"topic": topic, "dialogues": len(part)}
        row |= {name: sum(one.gender == name for one in seekers) for name in GENDERS}
        row |= {_band(*ends): sum(band(one.age) == _band(*ends) for one in seekers)
                for ends in BANDS}
        row["risk"] = sum(item.risk != "none" for item in part)
        row["test"] = sum(item.split == "test" for item in part)
        rows.append(row)
    return rows


def techniques(corpus: Sequence[Dialogue]) -> list[Row]:
    """What supporters' turns do: turns by technique, the share of all supporter's turns."""
    turns = [turn for item in corpus for turn in item.turns if turn.role == "supporter"]
    counts = Counter(name for turn in turns for name in turn.techniques)
    return [
        {"technique": name.replace("_", " "), "turns": count, "share": count / len(turns)}
        for name, count in counts.most_common()
    ]


def texts_of(language: Language, source: Language) -> list[list[tuple[str, str]]]:
    """(role, text) of each turn of each dialogue: the source's own text, or the adapted one."""
    if language.tag == source.tag:
        return [
            [(turn.role, " ".join(turn.segments)) for turn in item.turns]
            for item in source.source_corpus
        ]
    return [adapted_turns(item) for item in language.corpus]


def size(language: Language, source: Language) -> Row:
    """Dialogues, turns, segments, words, and edits with the share of segments they touch."""
    texts = texts_of(language, source)
    row: Row = {
        "language": language.manifest.name,
        "dialogues": len(texts),
        "turns": sum(map(len, texts)),
        "words": sum(len(words_of(text)) for item in texts for _, text in item),
    }
    if language.tag == source.tag:
        segments = sum(len(turn.segments) for item in source.source_corpus for turn in item.turns)
        return {**row, "segments": segments, "edits": None, "edited": None, "deep": None}
    parts = [part for item in language.corpus for turn in item.turns for part in turn.segments]
    edits = [edit for part in parts for edit in part.edits]
    return {
        **row,
        "segments": len(parts),
        "edits": len(edits),
        "edited": sum(bool(part.edits) for part in parts) / max(len(parts), 1),
        "deep": sum(edit.depth == "deep" for edit in edits),
    }
