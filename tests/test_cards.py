"""Cards compose, and every plugin that is found passes its own check."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mhx.cards import compose, coverage, load_card, load_territory
from mhx.check import check_plugin
from mhx.errors import MhxError
from mhx.files import write_text
from mhx.schema.base import DIMENSIONS
from mhx.shelves import Plugin, Shelves, discover

ROOT = Path(__file__).resolve().parents[1]

TODAY = date(2026, 12, 1)
BASE = ROOT / "culture_cards" / "base.yaml"
FOUND = discover(cwd=ROOT)

CARD = """\
id: {id}
version: 0.1.0
extends: {extends}
heterogeneity_note: nobody in particular
sources:
- {{id: S1, cite: {cite}}}
rules:
- id: {rule}
  dimension: language
  kind: normalize
  match: {{regex: '{pattern}'}}
  action: {{replace: '{replace}'}}
  reason: because
  evidence: [S1]
  tests:
  - {{in: a, must: [a]}}
"""


def card(folder: Path, name: str, **values: str) -> Path:
    fill = {
        "id": name,
        "extends": "base",
        "cite": "a page",
        "rule": f"{name}.r",
        "pattern": "x",
        "replace": "y",
        **values,
    }
    path = folder / (f"culture_card.{name}.yaml")
    write_text(path, CARD.format(**fill))
    return path


@pytest.mark.parametrize(
    "plugin", FOUND.plugins.values(), ids=lambda plugin: f"{plugin.shelf}-{plugin.name}"
)
def test_every_plugin_passes_its_check(plugin: Plugin, shelves: Shelves) -> None:
    report = check_plugin(plugin, shelves, today=TODAY)
    assert [str(problem) for problem in report.problems] == []


def test_a_card_has_what_it_extends_and_its_own_comes_first(tmp_path: Path) -> None:
    path = card(tmp_path, "child", extends="parent")
    card(tmp_path, "parent")
    composed = compose(path, BASE, tmp_path)
    assert [rule.id for rule in composed.rules] == ["child.r", "parent.r"]
    assert "base.no_stereotype" in {fact.id for fact in composed.facts}
    assert composed.invariants
    assert composed.id == "child"


def test_an_entry_of_the_same_id_is_replaced_by_the_childs(tmp_path: Path) -> None:
    path = card(tmp_path, "child", extends="parent", rule="r", replace="child", cite="the child's")
    card(tmp_path, "parent", rule="r", replace="parent")
    composed = compose(path, BASE, tmp_path)
    assert [rule.action.replace for rule in composed.rules] == ["child"]
    assert next(source.cite for source in composed.sources if source.id == "S1") == "the child's"


def test_a_card_without_a_parent_is_itself(tmp_path: Path) -> None:
    path = card(tmp_path, "alone", extends="null")
    assert compose(path, BASE, tmp_path).invariants == []


@pytest.mark.parametrize(("first", "second"), [("two", "one"), ("one", "one")])
def test_cards_in_a_circle_are_an_error(tmp_path: Path, first: str, second: str) -> None:
    path = card(tmp_path, "one", extends=first)
    card(tmp_path, "two", extends=second)
    with pytest.raises(MhxError, match="circle"):
        compose(path, BASE, tmp_path)


def test_a_missing_parent_is_named(tmp_path: Path) -> None:
    path = card(tmp_path, "one", extends="nobody")
    with pytest.raises(MhxError, match="'nobody', is not found") as caught:
        compose(path, BASE, tmp_path)
    assert caught.value.problems[0].field == "extends"


def test_an_id_that_is_another_kind_of_entry_in_the_parent_is_a_message(tmp_path: Path) -> None:
    path = card(tmp_path, "one", rule="base.no_stereotype")
    with pytest.raises(MhxError, match="used twice"):
        compose(path, BASE, tmp_path)


def test_coverage_counts_every_dimension(shelves: Shelves) -> None:
    rows = coverage(load_card("es", shelves=shelves))
    assert [row["dimension"] for row in rows] == list(DIMENSIONS)
    assert sum(row["rules"] for row in rows) == len(load_card("es", shelves=shelves).rules)


def test_a_territory_folder_is_named_by_its_code(tmp_path: Path) -> None:
    text = (ROOT / "culture_cards" / "US" / "territory.yaml").read_text(encoding="utf-8")
    write_text(tmp_path / "culture_cards" / "XY" / "territory.yaml", text)
    with pytest.raises(MhxError, match="folder is named 'XY', the code says 'US'"):
        load_territory("XY", shelves=discover(cwd=tmp_path))


def test_a_broken_cue_is_found_by_check_not_after_a_training(tmp_path: Path) -> None:
    from mhx.check import check
    from mhx.scaffold import new_language
    from mhx.shelves import discover

    new_language("xx", name="Test", territory="US", into=tmp_path)
    cues = "origin: {kind: model, name: test, reviewed_by: null}\n"
    cues += "emotional_reactions: {strong: ['(unclosed']}\n"
    cues += "interpretations: {weak: [a]}\nexplorations: {weak: [b]}\n"
    (tmp_path / "languages/xx/empathy_cues.yaml").write_text(cues, encoding="utf-8")
    report = check(discover(extra=[tmp_path]), "xx", today=date(2026, 11, 21))[0]
    assert any("bad regex '(unclosed'" in str(item) for item in report.problems)
