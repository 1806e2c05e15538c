"""Concepts of a source text and the terms of a target text, found as they are asked for."""

from __future__ import annotations

from functools import cached_property

from mhx.contracts import Hooks
from mhx.corpus.terms import TermFinder, TermMatch
from mhx.language import Language
from mhx.schema.terms import Term, TermBase

SUBJECTS = ("disorder", "therapy", "medication", "profession")  # named, not talked around
STEM = 4  # letters by which a term is near a forbidden one


class ConceptTerms:
    """Term bases of a pair of languages. Forms are made when first needed: they take seconds."""

    def __init__(self, source: Language, target: Language) -> None:
        self._source, self._target = source, target
        self._of_concept: dict[str, TermFinder] = {}

    def concepts(self, text: str) -> set[str]:
        """Concepts that a source text names by a term that is not forbidden there."""
        found = self._spoken.matches(text) if self._spoken is not None else []
        return {match.concept for match in found if match.status != "forbidden"}

    def forbidden(self, text: str) -> list[TermMatch]:
        """Forbidden terms of a target text that are no part of a longer, allowed one."""
        found = self._banned.matches(text) if self._banned is not None else []
        return [match for match in found if match.status == "forbidden"]

    def expects(self, concept: str) -> bool:
        """Whether the target has terms for a concept that is named rather than talked around."""
        base = self._target.terms
        return concept in self._named and base is not None and concept in base.terms

    def has(self, concept: str, text: str) -> bool:
        """Whether a target text has a term of the concept, of whatever status."""
        if concept not in self._of_concept:
            base = _base(self._target)
            chosen = {concept: base.terms[concept]}
            self._of_concept[concept] = _finder(base, chosen, self._target.hooks)
        return bool(self._of_concept[concept].matches(text))

    @cached_property
    def _named(self) -> set[str]:
        concepts = self._source.terms.concepts if self._source.terms is not None else []
        return {concept.id for concept in concepts if concept.subject in SUBJECTS}

    @cached_property
    def _spoken(self) -> TermFinder | None:
        base = self._source.terms
        return None if base is None else TermFinder(base, self._source.hooks)

    @cached_property
    def _banned(self) -> TermFinder | None:
        """Forbidden terms, and those near enough to hold one of them as a part."""
        base = self._target.terms
        if base is None:
            return None
        stems = {
            stem
            for terms in base.terms.values()
            for term in terms
            if term.status == "forbidden"
            for stem in _stems(term)
        }
        chosen = {
            concept: [term for term in terms if term.status == "forbidden" or _stems(term) & stems]
            for concept, terms in base.terms.items()
        }
        return _finder(base, {name: terms for name, terms in chosen.items() if terms},
                       self._target.hooks)


def _base(language: Language) -> TermBase:
    if language.terms is None:
        raise ValueError(f"{language.tag} has no term base")
    return language.terms


def _stems(term: Term) -> set[str]:
    return {word[:STEM] for word in f"{term.text} {term.lemma or ''}".lower().split()}


def _finder(base: TermBase, terms: dict[str, list[Term]], hooks: Hooks) -> TermFinder:
    return TermFinder(base.model_copy(update={"terms": terms}), hooks)
