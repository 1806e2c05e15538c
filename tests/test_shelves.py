"""Plugins are folders: found without a reinstall, told apart, and their code never run unasked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from mhx.check import check_plugin
from mhx.errors import MhxError
from mhx.files import read_text, write_text
from mhx.language import load_language
from mhx.scaffold import new_language
from mhx.shelves import Shelves, discover

ROOT = Path(__file__).resolve().parents[1]

TODAY = date(2026, 12, 1)


def found(tmp_path: Path, **options: object) -> Shelves:
    return discover(cwd=tmp_path, **options)


def language(into: Path, tag: str = "xx") -> Path:
    new_language(tag, name="Exish", territory="US", into=into)
    return into / "languages" / tag


def territory(into: Path, code: str = "US", *, number: str = "988") -> Path:
    text = read_text(ROOT / "culture_cards" / code / "territory.yaml")
    target = into / "culture_cards" / code / "territory.yaml"
    write_text(target, text.replace('number: "988"', f'number: "{number}"'))
    return target


def test_a_dropped_in_folder_is_a_language(tmp_path: Path) -> None:
    language(tmp_path)
    shelves = found(tmp_path)
    assert "xx" in shelves.names("languages")
    assert shelves.get("languages", "xx").origin == "working directory"
    assert load_language("xx", shelves=shelves).manifest.name == "Exish"


def test_the_norwegian_folder_is_a_language(tmp_path: Path) -> None:
    folder = language(tmp_path, "no")
    assert "tag: no " in read_text(folder / "language.yaml")
    assert load_language("no", shelves=found(tmp_path)).manifest.tag == "no"


def test_a_scaffolded_language_passes_its_check_as_a_draft(tmp_path: Path) -> None:
    language(tmp_path, "pt-BR")
    shelves = found(tmp_path)
    report = check_plugin(shelves.get("languages", "pt-BR"), shelves, today=TODAY)
    assert report.problems == []
    assert any("for bronze" in note for note in report.notes)


def test_a_template_and_a_folder_without_a_manifest_are_no_plugins(tmp_path: Path) -> None:
    (tmp_path / "languages" / "empty").mkdir(parents=True)
    shutil.copytree(ROOT / "languages" / "_template", tmp_path / "languages" / "_template")
    assert not {"empty", "_template"} & set(found(tmp_path).names("languages"))


def test_a_name_that_is_not_the_tag_is_an_error_with_its_place(tmp_path: Path) -> None:
    folder = language(tmp_path)
    folder.rename(folder.with_name("yy"))
    with pytest.raises(MhxError, match="folder is named 'yy', the tag says 'xx'") as caught:
        _ = load_language("yy", shelves=found(tmp_path)).manifest
    assert caught.value.problems[0].field == "tag"


def test_an_unknown_name_offers_the_nearest(tmp_path: Path) -> None:
    language(tmp_path, "swa")
    with pytest.raises(MhxError, match=r"did you mean 'swa'\?"):
        found(tmp_path).get("languages", "swc")


@pytest.mark.parametrize("deep", [True, False], ids=["shelves", "one plugin folder"])
def test_plugins_option_takes_shelves_or_one_folder(tmp_path: Path, deep: bool) -> None:
    folder = language(tmp_path / "there")
    given = tmp_path / "there" if deep else folder
    shelves = discover(extra=[given], cwd=tmp_path)
    assert shelves.get("languages", "xx").origin == "--plugins"


def test_mhx_plugins_names_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    language(tmp_path / "one", "xa")
    language(tmp_path / "two", "xb")
    places = [str(tmp_path / "one"), str(tmp_path / "two")]
    monkeypatch.setenv("MHX_PLUGINS", os.pathsep.join(places))
    assert {"xa", "xb"} <= set(found(tmp_path).names("languages"))
    monkeypatch.setenv("MHX_PLUGINS", str(tmp_path / "none"))
    with pytest.raises(MhxError, match="no such folder"):
        found(tmp_path)


def test_an_installed_distribution_brings_shelves_whose_code_runs(tmp_path: Path) -> None:
    package = tmp_path / "site" / "mhx_swahili"
    write_text(package / "__init__.py", "")
    folder = language(package)
    write_text(folder / "hooks.py", "def normalize(text):\n    return text.upper()\n")
    info = tmp_path / "site" / "mhx_swahili-1.0.dist-info"
    write_text(info / "METADATA", "Metadata-Version: 2.1\nName: mhx-swahili\nVersion: 1.0\n")
    write_text(info / "entry_points.txt", "[mhx.shelves]\nswahili = mhx_swahili\n")
    code = (
        "from mhx.language import load_language\nfrom mhx.shelves import discover\n"
        "shelves = discover()\nprint(shelves.get('languages', 'xx').origin)\n"
        "print(load_language('xx', shelves=shelves).hooks.normalize('abc'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
    )
    assert done.stdout.split("\n")[:2] == ["distribution swahili", "ABC"]


# ---------------------------------------------------------------- one name, two places


def test_one_name_in_two_places_shows_both_and_the_services_that_differ(tmp_path: Path) -> None:
    here = territory(tmp_path, number="555 0100")
    with pytest.raises(MhxError) as caught:
        found(tmp_path)
    (problem,) = caught.value.problems
    text = str(problem)
    assert problem.path == here
    assert str(ROOT / "culture_cards" / "US") in text
    assert "us.988 (988 / 555 0100)" in text
    assert "us.911" not in text
    assert "--shadow US" in text


@pytest.mark.parametrize(
    "services", ["services:\n", "services: none\n", "services: [911]\n", "[]\n"]
)
def test_a_clash_with_a_broken_territory_is_still_a_message(tmp_path: Path, services: str) -> None:
    write_text(tmp_path / "culture_cards" / "US" / "territory.yaml", services)
    with pytest.raises(MhxError, match="is in two places"):
        found(tmp_path)


def test_the_same_folder_twice_is_no_clash(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "culture_cards" / "US", tmp_path / "culture_cards" / "US")
    assert found(tmp_path).get("culture_cards", "US").origin == "shipped"


def test_shadow_lets_the_later_place_win(tmp_path: Path) -> None:
    here = territory(tmp_path, number="555 0100")
    assert found(tmp_path, shadow=["US"]).get("culture_cards", "US").manifest == here


def test_all_clashes_are_reported_together(tmp_path: Path) -> None:
    territory(tmp_path, number="555 0100")
    language(tmp_path, "en")
    with pytest.raises(MhxError) as caught:
        found(tmp_path)
    assert len(caught.value.problems) == 2


# ---------------------------------------------------------------- foreign code


def test_foreign_code_does_not_run_and_the_error_names_file_and_flag(tmp_path: Path) -> None:
    folder = language(tmp_path)
    mark = tmp_path / "ran"
    write_text(folder / "hooks.py", f"open({str(mark)!r}, 'w').close()\n")
    with pytest.raises(MhxError) as caught:
        _ = load_language("xx", shelves=found(tmp_path)).hooks
    (problem,) = caught.value.problems
    assert problem.path == folder / "hooks.py"
    assert "--allow-code" in problem.fix
    assert not mark.exists()
    _ = load_language("xx", shelves=found(tmp_path, allow_code=True)).hooks
    assert mark.exists()


def test_foreign_code_is_not_run_by_check_either(tmp_path: Path) -> None:
    folder = language(tmp_path)
    write_text(folder / "hooks.py", "raise SystemExit('ran')\n")
    shelves = found(tmp_path)
    report = check_plugin(shelves.get("languages", "xx"), shelves, today=TODAY)
    assert any("--allow-code" in str(problem) for problem in report.problems)


def test_missing_hooks_fall_back_to_the_defaults(tmp_path: Path) -> None:
    folder = language(tmp_path)
    write_text(folder / "hooks.py", "def normalize(text):\n    return text.lower()\n")
    hooks = load_language("xx", shelves=found(tmp_path, allow_code=True)).hooks
    assert hooks.normalize("A  B") == "a  b"
    assert hooks.split_sentences("One. Two.") == ["One.", "Two."]
    assert hooks.inflect("word", "gen") == "word"


@pytest.mark.parametrize(
    "code",
    ["import nowhere_at_all\n", "def broken(:\n", "value = undefined_name\n", "1 / 0\n"],
    ids=["import", "syntax", "name", "arithmetic"],
)
def test_code_that_cannot_be_loaded_is_the_plugins_problem_with_its_path(
    tmp_path: Path, code: str
) -> None:
    folder = language(tmp_path)
    write_text(folder / "hooks.py", code)
    with pytest.raises(MhxError) as caught:
        _ = load_language("xx", shelves=found(tmp_path, allow_code=True)).hooks
    assert caught.value.problems[0].path == folder / "hooks.py"


# ---------------------------------------------------------------- broken folders


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("language.yaml", "tag: [\n"),
        ("language.yaml", "tag: xx\n"),
        ("culture_card.yaml", "id: xx\n"),
        ("tests.yaml", "crisis: 3\n"),
        ("prompts.yaml", "system: 'Call 988.'\n"),
        ("train.yaml", "lora: {r: 0}\n"),
        ("probes.yaml", "{}\n"),
        ("corpus/a.jsonl", '{"id": "x"}\n{\n'),
        ("culture_card.xx-YY.yaml", "id: 3\n"),
    ],
)
def test_a_broken_file_of_a_plugin_is_reported_with_its_path(
    tmp_path: Path, name: str, content: str
) -> None:
    folder = language(tmp_path)
    write_text(folder / name, content)
    shelves = found(tmp_path)
    report = check_plugin(shelves.get("languages", "xx"), shelves, today=TODAY)
    assert not report.ok
    assert any(Path(str(problem.path)) == folder / name for problem in report.problems)


def test_check_collects_problems_of_several_files(tmp_path: Path) -> None:
    folder = language(tmp_path)
    for name in ("tests.yaml", "train.yaml", "prompts.yaml"):
        write_text(folder / name, "wrong: 1\n")
    shelves = found(tmp_path)
    report = check_plugin(shelves.get("languages", "xx"), shelves, today=TODAY)
    assert {Path(str(problem.path)).name for problem in report.problems} >= {
        "tests.yaml",
        "train.yaml",
        "prompts.yaml",
    }


def test_scaffolding_overwrites_nothing_and_refuses_what_is_no_tag(tmp_path: Path) -> None:
    language(tmp_path)
    with pytest.raises(MhxError, match="already there"):
        language(tmp_path)
    for tag in ("../up", "POLISH", "", "p"):
        with pytest.raises(MhxError, match="not a language tag"):
            language(tmp_path, tag)
