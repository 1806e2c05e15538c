"""Help, version, exit codes, and the nearest name for a wrong one."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from mhx.version import __version__

Mhx = Callable[..., Any]
# Asked of the parser itself, so that a new command is tested without being listed here.
COMMANDS = [
    "adapt", "report", "doctor", "purge", "langs", "check", "new", "translate", "score", "train",
    "generate", "chat", "judge", "choose", "cases", "skills", "parity", "agree", "anchors",
    "anchors plan", "anchors export", "anchors import", "prove", "ablate",
    "card", "card show", "card lint", "card diff", "build", "filter", "gates", "pairs",
    "review", "review export", "review import", "review status",
]


def test_no_command_is_forgotten_here(mhx: Mhx) -> None:
    section = mhx("--help").out.split("Commands:")[1]
    listed = set(re.findall(r"^  ([a-z]+)  ", section, re.MULTILINE))
    assert listed == {name for name in COMMANDS if " " not in name}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_an_example_or_the_options(command: str, mhx: Mhx) -> None:
    done = mhx(*command.split(), "--help")
    assert done.code == 0
    assert f"Usage: mhx {command}" in done.out
    assert "Example: mhx" in done.out or "Options:" in done.out
    assert done.err == ""


@pytest.mark.parametrize("command", ["adapt", "check", "translate", "score", "parity", "agree"])
def test_the_example_of_the_help_is_a_command_with_known_options(command: str, mhx: Mhx) -> None:
    told = mhx(command, "--help").out
    example = " ".join(told.split("Example: ")[1].split("\n\n")[0].split())
    assert example.startswith(f"mhx {command}")
    options = set(re.findall(r"--[a-z-]+", told.split("Options:")[1]))
    assert set(re.findall(r"--[a-z-]+", example)) <= options


def test_version(mhx: Mhx) -> None:
    done = mhx("--version")
    assert (done.code, done.out) == (0, f"mhx {__version__}\n")


def test_the_parser_loads_no_heavy_package() -> None:
    code = (
        "import sys, mhx.cli.app; heavy = {'torch', 'transformers', 'peft', 'polars', 'numpy', "
        "'scipy', 'spacy', 'matplotlib', 'pydantic', 'ruamel', 'lxml', 'datasets'}; "
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_check_loads_neither_torch_nor_spacy() -> None:
    code = (
        "import sys; sys.argv = ['mhx', 'check', 'pl']\n"
        "from mhx.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'spacy', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().split("\n")[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (["adapt", "--lang", "plx"], "pl"),
        (["adapt", "--lang", "pl", "--translator", "apertum"], "apertium"),
        (["adapt", "--lang", "pl", "--until", "gat"], "gate"),
        (["adapt", "--lang", "pl", "--from", "trane"], "train"),
        (["adapt", "--lang", "pl", "--territory", "PX"], "PL"),
        (["adapt", "--lang", "pl", "--suite", "empaty"], "empathy"),
        (["check", "empthy"], "empathy"),
        (["card", "show", "plx"], "pl"),
        (["card", "show", "pl", "--as", "jason"], "json"),
        (["generate", "--lang", "pll", "--prompt", "a"], "pl"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_an_unknown_name_lists_the_known_ones_and_the_nearest(
    arguments: list[str], near: str, mhx: Mhx
) -> None:
    done = mhx(*arguments)
    assert done.code == 1
    assert f"did you mean {near!r}?" in done.err
    assert "known: " in done.err
    assert done.out == ""


def test_an_unknown_measure_is_offered_the_nearest(mhx: Mhx, write: Callable[..., Any]) -> None:
    table = write("a.csv", "response\nI hear you\n")
    done = mhx("score", table, "--measure", "epitom", "--lang", "en")
    assert done.code == 1
    assert "did you mean 'epitome'?" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["frobnicate"],
        ["adapt"],
        ["adapt", "--lang"],
        ["adapt", "--lang", "pl", "--no-such-option"],
        ["adapt", "--lang", "pl", "--limit", "0"],
        ["adapt", "--lang", "pl", "--limit", "many"],
        ["adapt", "--lang", "pl", "--today", "2026-13-01"],
        ["adapt", "--lang", "pl", "--map", "seeker:q"],
        ["purge"],
        ["generate", "--lang", "pl"],
        ["generate", "--lang", "pl", "--prompt", "a", "--probes"],
        ["new", "not_a_tag"],
        ["parity", "x.csv", "--group"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_exits_2_and_says_why(arguments: list[str], mhx: Mhx) -> None:
    done = mhx(*arguments)
    assert done.code == 2
    assert done.err.strip()
    assert "Traceback" not in done.err


def test_stages_out_of_order_are_refused(mhx: Mhx) -> None:
    done = mhx("adapt", "--lang", "pl", "--from", "gate", "--until", "load")
    assert done.code == 1
    assert "--from gate is after --until load — order: load, translate" in done.err


def test_dry_run_writes_nothing(mhx: Mhx, here: Any) -> None:
    done = mhx("adapt", "--lang", "pl", "--dry-run", "--json")
    assert done.code == 0
    assert [row["would"] for row in done.json["stages"]] == ["run"] * 7
    assert done.json["settings"]["lang"] == "pl"
    assert list(here.iterdir()) == []


def test_a_bug_of_ours_exits_3_and_names_the_log() -> None:
    code = (
        "import sys; sys.argv = ['mhx', 'langs']\n"
        "import mhx.cli.plugins as plugins, mhx.cli as cli, mhx.shelves as shelves\n"
        "def broken(**_): raise AssertionError('rows do not add up')\n"
        "shelves.discover = broken\n"
        "cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "a bug in mhx: AssertionError: rows do not add up" in done.stderr
    path = done.stderr.strip().rsplit(" ", 1)[1]
    from pathlib import Path

    log = Path(path)
    assert "Traceback" in log.read_text(encoding="utf-8")
    log.unlink()
