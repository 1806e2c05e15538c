"""A language comes by dropping in a folder: scaffolded, checked, run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Mhx = Callable[..., Any]


@pytest.fixture
def norwegian(mhx: Mhx, here: Path) -> Path:
    """`languages/no` in the working directory: the tag that YAML 1.1 reads as false."""
    done = mhx("new", "no", "--name", "Norwegian", "--territory", "US")
    assert done.code == 0, done.err
    return here / "languages" / "no"


def test_new_writes_the_template_and_says_what_to_do_first(mhx: Mhx, here: Path) -> None:
    done = mhx("new", "cs", "--name", "Czech", "--territory", "PL")
    folder = here / "languages" / "cs"
    files = sorted(path.name for path in folder.iterdir())
    assert {"language.yaml", "culture_card.yaml", "prompts.yaml", "tests.yaml", "train.yaml",
            "README.md"} <= set(files)
    assert done.out.count("languages/cs/") >= len(files)
    assert "Next: 1. fill in languages/cs/language.yaml" in done.out
    assert "__" not in "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.yaml"))


def test_new_overwrites_nothing(mhx: Mhx, norwegian: Path) -> None:
    (norwegian / "README.md").write_text("mine")
    done = mhx("new", "no", "--name", "Norwegian", "--territory", "US")
    assert done.code == 1
    assert "languages/no: already there" in done.err
    assert (norwegian / "README.md").read_text() == "mine"


def test_a_new_language_is_seen_and_passes_as_a_draft(mhx: Mhx, norwegian: Path) -> None:
    rows = {row["tag"]: row for row in mhx("langs", "--json").json}
    assert rows["no"]["from"] == "working directory"
    assert rows["no"]["folder"] == str(norwegian)
    done = mhx("check", "no", "--json")
    assert done.code == 0, done.err
    assert done.json[0]["ok"] is True
    assert any("for bronze" in note for note in done.json[0]["notes"])


def test_a_new_language_runs_to_the_gate_and_sends_everything_to_review(
    mhx: Mhx, norwegian: Path, here: Path
) -> None:
    done = mhx("adapt", "--lang", "no", "--until", "gate", "--today", "2026-11-21")
    assert done.code == 0, done.err
    folder = here / "runs/no/2026-11-21-1"
    stages = json.loads((folder / "stages.json").read_text(encoding="utf-8"))
    counts = stages["gate"]["counts"]
    assert (counts["accepted"], counts["rejected"]) == (0, 0)
    assert counts["review"] == counts["rows_in"] > 0
    assert "nothing was invented" in done.out
    for way in ("--translator hf:", "--translator apertium", "--memory FILE.tmx"):
        assert way in done.out
    assert (folder / "corpus/train.jsonl").read_text() == ""
    reviewed = (folder / "review.jsonl").read_text(encoding="utf-8").split("\n")
    assert all(
        segment["faithful"] is None
        for line in reviewed
        if line
        for segment in json.loads(line)["segments"]
    )


def test_training_on_nothing_says_why_and_what_to_do(mhx: Mhx, norwegian: Path) -> None:
    done = mhx("adapt", "--lang", "no", "--until", "train", "--today", "2026-11-21")
    assert done.code == 1
    assert "no dialogue passed the gate into the training split" in done.err
    assert "review.jsonl" in done.err


@pytest.mark.parametrize("tag", ["es2", "ES", "pt_BR", "../up", "x", ""])
def test_a_tag_that_is_none_is_refused(tag: str, mhx: Mhx, here: Path) -> None:
    done = mhx("new", tag, "--territory", "US")
    assert done.code == 2
    assert "is not a language tag" in done.err
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", ["Norwegian: Bokmål", "[Draft] Czech", "# Klingon", "7", " "])
def test_a_name_that_yaml_would_read_otherwise_is_refused(
    name: str, mhx: Mhx, here: Path
) -> None:
    done = mhx("new", "cs", "--name", name, "--territory", "PL")
    assert done.code == 2
    assert "is not a language's name" in done.err
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", ["Norwegian (Bokmål)", "O'odham", "Serbo-Croatian", "فارسی"])
def test_a_name_with_marks_and_letters_of_its_own_passes(name: str, mhx: Mhx) -> None:
    assert mhx("new", "cs", "--name", name, "--territory", "PL").code == 0
    done = mhx("check", "cs", "--json")
    assert done.code == 0, done.err
    row = next(row for row in mhx("langs", "--json").json if row["tag"] == "cs")
    assert row["language"] == name


def test_a_territory_that_no_folder_describes_is_named(mhx: Mhx) -> None:
    mhx("new", "cs", "--name", "Czech", "--territory", "CZ")
    done = mhx("check", "cs")
    assert done.code == 1
    assert "'CZ'" in done.err
    assert "languages/cs/language.yaml" in done.err
    adapted = mhx("adapt", "--lang", "cs", "--until", "gate")
    assert adapted.code == 1
    assert "unknown territory 'CZ'" in adapted.err


def test_a_copy_of_a_shipped_language_is_a_clash_until_one_is_chosen(
    mhx: Mhx, here: Path, shelves: Any
) -> None:
    import shutil

    folder = here / "mine" / "languages" / "es"
    shutil.copytree(shelves.get("languages", "es").folder, folder)
    (folder / "README.md").write_text("another one")
    done = mhx("langs", "--plugins", here / "mine")
    assert done.code == 1
    assert "language 'es' is in two places" in done.err
    assert "--shadow es" in done.err
    chosen = mhx("langs", "--plugins", here / "mine", "--shadow", "es", "--json").json
    assert next(row for row in chosen if row["tag"] == "es")["folder"] == str(folder)


def test_foreign_code_does_not_run_without_the_flag(mhx: Mhx, norwegian: Path) -> None:
    hooks = norwegian / "hooks.py"
    hooks.write_text("from pathlib import Path\nPath('ran').write_text('')\n")
    done = mhx("adapt", "--lang", "no", "--until", "gate")
    assert done.code == 1
    assert str(hooks) in done.err
    assert "--allow-code" in done.err
    assert not Path("ran").exists()
    assert mhx("adapt", "--lang", "no", "--until", "gate", "--allow-code").code == 0
    assert Path("ran").exists()
