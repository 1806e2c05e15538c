"""What users bring: broken cards, encodings, columns. Each problem says where and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Mhx = Callable[..., Any]
FORM = re.compile(r"^(?P<path>\S[^:\n]*):(?P<line>\d+): (?P<field>[\w.\[\] ]+): .+ — .+$")


@pytest.fixture
def folder(mhx: Mhx, here: Path) -> Path:
    """A scaffolded language that passes."""
    mhx("new", "cs", "--name", "Czech", "--territory", "PL")
    return here / "languages" / "cs"


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "field", "what"),
    [
        ("version: 0.1.0\n", "version: 0.1.0\nstatsu: draft\n", "statsu", "did you mean 'status'?"),
        ("version: 0.1.0\n", "version: 0.1.0\nversion: 0.2.0\n", "version", "duplicate key"),
        ("  certainty: unverified\n  norm", "  certainty: sourced\n  norm", "facts", "source"),
        ("  certainty: unverified\n  norm",
         "  certainty: weak\n  sources: [S-99]\n  norm", "cs.style.plain", "S-99"),
        ("  depth: surface ", "  depth: shallow ", "depth", "surface"),
        ("  evidence: [cs.style.plain]", "  evidence: [cs.style.plian]", "rules", "plian"),
        ("match: {regex: '!{2,}'}", "match: {regex: '(!{2,}'}", "cs.style.exclamation",
         "bad regex"),
    ],
    ids=["unknown key", "duplicate key", "no source", "unknown source", "unknown value",
         "unknown evidence", "broken pattern"],
)
def test_a_broken_card_says_path_line_field_and_what_to_do(
    old: str, new: str, field: str, what: str, mhx: Mhx, folder: Path
) -> None:
    card = folder / "culture_card.yaml"
    replaced(card, old, new)
    done = mhx("check", "cs")
    assert done.code == 1
    told = [line for line in done.lines if field in line and what in line]
    assert told, done.err
    form = FORM.match(told[0])
    assert form, told[0]
    assert form["path"].endswith("culture_card.yaml")
    line = card.read_text(encoding="utf-8").split("\n")[int(form["line"]) - 1]
    assert line.strip()


def test_all_problems_of_a_card_come_at_once(mhx: Mhx, folder: Path) -> None:
    card = folder / "culture_card.yaml"
    replaced(card, "version: 0.1.0\n", "version: 0.1.0\nstatsu: draft\n")
    replaced(card, "depth: surface ", "depth: shallow ")
    replaced(folder / "prompts.yaml", "refusal:", "refusla:")
    done = mhx("check", "cs")
    assert done.code == 1
    for name in ("statsu", "depth", "refusla"):
        assert name in done.err


def test_a_phone_number_without_quotes_is_refused(mhx: Mhx, here: Path, shelves: Any) -> None:
    text = shelves.get("culture_cards", "PL").manifest.read_text(encoding="utf-8")
    quoted = re.search(r"number: \"(\d+)\"", text)
    assert quoted
    bare = text.replace(quoted.group(), f"number: {quoted.group(1)}", 1).replace("PL", "XP")
    path = here / "culture_cards/XP/territory.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(bare, encoding="utf-8")
    done = mhx("check", "XP")
    assert done.code == 1
    told = next(line for line in done.lines if "is a number, text is wanted" in line)
    form = FORM.match(told)
    assert form
    assert form["field"].startswith("services[")
    assert f'put it in quotes: "{quoted.group(1)}"' in told
    assert quoted.group(1) in bare.split("\n")[int(form["line"]) - 1]


def test_every_malformed_line_is_reported_and_u2028_is_text(
    mhx: Mhx, write: Callable[..., Path]
) -> None:
    good = '{"seeker": "I lost\u2028my job today.", "supporter": "That is hard."}'
    path = write("talk.jsonl", f"{good}\n{{broken\n{good}\n[1]\n")
    done = mhx("adapt", "--lang", "pl", "--source", path, "--until", "load")
    assert done.code == 1
    assert [line.split(": ")[0] for line in done.lines if "talk.jsonl:" in line] == [
        f"{path}:2", f"{path}:4",
    ]
    path.write_text(f"{good}\n", encoding="utf-8")
    assert mhx("adapt", "--lang", "pl", "--source", path, "--until", "load").code == 0


@pytest.mark.parametrize(
    ("encoding", "hint"), [("cp1250", "another encoding"), ("utf-16", "UTF-16")]
)
def test_a_wrong_encoding_is_said_with_its_line_and_the_command(
    encoding: str, hint: str, mhx: Mhx, write: Callable[..., Path]
) -> None:
    text = "seeker,supporter\nIdę.,Słucham.\nŹle śpię.,Słyszę.\n"
    path = write("talk.csv", text.encode(encoding))
    done = mhx("adapt", "--lang", "pl", "--source", path, "--until", "load")
    assert done.code == 1
    assert re.search(rf"^{re.escape(str(path))}:[12]: not UTF-8 .*{hint}", done.err, re.MULTILINE)
    assert "iconv -f" in done.err


def test_columns_that_are_not_there_offer_map_and_map_works(
    mhx: Mhx, write: Callable[..., Path], here: Path
) -> None:
    path = write("talk.csv", "kunde,berater\nI cannot sleep.,Since when?\nI am alone.,Who knows?\n")
    done = mhx("adapt", "--lang", "pl", "--source", path, "--until", "load")
    assert done.code == 1
    told = [line for line in done.lines if "no column with the" in line]
    assert [line.split(": ")[1] for line in told] == ["seeker", "supporter"]
    assert all("--map seeker=COL,supporter=COL; the columns are kunde, berater" in line
               for line in told)
    wrong = mhx("adapt", "--lang", "pl", "--source", path, "--map", "seeker=kunde,supporter=rater",
                "--until", "load")
    assert wrong.code == 1
    assert "no column 'rater'" in wrong.err
    done = mhx("adapt", "--lang", "pl", "--source", path, "--map",
               "seeker=kunde,supporter=berater", "--until", "load", "--json")
    assert done.code == 0, done.err
    assert done.json["stages"]["load"]["counts"]["accepted"] == 2


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("talk.docx", "x", "not a table mhx reads"),
        ("talk.json", "{", "not JSON"),
        ("talk.csv", "", "cannot be read as CSV"),
        ("talk.parquet", "x", "cannot be read as PARQUET"),
        ("talk.csv", "seeker,supporter\n", "no usable dialogue"),
        ("talk.csv", "seeker,supporter\nOnly me,\n", "no usable dialogue"),
    ],
)
def test_a_source_that_holds_no_dialogue_is_said(
    name: str, text: str, what: str, mhx: Mhx, write: Callable[..., Path]
) -> None:
    done = mhx("adapt", "--lang", "pl", "--source", write(name, text), "--until", "load")
    assert done.code == 1
    assert what in done.err
    assert name in done.err


def test_a_missing_source_is_said_before_anything_is_made(mhx: Mhx, here: Path) -> None:
    done = mhx("adapt", "--lang", "pl", "--source", "none.csv", "--memory", "none.tmx")
    assert done.code == 1
    assert done.lines == ["none.tmx: no such file — check the path",
                          "none.csv: no such file — check the path"]
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("<tmx><body><tu>", "not XML"),
        ('<!DOCTYPE t [<!ENTITY a "b">]><tmx><body>'
         '<tu><tuv lang="en"><seg>a &a; c</seg></tuv></tu></body></tmx>', "declares an XML entity"),
        ("<tmx><body></body></tmx>", "no unit with both 'en' and 'pl'"),
        (b"PK\x03\x04", "unzip it first"),
    ],
    ids=["cut", "entity", "empty", "zip"],
)
def test_a_memory_that_cannot_be_used_is_named(
    content: str | bytes, what: str, mhx: Mhx, write: Callable[..., Path]
) -> None:
    path = write("own.tmx", content)
    done = mhx("adapt", "--lang", "pl", "--memory", path, "--until", "translate")
    assert done.code == 1
    assert f"{path}" in done.err
    assert what in done.err
