"""What mhx ships is what it says: memories without the test split, no numbers, the tiny base."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mhx.adaptation.resolver import SLOT
from mhx.corpus.memory import memory_units
from mhx.corpus.privacy import phones
from mhx.corpus.tmx import read_tmx
from mhx.files import hash_file
from mhx.language import load_language
from mhx.shelves import Shelves, discover

ROOT = Path(__file__).resolve().parents[1]
SHELVES = discover(cwd=ROOT)
WITH_CORPUS = [
    tag
    for tag in SHELVES.names("languages")
    if tag != "en" and (SHELVES.get("languages", tag).folder / "corpus").is_dir()
]
TINY = ROOT / "mhx" / "tiny"


@pytest.mark.parametrize("tag", WITH_CORPUS)
def test_the_memory_is_the_corpus_without_the_test_split(shelves: Shelves, tag: str) -> None:
    language, source = (load_language(name, shelves=shelves) for name in (tag, "en"))
    stored = [
        (unit.source, unit.target, unit.register)
        for unit in read_tmx(language.folder / "memory.tmx", "en", tag)
    ]
    assert stored == [
        (unit.source, unit.target, unit.register) for unit in memory_units(language, source)
    ]
    test = {
        text
        for item in source.source_corpus
        if item.split == "test"
        for turn in item.turns
        for text in turn.segments
    }
    assert test
    assert not test & {source for source, _, _ in stored}


@pytest.mark.parametrize("tag", WITH_CORPUS)
def test_the_languages_translate_the_dialogues(shelves: Shelves, tag: str) -> None:
    source = {item.id for item in load_language("en", shelves=shelves).source_corpus}
    here = {item.id for item in load_language(tag, shelves=shelves).corpus}
    assert here <= source
    # Spanish shows what a data-only plugin can do and has the first 24 alone
    assert len(here) >= 24 if tag == "es" else here == source


@pytest.mark.parametrize("tag", WITH_CORPUS)
def test_no_phone_number_is_in_a_shipped_text(shelves: Shelves, tag: str) -> None:
    for item in load_language(tag, shelves=shelves).corpus:
        for turn in item.turns:
            for part in turn.segments:
                assert not list(phones(SLOT.sub("", part.adapted))), (item.id, part.adapted)


@pytest.mark.parametrize("tag", WITH_CORPUS)
def test_the_shipped_adapter_belongs_to_the_shipped_base(shelves: Shelves, tag: str) -> None:
    from mhx.files import read_yaml
    from mhx.training.base import base_hash

    folder = load_language(tag, shelves=shelves).adapter("mhx-tiny")
    assert folder is not None
    assert read_yaml(folder / "manifest.yaml")[0]["base_sha256"] == base_hash("mhx-tiny")


def test_the_base_is_what_its_recipe_made_and_small_enough() -> None:
    recipe = json.loads((TINY / "recipe.json").read_text(encoding="utf-8"))
    for name, digest in recipe["sha256"].items():
        assert hash_file(TINY / name) == digest
    assert (TINY / "model.safetensors").stat().st_size < 12 * 2**20
    assert recipe["parameters"] > 1_000_000


def test_the_base_was_made_from_the_shipped_train_split(shelves: Shelves) -> None:
    from mhx.files import hash_json
    from mhx.training.tiny import train_texts

    recipe = json.loads((TINY / "recipe.json").read_text(encoding="utf-8"))
    texts = train_texts(shelves)
    assert len(texts) == recipe["conversations"]
    assert hash_json(texts) == recipe["text_sha256"]
