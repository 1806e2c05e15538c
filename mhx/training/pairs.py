"""Preference pairs from a language's shipped dialogues: the answer, and one that breaks one rule.

The chosen side is the supporter's turn; the rejected one is the same turn with a single fault made
by the language's own means (its hooks, its cues, the territory cards). Both are judged by the
checks the project uses elsewhere: the rejected turn breaks that rule alone, the chosen one none.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from mhx.adaptation.resolver import SLOT, parse_slot
from mhx.corpus.export import CHAT_ROLES
from mhx.errors import MhxError, Problem, UsageError
from mhx.language import Language
from mhx.schema import Gender, Participant, Plan
from mhx.schema.dialogue import apply_edits
from mhx.training.pair_checks import CUES, RULES, Checks, Evidence, foreign_services

__all__ = ["RULES", "Compiled", "Pair", "Talk", "compile_pairs", "train_talks", "why_not"]

ORIGIN = {"kind": "template", "name": "made by mhx pairs from the chosen turn",
          "reviewed_by": None}
SWAPPED: dict[Gender, Gender] = {"female": "male", "male": "female"}


@dataclass(frozen=True)
class Talk:
    """A train dialogue in the language: roles with their sentences, risk by turn, its plan."""

    id: str
    plan: Plan
    turns: tuple[tuple[str, tuple[str, ...]], ...]
    risk: tuple[bool, ...]
    peers: bool = False


@dataclass(frozen=True)
class Pair:
    """A supporter's turn and its faulty copy; `evidence` is what the checks say of the copy."""

    id: str
    rule: str
    prompt: tuple[dict[str, str], ...]
    chosen: str
    rejected: str
    evidence: tuple[Evidence, ...]

    def record(self, language: Language) -> dict[str, Any]:
        """The pair in TRL's conversational form, with its provenance."""
        answers = {
            name: [{"role": "assistant", "content": text}]
            for name, text in (("chosen", self.chosen), ("rejected", self.rejected))
        }
        card = language.card
        return {
            "id": self.id, "lang": language.tag, "prompt": list(self.prompt), **answers,
            "rule": self.rule, "evidence": [asdict(item) for item in self.evidence],
            "card": f"{card.id} {card.version} ({card.status})", "origin": ORIGIN,
        }


@dataclass
class Compiled:
    """The pairs of a language; how many turns were seen; what made none, and why.

    `unfit` counts chosen turns that a check met; `none` turns without a proven fault of a rule.
    """

    pairs: list[Pair] = field(default_factory=list)
    turns: int = 0
    unfit: int = 0
    none: Counter[str] = field(default_factory=Counter)
    impossible: dict[str, str] = field(default_factory=dict)

    def rows(self) -> list[dict[str, Any]]:
        """A row a rule: pairs, turns without one, and why the language has none."""
        made = Counter(pair.rule for pair in self.pairs)
        return [
            {"rule": rule, "pairs": made[rule], "turns_without": self.none[rule],
             "why": self.impossible.get(rule)}
            for rule in RULES if rule in made or rule in self.none or rule in self.impossible
        ]


def compile_pairs(
    language: Language, source: Language, *, rules: Sequence[str] = RULES, seed: int = 0
) -> Compiled:
    """The pairs of the language's train dialogues, at most one a turn and rule.

    A rule that the language has no means to make or to check is named with its reason. Raises
    UsageError for an unknown rule, MhxError for a language without dialogues.
    """
    unknown = [rule for rule in rules if rule not in RULES]
    if unknown:
        raise UsageError(f"--rule {unknown[0]!r}", f"rules are {', '.join(RULES)}")
    talks = list(train_talks(language, source))
    if not talks:
        raise MhxError(Problem(f"{language.tag} has no train dialogues",
                               "write corpus/*.jsonl, or bring your own pairs to mhx train"))
    checks = Checks(language, foreign_services(language, source.territory))
    found = Compiled(impossible={
        rule: why for rule in rules if (why := why_not(language, rule)) is not None
    })
    wanted = [rule for rule in RULES if rule in rules and rule not in found.impossible]
    for talk in talks:
        for place, (role, sentences) in enumerate(talk.turns):
            if role != "supporter" or not place:
                continue
            found.turns += 1
            risk = talk.risk[place]
            if any(checks.of(text, talk.plan, risk=risk) for text in sentences):
                found.unfit += 1
                continue
            for rule in wanted:
                draw = _draws(seed, talk.id, place, rule)
                pair = _pair(language, checks, talk, place, rule, draw)
                if pair is None:
                    found.none[rule] += 1
                else:
                    found.pairs.append(pair)
    return found


def why_not(language: Language, rule: str) -> str | None:
    """Why a language cannot have proven pairs of a rule; None where it can."""
    grammar = language.manifest.grammar
    own: frozenset[str] = getattr(language.hooks, "own", frozenset())
    marked = len(grammar.address_levels) > 1 or grammar.gender == "agreement"
    if rule == "register" and len(grammar.address_levels) < 2:
        return "the language has one level of address"
    if rule == "gender" and grammar.gender != "agreement":
        return "the language has no grammatical gender"
    if rule != "service" and marked and "analyze" not in own:
        return "no hooks: a second fault, of address or gender, would not be seen"
    if rule in CUES and getattr(language.cues, CUES[rule], None) is None:
        return f"empathy_cues.yaml has no {CUES[rule]}"
    return None


def train_talks(language: Language, source: Language) -> Iterator[Talk]:
    """The train dialogues in the language's words."""
    spoken = {item.id: item for item in source.source_corpus if item.split == "train"}
    if language.tag == source.tag:
        address = language.manifest.grammar.default_address
        for item in spoken.values():
            nobody, people = Participant(), item.participants
            plan = Plan(dialogue=item.id, seeker=people.get("seeker", nobody),
                        supporter=people.get("supporter", nobody),
                        **{key: str(address[key]) for key in
                           ("seeker_to_supporter", "supporter_to_seeker")})
            yield Talk(item.id, plan, tuple((turn.role, tuple(turn.segments))
                                            for turn in item.turns),
                       tuple(turn.risk for turn in item.turns), item.relation == "peers")
        return
    for done in language.corpus:
        if done.id in spoken:
            turns = tuple((turn.role, tuple(part.adapted for part in turn.segments))
                          for turn in done.turns)
            item = spoken[done.id]
            yield Talk(done.id, done.plan, turns, tuple(turn.risk for turn in item.turns),
                       item.relation == "peers")


def _draws(seed: int, dialogue: str, place: int, rule: str) -> random.Random:
    name = f"{seed}|{dialogue}|{place}|{rule}"
    return random.Random(hashlib.sha256(name.encode()).hexdigest())


def _pair(
    language: Language, checks: Checks, talk: Talk, place: int, rule: str, draw: random.Random
) -> Pair | None:
    """The first faulty copy of a turn that breaks the rule and no other."""
    if rule == "feeling" and talk.peers:
        return None  # a peer is a person: what they felt is theirs to say
    chosen, risk = talk.turns[place][1], talk.risk[place]
    for copy in _copies(language, checks, talk, chosen, rule, draw):
        met = [item for text in copy for item in checks.of(text, talk.plan, risk=risk)]
        if met and {item.rule for item in met} == {rule}:
            prompt = [{"role": "system", "content": language.prompts.system.strip()}]
            prompt += [{"role": CHAT_ROLES[role], "content": " ".join(said)}
                       for role, said in talk.turns[:place]]
            return Pair(f"{talk.id}:{place}:{rule}", rule, tuple(prompt), " ".join(chosen),
                        " ".join(copy), tuple(dict.fromkeys(met)))
    return None


def _copies(
    language: Language, checks: Checks, talk: Talk, chosen: Sequence[str], rule: str,
    draw: random.Random,
) -> Iterator[list[str]]:
    if rule == "service":
        yield from _with_foreign_service(checks, chosen)
    elif rule in CUES:
        flag = getattr(language.cues, CUES[rule])
        phrases = [text for cue in flag.cues for text in cue.positive]
        draw.shuffle(phrases)
        for phrase in phrases:
            said = _realized(language, phrase, talk.plan)
            yield _opened_by(said[:1].upper() + said[1:], chosen)
    else:
        for plan in _other_plans(language, talk.plan, rule):
            copy = [_realized(language, text, plan) for text in chosen]
            if copy != list(chosen):
                yield copy


def _realized(language: Language, text: str, plan: Plan) -> str:
    """A sentence in the address, genders and names of a plan, as the language's hooks write it."""
    return apply_edits(text, language.hooks.realize(text, "supporter", plan))


def _other_plans(language: Language, plan: Plan, rule: str) -> Iterator[Plan]:
    """The plan with another level of address, or another gender of one speaker."""
    if rule == "register":
        for level in language.manifest.grammar.address_levels:
            if level != plan.supporter_to_seeker:
                yield plan.model_copy(update={"supporter_to_seeker": level})
        return
    for role in ("seeker", "supporter"):
        person: Participant = getattr(plan, role)
        if person.gender in SWAPPED:
            other = person.model_copy(update={"gender": SWAPPED[person.gender]})
            yield plan.model_copy(update={role: other})


def _opened_by(phrase: str, chosen: Sequence[str]) -> list[str]:
    """The turn with a phrase in the place of its first plain sentence, else before it.

    Questions and sentences with a service stay, so that nothing else is lost; the length stays
    near the chosen one's, so that it tells nothing.
    """
    for place, text in enumerate(chosen):
        if len(chosen) > 1 and not SLOT.search(text) and not text.rstrip().endswith(("?", "؟")):
            return [*chosen[:place], phrase, *chosen[place + 1 :]]
    return [phrase, *chosen]


def _with_foreign_service(checks: Checks, chosen: Sequence[str]) -> Iterator[list[str]]:
    """The turn with another territory's service, by name, in the place of its first slot."""
    for place, text in enumerate(chosen):
        match = SLOT.search(text)
        if match is None:
            continue
        problem, audience = parse_slot(match.group(1))
        for item in checks.services:
            if problem in item.problems and item.audience in ("all", audience):
                said = f"{text[: match.start()]}{item.name}{text[match.end() :]}"
                yield [*chosen[:place], said, *chosen[place + 1 :]]
        return
