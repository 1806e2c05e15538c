"""Given names outside the card's list: a local one of the same gender and generation."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product

from mhx.files import sha256
from mhx.schema import Entity
from mhx.schema.localization import GivenName

_MARKS = re.compile("[\u064b-\u0655\u0670]")
_WORD = re.compile("[\\w\u200c]+")
# Consonants by sound; what a script may write in more than one way is given every reading.
_LATIN = {
    "ch": "CKX", "sh": "X", "ph": "F", "th": "TD", "gh": "G", "ck": "K", "b": "B", "c": "KS",
    "d": "D", "f": "F", "g": "GJ", "j": "JY", "k": "K", "l": "L", "m": "M", "n": "N", "p": "P",
    "q": "K", "r": "R", "s": "SZ", "t": "T", "x": "KZ", "z": "Z",
}
_ARABIC = {
    "ب": "B", "پ": "P", "ت": "T", "ط": "T", "ث": "S", "س": "S", "ص": "S", "ج": "J", "ژ": "J",
    "چ": "C", "د": "D", "ذ": "Z", "ز": "Z", "ض": "Z", "ظ": "Z", "ر": "R", "ش": "X", "ف": "F",
    "ق": "K", "ک": "K", "ك": "K", "گ": "G", "ل": "L", "م": "M", "ن": "N",
}
_SHORT = 3  # consonants: fewer are too little to know a name by in one place


def chosen(
    key: str, pool: Sequence[GivenName], wanted: GivenName, taken: Collection[str]
) -> str | None:
    """A name of the pool with the gender and generation wanted, by the hash of `key`."""
    fitting = [
        item.name
        for item in pool
        if (item.gender, item.generation) == (wanted.gender, wanted.generation)
        and item.name not in taken
    ]
    return min(fitting, key=lambda name: sha256(f"{key}|{name}"), default=None)


def pooled(
    dialogue: str,
    pairs: Sequence[tuple[str, str]],
    known: Mapping[str, GivenName],
    pool: Sequence[GivenName],
    taken: Collection[str],
    rule: str,
) -> list[Entity]:
    """Entities of the given names in `pairs` (source, faithful) that `known` has.

    A name is the same throughout a dialogue; one with a capitalized word right after it is a full
    name, mostly a public one, and stays. `taken` are names, of either language, that are
    mapped already or spoken in the dialogue. A name that the translation writes in another script
    is taken up where one word stands for it; otherwise it is left.
    """
    found: list[Entity] = []
    used = set(taken)
    words = {word for source, _ in pairs for word in _WORD.findall(source)}
    for name in sorted(words & known.keys() - set(taken)):
        full = re.compile(rf"(?<!\w){re.escape(name)}\s+[^\W\d_a-z]")
        if any(full.search(source) for source, _ in pairs):
            continue
        written = _written(name, pairs)
        local = chosen(f"{dialogue}|{name}", pool, known[name], used)
        if written is None or local is None:
            continue
        used.add(local)
        found.append(Entity(src=written, tgt=local, kind="person_name", rule=rule))
    return found


def _written(name: str, pairs: Sequence[tuple[str, str]]) -> str | None:
    """How the translation writes a name: as it is, or the word of another script for it."""
    whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    targets = [target for source, target in pairs if whole.search(source)]
    begun = rf"(?<!\w){re.escape(name)}"
    elsewhere = [target for source, target in pairs if not whole.search(source)]
    if any(re.search(begun, target, re.IGNORECASE) for target in elsewhere):
        return None  # a word of the target too: sam, ella
    if any(re.search(begun, target) for target in targets):
        return name
    return transliterated(name, targets, elsewhere)


def transliterated(name: str, here: Sequence[str], elsewhere: Iterable[str]) -> str | None:
    """The one word with the name's consonants that stands `here` and nowhere `elsewhere`."""
    others = {word for text in elsewhere for word in _words(text)}
    sounds = _sounds(name.lower(), _LATIN)
    counts: dict[str, int] = {}
    for text in here:
        for word in dict.fromkeys(_words(text)):
            if word not in others and _sounds(word, _ARABIC) & sounds:
                counts[word] = counts.get(word, 0) + 1
    if len(counts) != 1:
        return None
    word, count = next(iter(counts.items()))
    short = min(map(len, _sounds(word, _ARABIC)), default=0) < _SHORT
    return None if short and count < 2 else word


def _words(text: str) -> list[str]:
    return [_MARKS.sub("", word).split("\u200c")[0] for word in _WORD.findall(text)]


def _sounds(word: str, table: Mapping[str, str]) -> set[str]:
    """Every reading of a word's consonants; doubled ones count once, vowels not at all."""
    pairs = "|".join(sorted(map(re.escape, table), key=len, reverse=True))
    readings = [table[part] for part in re.findall(pairs, _MARKS.sub("", word))]
    if not 2 <= len(readings) <= 8:
        return set()
    return {re.sub(r"(.)\1+", r"\1", "".join(one)) for one in product(*readings)}
