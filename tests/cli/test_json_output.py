"""`--json`: one document on standard output and nothing else there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Mhx = Callable[..., Any]


@pytest.fixture
def table(write: Callable[..., Path]) -> Path:
    """Scores and ratings of two groups."""
    rows = ["unit,gender,score,rater,prompt,response"]
    for number in range(24):
        for place, gender in enumerate(("male", "female")):
            score = (number * 7 + place * 3) % 5 / 2
            rows.append(f"u{number},{gender},{score},r{place},I failed.,I hear you. What now?")
    return write("table.csv", "\n".join(rows) + "\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["langs"],
        ["check", "PL"],
        ["check", "apertium"],
        ["card", "show", "pl", "--as", "json"],
        ["card", "lint", "pl"],
        ["card", "diff", "pl", "fa"],
        ["card", "diff", "pl", "pl"],
        ["doctor"],
        ["purge", "--cache", "--runs"],
        ["adapt", "--lang", "pl", "--until", "load"],
        ["adapt", "--lang", "pl", "--dry-run"],
    ],
    ids=" ".join,
)
def test_a_reporting_command_prints_one_document(arguments: list[str], mhx: Mhx) -> None:
    extra = [] if "--as" in arguments else ["--json"]
    done = mhx(*arguments, *extra)
    assert done.code == 0, done.err
    assert isinstance(done.json, dict | list)


def test_the_commands_on_tables_print_one_document(mhx: Mhx, table: Path) -> None:
    for arguments in (
        ["parity", table, "--score", "score", "--group", "gender", "--reference", "gender=male"],
        ["agree", table, "--item", "unit", "--rater", "rater", "--rating", "score"],
        ["score", table, "--measure", "epitome", "--lang", "en", "--prompt", "prompt"],
    ):
        done = mhx(*arguments, "--json")
        assert done.code == 0, done.err
        assert isinstance(done.json, dict)


def test_check_prints_its_document_even_when_something_is_wrong(
    mhx: Mhx, write: Callable[..., Path]
) -> None:
    write("languages/xx/language.yaml", "tag: xx\n")
    done = mhx("check", "xx", "--json")
    assert done.code == 1
    assert done.json[0]["ok"] is False
    assert done.json[0]["problems"]
    assert done.lines


def test_progress_of_a_json_run_is_not_on_standard_output(mhx: Mhx) -> None:
    done = mhx("adapt", "--lang", "pl", "--until", "load", "--json")
    assert set(done.json["stages"]) == {"load"}
    assert done.json["report"] is None
    plain = mhx("adapt", "--lang", "pl", "--until", "load")
    assert "unchanged, reused" in plain.err
    assert "unchanged, reused" not in plain.out
