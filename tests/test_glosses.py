"""Glosses of the cards: a reader of English alone can follow every edit a rule makes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from mhx.adaptation.plan import name_map
from mhx.evaluation.corpus import explanation
from mhx.language import load_language
from mhx.schema import Rule
from mhx.shelves import discover

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 110


@cache
def edits_of(tag: str) -> tuple[Rule, ...]:
    """The rules of a card that change a text, by themselves or through the language's hooks."""
    card = load_language(tag, shelves=discover(cwd=ROOT)).card
    return tuple(
        rule
        for rule in card.rules
        if rule.id.startswith(f"{tag}.")
        and (rule.action.replace is not None or rule.match.entity or rule.match.feature)
    )


def faults(rule: Rule) -> list[str]:
    """What keeps a rule's gloss from being one plain line of English with both sides."""
    gloss = rule.gloss or ""
    before, arrow, after = (part.strip() for part in gloss.partition("→"))
    return [
        fault
        for fault, found in (
            ("no arrow", arrow != "→"),
            ("an empty side", not before or not after),
            ("both sides are equal", before == after),
            ("more than one arrow", "→" in after),
            ("quotes that are not straight", any(sign in gloss for sign in '"‘’“”„«»')),
            ("a quote that is not closed", gloss.count("'") % 2 == 1),
            ("too long", len(gloss) > LONGEST),
            ("letters of another script", any("؀" <= sign <= "ۿ" for sign in gloss)),
            ("the replacement untranslated", _untranslated(rule, after)),
        )
        if found
    ]


def _untranslated(rule: Rule, after: str) -> bool:
    """The gloss repeats a replacement of several words: it does not say it in English."""
    target = (rule.action.replace or "").strip()
    return " " in target and "\\" not in target and target.lower() in after.lower()


@pytest.mark.parametrize("tag", ["pl", "fa", "es"])
def test_every_edit_of_the_shipped_cards_is_glossed(tag: str) -> None:
    rules = edits_of(tag)
    assert len(rules) > 40
    assert {rule.id: faults(rule) for rule in rules if faults(rule)} == {}


@pytest.mark.parametrize("tag", ["pl", "fa", "es"])
def test_a_reason_stands_alone(tag: str) -> None:
    """An edit is shown without its neighbours: its reason is no note on the rule before it."""
    short = {
        rule.id: rule.reason
        for rule in edits_of(tag)
        if len(rule.reason.split()) < 4 or rule.reason.startswith(("The same", "Same"))
    }
    assert short == {}


@pytest.mark.parametrize(
    ("gloss", "fault"),
    [
        (None, "no arrow"),
        ("'I run on an empty tank'", "no arrow"),
        ("'on fumes' → ", "an empty side"),
        ("'on fumes' → 'on fumes'", "both sides are equal"),
        ("'on an empty tank → 'on fumes'", "a quote that is not closed"),
        ("“on an empty tank” → 'on fumes'", "quotes that are not straight"),
        ("'on an empty tank' → 'na oparach'", "the replacement untranslated"),
        ("'on an empty tank' → 'on fumes' → 'tired'", "more than one arrow"),
        ("'on an empty tank' → 'جان'", "letters of another script"),
        ("'on an empty tank' → 'on fumes'" + " and so on" * 9, "too long"),
    ],
)
def test_a_planted_fault_is_found(gloss: str | None, fault: str) -> None:
    rule = next(one for one in edits_of("pl") if one.id == "pl.r.metaphors.running_empty")
    assert faults(rule) == []
    assert fault in faults(rule.model_copy(update={"gloss": gloss}))


@pytest.mark.parametrize("tag", ["pl", "fa", "es"])
def test_an_edit_of_a_name_is_explained_by_the_rule_for_names(tag: str) -> None:
    card = load_language(tag, shelves=discover(cwd=ROOT)).card
    entry, mapping = name_map(card)
    assert mapping
    told = explanation(card, {"rule": entry})
    assert "given name" in told["gloss"]
    assert told["reason"]
    assert explanation(card, {"rule": "no.such.entry"}) == {"reason": "", "gloss": ""}
