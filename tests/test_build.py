"""`mhx build`: generated files never drift from their sources, and nothing else is written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mhx.cli import main
from mhx.corpus.generated import generated
from mhx.corpus.memory import memory_units
from mhx.corpus.tmx import read_tmx
from mhx.errors import MhxError
from mhx.language import load_language
from mhx.shelves import Shelves, discover

ROOT = Path(__file__).resolve().parents[1]
Run = Callable[..., tuple[int, str, str]]
TAGS = ("en", "pl", "es")
SHADOW = [part for tag in TAGS for part in ("--shadow", tag)]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with copies of languages, which stand before the shipped ones."""
    for tag in TAGS:
        shutil.copytree(
            ROOT / "languages" / tag,
            tmp_path / "languages" / tag,
            ignore=shutil.ignore_patterns("adapters", "__pycache__"),
        )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("MHX_PLUGINS", raising=False)
    return tmp_path


@pytest.fixture
def mhx(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """`mhx build pl ...` in the checkout."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["mhx", "build", "pl", *arguments, *SHADOW])
        capsys.readouterr()
        code = ended(main)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def ended(command: Callable[[], Any]) -> int:
    try:
        return int(command() or 0)
    except SystemExit as error:
        return int(error.code or 0)


def learned(checkout: Path) -> str:
    """A dialogue of the Polish corpus that is in the memory."""
    shelves = discover(cwd=checkout, shadow=TAGS)
    polish, english = (load_language(tag, shelves=shelves) for tag in ("pl", "en"))
    return next(iter(memory_units(polish, english))).origin.partition(".")[0]


def without(name: str, lines: str) -> str:
    """JSON Lines without the dialogue of an id."""
    rows = [line for line in lines.split("\n") if line]
    return "".join(line + "\n" for line in rows if json.loads(line)["id"] != name)


def states(out: str) -> dict[str, str]:
    return {row["file"]: row["state"] for row in json.loads(out)}


def test_what_is_written_is_current_and_is_not_written_twice(mhx: Run, checkout: Path) -> None:
    folder = checkout / "languages" / "pl"
    (folder / "terms.tbx").unlink(missing_ok=True)
    (folder / "memory.tmx").write_text("old", encoding="utf-8")
    code, out, _ = mhx("--json")
    assert code == 0
    assert states(out)["terms.tbx"] == states(out)["memory.tmx"] == "written"
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*.t?x")}
    code, out, _ = mhx("--json")
    assert set(states(out).values()) == {"unchanged"}
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*.t?x")} == before
    assert mhx("--check")[0] == 0


@pytest.mark.parametrize(
    ("source", "file"), [("terms.yaml", "terms.tbx"), ("corpus/dialogues.jsonl", "memory.tmx")]
)
def test_a_changed_source_is_drift_and_nothing_is_written(
    mhx: Run, checkout: Path, source: str, file: str
) -> None:
    mhx()
    folder = checkout / "languages" / "pl"
    path, text = folder / source, (folder / source).read_text(encoding="utf-8")
    if source == "terms.yaml":
        path.write_text(text.replace("gender: masculine", "gender: feminine", 1), encoding="utf-8")
    else:
        path.write_text(without(learned(checkout), text), encoding="utf-8")
    stored = (folder / file).read_bytes()
    code, out, err = mhx("--check", "--json")
    assert code == 1
    drifted = {name for name, state in states(out).items() if state == "drifted"}
    assert drifted == ({file} if source == "terms.yaml" else {file, "corpus/README.md"})
    assert f"{folder / file}: is not what its sources give — mhx build pl" in err
    assert (folder / file).read_bytes() == stored


def test_an_edited_or_missing_file_is_drift(mhx: Run, checkout: Path) -> None:
    mhx()
    folder = checkout / "languages" / "pl"
    (folder / "memory.tmx").unlink()
    path = folder / "terms.tbx"
    path.write_text(path.read_text(encoding="utf-8").replace("lęk", "lek", 1), encoding="utf-8")
    code, out, _ = mhx("--check", "--json")
    assert code == 1
    assert states(out)["memory.tmx"] == "missing"
    assert states(out)["terms.tbx"] == "drifted"


def test_a_left_out_dialogue_gives_no_sentence_to_the_memory(mhx: Run, checkout: Path) -> None:
    shelves = discover(cwd=checkout, shadow=TAGS)
    source = load_language("en", shelves=shelves)
    item = next(one for one in source.source_corpus if one.id == learned(checkout))
    texts = {text for turn in item.turns for text in turn.segments}
    code, _, _ = mhx("--leave-out", item.id, "--out", "elsewhere")
    assert code == 0
    units = list(read_tmx(checkout / "elsewhere" / "pl" / "memory.tmx", "en", "pl"))
    assert units
    assert not texts & {unit.source for unit in units}
    whole = list(memory_units(load_language("pl", shelves=shelves), source))
    assert texts & {unit.source for unit in whole}


def test_leaving_out_needs_another_folder(mhx: Run) -> None:
    code, _, err = mhx("--leave-out", "any")
    assert code == 2
    assert "--out" in err


def test_an_unknown_dialogue_is_named_with_the_nearest(mhx: Run, checkout: Path) -> None:
    known = learned(checkout)
    code, _, err = mhx("--leave-out", f"{known}x", "--out", "elsewhere")
    assert code == 1
    assert f"unknown dialogue '{known}x' — did you mean '{known}'?" in err


def test_the_owner_of_the_sources_has_nothing_made_of_them_but_its_own(shelves: Shelves) -> None:
    english = load_language("en", shelves=shelves)
    assert {"memory.tmx", "terms.tbx"} & set(generated(english, english)) == set()


def test_check_names_a_drifted_file(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = checkout / "languages" / "es" / "terms.tbx"
    path.write_text("old", encoding="utf-8")
    shutil.rmtree(path.parent / "corpus")  # its lint takes seconds
    monkeypatch.setattr("sys.argv", ["mhx", "check", "es", "--json", *SHADOW])
    assert ended(main) == 1
    (report,) = json.loads(capsys.readouterr().out)
    assert f"{path}: is not what its sources give — mhx build es" in report["problems"]


def test_a_source_that_cannot_be_read_is_a_problem(checkout: Path) -> None:
    (checkout / "languages" / "pl" / "terms.yaml").write_text("terms: [", encoding="utf-8")
    shelves = discover(cwd=checkout, shadow=TAGS)
    polish, english = (load_language(tag, shelves=shelves) for tag in ("pl", "en"))
    with pytest.raises(MhxError, match="not YAML"):
        generated(polish, english)
