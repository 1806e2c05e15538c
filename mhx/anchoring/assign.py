"""Who rates what: all of it, or an incomplete block design with a fixed number of raters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from mhx.anchoring.texts import Text


def assign(texts: Sequence[Text], raters: Mapping[str, Sequence[str]], per_item: int | None,
           rng: Random) -> dict[str, list[Text]]:
    """Each rater's texts.

    Who is given an item rates every version of it that he or she reads, so that in a linking
    rater's differences severity cancels. With `per_item`, each version gets at least that many
    raters, and those with the fewest items so far come first: loads are even, and since equal
    loads are drawn among at random, raters overlap in many different pairs.
    """
    versions: dict[str, list[Text]] = {}
    for one in texts:
        versions.setdefault(one.item, []).append(one)
    given: dict[str, list[Text]] = {name: [] for name in raters}
    load = dict.fromkeys(raters, 0)
    for item in rng.sample(sorted(versions), len(versions)):
        lacking = {one.language: per_item or len(raters) for one in versions[item]}
        free = [name for name in raters if set(raters[name]) & set(lacking)]
        while free and lacking:
            name = min(free, key=lambda name: (load[name], rng.random()))
            free.remove(name)
            if not set(raters[name]) & set(lacking):
                continue
            load[name] += 1
            given[name] += [one for one in versions[item] if one.language in raters[name]]
            for tag in set(raters[name]) & set(lacking):
                lacking[tag] -= 1
                if not lacking[tag]:
                    del lacking[tag]
    return given
