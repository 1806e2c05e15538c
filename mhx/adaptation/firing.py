"""Which rules of a card do anything on the dialogues that a language ships."""

from __future__ import annotations

from mhx.adaptation.rules import adapt_segment, plan_from_test
from mhx.language import Language
from mhx.schema import Plan, Rule
from mhx.schema.base import Role


def idle_rules(language: Language) -> list[dict[str, str]]:
    """Rules (id and kind) that do nothing in the shipped corpus, in the card's order.

    The corpus is the language's authored faithful text, all splits, or the source dialogues of a
    language that owns its text; without one no rule is idle. A rule fires where it edits or
    flags; a feature's where a hook finds its fault in the text as it stood; a name's where a name
    of the plan is put in.
    """
    fired: set[str] = set()
    rows = _rows(language)
    for text, role, risk, plan in rows:
        done = adapt_segment(
            text, role=role, risk=risk, plan=plan, rules=language.card.rules, hooks=language.hooks
        )
        names = {entity.rule for entity in plan.entities if entity.kind == "person_name"}
        fired.update("names" if edit.rule in names else edit.rule for edit in done.edits)
        found = [*language.hooks.analyze(text, role, plan), *done.findings]
        fired.update(item.code.removeprefix("rule.") for item in found)
        fired.update(item.code.partition(".")[0] for item in found)
    return [
        {"rule": rule.id, "kind": rule.kind}
        for rule in language.card.rules
        if rows and not _marks(rule) & fired
    ]


def _marks(rule: Rule) -> set[str]:
    """What in the edits and findings shows that the rule did something."""
    if rule.match.entity:
        return {rule.id, "names"}
    return {rule.id, rule.match.feature} if rule.match.feature else {rule.id}


def _rows(language: Language) -> list[tuple[str, Role, bool, Plan]]:
    """Text, role, risk and plan of every shipped segment."""
    if language.tag == "en":
        plan = plan_from_test(None, language.manifest.grammar.default_address)
        return [
            (text, turn.role, turn.risk, plan)
            for item in language.source_corpus
            for turn in item.turns
            for text in turn.segments
        ]
    return [
        (part.faithful, turn.role, number in item.plan.risk_turns, item.plan)
        for item in language.corpus
        for number, turn in enumerate(item.turns)
        for part in turn.segments
    ]
