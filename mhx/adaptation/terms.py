"""Forbidden clinical terms replaced by the preferred one, in the form that stood there.

What may not be said is told by the term base and found by the gate's own finder
(`gates/concepts`); what cannot be replaced safely stays, and the gate blocks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mhx.adaptation.entities.words import ZWNJ, Words
from mhx.adaptation.gates.concepts import ConceptTerms
from mhx.contracts import Hooks
from mhx.corpus.terms import TermMatch
from mhx.language import Language
from mhx.schema import Edit, TermBase
from mhx.schema.base import Role
from mhx.schema.terms import PartOfSpeech, Term

# A person may say so of themselves; the sense of a false friend a text alone does not tell.
SUPPORTERS_ONLY = ("stigmatizing", "archaic")
NEVER = "false_friend"
# Elsewhere a slur is mostly a word for people, and the concept's name is none.
THINGS = ("crisis", "service", "institution", "medication", "therapy", "technique", "ethics")
_BEFORE = re.compile(r"([^\W\d_]+)[ \u00a0]$")
_STOPS = re.compile(r"\s*(?:[.,;:!?…)»”\"]|$)")
_DIRECT = ("nom", "acc", "voc")


@dataclass(frozen=True)
class TermRepair:
    """Term edits of one language; `words` is None where its prepositions are not described."""

    language: Language
    concepts: ConceptTerms
    subjects: Mapping[str, str]  # by concept id
    words: Words | None = None

    def edits(self, text: str, role: Role) -> Iterator[Edit]:
        """An edit for every forbidden term whose preferred one fits the place."""
        found = self.concepts.forbidden(text)
        for match in found:
            alone = sum(other.start == match.start for other in found) == 1
            pair = self._pair(match) if alone else None
            if pair is None or not self._may(match, role, *pair):
                continue
            after = self._after(text, match, *pair)
            before = text[match.start : match.end]
            if after is None or after == before:
                continue
            if before[:1].isupper():
                after = after[:1].upper() + after[1:]
            yield Edit(
                start=match.start, end=match.end, operation="replace",
                rule=f"terms.{match.concept}", before=before, after=after,
                depth="surface", nature="substituting",
                evidence=[f"terms.{match.concept}", *pair[0].evidence],
            )

    @cached_property
    def _base(self) -> TermBase | None:
        return self.language.terms

    def _may(self, match: TermMatch, role: Role, banned: Term, wanted: Term) -> bool:
        """Whether a term is this speaker's fault and its concept's name can stand for it."""
        if match.why == NEVER or (match.why in SUPPORTERS_ONLY and role != "supporter"):
            return False
        if not banned.replace:
            return False
        subject = self.subjects.get(match.concept, "")
        if subject == "profession":  # the article and the person's own gender are not seen
            return self.language.manifest.grammar.gender != "agreement"
        shared = set(_words(banned)[0]) & set(_words(wanted)[0])  # duelo patológico, prolongado
        return match.why != "stigmatizing" or subject in THINGS or bool(shared)

    def _pair(self, match: TermMatch) -> tuple[Term, Term] | None:
        """The forbidden term and the preferred one of its concept, if both are the same part of
        speech."""
        listed = self._base.terms[match.concept] if self._base is not None else []
        banned = next((term for term in listed if term.text == match.term), None)
        wanted = next((term for term in listed if term.status == "preferred"), None)
        if banned is None or wanted is None or banned.pos != wanted.pos:
            return None
        return banned, wanted

    def _after(self, text: str, match: TermMatch, banned: Term, wanted: Term) -> str | None:
        said = text[match.start : match.end]
        table = self._base.inflection if self._base is not None else {}
        tags = table.get(banned.pos, [])
        if not tags:
            return self._uninflected(said, banned, wanted)
        forms = Forms(self.language.hooks, table)
        fitting = [tag for tag in tags if forms.inflected(banned, tag) == said.lower()]
        found = _BEFORE.search(text[: match.start])
        case = self.words.governed(found[1]) if found and self.words is not None else None
        if case is not None:
            fitting = [tag for tag in fitting if case in tag.split(":")] or fitting
        if banned.gender != wanted.gender or forms.plural(banned) != forms.plural(wanted):
            loose = case is not None and case not in _DIRECT
            if not (loose and _STOPS.match(text, match.end)):
                return None  # what agrees with the word would have to change too
        made = {forms.inflected(wanted, tag) for tag in fitting}
        return made.pop() if len(made) == 1 else None

    def _uninflected(self, said: str, banned: Term, wanted: Term) -> str | None:
        """Without cases: the word itself with its ending, or a listed plural for a plural."""
        if banned.gender != wanted.gender:
            return None
        if said.lower() == banned.text.lower():
            return wanted.text
        if not said.lower().startswith(banned.text.lower()):
            return None
        ending = said[len(banned.text) :]
        if ending.startswith(ZWNJ):
            return wanted.text + ending
        if self.words is not None and self.words.wording.endings:
            return self.words.attach(wanted.text, banned.text, ending)
        return next((form for form in wanted.forms if form != wanted.text), None)


@dataclass(frozen=True)
class Forms:
    """Forms of terms of several words by the hook. Tags are ``part:number:case:gender:…``."""

    hooks: Hooks
    tags: Mapping[PartOfSpeech, list[str]]

    def inflected(self, term: Term, tag: str) -> str | None:
        """A term in the form of `tag`: its head, and adjectives that agree with it.

        A word that is neither (a genitive after the head) stays. None where a form is not sure.
        """
        words, lemmas = _words(term)
        parts = tag.split(":")
        if term.pos == "verb" or len(parts) < 3:
            form = self.hooks.inflect(lemmas[0], tag)
            sure = form != lemmas[0] or tag == self.tags[term.pos][0]
            return " ".join([form.lower(), *words[1:]]) if sure else None
        head = self._head(words, lemmas)
        number = "pl" if self.plural(term) else parts[1]
        made: list[str] = []
        for place, (word, lemma) in enumerate(zip(words, lemmas, strict=True)):
            agreeing = self._adjective(word, lemma) if place < head + 2 else None
            if place == head:
                asked = ":".join([parts[0], number, *parts[2:]])
            elif agreeing is None:
                made.append(word)
                continue
            elif parts[2] == "acc" and agreeing[3].startswith("m"):
                return None  # the accusative tells persons from things
            else:
                asked = ":".join([agreeing[0], number, parts[2], *agreeing[3:]])
            form = self.hooks.inflect(lemma, asked)
            if form == lemma and parts[2] not in _DIRECT:
                return None  # the dictionary does not know it
            made.append(form.lower())
        return " ".join(made)

    def plural(self, term: Term) -> bool:
        """Whether a noun's dictionary form is a plural (zaburzenia lękowe)."""
        if term.pos != "noun" or not self.tags.get("noun"):
            return False
        words, lemmas = _words(term)
        head = self._head(words, lemmas)
        tags = [tag for tag in self.tags["noun"] if tag.split(":")[1:3] == ["pl", "nom"]]
        forms = {self.hooks.inflect(lemmas[head], tag) for tag in tags}
        return words[head] != lemmas[head] and words[head] in forms

    def _head(self, words: Sequence[str], lemmas: Sequence[str]) -> int:
        """The first word that is no adjective."""
        for place, (word, lemma) in enumerate(zip(words, lemmas, strict=True)):
            if len(words) == 1 or self._adjective(word, lemma) is None:
                return place
        return 0

    def _adjective(self, word: str, lemma: str) -> list[str] | None:
        """The tag, in parts, of a word that is the nominative of an adjective, else None."""
        for tag in self.tags.get("adjective", ()):
            parts = tag.split(":")
            if len(parts) > 3 and parts[2] == "nom" and self.hooks.inflect(lemma, tag) == word:
                oblique = ":".join([parts[0], "sg", "gen", *parts[3:]])
                if self.hooks.inflect(lemma, oblique) != lemma:
                    return parts
        return None


def _words(term: Term) -> tuple[list[str], list[str]]:
    return term.text.lower().split(), (term.lemma or term.text).lower().split()
