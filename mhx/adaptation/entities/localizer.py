"""All entities of a run: planned by dialogue, put in by segment, behind rules and repairs.

Matching is a compiled pattern of inflected forms, made by the language's own hook. spaCy's
PhraseMatcher over a blank pipeline finds the same places (bench/entities.py compares them) and
brings no forms, so the light core needs no spaCy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from mhx.adaptation.entities.dates import foreign_holidays, habits, month_names, months
from mhx.adaptation.entities.find import Hit, counterparts, phrases, units
from mhx.adaptation.entities.names import pooled
from mhx.adaptation.entities.sensitive import sensitive_spans, touches
from mhx.adaptation.entities.sites import SitePairs, Sites, all_placed, site_hits
from mhx.adaptation.entities.units import source_words
from mhx.adaptation.entities.words import Words
from mhx.adaptation.merging import overlap
from mhx.adaptation.plan import name_map
from mhx.adaptation.prefilter import Prefilter
from mhx.adaptation.rules import Adapted, find_faults
from mhx.contracts import Finding
from mhx.language import Language
from mhx.schema import Edit, Plan, Territory
from mhx.schema.base import Role
from mhx.schema.dialogue import apply_edits
from mhx.schema.localization import GivenName, Localization

Pair = tuple[str, str]  # source segment, faithful segment


@dataclass(frozen=True)
class Entities:
    """What a dialogue's entities become: its plan with pooled names, and its places."""

    plan: Plan
    sites: SitePairs
    text: str  # the whole faithful dialogue


@dataclass(frozen=True)
class Localizer:
    """Entities of a language in a territory. `others` are the territories whose places may occur.

    Nothing is done where the territory has no localization in the language's own words.
    """

    language: Language
    source: Language
    territory: Territory
    others: tuple[Territory, ...]

    @cached_property
    def local(self) -> Localization | None:
        """The territory's localization, if its words are in the language of the text."""
        found = self.territory.localization
        return found if found is not None and found.lang == self.language.tag else None

    @cached_property
    def words(self) -> Words | None:
        """Inflection of the localization's words."""
        return None if self.local is None else Words(self.local.wording, self.language.hooks)

    @cached_property
    def known_names(self) -> dict[str, GivenName]:
        """Given names of the source language's own territory that are not at home here too."""
        home = [item for item in self.others if item.code == self.source.territory]
        listed = home[0].localization.given_names if home and home[0].localization else []
        here = {item.name for item in self.local.given_names} if self.local else set()
        if self.language.privacy is not None:
            here |= {*self.language.privacy.names, *self.language.privacy.words}
        return {item.name: item for item in listed if item.name not in here}

    @cached_property
    def _mapped(self) -> frozenset[str]:
        """Names that the card has a name for."""
        return frozenset(name_map(self.language.card)[1])

    @cached_property
    def _unmapped(self) -> dict[str, GivenName]:
        return {name: it for name, it in self.known_names.items() if name not in self._mapped}

    @cached_property
    def _pool(self) -> list[GivenName]:
        return self.local.given_names if self.local else []

    @cached_property
    def _sites(self) -> Sites:
        langs = (self.source.tag, self.language.tag)
        people = frozenset({*self._unmapped, *self._mapped})
        return Sites(self.territory, self.others, langs, people)

    def plan(self, plan: Plan, pairs: Sequence[Pair]) -> Entities:
        """The dialogue's entities, the same ones every time."""
        text = "\n".join(target for _, target in pairs)
        if self.local is None:
            return Entities(plan, {}, text)
        known = self._unmapped
        spoken = {item.tgt for item in plan.entities}
        pool = [item for item in self._pool if item.name not in text]
        rule = f"{self.local.id}.names"
        new = pooled(plan.dialogue, pairs, known, pool, spoken, rule)
        sources = [source for source, _ in pairs]
        langs = (self.source.tag, self.language.tag)
        found = self._sites.pairs(plan.dialogue, sources)
        sites = found if self.words and all_placed(pairs, self.words, found, langs) else {}
        return Entities(plan.model_copy(update={"entities": [*plan.entities, *new]}), sites, text)

    def localized(
        self, done: Adapted, source: str, role: Role, *, risk: bool, entities: Entities
    ) -> Adapted:
        """The segment with its entities; earlier edits keep their place, findings are new."""
        taken = list(done.edits)
        left: list[Hit] = []
        for hit in self._safe(done.faithful, source, entities, risk=risk):
            if hit.after is None:
                left.append(hit)
                continue
            edit = hit.edit(done.faithful)
            if edit.before != edit.after and not any(overlap(edit, other) for other in taken):
                taken.append(edit)
        made = taken != list(done.edits)
        notes = self._notes(done.faithful, source, edited=bool(taken))
        if not (made or left or notes):
            return done
        taken.sort(key=lambda edit: (edit.start, edit.end))
        adapted = apply_edits(done.faithful, taken)
        findings = list(done.findings)
        if made:
            findings = find_faults(
                adapted, role=role, risk=risk, plan=entities.plan,
                rules=self.language.card.rules, hooks=self.language.hooks,
            )
        findings += [*_left(done.faithful, left, taken), *notes]
        return Adapted(done.faithful, adapted, tuple(taken), tuple(findings))

    def _notes(self, text: str, source: str, *, edited: bool) -> list[Finding]:
        """Foreign holidays that no edit of the segment answers, with the local one near them."""
        if self.local is None or edited:
            return []
        said = foreign_holidays(source, self.source.territory, self.territory.code)
        return [Finding("entity.holiday", 0, len(text), message, "warn") for message in said]

    def sensitive(self, text: str) -> list[tuple[int, int]]:
        """What no edit but a rule's may touch."""
        return sensitive_spans(text, self.local.sensitive if self.local else ())

    def _safe(self, text: str, source: str, entities: Entities, *, risk: bool) -> Iterator[Hit]:
        """Places of a segment; what is sensitive is left."""
        hits = list(self._hits(text, source, entities, risk=risk))
        spans = self.sensitive(text) if hits else []
        calendar = self.local.calendar.id if self.local and self.local.calendar else None
        for hit in hits:
            # a day or month beside a dose, a treatment or an age is the date of an event
            dated = bool(spans) and hit.rule == calendar
            kept = hit.after is not None and (dated or touches(hit.start, hit.end, spans))
            why = "it is sensitive: a dose, a date, an age"
            yield replace(hit, after=None, why=why) if kept else hit

    def _hits(self, text: str, source: str, entities: Entities, *, risk: bool) -> Iterator[Hit]:
        """Places of a segment, in order of precedence; a risk turn has only its places renamed."""
        local, words = self.local, self.words
        if local is None or words is None:
            return
        langs = (self.source.tag, self.language.tag)
        evidence = (local.id, *local.sources)
        yield from site_hits(text, words, entities.sites, langs[1], evidence)
        if risk:
            return
        near = self._phrases.near(source)
        yield from phrases(text, source, [local.phrases[at] for at in near], langs[0])
        near = self._counterparts.near(source)
        yield from counterparts(
            text, source, words, [local.counterparts[at] for at in near], langs[0]
        )
        if self._imperial and local.measures == "metric" and (near := self._units.near(source)):
            measured = [local.units[at] for at in near]
            yield from units(text, source, words, measured, langs, f"{local.id}.units", evidence)
        if local.calendar is not None:
            if self._months.near(source):
                yield from months(text, source, words, local.calendar, langs)
            yield from habits(text, local.calendar, langs[1], entities.text)

    @cached_property
    def _phrases(self) -> Prefilter:
        """Which phrases a source segment may name."""
        listed = self.local.phrases if self.local else []
        return Prefilter(item.source.get(self.source.tag, []) for item in listed)

    @cached_property
    def _counterparts(self) -> Prefilter:
        """Which shops and institutions a source segment may name."""
        listed = self.local.counterparts if self.local else []
        return Prefilter(item.source.get(self.source.tag, []) for item in listed)

    @cached_property
    def _units(self) -> Prefilter:
        """Which measures a source segment may name."""
        listed = self.local.units if self.local else []
        return Prefilter(source_words(item.measure, self.source.tag) for item in listed)

    @cached_property
    def _months(self) -> Prefilter:
        """Which months a source segment may name."""
        return Prefilter(month_names(self.source.tag))

    @cached_property
    def _imperial(self) -> bool:
        home = [item for item in self.others if item.code == self.source.territory]
        return bool(home and home[0].localization and home[0].localization.measures == "us")


def _left(text: str, hits: Sequence[Hit], edits: Sequence[Edit]) -> Iterator[Finding]:
    """What was found and left, unless an edit has the place after all."""
    for hit in dict.fromkeys(hits):
        if not any(hit.start < edit.end and edit.start < hit.end for edit in edits):
            message = f"{text[hit.start : hit.end]!r} is left: {hit.why}"
            yield Finding("entity.left", hit.start, hit.end, message, "warn")
