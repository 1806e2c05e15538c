"""The order in which a rater meets the texts: random, in short runs of one language, with the
versions of an item far apart so that a bilingual rater does not copy his or her own rating."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from mhx.anchoring.texts import Text

RUN = 8  # texts of one language in a row: to change it with every text would tire
ALPHABET = "bcdfghjkmnpqrstvwxz23456789"  # no vowels, no look-alikes: a code is never a word
LENGTH = 5


def new_code(rng: Random, taken: set[str]) -> str:
    """A code nobody has; it is added to `taken`."""
    while (code := "".join(rng.choices(ALPHABET, k=LENGTH))) in taken:
        pass
    taken.add(code)
    return code


def arrange(texts: Sequence[Text], rng: Random) -> list[Text]:
    """The texts in a random order with the versions of an item about a whole round apart.

    The shuffled items are walked round once for each language. A round goes through short runs,
    each in the next language, and every run moves on by one language from round to round: each
    text comes once, each round holds all languages evenly, and an item returns only after
    (nearly) all others.
    """
    versions = {(one.item, one.language): one for one in texts}
    items = sorted({one.item for one in texts})
    languages = sorted({one.language for one in texts})
    rng.shuffle(items)
    rng.shuffle(languages)
    run = max(1, min(RUN, len(items) // 4))
    order = []
    for turn in range(len(languages)):
        for number, at in enumerate(range(0, len(items), run)):
            language = languages[(turn + number) % len(languages)]
            found = [versions[item, language] for item in items[at:at + run]
                     if (item, language) in versions]
            rng.shuffle(found)
            order += found
    return order


def distance(order: Sequence[Text]) -> int:
    """The fewest steps between two showings of one item; the length when each is shown once."""
    places: dict[str, list[int]] = {}
    for place, one in enumerate(order):
        places.setdefault(one.item, []).append(place)
    steps = [after - before for found in places.values() for before, after in pairwise(found)]
    return min(steps, default=len(order))


def with_repeats(order: Sequence[Text], share: float, rng: Random) -> tuple[list[Text], set[int]]:
    """The order with a share of each language's texts shown again, and where they are.

    Repeats are drawn from the first half and shown in the last quarter, as far as can be from
    every other showing of the item.
    """
    early: dict[str, list[Text]] = {}
    for one in order[: len(order) // 2]:
        early.setdefault(one.language, []).append(one)
    again: list[Text] = []
    for language, found in sorted(early.items()) if share else ():
        size = sum(one.language == language for one in order)
        again += rng.sample(found, min(len(found), max(1, round(share * size))))
    rng.shuffle(again)
    places: list[tuple[Text, bool]] = [(one, False) for one in order]
    goal = len(order) // 4
    for one in again:
        shown = [at for at, (other, _) in enumerate(places) if other.item == one.item]
        spots = range(3 * len(order) // 4, len(places) + 1)
        spot = max(spots, key=lambda at: (min(goal, _room(at, shown)), rng.random()))
        places.insert(spot, (one, True))
    return [one for one, _ in places], {at for at, (_, repeat) in enumerate(places) if repeat}


def _room(spot: int, shown: Sequence[int]) -> int:
    """Steps from a text put in at `spot` to the nearest of those shown (they shift after it)."""
    return min((spot - at if at < spot else at + 1 - spot) for at in shown)
