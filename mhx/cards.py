"""Culture cards and territories: loading, composing what a card extends, listing coverage."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from mhx.errors import MhxError, Problem
from mhx.files import load_model, parse_model
from mhx.schema import Card, Territory
from mhx.schema.base import DIMENSIONS
from mhx.shelves import Shelves, default_shelves


def compose(path: Path, base: Path, folder: Path) -> Card:
    """The card at `path` with the cards it extends; an entry of the same id is replaced.

    `extends: base` is the shipped base card; another name is ``culture_card.<name>.yaml`` or
    ``culture_card.yaml`` (by card id) in the same folder. Raises MhxError for a missing or
    circular parent, and for a card that changes an invariant it inherits.
    """
    chain = [load_model(path, Card)]
    paths = [path.resolve()]
    while chain[-1].extends is not None:
        parent = _parent(chain[-1].extends, base, folder)
        if parent is None or parent.resolve() in paths:
            wrong = "is not found" if parent is None else "extends itself in a circle"
            raise MhxError(
                Problem(
                    f"the card it extends, {chain[-1].extends!r}, {wrong}",
                    "name base, or a card of this folder",
                    path=paths[-1],
                    field="extends",
                )
            )
        paths.append(parent.resolve())
        chain.append(load_model(parent, Card))
    return _merge(chain, path) if len(chain) > 1 else chain[0]


def _parent(name: str, base: Path, folder: Path) -> Path | None:
    if name == "base":
        return base
    for path in sorted(folder.glob("culture_card*.yaml")):
        if load_model(path, Card).id == name:
            return path
    return None


def _merge(chain: list[Card], path: Path) -> Card:
    """Child first: the child's entries replace the parent's of the same id, invariants apart."""
    _refuse_weaker(chain, path)
    child = chain[0].model_dump(by_alias=True)
    merged: dict[str, Any] = dict(child)
    for key in ("sources", "facts", "rules", "invariants"):
        entries: dict[str, Any] = {}
        for card in chain:
            for item in getattr(card, key):
                entries.setdefault(item.id, item.model_dump(by_alias=True))
        merged[key] = list(entries.values())
    return parse_model(merged, Card, path=path)


def _refuse_weaker(chain: list[Card], path: Path) -> None:
    """A card may add an invariant, never change one that it inherits."""
    problems = [
        Problem(
            f"{card.id} changes the invariant {item.id!r} of a card it extends",
            "remove it, or give it an id of its own",
            path=path,
            field="invariants",
        )
        for place, card in enumerate(chain)
        for item in card.invariants
        for parent in chain[place + 1 :]
        for same in parent.invariants
        if same.id == item.id and same != item
    ]
    if problems:
        raise MhxError(problems)


def load_card(tag: str, *, shelves: Shelves | None = None, card: str | None = None) -> Card:
    """The composed culture card of a language."""
    from mhx.language import load_language

    return load_language(tag, shelves=shelves, card=card).card


def load_territory(code: str, *, shelves: Shelves | None = None) -> Territory:
    """The territory card of an ISO 3166-1 code."""
    plugin = (shelves or default_shelves()).get("culture_cards", code)
    territory = load_model(plugin.manifest, Territory)
    if territory.code != plugin.name:
        raise MhxError(
            Problem(
                f"the folder is named {plugin.name!r}, the code says {territory.code!r}",
                "rename one of them",
                path=plugin.manifest,
                field="code",
            )
        )
    return territory


def coverage(card: Card) -> list[dict[str, Any]]:
    """Facts and rules by Bernal dimension, with facts by certainty: one row a dimension."""
    rows = []
    for dimension in DIMENSIONS:
        facts = [fact for fact in card.facts if dimension in fact.dimension]
        certainty = Counter(fact.certainty for fact in facts)
        rows.append(
            {
                "dimension": dimension,
                "facts": len(facts),
                "rules": sum(rule.dimension == dimension for rule in card.rules),
                **{
                    name: certainty.get(name, 0)
                    for name in (
                        "verified",
                        "sourced",
                        "weak",
                        "conflicting",
                        "inference",
                        "unverified",
                    )
                },
            }
        )
    return rows
