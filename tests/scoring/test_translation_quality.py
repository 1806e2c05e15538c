"""Translation quality of a run: corpus scores with intervals over its dialogues."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace as Record
from typing import Any

import polars as pl
import pytest
from sacrebleu.metrics import CHRF

from mhx.evaluation import corpus
from mhx.shelves import Shelves

LINES = ["nie mogę spać w nocy", "to brzmi bardzo ciężko", "mam 3 psy i kota", "dziękuję ci"]


def a_run(shelves: Shelves, monkeypatch: pytest.MonkeyPatch, made: list[str | None]) -> Any:
    """A run of twelve test dialogues of four segments each, translated as `made`."""
    names = [f"d{number}" for number in range(12)]
    references = [
        (None, Record(id=name, turns=[Record(segments=[Record(faithful=line) for line in LINES])]))
        for name in names
    ]
    monkeypatch.setattr(corpus, "test_references", lambda run: references)
    gate = pl.DataFrame([
        {"dialogue": name, "turn": 0, "segment": place, "split": "test", "engine": "apertium",
         "target": text, "faithful": text}
        for number, name in enumerate(names)
        for place, text in enumerate([*made[number % 4 :], *made[: number % 4]])
    ])
    return Record(
        settings=Record(source=None, seed=5), shelves=shelves, table=lambda name: gate,
        language=Record(tag="pl", folder=Path()),
    )


def test_the_dialogues_are_what_is_resampled(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ["nie mogę w nocy spać", "to musi być ciężkie", None, "dziękuję"]
    found = corpus.translation(a_run(shelves, monkeypatch, made))
    assert found is not None
    assert found["coverage"] == {"segments": 48, "translated": 36}
    rows = {row["measure"]: row for row in found["rows"]}
    for row in rows.values():
        assert row["low"] < row["score"] < row["high"]
        assert (row["units"], row["clusters"], row["resamples"]) == (36, 12, 2000)
        assert row["signature"].startswith("nrefs:1|")
    pairs = [(text, LINES[place]) for number in range(12)
             for place, text in enumerate([*made[number % 4 :], *made[: number % 4]]) if text]
    whole = CHRF().corpus_score([one for one, _ in pairs], [[two for _, two in pairs]])
    assert rows["chrf"]["score"] == whole.score


def test_a_run_without_an_engine_has_no_scores(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = corpus.translation(a_run(shelves, monkeypatch, [None] * 4))
    assert found == {"label": "no engine: the memory was not given the test dialogues",
                     "coverage": {"segments": 48, "translated": 0}, "rows": []}
