"""Names of people in a text: listed given names in all their forms, and names that are introduced.

A screen, not a recognizer: a name that is in no list and stands in no frame is not found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import regex

from mhx.schema.privacy import KNOWN, NAME, Privacy

if TYPE_CHECKING:
    from mhx.contracts import Hooks
    from mhx.language import Language

_CASED = r"\p{Lu}[\p{L}\p{M}]+(?:[-'\u2019]\p{Lu}[\p{L}\p{M}]+)*"
_UNCASED = r"[\p{Lo}\p{M}]+(?:\u200c[\p{Lo}\p{M}]+)*"
_WORD = regex.compile(rf"{_CASED}|{_UNCASED}")
_OPENS = regex.compile(r"(?:^|[.!?…؟\n][\s\"'”’»)\]]*|[„\"“«¿¡(–—-]\s*)$")
Span = tuple[int, int]


class NameFinder:
    """Finds names by a language's `privacy.yaml`; its forms are made once."""

    def __init__(self, privacy: Privacy, hooks: Hooks) -> None:
        self._no_names = {word.casefold() for word in privacy.no_names}
        self._large = frozenset(privacy.large)
        self._cased = any(word[:1].isupper() for word in privacy.names)
        self._forms = {form: name for name in privacy.names
                       for form in _forms(name, privacy.inflection, hooks)}
        self._words = {form: name for name in privacy.words
                       for form in _forms(name, privacy.inflection, hooks)}
        one = _CASED if self._cased else _UNCASED
        both = sorted({*self._forms, *self._words}, key=len, reverse=True)
        known = f"(?:{'|'.join(map(regex.escape, both)) or '(?!)'})"
        further = rf"(?:\s{_CASED})?" if self._cased else ""
        # without capitals a frame says where the name ends
        rest = further or rf"(?:\s{_UNCASED}){{0,2}}?"
        self._surname = regex.compile(rf"\s{_CASED}") if self._cased else None
        self._frames = [
            regex.compile(
                r"(?<![\p{L}\p{M}])" + frame.replace(NAME, rf"(?P<name>{one}{rest})").replace(
                    KNOWN, rf"(?P<name>{known}(?![\p{{L}}\p{{M}}]){further})")
            )
            for frame in privacy.frames
        ]
        self._addresses = [regex.compile(pattern) for pattern in privacy.addresses]

    def names(self, texts: Iterable[str]) -> set[str]:
        """Words that the texts of one dialogue introduce as names: hidden in all of them."""
        found: set[str] = set()
        for text in texts:
            for start, end in self._introduced(text):
                found.update(_WORD.findall(text[start:end]))
        return found

    def spans(self, text: str, names: Iterable[str] = ()) -> list[Span]:
        """Where names stand, in order: introduced ones, listed ones, and those in `names`."""
        extra = set(names)
        spans = list(self._introduced(text))
        for match in _WORD.finditer(text):
            word, (start, end) = match.group(), match.span()
            if any(first <= start < last for first, last in spans):
                continue
            if word in extra or word in self._forms or self._stands_out(text, word, start):
                spans.append((start, self._past_surname(text, end)))
        return _joined(text, sorted(spans))

    def addresses(self, text: str) -> Iterator[Span]:
        """Where a street with its number stands."""
        for pattern in self._addresses:
            yield from (match.span() for match in pattern.finditer(text))

    def person(self, text: str) -> str:
        """The lemma of a name as written, where it is listed: one person, whatever the case."""
        first = text.split(maxsplit=1)[0]
        return self._forms.get(first) or self._words.get(first) or first

    def _stands_out(self, text: str, word: str, start: int) -> bool:
        """Whether an everyday word is written large within a sentence, as a name is."""
        name = self._words.get(word) if self._cased else None
        return bool(name) and name not in self._large and not _OPENS.search(text[:start])

    def _introduced(self, text: str) -> Iterator[Span]:
        for frame in self._frames:
            for match in frame.finditer(text):
                start, end = match.span("name")
                words = list(_WORD.finditer(text, start, end))
                kept = 0
                for word in words:
                    if word.group().casefold() in self._no_names:
                        break
                    kept = word.end()
                if kept:
                    yield start, kept

    def _past_surname(self, text: str, end: int) -> int:
        """Past a large word that follows a name at once, unless it is known to be none."""
        follows = self._surname.match(text, end) if self._surname is not None else None
        word = follows.group().strip() if follows else ""
        return follows.end() if follows and word.casefold() not in self._no_names else end


def _forms(name: str, tags: Iterable[str], hooks: Hooks) -> set[str]:
    """The name in every form the hooks make of it."""
    return {name, *(hooks.inflect(name, tag) for tag in tags)}


def _joined(text: str, spans: list[Span]) -> list[Span]:
    """Spans that touch or have but a blank between them as one person's."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and (start < joined[-1][1] or text[joined[-1][1] : start] == " "):
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def name_finder(language: Language) -> NameFinder | None:
    """The finder of a language, or None where it brings no `privacy.yaml`."""
    if language.privacy is None:
        return None
    return NameFinder(language.privacy, language.hooks)
