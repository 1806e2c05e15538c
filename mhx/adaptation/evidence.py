"""What an edit rests on: the facts and sources of the card entry that it cites."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mhx.schema import Card, Edit


def evidence_of(card: Card) -> dict[str, list[str]]:
    """Rule or fact id → ids of the facts and sources that it rests on (a fact: also itself)."""
    facts = {fact.id: [fact.id, *fact.sources] for fact in card.facts}
    rules = {
        rule.id: list(
            dict.fromkeys(one for item in rule.evidence for one in facts.get(item, [item]))
        )
        for rule in card.rules
    }
    return {**facts, **rules}


def with_evidence(edits: Iterable[Edit], known: Mapping[str, list[str]]) -> list[Edit]:
    """The edits, each with its entry's evidence where it names none itself."""
    return [
        edit
        if edit.evidence or edit.rule not in known
        else edit.model_copy(update={"evidence": known[edit.rule]})
        for edit in edits
    ]
