"""The lint of the dialogues finds every planted fault; the shipped ones pass in `test_cards`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mhx.corpus.lint import lint_source, lint_target
from mhx.files import sha256, write_yaml
from mhx.language import Language, load_language
from mhx.shelves import Shelves

Record = dict[str, Any]
Fault = Callable[[list[Record]], None]


def copied(tag: str, shelves: Shelves, folder: Path, fault: Fault, *, keep: int = 3) -> Language:
    """A copy of a language with its first dialogues, changed by `fault`."""
    language = load_language(tag, shelves=shelves)
    to = folder / tag
    shutil.copytree(language.folder, to, ignore=shutil.ignore_patterns("adapters", "measured"))
    path = to / "corpus" / "dialogues.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n")[:keep]
    records = [json.loads(line) for line in lines]
    fault(records)
    text = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in records)
    path.write_text(text, encoding="utf-8")
    (to / "corpus" / "decided.yaml").unlink(missing_ok=True)
    return replace(language, plugin=replace(language.plugin, folder=to))


def said(language: Language, source: Language | None = None) -> str:
    found = lint_source(language) if source is None else lint_target(language, source)
    return "\n".join(str(problem) for problem in found)


def nothing(records: list[Record]) -> None:
    """No fault."""


# ---------------------------------------------------------------- the source


def first_turn(records: list[Record]) -> Record:
    turn: Record = records[0]["turns"][0]
    return turn


def too_short(records: list[Record]) -> None:
    records[0]["turns"] = records[0]["turns"][:4]


def two_in_a_row(records: list[Record]) -> None:
    records[0]["turns"][1]["role"] = "seeker"


def no_technique(records: list[Record]) -> None:
    records[0]["turns"][1]["techniques"] = []


def stray_blank(records: list[Record]) -> None:
    first_turn(records)["segments"][0] += "  And then."


def no_origin(records: list[Record]) -> None:
    records[0]["origin"]["name"] = " "


def risk_unmarked(records: list[Record]) -> None:
    records[0]["risk"] = "indirect"


def adult_service(records: list[Record]) -> None:
    records[0]["participants"]["seeker"]["age"] = 15
    first_turn(records)["segments"].append("I saw {{service:suicide_adult}} on a poster.")


def unknown_service(records: list[Record]) -> None:
    first_turn(records)["segments"].append("I saw {{service:dentist}} on a poster.")


def phone(digits: str) -> Fault:
    def fault(records: list[Record]) -> None:
        first_turn(records)["segments"].append(f"They told me to call {digits} any time.")

    return fault


def near_duplicate(records: list[Record]) -> None:
    again = json.loads(json.dumps(records[0]))
    again["id"] = "again-01"
    again["turns"][0]["segments"][0] += " Okay."
    records.append(again)


def leaked(records: list[Record]) -> None:
    taken = records[0]["turns"][0]["segments"][1]
    other = next(item for item in records if item["split"] != records[0]["split"])
    other["turns"][2]["segments"].append(taken)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (too_short, "4 turns"),
        (two_in_a_row, "do not alternate"),
        (no_technique, "names no technique"),
        (stray_blank, "stray blank"),
        (no_origin, "says no origin"),
        (risk_unmarked, "the risk turns are []"),
        (risk_unmarked, "shows no service"),
        (adult_service, "suicide_adult for a seeker aged 15"),
        (unknown_service, "unknown slot 'dentist'"),
        (phone("800 555 0199"), "digits like a phone number"),
        (phone("۸۰۰ ۵۵۵ ۰۱۹۹"), "digits like a phone number"),
        (phone("٨٠٠٥٥٥٠١٩٩"), "digits like a phone number"),
        (phone("116 123"), "the number of a crisis service"),
        (phone("۱۱۲"), "the number of a crisis service"),
        (near_duplicate, "nearly the same as"),
        (leaked, "a test text is in no other split"),
    ],
)
def test_a_planted_fault_of_the_source_is_found(
    shelves: Shelves, tmp_path: Path, fault: Fault, words: str
) -> None:
    assert words in said(copied("en", shelves, tmp_path, fault))


def test_the_source_without_a_fault_passes(shelves: Shelves, tmp_path: Path) -> None:
    assert said(copied("en", shelves, tmp_path, nothing)) == ""
    assert said(load_language("en", shelves=shelves)) == ""


# ---------------------------------------------------------------- a target


def reword(at: tuple[int, int], change: Callable[[str], str], *, role: str | None = None) -> Fault:
    """The text of a segment without edits, changed in both versions."""

    def fault(records: list[Record]) -> None:
        part = records[0]["turns"][at[0]]["segments"][at[1]]
        assert role is None or records[0]["turns"][at[0]]["role"] == role
        assert not part["edits"]
        part["faithful"] = part["adapted"] = change(part["faithful"])

    return fault


def sneak(records: list[Record]) -> None:
    """A negation that an edit takes away."""
    part = records[0]["turns"][0]["segments"][0]
    part["faithful"] = "Nie jestem bezpieczna, proszę zostać."
    part["adapted"] = "Jestem bezpieczna, proszę zostać."
    part["edits"] = [
        {"start": 0, "end": 10, "operation": "replace", "rule": "uncovered",
         "before": "Nie jestem", "after": "Jestem", "depth": "surface", "nature": "substituting"}
    ]


def english(records: list[Record]) -> None:
    for part in records[0]["turns"][1]["segments"]:
        part["edits"] = []
        part["faithful"] = part["adapted"] = "Yes, this is the right place for something like it."


POLISH: list[tuple[Fault, str]] = [
    (reword((0, 0), lambda text: f"{text} Mam 12 kotów."), "conservation.numbers"),
    (english, "language: turn 1 reads as English"),
    (reword((0, 0), lambda _: "Zadzwoniłem do niej, byłem zły."), "gender."),
    (reword((1, 1), lambda _: "Kiedy wyobrażasz sobie ten czwartek, co cię przeraża?",
            role="supporter"), "address.level"),
    (reword((0, 0), lambda text: f"{text} Zostawili mi 800 555 019."), "phone_like"),
    (reword((0, 0), lambda text: text + " Tak. Nie. Może. Nie wiem."), "conservation.sentences"),
    (reword((0, 0), lambda text: text + " {{service:suicide_adult}}"), "conservation.slots"),
    (reword((0, 0), lambda text: text.replace("pisać", "pisac")), "the dictionary lacks 'pisac'"),
    (sneak, "conservation.negation"),
]


@pytest.mark.parametrize(("fault", "words"), POLISH)
def test_a_planted_fault_of_a_target_is_found(
    shelves: Shelves, tmp_path: Path, fault: Fault, words: str
) -> None:
    source = load_language("en", shelves=shelves)
    clean = said(copied("pl", shelves, tmp_path / "clean", nothing, keep=1), source)
    assert words not in clean
    assert words in said(copied("pl", shelves, tmp_path / "bad", fault, keep=1), source)


def test_arabic_letters_and_a_lost_joiner_are_found_in_persian(
    shelves: Shelves, tmp_path: Path
) -> None:
    source = load_language("en", shelves=shelves)

    def fault(records: list[Record]) -> None:
        part = records[0]["turns"][0]["segments"][0]
        part["edits"] = []
        part["faithful"] = part["adapted"] = "سلام، مي خواهم كمي حرف بزنم."

    assert "orthography." in said(copied("fa", shelves, tmp_path, fault, keep=1), source)


def test_a_decision_holds_for_its_text_alone(shelves: Shelves, tmp_path: Path) -> None:
    source = load_language("en", shelves=shelves)
    language = copied("pl", shelves, tmp_path, sneak, keep=1)
    part = language.corpus[0].turns[0].segments[0]
    entry = {"dialogue": language.corpus[0].id, "at": "0.0", "code": "conservation.negation",
             "text_sha256": sha256(f"{part.faithful}\n{part.adapted}")[:12], "because": "a test"}
    path = language.folder / "corpus" / "decided.yaml"
    decided_by = {"kind": "model", "name": "a test"}
    write_yaml(path, {"decided_by": decided_by, "decisions": [entry]})
    assert "conservation.negation" not in said(language, source)
    write_yaml(path, {"decided_by": decided_by, "decisions": [entry | {"text_sha256": "0" * 12}]})
    told = said(language, source)
    assert "conservation.negation" in told
    assert "take the entry out" in told
