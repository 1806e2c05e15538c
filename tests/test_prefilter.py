"""What patterns demand of a text, and that the index never keeps a match from being looked for."""

from __future__ import annotations

import random

import pytest
import regex

from mhx.adaptation import rules
from mhx.adaptation.literals import ODD, demanded
from mhx.adaptation.prefilter import Prefilter
from mhx.language import load_language

LANGUAGES = ("en", "pl", "fa", "es")


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        (r"\bmam dość (?:życia|wszystkiego)\b", {"mam dość życia", "mam dość wszystkiego"}),
        (r"\bbrzmi(?: to)? jak", {"brzmi jak", "brzmi to jak"}),
        (r"(?P<who>[Tt]e|[Ll]e) (?:escucho|oigo)", {"te escucho", "te oigo", "le escucho",
                                                    "le oigo"}),
        (r"samobój\p{L}*", {"samobój"}),
        (r"(?:ab)+c", {"ab"}),
        (r"x{2,3}yz", {"yz"}),
        (r"suena (?=un|una)", {"suena "}),
        (r"(?<!że )dzielna", {"dzielna"}),
        (r"\d+ (?:mg|gram)", {" mg", " gram"}),
        (r"a\.b\-c", {"a.b-c"}),
        (r"caf\u00e9", {"café"}),
        (r"(?i)KOT", {"kot"}),
        ("ſub", {"ub"}),
    ],
)
def test_literals_of_which_a_match_holds_one(pattern: str, wanted: set[str]) -> None:
    assert demanded(pattern) == frozenset(wanted)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\p{L}+", r"a?", r"a*b*", r"(?:abc|\w+)", r"[^a]", r"(?:abc)?", "(?!abc)", r"\w{2,}",
        r"(?:foo){e<=1}", r"[[a-z]--[b]]x", r"\L<names>", r"(?|abc|def)", r"(?(1)abc|def)",
        r"(a)?\10", r"(a)?\12b",
        "abc(", "abc)", "[abc", r"abc\N{BULLET}", r"(?x) a b c",
    ],
)
def test_nothing_is_demanded_where_that_cannot_be_told(pattern: str) -> None:
    assert demanded(pattern) is None


def test_letters_are_compared_in_small_letters_only_where_the_engine_does_so_too() -> None:
    every = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    assert all(len(one.lower()) == 1 and not ODD.search(one.lower())
               for one in every if not ODD.search(one))
    cased = "".join(regex.findall(
        r"[\p{Changes_When_Casemapped}\p{Changes_When_Casefolded}]", every))
    plain = [one for one in cased if not ODD.search(one)]
    assert len(plain) > 300
    for one in plain:
        alike = regex.findall(regex.escape(one), cased, regex.IGNORECASE)
        assert {two.lower() for two in alike if not ODD.search(two)} == {one.lower()}


def _patterns(language: str) -> list[str]:
    found = load_language(language)
    card = [] if language == "en" else found.card.rules
    listed = [rule.match.regex for rule in card if rule.match.regex]
    for cues in (found.risk_cues, found.clinical_cues):
        assert cues is not None
        for value in cues.model_dump().values():
            groups = value.values() if isinstance(value, dict) else [value]
            listed += [item for group in groups if isinstance(group, list)
                       for item in group if isinstance(item, str)]
    return listed


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_match_of_a_shipped_pattern_is_lost(language: str) -> None:
    patterns = _patterns(language)
    assert len(patterns) > 60
    known = sum(demanded(pattern) is not None for pattern in patterns)
    assert known > 0.95 * len(patterns), "the prefilter should know nearly all of them"
    draw = random.Random(1)
    corpus = load_language("en").source_corpus if language == "en" else load_language(
        language).corpus
    texts = [part if isinstance(part, str) else part.adapted
             for item in draw.sample(corpus, 12) for turn in item.turns for part in turn.segments]
    # pieces of the patterns themselves: what they look for stands in such texts
    pieces = [piece for pattern in patterns for piece in sorted(demanded(pattern) or ())[:3]]
    texts += [" ".join(draw.sample(pieces, 8)) for _ in range(150)]
    texts += [text.upper() for text in texts[-60:]] + [f"{text} ſK" for text in texts[-20:]]
    compiled = [regex.compile(pattern, regex.IGNORECASE) for pattern in patterns]
    index = Prefilter(map(demanded, patterns))
    matches = skipped = 0
    for text in texts:
        near = set(index.near(text))
        skipped += len(patterns) - len(near)
        for number, pattern in enumerate(compiled):
            if pattern.search(text):
                matches += 1
                assert number in near, (patterns[number], text)
    assert matches > 200
    assert skipped > 0.5 * len(texts) * len(patterns)


def test_near_gives_what_may_be_there_in_order() -> None:
    index = Prefilter([["Warsaw"], None, ["no", "never"], [], ["straße"]])
    assert index.near("In WARSAW") == [0, 1]
    assert index.near("oh no") == [1, 2]
    assert index.near("nothing there") == [1, 2]
    assert index.near("auf der Straße") == [1, 4]
    assert list(index.near("odd: ſ")) == [0, 1, 2, 3, 4], "not reasoned about: all are looked for"
    assert index.near("") == [1]


def test_cues_see_what_an_earlier_one_opened() -> None:
    assert rules.without([r"\bnot\b", r"\.  a"], "not a. b") == ". . b"
    assert rules.finds(["(?:x+)+y"], "nothing of the kind") is False
    assert rules.count([r"\bno\b", r"never"], "No, never, no") == 3


def test_rules_that_changed_are_not_taken_for_the_old_ones() -> None:
    card = load_language("pl").card.rules
    rule = next(one for one in card if one.match.regex and one.action.replace)
    rule = rule.model_copy(update={"scope": rule.scope.model_copy(update={
        "role": "any", "when": "always"})})
    first = rules._active(rules._Rules([rule]), "seeker", risk=False)
    changed = rule.model_copy(update={"id": "other"})
    second = rules._active(rules._Rules([changed]), "seeker", risk=False)
    assert [item.id for item in (*first.rules, *second.rules)] == [rule.id, "other"]
    assert rules._active(rules._Rules([rule]), "seeker", risk=False) is first
