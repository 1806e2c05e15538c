"""What a supporter's sentence breaks: the checks that preference pairs are made and proven by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mhx.adaptation.hotlines import service_numbers, service_spans
from mhx.adaptation.resolver import SLOT
from mhx.adaptation.rules import find_faults
from mhx.cards import load_territory
from mhx.contracts import Finding
from mhx.corpus.privacy import latin_digits, phones
from mhx.language import Language
from mhx.schema import Plan, Rule
from mhx.scoring.cues import flagged

RULES = ("register", "gender", "invalidation", "service", "feeling")
OTHER = "other"  # a fault outside the five: neither side of a pair may have one
OF_GENDER = ("gender.", "address.addressee_gender", "address.slash")
OF_REGISTER = ("address.", "register.")
CUES = {"invalidation": "invalidation", "feeling": "claims_of_feeling"}


@dataclass(frozen=True)
class Evidence:
    """A check that met a sentence: the rule it speaks for, its code, the words, what it rests on.

    `rests_on` are facts and sources of the card, or the list of cues.
    """

    rule: str
    code: str
    words: str
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class ForeignService:
    """A crisis service of another territory, by its name without digits."""

    id: str
    territory: str
    name: str
    problems: tuple[str, ...]
    audience: str


def foreign_services(language: Language, home: str) -> list[ForeignService]:
    """Services of the territories other than the language's own, those of `home` first.

    Names that the own territory has too are left out.
    """
    shelves = language.shelves
    own = load_territory(language.territory, shelves=shelves)
    taken = {_bare(service.name).casefold() for service in own.services}
    codes = [code for code in shelves.names("culture_cards") if code != language.territory]
    found = []
    for code in sorted(codes, key=lambda code: (code != home, code)):
        for item in load_territory(code, shelves=shelves).services:
            name = _bare(item.name)
            if name and name.casefold() not in taken:
                found.append(ForeignService(item.id, code, name, tuple(item.problems),
                                            item.audience))
    return found


def _bare(name: str) -> str:
    """A name without its digits: no number to call stands in a pair."""
    return " ".join(re.sub(r"\d+", " ", latin_digits(name)).split())


@dataclass
class Checks:
    """The five checks of a language on a supporter's sentence, each by what the project uses.

    Register and gender: the language's hooks against the plan. Invalidation and claims of feeling:
    the cues of `empathy_cues.yaml`, with the card's own `forbid` rules beside them. Service: names
    of other territories' services, and digits of any.
    """

    language: Language
    services: list[ForeignService]
    _rules: Mapping[str, Rule] = field(init=False)
    _numbers: re.Pattern[str] = field(init=False)
    _seen: dict[tuple[str, str, bool], tuple[Evidence, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rules = {rule.id: rule for rule in self.language.card.rules}
        self._numbers = service_numbers(self.language.shelves)

    def of(self, text: str, plan: Plan, *, risk: bool) -> tuple[Evidence, ...]:
        """Everything the checks say of a sentence, slots included."""
        key = (text, plan.model_dump_json(), risk)
        if key not in self._seen:
            self._seen[key] = tuple(self._all(text, plan, risk))
        return self._seen[key]

    def _all(self, text: str, plan: Plan, risk: bool) -> Iterator[Evidence]:
        by_cues = list(self._by_cues(text))
        yield from by_cues
        yield from self._by_service(text)
        language = self.language
        for fault in find_faults(text, role="supporter", risk=risk, plan=plan,
                                 rules=language.card.rules, hooks=language.hooks):
            name = self._rule_of(fault, by_cues)
            if name:
                words = text[fault.start : fault.end]
                yield Evidence(name, fault.code, words, self._facts(fault))

    def _by_cues(self, text: str) -> Iterator[Evidence]:
        cues = self.language.cues
        for rule, name in CUES.items():
            flag = getattr(cues, name, None)
            if flag is not None and flagged(text, flag):
                yield Evidence(rule, name, text, (f"empathy_cues.yaml: {name}",))

    def _by_service(self, text: str) -> Iterator[Evidence]:
        plain = SLOT.sub("", text).casefold()
        for item in self.services:
            if item.name.casefold() in plain:
                place = f"culture_cards/{item.territory}/territory.yaml"
                yield Evidence("service", f"service.{item.territory}", item.name,
                               (f"{place}: {item.id}",))
                break  # names of different territories may coincide
        bare = latin_digits(SLOT.sub("", text))
        if any(phones(bare)) or any(service_spans(self._numbers, bare)):
            yield Evidence(OTHER, "phone_like", text)

    def _rule_of(self, fault: Finding, by_cues: list[Evidence]) -> str | None:
        """Which rule a fault of hooks or card speaks for; None for a mere hint."""
        if fault.code.startswith(OF_GENDER):
            return "gender"
        if fault.code.startswith(OF_REGISTER):
            return "register"
        rule = self._rules.get(fault.code.removeprefix("rule."))
        if by_cues and rule is not None and (rule.kind, rule.dimension) == ("forbid", "methods"):
            return by_cues[0].rule  # the card names the same sentence as the cues
        serious = fault.severity != "warn" or fault.code.startswith("orthography.")
        return OTHER if serious else None

    def _facts(self, fault: Finding) -> tuple[str, ...]:
        """The facts behind a fault: of its rule, or of the card's rules for the same feature."""
        named = self._rules.get(fault.code.removeprefix("rule."))
        if named is not None:
            return (named.id, *named.evidence)
        feature = "gender" if fault.code.startswith(OF_GENDER) else fault.code.partition(".")[0]
        found = [rule for rule in self._rules.values() if rule.match.feature == feature]
        return tuple(part for rule in found for part in (rule.id, *rule.evidence))
