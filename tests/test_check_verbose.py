"""`mhx check --verbose`: what is counted, what never fires, what is due."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from mhx.adaptation.firing import idle_rules
from mhx.adaptation.resolver import NEAR
from mhx.check import Report, check
from mhx.files import read_text, write_text
from mhx.language import load_language
from mhx.scaffold import new_language
from mhx.schema.base import DIMENSIONS
from mhx.shelves import Shelves, discover

DAY, DUE = date(2026, 12, 1), date(2027, 2, 20)


def one(shelves: Shelves, name: str, day: date = DAY, *, verbose: bool = False) -> Report:
    (report,) = check(shelves, name, today=day, verbose=verbose)
    return report


@pytest.fixture
def scaffold(tmp_path: Path) -> Path:
    """The folder of a new language that has no corpus."""
    new_language("xx", name="Test", territory="US", into=tmp_path)
    return tmp_path / "languages" / "xx"


def test_facts_are_counted_by_certainty_and_dimension(shelves: Shelves) -> None:
    report = one(shelves, "es")
    card = load_language("es", shelves=shelves).card
    assert sum(report.certainty.values()) == len(card.facts)
    assert [row["dimension"] for row in report.coverage] == list(DIMENSIONS)
    assert report.idle_rules is None  # not asked for


@pytest.mark.parametrize("code", ["PL", "IR", "US", "ES"])
def test_a_territory_counts_all_it_lists(code: str, shelves: Shelves) -> None:
    report = one(shelves, code)
    assert sum(report.certainty.values()) == sum(report.counts.values())
    assert report.certainty.get("verified", 0) == 0  # nobody reviewed any of it


def test_a_dimension_without_a_fact_says_so(scaffold: Path) -> None:
    shelves = discover(extra=[scaffold.parents[1]])
    card = read_text(scaffold / "culture_card.yaml").replace("extends: base", "extends: null")
    write_text(scaffold / "culture_card.yaml", card)
    empty = {name for name in DIMENSIONS if name not in ("language", "methods")}
    assert {f"no fact of dimension {name}" for name in empty} <= set(one(shelves, "xx").notes)


def test_passed_and_failed_tests_are_counted(scaffold: Path) -> None:
    path = scaffold / "tests.yaml"
    cases = "risk:\n- {name: a, in: x, level: none}\n- {name: b, in: y, level: explicit}\n"
    write_text(path, read_text(path).replace("crisis: []", cases + "crisis: []"))
    card = scaffold / "culture_card.yaml"
    write_text(card, read_text(card).replace('{in: "...!", out: "...!"}', '{in: "!!!", out: "x"}'))
    report = one(discover(extra=[scaffold.parents[1]]), "xx")
    assert report.tests["rules"] == {"passed": 1, "total": 2}
    assert report.tests["risk"] == {"passed": 1, "total": 2}
    assert report.tests["crisis"] == {"passed": 0, "total": 0}
    assert not report.ok


def test_the_shipped_tests_all_pass_and_are_counted(shelves: Shelves) -> None:
    report = one(shelves, "es")
    assert report.tests["rules"]["total"] == report.counts["rule tests"]
    assert all(tally["passed"] == tally["total"] for tally in report.tests.values())


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (DUE - NEAR - timedelta(days=1), None),
        (DUE - NEAR, "near"),
        (DUE, "near"),
        (DUE + timedelta(days=1), "expired"),
    ],
)
def test_a_service_is_near_its_recheck_and_then_expired(
    day: date, state: str | None, shelves: Shelves
) -> None:
    report = one(shelves, "PL", day)
    states = {row["entry"]: row["state"] for row in report.expiring}
    assert states.get("pl.crisis.112") == state
    assert report.next_recheck == DUE
    said = " ".join(report.notes)
    assert ("pl.crisis.112: to be re-checked by 2027-02-20" in said) == (state == "near")
    assert ("pl.crisis.112 was to be re-checked by" in said) == (state == "expired")


def test_a_rule_that_edits_or_flags_is_not_idle_and_a_planted_one_is(shelves: Shelves) -> None:
    language = load_language("es", shelves=shelves)
    idle = {row["rule"] for row in idle_rules(language)}
    listed = {
        edit.rule
        for item in language.corpus
        for turn in item.turns
        for part in turn.segments
        for edit in part.edits
    }
    assert idle < {rule.id for rule in language.card.rules}
    busy = {rule.id for rule in language.card.rules} - idle
    assert busy & listed  # the rules that the authors' own edits cite do fire
    never = language.card.rules[0].model_copy(
        update={"id": "planted", "match": language.card.rules[0].match.model_copy(
            update={"regex": "qqqq", "entity": None, "feature": None})}
    )
    card = language.card.model_copy(update={"rules": [*language.card.rules, never]})
    object.__setattr__(language, "card", card)
    assert {row["rule"] for row in idle_rules(language)} == idle | {"planted"}


def test_without_a_corpus_no_rule_is_called_idle(scaffold: Path) -> None:
    shelves = discover(extra=[scaffold.parents[1]])
    assert one(shelves, "xx", verbose=True).idle_rules == []
