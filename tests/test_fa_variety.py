"""A card that extends another: Persian of Afghanistan (fa-AF) on top of the card of Iran."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mhx.adaptation.rules import adapt_segment, plan_from_test, run_rule_tests
from mhx.api import open_run
from mhx.cards import compose
from mhx.errors import MhxError
from mhx.files import load_model, read_text, write_text
from mhx.language import Language, load_language
from mhx.pipeline import execute
from mhx.run import Silent
from mhx.schema import Card
from mhx.schema.base import Role
from mhx.shelves import Shelves

IRANIAN = ("تومان", "یلدا", "نوروز", "سیزده‌به‌در", "چهارشنبه‌سوری", "فرانشیز", "کنکور", "فنی‌وحرفه‌ای")


@pytest.fixture(scope="module")
def iran(shelves: Shelves) -> Language:
    return load_language("fa", shelves=shelves)


@pytest.fixture(scope="module")
def afghanistan(shelves: Shelves) -> Language:
    return load_language("fa", shelves=shelves, card="fa-AF")


def own(afghanistan: Language) -> Card:
    return load_model(afghanistan.card_path, Card)


def adapted(language: Language, text: str, role: Role = "seeker") -> Any:
    plan = plan_from_test(None, language.manifest.grammar.default_address)
    return adapt_segment(
        text, role=role, risk=False, plan=plan, rules=language.card.rules, hooks=language.hooks
    )


def test_the_card_holds_all_of_its_parents(iran: Language, afghanistan: Language) -> None:
    for entries in ("sources", "facts", "rules", "invariants"):
        parent = {item.id for item in getattr(iran.card, entries)}
        child = {item.id for item in getattr(afghanistan.card, entries)}
        mine = {item.id for item in getattr(own(afghanistan), entries)}
        assert child == parent | mine
    assert afghanistan.card.invariants  # those of base, two cards up


def test_an_entry_of_the_same_id_replaces_the_parents(
    iran: Language, afghanistan: Language
) -> None:
    mine = {rule.id: rule for rule in own(afghanistan).rules}
    replaced = {rule.id for rule in iran.card.rules} & set(mine)
    assert len(replaced) == 14
    for rule in afghanistan.card.rules:
        if rule.id in replaced:
            assert rule == mine[rule.id] and rule.kind == "prefer" and rule.action.replace is None
    names = next(fact for fact in afghanistan.card.facts if fact.id == "fa.surface.name_map")
    assert names.value == {}


def test_every_rule_passes_its_tests_and_names_evidence_that_exists(
    afghanistan: Language,
) -> None:
    card, address = afghanistan.card, afghanistan.manifest.grammar.default_address
    assert run_rule_tests(card, afghanistan.hooks, address) == []
    known = {fact.id for fact in card.facts} | {source.id for source in card.sources}
    assert {name for rule in card.rules for name in rule.evidence} <= known
    for rule in own(afghanistan).rules:
        flags = {test.flagged for test in rule.tests}
        assert flags == {True, False}, f"{rule.id} needs a case that is flagged and one that is not"


def test_what_has_no_source_serves_review_only(afghanistan: Language) -> None:
    for fact in own(afghanistan).facts:
        if fact.certainty == "unverified":
            assert fact.use == ["review"], fact.id
        else:
            assert fact.sources and fact.verified_on, fact.id


@pytest.mark.parametrize(
    ("text", "iranian"),
    [
        ("ماهی ۴۰۰ دلار اجاره می‌دم.", "ماهی چند میلیون تومان اجاره می‌دم."),
        ("سر شام شکرگزاری دعوامون شد.", "سر شام شب یلدا دعوامون شد."),
        ("برای SAT شبانه‌روز می‌خونم.", "برای کنکور شبانه‌روز می‌خونم."),
        ("کسورات بیمه خیلی زیاده.", "فرانشیز بیمه خیلی زیاده."),
    ],
)
def test_iranian_counterparts_are_said_and_not_written(
    iran: Language, afghanistan: Language, text: str, iranian: str
) -> None:
    assert adapted(iran, text).adapted == iranian
    done = adapted(afghanistan, text)
    assert done.adapted == text
    assert [item for item in done.findings if item.severity == "review"]


def test_what_is_not_replaced_still_holds(iran: Language, afghanistan: Language) -> None:
    for text, role in (
        ("ممنون که این را با من به اشتراک گذاشتید.", "supporter"),
        ("تو چی فکر می‌کنی؟", "supporter"),
        ("مي خواهم بخوابم.", "seeker"),
    ):
        done = adapted(afghanistan, text, role)  # type: ignore[arg-type]
        assert done.adapted == adapted(iran, text, role).adapted != text  # type: ignore[arg-type]


def test_local_idioms_are_noted_only_by_the_variety(iran: Language, afghanistan: Language) -> None:
    for text in ("از آن روز جگرخون هستم.", "فشارم بالا می‌رود."):
        noted = {item.code for item in adapted(afghanistan, text).findings}
        assert {code for code in noted if code.startswith("rule.fa_af.r.metaphors")}
        assert not {item.code for item in adapted(iran, text).findings} & noted


def test_an_unknown_parent_is_an_error(
    afghanistan: Language, shelves: Shelves, tmp_path: Path
) -> None:
    path = tmp_path / "culture_card.fa-AF.yaml"
    write_text(path, read_text(afghanistan.card_path))
    with pytest.raises(MhxError, match="'fa', is not found"):
        compose(path, shelves.base_card(), tmp_path)


def test_a_run_with_the_card_goes_to_the_gate(shelves: Shelves, tmp_path: Path) -> None:
    import polars as pl

    run = open_run(
        shelves=shelves, out=tmp_path, reporter=Silent(), lang="fa", card="fa-AF",
        today=date(2026, 11, 21), device="cpu", limit=8,
    )
    execute(run, first=None, last="gate")
    frame = pl.read_parquet(run.path("adapt.parquet")).drop_nulls("adapted")
    assert frame.height > 100
    changed = frame.filter(pl.col("adapted") != pl.col("faithful"))
    assert changed.height
    for faithful, text in changed.select("faithful", "adapted").iter_rows():
        assert not [word for word in IRANIAN if word in text and word not in faithful]
    assert (run.path("gate.parquet")).is_file()
