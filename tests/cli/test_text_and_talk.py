"""translate, generate, chat, card, doctor, purge."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mhx.cards import load_territory
from mhx.language import load_language

Mhx = Callable[..., Any]
TODAY = "2026-11-21"
RISK = {
    "en": "I want to kill myself tonight.",
    "pl": "Chcę popełnić samobójstwo.",
    "fa": "به خودکشی فکر می‌کنم.",
    "es": "Pienso en el suicidio.",
}
DIGITS = re.compile(r"[\d۰-۹٠-٩](?:[\d۰-۹٠-٩\s-]*[\d۰-۹٠-٩])?")


def numbers(text: str) -> set[str]:
    """Runs of three or more digits, in Latin digits without blanks."""
    table = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
    found = (re.sub(r"\D", "", run.translate(table)) for run in DIGITS.findall(text))
    return {run for run in found if len(run) >= 3}


def test_translate_answers_what_the_memory_holds_and_names_what_it_does_not(
    mhx: Mhx, write: Callable[..., Path], here: Path
) -> None:
    source = next(item for item in load_language("en").source_corpus if item.split == "train")
    held = source.turns[0].segments[0]
    path = write("lines.txt", f"{held}\n\nThis sentence is in no memory at all.\n")
    done = mhx("translate", path, "--lang", "pl")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in done.out.split("\n") if line]
    assert [row["text"] for row in rows] == [held, "This sentence is in no memory at all."]
    assert rows[0]["target"]
    assert rows[0]["engine"].startswith("memory:")
    assert (rows[1]["target"], rows[1]["failure"]) == (None, "not_in_memory")
    assert "1 of 2 segments translated by memory" in done.err
    assert mhx("translate", path, "--lang", "pl", "-o", here / "out.jsonl").out == ""
    written = (here / "out.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line) for line in written.split("\n") if line] == rows


def test_translate_takes_a_column_of_a_table(mhx: Mhx, write: Callable[..., Path]) -> None:
    path = write("lines.csv", "id,said\n1,Nobody wrote this down.\n")
    done = mhx("translate", path, "--lang", "pl")
    assert done.code == 1
    assert "no column 'text' — --text COL or --messages COL; columns: id, said" in done.err
    assert mhx("translate", path, "--lang", "pl", "--text", "said").code == 0


def test_generate_prints_answers_as_json_and_the_notice_beside(mhx: Mhx) -> None:
    done = mhx("generate", "--lang", "pl", "--adapter", "none", "--prompt", "Nie śpię.", "--prompt",
               "Boję się.", "--max-new-tokens", "8", "--json")
    assert done.code == 0, done.err
    assert [row["prompt"] for row in done.json] == ["Nie śpię.", "Boję się."]
    assert {row["system"] for row in done.json} == {"mhx-tiny, base only"}
    assert load_language("pl").prompts.notice.strip() in done.err
    again = mhx("generate", "--lang", "pl", "--adapter", "none", "--prompt", "Nie śpię.",
                "--prompt", "Boję się.", "--max-new-tokens", "8", "--json")
    assert again.json == done.json


def test_generate_without_an_adapter_says_how_to_train_one(mhx: Mhx, here: Path) -> None:
    mhx("new", "cs", "--name", "Czech", "--territory", "PL")
    done = mhx("generate", "--lang", "cs", "--prompt", "Nespím.")
    assert done.code == 1
    assert "no adapter of cs for mhx-tiny — mhx train --lang cs" in done.err
    assert "--adapter none" in done.err


def test_generate_with_an_adapter_that_is_not_there_names_it(mhx: Mhx) -> None:
    done = mhx("generate", "--lang", "pl", "--adapter", "no/such/adapter", "--prompt", "a")
    assert done.code == 1
    assert "no/such/adapter" in done.err


@pytest.mark.parametrize("age", [None, 15, 40])
@pytest.mark.parametrize(
    ("lang", "territory"), [("pl", "PL"), ("fa", "IR"), ("es", "ES"), ("pl", "US"), ("es", "US")]
)
def test_a_message_of_risk_is_handed_over_to_a_service_of_the_territory(
    lang: str, territory: str, age: int | None, mhx: Mhx
) -> None:
    aged = () if age is None else ("--age", age)
    done = mhx("chat", "--lang", lang, "--adapter", "none", "--territory", territory, *aged,
               "--today", TODAY, "--max-new-tokens", "4", stdin=f"{RISK[lang]}\n\n")
    assert done.code == 0, done.err
    assert load_language(lang).prompts.notice.strip() in done.out
    told = [line for line in done.out.split("\n") if line.startswith("! ")]
    assert len(told) == 1
    assert "{{" not in done.out
    here = {re.sub(r"\D", "", item.number) for item in load_territory(territory).services}
    assert numbers(told[0])
    assert numbers(done.out) <= here


def test_the_age_decides_which_service_is_shown(mhx: Mhx) -> None:
    told = {
        age: mhx("chat", "--lang", "pl", "--adapter", "none", "--age", age, "--today", TODAY,
                 "--max-new-tokens", "2", stdin=f"{RISK['pl']}\n\n").out.split("! ")[1]
        for age in (15, 40)
    }
    assert numbers(told[15]) != numbers(told[40])
    assert "116111" in numbers(told[15])


def test_an_expired_card_shows_no_expired_number(mhx: Mhx) -> None:
    done = mhx("chat", "--lang", "pl", "--adapter", "none", "--age", "40", "--today", "2099-01-01",
               "--max-new-tokens", "2", stdin=f"{RISK['pl']}\n\n")
    assert done.code == 0, done.err
    assert numbers(done.out) <= {"112"}


def test_chat_without_risk_hands_nobody_over_and_ends_at_the_end_of_input(mhx: Mhx) -> None:
    done = mhx("chat", "--lang", "pl", "--adapter", "none", "--max-new-tokens", "2",
               stdin="Dzień dobry.")
    assert done.code == 0, done.err
    assert "! " not in done.out
    assert done.out.count("< ") == 1


def test_the_prompt_form_of_a_card_tells_no_unverified_claim(mhx: Mhx) -> None:
    told = mhx("card", "show", "pl", "--as", "prompt").out
    card = load_language("pl").card
    unverified = [fact for fact in card.facts if fact.certainty in ("unverified", "conflicting")]
    assert unverified
    assert not [fact.id for fact in unverified if fact.claim in told]


def test_the_text_form_of_a_card_shows_every_fact_and_rule(mhx: Mhx) -> None:
    told = mhx("card", "show", "pl").out
    card = load_language("pl").card
    assert card.heterogeneity_note in told
    assert not [entry.id for entry in [*card.facts, *card.rules] if entry.id[:30] not in told]


def test_lint_counts_rules_and_names_expired_facts(mhx: Mhx) -> None:
    done = mhx("card", "lint", "pl")
    assert done.code == 0
    assert re.search(r"\d+ rules, \d+ tests, 0 failed", done.out)
    later = mhx("card", "lint", "pl", "--today", "2099-01-01", "--json").json
    now = mhx("card", "lint", "pl", "--today", TODAY, "--json").json
    assert len(later["weak"]) >= len(now["weak"])


def test_diff_names_changed_fields_of_two_files(mhx: Mhx, here: Path) -> None:
    for tag in ("cs", "sk"):
        mhx("new", tag, "--name", tag, "--territory", "PL")
    first = here / "languages/cs/culture_card.yaml"
    text = first.read_text(encoding="utf-8")
    second = here / "other.yaml"
    second.write_text(text.replace("depth: surface ", "depth: deep "), encoding="utf-8")
    rows = mhx("card", "diff", first, second, "--json").json
    assert rows == [{"entry": "cs.style.plain", "change": "changed", "fields": "depth"}]
    assert mhx("card", "diff", first, first).out.strip() == "no difference"


def test_doctor_gives_a_command_for_everything_that_is_missing(mhx: Mhx) -> None:
    rows = mhx("doctor", "--json").json
    parts = {row["part"]: row for row in rows}
    assert parts["training and generation"]["works"] is True
    for row in rows:
        assert row["works"] or row["install"] or row["part"] == "GPU"
    assert "mhx doctor" in mhx("doctor").out


def test_purge_shows_first_and_deletes_only_when_told(
    mhx: Mhx, here: Path, write: Callable[..., Path]
) -> None:
    mhx("adapt", "--lang", "pl", "--until", "load", "--today", TODAY)
    write("runs/cache/segments.sqlite", "text")
    kept = write("runs/pl/notes.txt", "not a run")
    folder = here / "runs/pl" / f"{TODAY}-1"
    shown = mhx("purge", "--runs", "--cache", "--json").json
    assert shown["deleted"] is False
    assert {Path(row["path"]).name for row in shown["found"]} == {"cache", f"{TODAY}-1"}
    assert folder.is_dir()
    assert "add --yes" in mhx("purge", "--runs").out
    assert folder.is_dir()
    assert mhx("purge", "--runs", "--lang", "fa", "--yes", "--json").json["found"] == []
    assert folder.is_dir()
    assert mhx("purge", "--cache", "--yes", "--json").json["deleted"] is True
    assert folder.is_dir()
    assert not (here / "runs/cache").exists()
    assert mhx("purge", "--runs", "--yes").code == 0
    assert not folder.exists()
    assert kept.is_file()
    assert "nothing to delete in runs" in mhx("purge", "--runs", "--yes").out


def test_report_refuses_a_folder_that_is_no_run(mhx: Mhx, here: Path) -> None:
    done = mhx("report", here)
    assert done.code == 1
    assert "not a run folder — give runs/LANG/DATE-N" in done.err
