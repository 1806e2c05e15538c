"""The generated page and data cards of the corpus: true, current, and read by `datasets`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mhx.corpus.data_card import corpus_card
from mhx.corpus.describe import BANDS, GENDERS, band, by_topic, size
from mhx.language import load_language
from mhx.reporting.corpus_page import figure, page
from mhx.shelves import Shelves

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_in_the_docs_is_current(shelves: Shelves) -> None:
    stored = (ROOT / "docs" / "corpus.md").read_text(encoding="utf-8")
    assert stored == page(shelves), "run: python -m mhx.reporting.corpus_page docs"


def test_the_corpus_has_the_size_and_balance_it_was_made_for(shelves: Shelves) -> None:
    corpus = load_language("en", shelves=shelves).source_corpus
    assert len(corpus) >= 96
    assert len({item.topic for item in corpus}) >= 16
    risky = [item for item in corpus if item.risk != "none" or item.traps]
    assert len(risky) >= 20
    assert {item.risk for item in corpus} == {
        "none", "indirect", "explicit", "violence", "third_party"}
    assert {trap for item in corpus for trap in item.traps} == {
        "hyperbole", "medical_mimic", "offered_number"}
    minors = [item for item in risky if (item.participants["seeker"].age or 99) < 18]
    assert minors
    local = Counter(item.written_in for item in corpus)
    assert local["pl"] >= 16
    assert local["fa"] >= 16
    assert 3 * (local["pl"] + local["fa"]) >= len(corpus)
    genders = Counter(item.participants["seeker"].gender for item in corpus)
    assert abs(genders["female"] - genders["male"]) <= 0.1 * len(corpus)
    assert genders["nonbinary"] >= 3
    ages = Counter(band(item.participants["seeker"].age) for item in corpus)
    assert min(ages.values()) >= 0.08 * len(corpus)
    assert set(Counter(item.split for item in corpus)) == {"train", "valid", "test"}


def test_each_row_of_the_topics_counts_every_dialogue_once(shelves: Shelves) -> None:
    corpus = load_language("en", shelves=shelves).source_corpus
    rows = by_topic(corpus)
    assert sum(row["dialogues"] for row in rows) == len(corpus)
    bands = [band(low) for low, _ in BANDS]
    for row in rows:
        assert sum(row[name] for name in GENDERS) == row["dialogues"]
        assert sum(row[name] for name in bands) == row["dialogues"]


@pytest.mark.parametrize(("age", "words"), [(13, "13–17"), (29, "18–29"), (65, "65+"),
                                            (None, "unknown"), (7, "unknown")])
def test_age_bands(age: int | None, words: str) -> None:
    assert band(age) == words


def test_the_figure_shows_every_topic(shelves: Shelves) -> None:
    drawn = figure(load_language("en", shelves=shelves).source_corpus)
    assert drawn.files["png"].startswith(b"\x89PNG")
    assert 4 < drawn.inches[0] < 9


@pytest.mark.parametrize("tag", ["en", "es", "fa", "pl"])
def test_the_folder_loads_as_a_hugging_face_dataset(shelves: Shelves, tag: str,
                                                    tmp_path: Path) -> None:
    from datasets import load_dataset

    language, source = (load_language(name, shelves=shelves) for name in (tag, "en"))
    folder = language.folder / "corpus"
    assert (folder / "README.md").read_text(encoding="utf-8") == corpus_card(language, source)
    data = load_dataset(str(folder), cache_dir=str(tmp_path))["full"]
    assert data.num_rows == size(language, source)["dialogues"]
    first = data[0]["turns"][0]["segments"][0]
    if tag == "en":
        assert first == source.source_corpus[0].turns[0].segments[0]
    else:
        assert first["adapted"] == language.corpus[0].turns[0].segments[0].adapted
