"""What a text must hold for a pattern to match it: literals read off the pattern.

A pattern is read as far as the cards' and cues' patterns go; at anything else nothing is demanded,
so a demand is never wrong, only sometimes missing. Letters are compared in small letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

# Letters without case, or whose cases `IGNORECASE` and `str.lower` see alike; a test goes through
# all code points. The others (ſ, ı, ς, the Kelvin sign) are not reasoned about.
_PLAIN = (
    "\0-\u00b4\u00b6-\u012f\u0132-\u017e\u02b0-\u0344\u0400-\u0461\u0590-\u109f"
    "\u2000-\u20cf\u2190-\u2bff\u3000-\ua63f\uac00-\ud7a3\ufb1d-\ufeff\U0001f000-\U0001faff"
)
ODD = re.compile(f"[^{_PLAIN}]")
MOST = 64  # literals of one demand
ENOUGH = 6  # letters from which a literal is no better for being longer
_EDGES = frozenset("bBAZ")
_KINDS = frozenset("wWdDsS")
_COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")
_OPEN = re.compile(r"\(\?(?:(?P<look><?[=!])|P?<(?P<name>\w+)>|[ims]*:|>)|\((?!\?)")
_FLAGS = re.compile(r"\(\?[ims]+\)")
_NAMED = re.compile(r"\(\?P=\w+\)")
_CODE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))")
_PROPERTY = re.compile(r"\\[pP]\{\^?[\w ]+\}")
Strings = frozenset[str]


@dataclass(frozen=True)
class Part:
    """What is known of a part of a pattern.

    `all`: everything it matches, in small letters, where that is little. `some`: of these every
    match holds one (None: nothing is known).
    """

    all: Strings | None = None
    some: Strings | None = None


ANY = Part()
NOTHING = Part(all=frozenset({""}))


class Unread(ValueError):
    """The pattern has something that is not read here."""


@lru_cache(maxsize=4096)
def demanded(pattern: str) -> Strings | None:
    """Literals, in small letters, of which every text that matches holds one; None: not known."""
    try:
        reader = _Reader(pattern)
        part = reader.alternatives()
    except Unread:
        return None
    if reader.at < len(pattern):
        return None
    return _better(_worth(part.all), part.some)


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern, self.at = pattern, 0

    def alternatives(self) -> Part:
        """Up to the end or the bracket that closes."""
        parts = [self._sequence()]
        while self._take("|"):
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else _either(parts)

    def _sequence(self) -> Part:
        parts: list[Part] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            parts.append(self._counted(self._item()))
        return _joined(parts)

    def _item(self) -> Part:
        mark = self.pattern[self.at]
        if mark == "(":
            return self._group()
        if mark == "[":
            return self._class()
        if mark == "\\":
            return self._escape()
        if mark in "*+?{":
            raise Unread(mark)
        self.at += 1
        if mark in "^$":
            return NOTHING
        return ANY if mark == "." else _letter(mark)

    def _group(self) -> Part:
        for pattern, part in ((_FLAGS, NOTHING), (_NAMED, ANY)):
            if found := pattern.match(self.pattern, self.at):
                self.at = found.end()
                return part
        found = _OPEN.match(self.pattern, self.at)
        if found is None:
            raise Unread(self.pattern[self.at :])
        self.at = found.end()
        inside = self.alternatives()
        if not self._take(")"):
            raise Unread("no end")
        look = found["look"]
        if look is None:
            return inside
        # what stands beside is of the same text, so it is demanded, and takes no place
        some = _better(_worth(inside.all), inside.some) if look.endswith("=") else None
        return Part(all=NOTHING.all, some=some)

    def _class(self) -> Part:
        end = self.at + 1
        letters: set[str] = set()
        known = not self.pattern.startswith("[^", self.at)
        end += not known
        first = end
        while end < len(self.pattern) and (self.pattern[end] != "]" or end == first):
            mark = self.pattern[end]
            if mark == "[" or self.pattern[end : end + 2] in ("--", "||", "&&", "~~"):
                raise Unread("a set of sets")
            if mark == "\\":
                letter, end = self._escaped(end)
                known = known and letter is not None
                letters.add(letter or "")
                continue
            known = known and not (mark == "-" and first < end and self.pattern[end + 1] != "]")
            letters.add(mark)
            end += 1
        if end >= len(self.pattern):
            raise Unread("no end")
        self.at = end + 1
        return _either([_letter(letter) for letter in letters]) if known else ANY

    def _escape(self) -> Part:
        if self.pattern[self.at + 1 : self.at + 2] in _EDGES:
            self.at += 2
            return NOTHING
        letter, self.at = self._escaped(self.at)
        return ANY if letter is None else _letter(letter)

    def _escaped(self, at: int) -> tuple[str | None, int]:
        """(the letter that an escape stands for, or None for many; what comes after it)."""
        if found := _CODE.match(self.pattern, at):
            return chr(int(found[1] or found[2], 16)), found.end()
        if found := _PROPERTY.match(self.pattern, at):
            return None, found.end()
        mark = self.pattern[at + 1 : at + 2]
        if mark.isdigit() and self.pattern[at + 2 : at + 3].isdigit():
            raise Unread("a group of two digits, or a code")
        if mark in _KINDS or mark in "123456789nrt":
            return None, at + 2
        if not mark or mark.isalnum():
            raise Unread(mark)
        return mark, at + 2

    def _counted(self, part: Part) -> Part:
        """The part as often as the pattern says."""
        least, most = 1, 1
        mark = self.pattern[self.at : self.at + 1]
        if mark in ("*", "+", "?"):
            self.at += 1
            least, most = int(mark == "+"), 1 if mark == "?" else 2
        elif mark == "{":
            found = _COUNT.match(self.pattern, self.at)
            if found is None:
                raise Unread(mark)
            self.at = found.end()
            least = int(found[1] or 0)
            most = int(found[3] or 2) if found[2] else least
        else:
            return part
        if self.pattern[self.at : self.at + 1] in ("?", "+"):  # unwilling, possessive
            self.at += 1
        if (least, most) == (0, 1) and part.all is not None:
            return Part(all=_few(part.all | {""}))
        return Part(some=_better(_worth(part.all), part.some)) if least else ANY

    def _take(self, mark: str) -> bool:
        found = self.pattern.startswith(mark, self.at)
        self.at += found
        return found


def _letter(letter: str) -> Part:
    if ODD.search(letter) or len(letter.lower()) != 1:
        return ANY
    return Part(all=frozenset({letter.lower()}))


def _either(parts: Iterable[Part]) -> Part:
    """What is known of one of several."""
    everything: Strings | None = frozenset()
    some: Strings | None = frozenset()
    for part in parts:
        known = _better(_worth(part.all), part.some)
        some = None if some is None or known is None else some | known
        everything = None if everything is None or part.all is None else everything | part.all
    return Part(all=_few(everything), some=some)


def _joined(parts: Iterable[Part]) -> Part:
    """What is known of parts that follow each other."""
    some: Strings | None = None
    whole = True
    run: Strings = frozenset({""})
    for part in parts:
        some = _better(some, part.some)
        more = None
        if part.all is not None and len(run) * len(part.all) <= MOST:
            more = frozenset(map("".join, product(run, part.all)))
        if more is None:
            some, whole = _better(some, _worth(run)), False
            run = part.all if part.all is not None else frozenset({""})
            if part.all is not None:
                some = _better(some, _worth(part.all))
        else:
            run = more
    return Part(all=run, some=some) if whole else Part(some=_better(some, _worth(run)))


def _few(strings: Strings | None) -> Strings | None:
    return strings if strings is not None and len(strings) <= MOST else None


def _worth(strings: Strings | None) -> Strings | None:
    """The strings as a demand: none where one of them is empty."""
    return strings if strings and "" not in strings else None


def _better(one: Strings | None, two: Strings | None) -> Strings | None:
    """Of two demands the one with longer literals, then the one with fewer."""
    if one is None or two is None:
        return one if two is None else two
    return max(one, two, key=lambda item: (min(ENOUGH, *map(len, item), ENOUGH), -len(item)))
