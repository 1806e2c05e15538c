"""docs/translation.md against the shelf: every engine is on it, every code engines give."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import pytest

from mhx.engines.names import engine_names
from mhx.seq2seq.checks import Failure
from mhx.shelves import Shelves

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/translation.md").read_text(encoding="utf-8")
SOURCES = [
    *(ROOT / "translation").glob("*/backend.py"),
    *(ROOT / "mhx/endpoint").glob("*.py"),
    ROOT / "mhx/engines/answers.py",
    ROOT / "mhx/engines/apy.py",
]
GIVEN = re.compile(
    r"(?:failure=|failure = |Completion\(None, |Wrong\(|None, |_none\()\"([a-z_]+)\""
)


def codes() -> set[str]:
    """Failure codes in the engines' sources."""
    found = {code for path in SOURCES for code in GIVEN.findall(path.read_text(encoding="utf-8"))}
    return found | set(typing.get_args(Failure))


def test_every_engine_of_the_shelf_is_on_the_page(shelves: Shelves) -> None:
    rows = set(re.findall(r"^\| `(\w+)`", PAGE, re.MULTILINE))
    assert set(shelves.names("translation")) <= rows


def test_the_sources_are_searched_for_real() -> None:
    assert {"not_in_memory", "stopped", "refused", "budget", "unparsable", "timeout"} <= codes()


@pytest.mark.parametrize("code", sorted(codes()))
def test_every_failure_code_is_on_the_page(code: str) -> None:
    assert f"`{code}`" in PAGE


def test_every_chain_on_the_page_can_be_read(shelves: Shelves) -> None:
    chains = re.findall(r"--(?:back-)?translator ([a-z]\S*)", PAGE.split("## Engines")[0])
    assert len(chains) == 6
    for chain in chains:
        for name in engine_names(chain.rstrip("`")):
            shelves.get("translation", name.name)
