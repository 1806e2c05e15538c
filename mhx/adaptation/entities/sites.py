"""Foreign places of a dialogue and the local ones that stand for them throughout."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mhx.adaptation.entities.find import Hit, Replacement, named, nouns
from mhx.adaptation.entities.words import Words
from mhx.adaptation.prefilter import Prefilter
from mhx.files import sha256
from mhx.schema import Territory
from mhx.schema.localization import Site

SitePairs = Mapping[str, tuple[Site, Site]]  # id of the foreign place → (foreign, local)


@dataclass(frozen=True)
class Sites:
    """Places of the target and of the other territories, in `langs` (source, target).

    `people` are names of persons, which are no places.
    """

    target: Territory
    others: Sequence[Territory]
    langs: tuple[str, str]
    people: Collection[str]

    def pairs(self, dialogue: str, sources: Sequence[str]) -> SitePairs:
        """A local place of the same kind for each foreign one that the source text names.

        Nothing is paired where the talk is about countries: it names the territory of a place, or
        the target's own. The choice is the dialogue's (by hash), and no two places become one, nor
        a place that the dialogue names itself.
        """
        text = "\n".join(sources)
        said = {id(site) for site in self._near(text)}
        about = self._of(self.target)
        free = [
            site for site in about
            if site.swap and not (id(site) in said and named(text, site.names[self.langs[0]]))
        ]
        if any(
            site.kind == "country" and id(site) in said and named(text, site.names[self.langs[0]])
            for site in about
        ):
            return {}
        pairs: dict[str, tuple[Site, Site]] = {}
        for territory in self.others:
            sites = [site for site in self._of(territory) if id(site) in said]
            found = [site for site in sites if named(text, self._called(site))]
            if any(site.kind == "country" for site in found):
                continue
            for site in found:
                fitting = [item for item in free if item.kind == site.kind]
                fitting = fitting or [item for item in free if item.kind == "city"]
                if not fitting or self.langs[1] not in site.names:
                    return {}  # one that cannot be put in keeps them all
                pick = min(fitting, key=lambda item: sha256(f"{dialogue}|{site.id}|{item.id}"))
                free.remove(pick)
                pairs[site.id] = (site, pick)
        return pairs

    def _called(self, site: Site) -> list[str]:
        return [name for name in site.names.get(self.langs[0], []) if name not in self.people]

    @staticmethod
    def _of(territory: Territory) -> Sequence[Site]:
        return territory.localization.sites if territory.localization else ()

    @cached_property
    def _all(self) -> list[Site]:
        return [site for territory in (self.target, *self.others) for site in self._of(territory)]

    @cached_property
    def _prefilter(self) -> Prefilter:
        return Prefilter(site.names.get(self.langs[0], []) for site in self._all)

    def _near(self, text: str) -> list[Site]:
        """The places that the text may name."""
        return [self._all[at] for at in self._prefilter.near(text)]


def site_hits(
    text: str, words: Words, pairs: SitePairs, lang: str, evidence: tuple[str, ...]
) -> Iterator[Hit]:
    """The foreign places of one segment, in the case of their place."""
    for foreign, local in pairs.values():
        put = Replacement(
            local.names[lang][0], local.id, (local.id, *evidence), local.forms
        )
        yield from nouns(text, words, foreign.names[lang], put)


def all_placed(
    pairs: Sequence[tuple[str, str]], words: Words, found: SitePairs, langs: tuple[str, str]
) -> bool:
    """Whether every place can be put in wherever the source (of the source, target) names it.

    Half a journey in another country is worse than a foreign one, so it is all places or none.
    """
    for source, text in pairs:
        for foreign, local in found.values():
            if not named(source, foreign.names.get(langs[0], [])):
                continue
            hits = list(site_hits(text, words, {foreign.id: (foreign, local)}, langs[1], ()))
            if not hits or any(hit.after is None for hit in hits):
                return False
    return True
