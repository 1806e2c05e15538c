"""Which clinical terms a text uses, in any of their forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mhx.schema.terms import Status, Term, TermBase, Why

if TYPE_CHECKING:
    from mhx.contracts import Hooks

_TOKEN = re.compile(r"[^\W_]+")
ZWNJ = "\u200c"
# between two words of a term: blanks, joiner, hyphen, apostrophe, Arabic marks; no comma, no stop
_GAP = re.compile(rf"[\s\u00a0{ZWNJ}\-\u2010\u2011'’\u064b-\u0655]*")


@dataclass(frozen=True)
class TermMatch:
    """A term found: ``text[start:end]``, code points; `why` of a forbidden one."""

    start: int
    end: int
    concept: str
    term: str
    status: Status
    why: Why | None = None


@dataclass(frozen=True)
class _Phrase:
    words: tuple[frozenset[str], ...]
    concept: str
    term: Term


class TermFinder:
    """Finds terms in text by their forms: made once a language, then linear in the text.

    A form is what the language's `inflect` hook makes of a lemma for the base's tags, the term
    with one of the base's endings, or a form that is listed. Case is ignored.
    """

    def __init__(self, base: TermBase, hooks: Hooks) -> None:
        self._hooks = hooks
        self._base = base
        self._endings = frozenset(base.endings)
        self._made: dict[tuple[str, bool], frozenset[str]] = {}
        self._phrases: dict[str, list[_Phrase]] = {}
        for concept, terms in base.terms.items():
            for term in terms:
                for words in self._readings(term):
                    phrase = _Phrase(words, concept, term)
                    for first in words[0]:
                        self._phrases.setdefault(first, []).append(phrase)

    def matches(self, text: str) -> list[TermMatch]:
        """Terms in order of place; of terms that overlap, the longer one.

        Several of equal length are all given, unless the text is one of them as the dictionary
        has it: بیماری is the word for illness, not a patient with an ending.
        """
        found: list[TermMatch] = []
        tokens = [(match.group().lower(), *match.span()) for match in _TOKEN.finditer(text)]
        index = 0
        while index < len(tokens):
            ends = [
                (end, phrase)
                for phrase in self._phrases.get(tokens[index][0], ())
                if (end := self._end(phrase, text, tokens, index)) is not None
            ]
            index += 1
            if ends:
                longest = max(end for end, _ in ends)
                start, stop = tokens[index - 1][1], tokens[longest - 1][2]
                best = [phrase for end, phrase in ends if end == longest]
                written = text[start:stop].lower()
                exact = [phrase for phrase in best if phrase.term.text.lower() == written]
                found += dict.fromkeys(
                    TermMatch(start, stop, phrase.concept, term.text, term.status, term.why)
                    for phrase in exact or best
                    if (term := phrase.term)
                )
                index = longest
        return found

    def _end(
        self, phrase: _Phrase, text: str, tokens: list[tuple[str, int, int]], index: int
    ) -> int | None:
        """The number of the token after the phrase, if it stands at `index`."""
        place = index
        for number, forms in enumerate(phrase.words):
            if number:
                place = self._past_endings(text, tokens, place)
            if place >= len(tokens) or tokens[place][0] not in forms:
                return None
            if number and not _GAP.fullmatch(text, tokens[place - 1][2], tokens[place][1]):
                return None
            place += 1
        return self._past_endings(text, tokens, place)

    def _past_endings(self, text: str, tokens: list[tuple[str, int, int]], place: int) -> int:
        """Past endings that a ZWNJ sets off from the word before."""
        while (
            place < len(tokens)
            and tokens[place][0] in self._endings
            and text[tokens[place - 1][2] : tokens[place][1]] == ZWNJ
        ):
            place += 1
        return place

    def _readings(self, term: Term) -> Iterator[tuple[frozenset[str], ...]]:
        """The forms of each word of a term; also of one written without its joiners."""
        lemmas = _TOKEN.findall((term.lemma or term.text).lower())
        nominal = term.pos in ("noun", "adjective")
        yield tuple(self._forms(lemma, nominal) for lemma in lemmas)
        for written in (term.text, *term.forms):
            words = _TOKEN.findall(written.lower())
            yield tuple(self._ended({word}) for word in words)
            if ZWNJ in written:
                joined = _TOKEN.findall(written.lower().replace(ZWNJ, ""))
                yield tuple(self._ended({word}) for word in joined)

    def _forms(self, lemma: str, nominal: bool) -> frozenset[str]:
        """Forms of a word; in a noun phrase, a verb gives only its nouns and adjectives."""
        key = (lemma, nominal)
        if key not in self._made:
            tags = [
                tag
                for pos, listed in self._base.inflection.items()
                if not nominal or pos in ("noun", "adjective")
                for tag in listed
            ]
            made = {lemma, *(self._hooks.inflect(lemma, tag).lower() for tag in tags)}
            self._made[key] = self._ended(made)
        return self._made[key]

    def _ended(self, words: set[str]) -> frozenset[str]:
        return frozenset({*words, *(word + end for word in words for end in self._endings)})
