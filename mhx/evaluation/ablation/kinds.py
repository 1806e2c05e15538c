"""Of which kinds an edit is, and edits chosen by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mhx.adaptation.merging import overlap
from mhx.contracts import Hooks
from mhx.errors import MhxError, unknown
from mhx.evaluation.ablation.texts import Place, Text
from mhx.language import Language
from mhx.schema import Card, Edit, Plan, Territory
from mhx.schema.base import DIMENSIONS, Role
from mhx.schema.localization import Localization

# what the card has no dimension for
ENTITIES, TERMS, PEOPLE, UNCOVERED = "entities", "terms", "people", "uncovered"
OTHERS = (ENTITIES, TERMS, PEOPLE, UNCOVERED)
FIELDS = ("depth", "nature", "operation", "entry")
Keep = Callable[[Place], bool]


@dataclass(frozen=True)
class Kinds:
    """The kinds of every edit of some texts, by its place."""

    by_place: Mapping[Place, frozenset[str]]

    def counts(self) -> dict[str, int]:
        """Edits of each dimension (and of what the card gives none), most first.

        An edit of two dimensions counts in both.
        """
        names = (*DIMENSIONS, *OTHERS)
        found = Counter(kind for kinds in self.by_place.values() for kind in kinds
                        if kind in names)
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], names.index(pair[0]))))

    def several(self) -> int:
        """Edits of more than one dimension: they go with the removal of either."""
        names = {*DIMENSIONS, *OTHERS}
        return sum(len(kinds & names) > 1 for kinds in self.by_place.values())

    def has(self, kind: str) -> Keep:
        """Chooses the edits of a kind."""
        return lambda place: kind in self.by_place[place]

    def lacks(self, kind: str) -> Keep:
        """Chooses the edits that are not of a kind."""
        return lambda place: kind not in self.by_place[place]

    def check(self, kinds: Iterable[str]) -> None:
        """Raise MhxError for kinds that no edit is of; the known ones are named."""
        known = set().union(*self.by_place.values()) if self.by_place else set()
        listed = [*self.counts(), *sorted(name for name in known if "=" in name
                                         and not name.startswith("entry="))]
        problems = [problem for kind in kinds if kind not in known
                    for problem in unknown("kind of edit", kind, listed,
                                           fix="or entry=ID of the card").problems]
        if problems:
            raise MhxError(problems)


def kinds_of(texts: Sequence[Text], language: Language, territory: Territory, *,
             by_rules: bool) -> Kinds:
    """The kinds of all edits of the texts.

    A kind is a dimension of the card entry that the edit cites, or `entities`, `terms`, `people`
    (a reviewer's) or `uncovered`; and ``depth=``, ``nature=``, ``operation=``, ``entry=`` with
    the edit's own. With `by_rules` the edits are a run's: one that a rule and a repair of the
    hooks became together, of which the edit cites the rule alone, is of both.
    """
    entries = _dimensions(language.card)
    local = territory.localization
    found: dict[Place, frozenset[str]] = {}
    for text in texts:
        for place, role, edit in text.edits():
            cited = {edit.rule}
            if by_rules:
                faithful = text.turns[place.turn].segments[place.segment].faithful
                cited |= set(_repairs(faithful, edit, role, text.plan, language.hooks))
            own = {name: str(getattr(edit, name)) for name in FIELDS[:3]}
            found[place] = frozenset({
                *(kind for entry in cited for kind in _kinds(entry, entries, local)),
                *(f"{name}={value}" for name, value in own.items()),
                *(f"entry={entry}" for entry in cited),
            })
    return Kinds(found)


def _dimensions(card: Card) -> dict[str, tuple[str, ...]]:
    facts = {fact.id: tuple(str(one) for one in fact.dimension) for fact in card.facts}
    return facts | {rule.id: (str(rule.dimension),) for rule in card.rules}


def _kinds(
    entry: str, entries: Mapping[str, tuple[str, ...]], local: Localization | None
) -> tuple[str, ...]:
    if entry in entries:
        return entries[entry]
    if entry.startswith("terms."):
        return (TERMS,)
    if entry.startswith("review:"):
        return (PEOPLE,)
    if local is None or entry not in _local_ids(local):
        return (UNCOVERED,)
    # a pooled name is an entity, and who the persons are
    return (ENTITIES, "persons") if entry == f"{local.id}.names" else (ENTITIES,)


def _local_ids(local: Localization) -> set[str]:
    own = {f"{local.id}.names", f"{local.id}.units"}
    own |= {local.calendar.id} if local.calendar else set()
    return own | {item.id for part in (local.sites, local.counterparts, local.phrases)
                  for item in part}


def _repairs(faithful: str, edit: Edit, role: Role, plan: Plan, hooks: Hooks) -> list[str]:
    """Entries of the hooks' repairs that this edit holds within itself."""
    return [one.rule for one in hooks.realize(faithful, role, plan)
            if one.rule != edit.rule and overlap(one, edit)]
