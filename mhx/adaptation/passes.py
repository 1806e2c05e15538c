"""All that happens to a translated dialogue: repairs and rules, entities, terms, an LLM's edits.

The order is that of trust. What an earlier pass wrote keeps its place; every edit has offsets of
the faithful text, so that faithful text and edits give the adapted text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from mhx.adaptation.editor import Editor
from mhx.adaptation.entities.localizer import Entities, Localizer
from mhx.adaptation.evidence import evidence_of, with_evidence
from mhx.adaptation.gates.concepts import ConceptTerms
from mhx.adaptation.merging import compose, outcomes
from mhx.adaptation.rules import Adapted, adapt_segment, find_faults
from mhx.adaptation.terms import TermRepair
from mhx.cards import load_territory
from mhx.language import Language
from mhx.schema import Plan, Territory
from mhx.schema.base import Role
from mhx.schema.dialogue import apply_edits
from mhx.shelves import Shelves


@dataclass(frozen=True)
class Part:
    """A translated segment: source, translation, who says it, whether in a risk turn."""

    source: str
    target: str
    role: Role
    risk: bool


@dataclass(frozen=True)
class AdaptedParts:
    """A dialogue after its passes, a segment each, and the plan with the names it took up."""

    plan: Plan
    parts: tuple[Adapted, ...]


@dataclass(frozen=True)
class Passes:
    """Everything that adapts, opened once. `editor` is None where no model was named."""

    language: Language
    source: Language
    localizer: Localizer
    editor: Editor | None = None

    def adapt(self, plan: Plan, parts: Sequence[Part]) -> AdaptedParts:
        """One dialogue."""
        return self.adapt_all([(plan, parts)])[0]

    def adapt_all(self, dialogues: Sequence[tuple[Plan, Sequence[Part]]]) -> list[AdaptedParts]:
        """Dialogues in order; a model is asked for all of them at once."""
        done = [self._own(plan, parts) for plan, parts in dialogues]
        if self.editor is not None:
            done = self._edited(dialogues, done)
        return [
            AdaptedParts(plan, tuple(self._cited(part) for part in parts)) for plan, parts in done
        ]

    def _own(self, plan: Plan, parts: Sequence[Part]) -> tuple[Plan, list[Adapted]]:
        hooks = self.language.hooks
        texts = [hooks.normalize(part.target) for part in parts]
        pairs = [(part.source, text) for part, text in zip(parts, texts, strict=True)]
        entities = self.localizer.plan(plan, pairs)
        done = [
            self._segment(part, text, entities) for part, text in zip(parts, texts, strict=True)
        ]
        return entities.plan, done

    def _segment(self, part: Part, text: str, entities: Entities) -> Adapted:
        done = adapt_segment(
            text, role=part.role, risk=part.risk, plan=entities.plan,
            rules=self.language.card.rules, hooks=self.language.hooks,
        )
        done = self.localizer.localized(
            done, part.source, part.role, risk=part.risk, entities=entities
        )
        return self._with_terms(done, part, entities.plan)

    def _with_terms(self, done: Adapted, part: Part, plan: Plan) -> Adapted:
        if self._terms is None:
            return done
        written = outcomes(done.edits)
        new = [
            edit
            for edit in self._terms.edits(done.adapted, part.role)
            if not any(place.meets(edit) for place in written)
        ]
        if not new:
            return done
        edits = compose(done.faithful, done.edits, new)
        adapted = apply_edits(done.faithful, edits)
        left = [item for item in done.findings if item.code.startswith("entity.")]
        findings = find_faults(
            adapted, role=part.role, risk=part.risk, plan=plan,
            rules=self.language.card.rules, hooks=self.language.hooks,
        )
        return Adapted(done.faithful, adapted, tuple(edits), (*findings, *left))

    def _edited(
        self,
        dialogues: Sequence[tuple[Plan, Sequence[Part]]],
        done: Sequence[tuple[Plan, list[Adapted]]],
    ) -> list[tuple[Plan, list[Adapted]]]:
        if self.editor is None:
            return list(done)
        jobs = [
            (plan, part.source, part.role, part.risk, adapted)
            for (_, parts), (plan, own) in zip(dialogues, done, strict=True)
            for part, adapted in zip(parts, own, strict=True)
        ]
        answers = iter(self.editor.edited(jobs))
        return [(plan, [next(answers) for _ in own]) for plan, own in done]

    def _cited(self, done: Adapted) -> Adapted:
        edits = tuple(with_evidence(done.edits, self._evidence))
        return Adapted(done.faithful, done.adapted, edits, done.findings)

    @cached_property
    def _evidence(self) -> dict[str, list[str]]:
        local = self.localizer.local
        names = {f"{local.id}.names": [local.id, *local.sources]} if local is not None else {}
        return {**evidence_of(self.language.card), **names}

    @cached_property
    def _terms(self) -> TermRepair | None:
        owned = self.source.terms
        if self.language.terms is None or owned is None:
            return None
        subjects = {concept.id: concept.subject for concept in owned.concepts}
        concepts = ConceptTerms(self.source, self.language)
        return TermRepair(self.language, concepts, subjects, self.localizer.words)


def localizer_of(
    language: Language, source: Language, territory: Territory, shelves: Shelves
) -> Localizer:
    """The localizer of a territory, with all the other territories of the shelves."""
    others = tuple(
        load_territory(code, shelves=shelves)
        for code in shelves.names("culture_cards")
        if code != territory.code
    )
    return Localizer(language, source, territory, others)
