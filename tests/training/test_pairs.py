"""Preference pairs: the rejected answer breaks one rule, as the project's own analyzers see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mhx.adaptation.resolver import SLOT
from mhx.cli.app import app
from mhx.corpus.privacy import latin_digits
from mhx.errors import UsageError
from mhx.language import Language, load_language
from mhx.schema import Plan
from mhx.scoring.cues import flagged
from mhx.training import pairs
from mhx.training.pair_checks import Checks, foreign_services

DIALOGUES = 10  # of the train split: all rules occur in them


@pytest.fixture(scope="module")
def english() -> Language:
    return load_language("en")


@pytest.fixture(scope="module", params=["pl", "fa"])
def compiled(request: pytest.FixtureRequest, english: Language) -> Iterator[Any]:
    """(language, plans by dialogue, what was compiled) of a few train dialogues with services."""
    language = load_language(request.param)
    real = pairs.train_talks

    def few(language: Language, source: Language) -> Iterator[pairs.Talk]:
        with_slots = (talk for talk in real(language, source)
                      if any(SLOT.search(text) for _, said in talk.turns for text in said))
        yield from islice(with_slots, DIALOGUES)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "train_talks", few)
        plans = {talk.id: talk.plan for talk in few(language, english)}
        yield language, plans, pairs.compile_pairs(language, english)


def broken(language: Language, text: str, plan: Plan) -> set[str]:
    """Rules that a turn breaks, by the analyzers themselves and by no code of the pairs."""
    assert language.cues is not None
    assert language.cues.invalidation is not None
    assert language.cues.claims_of_feeling is not None
    found = set()
    for part in language.hooks.split_sentences(text):
        for item in language.hooks.analyze(part, "supporter", plan):
            if item.code.startswith("gender.") or item.code.endswith("_gender"):
                found.add("gender")
            elif item.code.startswith("address."):
                found.add("register")
    if flagged(text, language.cues.invalidation):
        found.add("invalidation")
    if flagged(text, language.cues.claims_of_feeling):
        found.add("feeling")
    if any(name in text for name in ("Emergency services", "Lifeline", "Hotline")):
        found.add("service")
    return found


def test_the_rejected_answer_breaks_its_rule_alone_and_the_chosen_one_none(compiled: Any) -> None:
    language, plans, found = compiled
    for pair in found.pairs:
        plan = plans[pair.id.partition(":")[0]]
        assert broken(language, pair.rejected, plan) == {pair.rule}, pair.id
        assert broken(language, pair.chosen, plan) == set(), pair.id
        assert {item.rule for item in pair.evidence} == {pair.rule}
        assert all(item.words and item.rests_on for item in pair.evidence), pair.id


def test_every_rule_that_the_language_has_is_made(compiled: Any) -> None:
    language, _, found = compiled
    made = {pair.rule for pair in found.pairs}
    assert made == set(pairs.RULES) - ({"gender"} if language.tag == "fa" else set())
    reasons = {row["rule"]: row["why"] for row in found.rows() if row["why"]}
    assert reasons == ({"gender": "the language has no grammatical gender"}
                       if language.tag == "fa" else {})
    assert len({pair.id for pair in found.pairs}) == len(found.pairs)


def test_no_pair_holds_a_digit_that_the_corpus_has_not(compiled: Any) -> None:
    for pair in compiled[2].pairs:
        digits = [[char for char in latin_digits(SLOT.sub("", text)) if char.isdigit()]
                  for text in (pair.rejected, pair.chosen)]
        assert sum(map(len, digits[:1])) <= sum(map(len, digits[1:])), pair.id


def test_the_prompt_is_the_talk_before_and_only_train_dialogues_are_used(
    compiled: Any, english: Language
) -> None:
    train = {item.id for item in english.source_corpus if item.split == "train"}
    for pair in compiled[2].pairs:
        roles = [message["role"] for message in pair.prompt]
        assert roles[0] == "system"
        assert roles[-1] == "user"
        assert pair.id.partition(":")[0] in train


def test_a_phrase_with_a_second_fault_is_seen_as_two(english: Language) -> None:
    polish = load_language("pl")
    plan = next(item.plan for item in polish.corpus if item.plan.supporter_to_seeker == "pan")
    checks = Checks(polish, foreign_services(polish, english.territory))
    met = {item.rule for item in checks.of("Weź się w garść!", plan, risk=False)}
    assert met == {"invalidation", "register"}
    assert {item.rule for item in checks.of("Niech się Pan weźmie w garść.", plan.model_copy(
        update={"seeker": plan.seeker.model_copy(update={"gender": "female"})}), risk=False)
    } == {"invalidation", "gender"}


def test_a_language_without_hooks_gets_only_what_can_be_proven(english: Language) -> None:
    spanish = load_language("es")
    found = pairs.compile_pairs(spanish, english)
    assert {pair.rule for pair in found.pairs} == {"service"}
    assert {row["rule"] for row in found.rows() if row["why"]} == set(pairs.RULES) - {"service"}
    with pytest.raises(UsageError, match="rules are register"):
        pairs.compile_pairs(spanish, english, rules=["tone"])


def test_the_command_writes_pairs_as_trl_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    arguments = ["pairs", "--lang", "es", "--into", str(path), "--json"]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == sum(row["pairs"] for row in json.loads(done.stdout)["rules"]) > 0
    assert [message["role"] for message in rows[0]["chosen"]] == ["assistant"]
    assert rows[0]["origin"]["reviewed_by"] is None
    before = path.read_bytes()
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert path.read_bytes() == before
