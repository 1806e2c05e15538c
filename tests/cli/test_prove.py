"""mhx prove: what it prints, writes, refuses, and how it goes on."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

SMALL = ("--design", "paired", "--design", "language-bias", "--procedure", "mhx", "--procedure",
         "welch", "--replicates", "12")
OWN = "def always(frame, task):\n    return {'gap': 0.0, 'low': -1.0, 'high': 1.0, 'p': 1.0}\n"


def test_the_list_names_every_design_and_procedure(mhx: Callable[..., Any]) -> None:
    from mhx.stats.proving.designs import DESIGNS
    from mhx.stats.proving.procedures import PROCEDURES

    listed = mhx("prove", "--list", "--json").json
    assert [one["design"] for one in listed["designs"]] == list(DESIGNS)
    assert [one["procedure"] for one in listed["procedures"]] == list(PROCEDURES)
    shown = mhx("prove", "--list").out
    assert all(name in shown for name in (*DESIGNS, *PROCEDURES))


def test_rates_are_shown_with_their_errors_and_refusals_are_said(mhx: Callable[..., Any]) -> None:
    done = mhx("prove", *SMALL)
    assert done.code == 0
    rates = next(line for line in done.out.split("\n") if "paired" in line and "welch" in line)
    assert rates.count("±") == 3
    assert "mhx on language-bias, gap 0: 0% answered; insufficient anchors" in done.out
    assert done.lines[-1] == "language-bias, gap 0.25: done; 0 of 4 left, about 0 s"


def test_json_goes_to_standard_output_and_nothing_else(mhx: Callable[..., Any]) -> None:
    part = mhx("prove", *SMALL, "--seed", "4", "--json").json
    assert part["settings"]["seed"] == 4
    assert {one["procedure"] for one in part["rows"]} == {"mhx", "welch"}
    same, other = (mhx("prove", *SMALL, "--seed", seed, "--json").json for seed in (4, 5))
    for rows in (part["rows"], same["rows"], other["rows"]):
        for one in rows:
            del one["key"]
    assert same["rows"] == part["rows"] != other["rows"]


def test_files_are_written_and_the_same_command_goes_on(here: Path,
                                                        mhx: Callable[..., Any]) -> None:
    first = mhx("prove", *SMALL, "--out", "proof")
    assert len(first.lines) == 4
    part = json.loads((here / "proof/proving.json").read_text(encoding="utf-8"))
    with (here / "proof/proving.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["coverage"] for row in rows] == [
        "" if row["coverage"] is None else str(row["coverage"]) for row in part["rows"]]
    assert "| 100 paired scenarios | 0.25 | welch |" in (
        here / "proof/proving.md").read_text(encoding="utf-8")
    assert (here / "proof/proving.pdf").read_bytes().startswith(b"%PDF")
    assert (here / "proof/proving.png").read_bytes().startswith(b"\x89PNG")
    part["rows"] = part["rows"][:2]  # as if it had been killed after the first cell
    (here / "proof/proving.json").write_text(json.dumps(part), encoding="utf-8")
    second = mhx("prove", *SMALL, "--out", "proof")
    assert len(second.lines) == 3
    assert second.out == first.out


def test_an_own_function_stands_beside_the_others(here: Path, mhx: Callable[..., Any]) -> None:
    (here / "mine.py").write_text(OWN, encoding="utf-8")
    arguments = ("prove", "--design", "paired", "--procedure", "mine.py:always", "--procedure",
                 "welch", "--replicates", "5", "--json")
    refused = mhx(*arguments)
    assert refused.code == 1
    assert "add --allow-code" in refused.err
    rows = mhx(*arguments, "--allow-code").json["rows"]
    assert (rows[0]["procedure"], rows[0]["coverage"]) == ("mine.py:always", 1)


def test_what_is_wrong_is_told_with_what_would_be_right(here: Path,
                                                        mhx: Callable[..., Any]) -> None:
    for arguments, told in (
        (("--design", "pared"), "did you mean 'paired'"),
        (("--procedure", "welsh"), "did you mean 'welch'"),
        (("--gap", "3", "--design", "paired"), "between -0.97 and 1.03 is possible"),
        (("--margin", "0"), "raw points such as 0.25"),
        (("--replicates", "1"), "at least 2"),
        (("--procedure", "none.py:f", "--allow-code"), "none.py: no such file"),
    ):
        done = mhx("prove", *arguments)
        assert done.code == 1, arguments
        assert told in done.err
    (here / "proving.json").write_text("[1]", encoding="utf-8")
    done = mhx("prove", *SMALL, "--out", ".")
    assert (done.code, "not the result of mhx prove" in done.err) == (1, True)
