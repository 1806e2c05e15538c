"""Card rules executed on one segment: edits with provenance, findings with severity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from mhx.adaptation.literals import demanded
from mhx.adaptation.merging import Outcome, compose, operation_of, outcomes, overlap, shifted
from mhx.adaptation.prefilter import Prefilter
from mhx.contracts import Finding, Hooks
from mhx.errors import MhxError, Problem
from mhx.schema import Card, Edit, Entity, Participant, Plan, Rule
from mhx.schema.base import Role
from mhx.schema.card import TestPlan
from mhx.schema.dialogue import apply_edits

TIMEOUT = 0.1  # seconds a card pattern may run on one segment
CUE_TIMEOUT = 2.0  # seconds a cue may run on one text, which may be long


@dataclass(frozen=True, eq=False)
class Active:
    """Rules that look at the segments of one role, in or out of risk turns."""

    rules: tuple[Rule, ...]

    @cached_property
    def writing(self) -> tuple[Rule, ...]:
        """Those that replace what they match."""
        return tuple(rule for rule in self.rules if rule.action.replace is not None)

    @cached_property
    def checking(self) -> tuple[Rule, ...]:
        """Those that report what they match, or that it is not there."""
        kinds = ("forbid", "prefer", "require")
        return tuple(
            rule for rule in self.rules if rule.kind in kinds and rule.action.replace is None
        )

    @cached_property
    def writers(self) -> Prefilter:
        """Which of `writing` a text may hold."""
        return _rules_prefilter(self.writing)

    @cached_property
    def checkers(self) -> Prefilter:
        """Which of `checking` a text may hold."""
        return _rules_prefilter(self.checking)

    @cached_property
    def severity(self) -> dict[Any, Any]:
        """How severe the hooks' findings of a feature are, where a rule says so."""
        return {rule.match.feature: rule.severity for rule in self.rules if rule.match.feature}


class _Rules:
    """Rules as a key: what is made of them is made once while they are the same objects."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._hash = hash(tuple(map(id, self.rules)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rules) and self.rules == other.rules


@dataclass(frozen=True)
class Adapted:
    """One segment after its rules: faithful text, adapted text, edits, findings (of the latter)."""

    faithful: str
    adapted: str
    edits: tuple[Edit, ...]
    findings: tuple[Finding, ...]


def adapt_segment(
    text: str,
    *,
    role: Role,
    risk: bool,
    plan: Plan,
    rules: Sequence[Rule],
    hooks: Hooks,
    use_hooks: bool = True,
) -> Adapted:
    """Apply `rules` to one segment of faithful translation.

    All edits refer to the faithful text. Hooks repair first (names, gender, orthography); then
    the rules in the card's order; where two rules want the same place, the first one has it. A
    rule also reads the repaired text: where its match holds a repaired form, both are one edit
    that cites the rule. A rule that knows only the unrepaired form goes first where that leaves
    no more findings. What the hooks find wrong in a rule's words they repair last. A name of the
    plan survives every rule. Findings refer to the adapted text.
    """
    active = _active(_Rules(rules), role, risk=risk)

    def repair(said: str) -> list[Edit]:
        return list(hooks.realize(said, role, plan)) if use_hooks else []

    def found(adapted: str) -> list[Finding]:
        return _faults(adapted, role, plan, active, hooks if use_hooks else None)

    edits, kept_out = _combined(text, repair(text), active, plan)
    findings = found(apply_edits(text, edits))
    if kept_out:
        said = apply_edits(text, kept_out)
        later, _ = _combined(said, repair(said), active, plan)
        other = compose(text, kept_out, later, cites="first")
        seen = found(apply_edits(text, other))
        again = any(
            place.meets(edit) for place in outcomes(kept_out) for edit in _by_rules(later, active)
        )
        if len(seen) <= len(findings) and not again:
            edits, findings = other, seen
    if findings and use_hooks:
        later, written = repair(apply_edits(text, edits)), _written(edits, active)
        if later and all(any(place.meets(edit) for place in written) for edit in later):
            other = compose(text, edits, later, cites="first")
            seen = found(apply_edits(text, other))
            if len(seen) < len(findings):
                edits, findings = other, seen
    return Adapted(text, apply_edits(text, edits), tuple(edits), tuple(findings))


def find_faults(
    text: str, *, role: Role, risk: bool, plan: Plan, rules: Sequence[Rule], hooks: Hooks | None
) -> list[Finding]:
    """What the rules and the hooks (None for no hooks) find wrong in a finished text."""
    return _faults(text, role, plan, _active(_Rules(rules), role, risk=risk), hooks)


def _faults(
    text: str, role: Role, plan: Plan, active: Active, hooks: Hooks | None
) -> list[Finding]:
    findings = list(_rule_findings(active, text))
    if hooks is not None:
        findings += _hook_findings(active, hooks.analyze(text, role, plan))
    return findings


@lru_cache(maxsize=256)
def _active(rules: _Rules, role: Role, *, risk: bool) -> Active:
    return Active(tuple(rule for rule in rules.rules if _in_scope(rule, role, risk=risk)))


def _in_scope(rule: Rule, role: Role, *, risk: bool) -> bool:
    when = rule.scope.when
    return rule.scope.role in ("any", role) and (when == "always" or (when == "risk") == risk)


def _combined(
    text: str, repairs: list[Edit], active: Active, plan: Plan
) -> tuple[list[Edit], list[Edit]]:
    """(edits of hooks and rules together, edits of rules that nothing but a repair kept out)."""
    repaired, places = apply_edits(text, repairs), outcomes(repairs)
    names = {entity.rule for entity in plan.entities if entity.kind == "person_name"}
    accepted: list[Edit] = []  # of the repaired text
    kept_out: list[Edit] = []  # of the text
    near = set(active.writers.near(text))
    near_repaired = set(active.writers.near(repaired)) if repairs else set()
    for number in sorted(near | near_repaired):
        rule = active.writing[number]
        for edit in _rule_edits(rule, text) if number in near else ():
            if any(overlap(edit, other) for other in repairs):
                kept_out.append(edit)
            elif not any(overlap(shifted(edit, repairs), other) for other in accepted):
                accepted.append(shifted(edit, repairs))
        for edit in _rule_edits(rule, repaired) if number in near_repaired else ():
            met = [place for place in places if place.meets(edit)]
            taken = any(overlap(edit, other) for other in accepted)
            taken = taken or any(place.meets(other) for place in met for other in accepted)
            if not taken and all(
                place.edit.rule not in names or place.survives(repaired, edit) for place in met
            ):
                accepted.append(edit)
    edits = compose(text, repairs, accepted)
    first = names | {edit.rule for edit in accepted}
    left: list[Edit] = []
    for edit in kept_out:
        before = [*(other for other in [*edits, *repairs] if other.rule in first), *left]
        if not any(overlap(edit, other) for other in before):
            left.append(edit)
    return edits, left


def _by_rules(edits: Sequence[Edit], active: Active) -> list[Edit]:
    known = {rule.id for rule in active.writing}
    return [edit for edit in edits if edit.rule in known]


def _written(edits: Sequence[Edit], active: Active) -> list[Outcome]:
    """Where in the adapted text the words of rules stand."""
    known = {id(edit) for edit in _by_rules(edits, active)}
    return [place for place in outcomes(edits) if id(place.edit) in known]


@lru_cache(maxsize=4096)
def compiled(pattern: str, *, ignore_case: bool) -> Any:
    """The card's pattern in the `regex` module. Raises MhxError for a bad one."""
    import regex

    try:
        return regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
    except regex.error as error:
        raise MhxError(Problem(f"bad regex {pattern!r}: {error}", "fix match.regex")) from error


def _rules_prefilter(rules: Sequence[Rule]) -> Prefilter:
    """Raises MhxError for a bad pattern."""
    patterns = [rule.match.regex for rule in rules]
    for rule, pattern in zip(rules, patterns, strict=True):
        if pattern is not None:
            compiled(pattern, ignore_case=rule.match.ignore_case)
    # nothing is to be matched without a pattern
    return Prefilter(() if pattern is None else demanded(pattern) for pattern in patterns)


def _matches(rule: Rule, text: str) -> Iterator[Any]:
    if rule.match.regex is None:
        return
    pattern = compiled(rule.match.regex, ignore_case=rule.match.ignore_case)
    try:
        yield from pattern.finditer(text, timeout=TIMEOUT)
    except TimeoutError as error:
        raise MhxError(
            Problem(
                f"rule {rule.id}: its regex ran over {TIMEOUT} s on {text[:60]!r}",
                "make it linear: no nested quantifiers",
            )
        ) from error


def finds(patterns: Iterable[str], text: str) -> bool:
    """Whether any cue pattern (case ignored) is in the text, under the rules' timeout.

    Raises MhxError for a bad pattern or one that ran too long.
    """
    near = _near(tuple(patterns), text)
    return any(True for pattern in near for _ in _cue_matches(pattern, text))


def count(patterns: Iterable[str], text: str) -> int:
    """How often cue patterns (case ignored) match in the text. Raises as `finds` does."""
    return sum(1 for pattern in _near(tuple(patterns), text) for _ in _cue_matches(pattern, text))


def without(patterns: Iterable[str], text: str) -> str:
    """The text with a sentence end in place of every match of a cue. Raises as `finds` does."""
    listed = tuple(patterns)
    near = _near(listed, text)
    for pattern in listed:
        spans = [match.span() for match in _cue_matches(pattern, text)] if pattern in near else []
        for start, end in reversed(spans):
            text = f"{text[:start]}. {text[end:]}"
        if spans:
            near = _near(listed, text)
    return text


def _near(patterns: tuple[str, ...], text: str) -> list[str]:
    """The patterns that the text may hold. Raises MhxError for a bad one."""
    return [patterns[number] for number in _cues(patterns).near(text)]


@lru_cache(maxsize=1024)
def _cues(patterns: tuple[str, ...]) -> Prefilter:
    for pattern in patterns:
        compiled(pattern, ignore_case=True)
    return Prefilter(map(demanded, patterns))


def _cue_matches(pattern: str, text: str) -> Iterator[Any]:
    try:
        yield from compiled(pattern, ignore_case=True).finditer(text, timeout=CUE_TIMEOUT)
    except TimeoutError as error:
        raise MhxError(
            Problem(
                f"the cue {pattern!r} ran over {CUE_TIMEOUT} s on {text[:60]!r}",
                "make it linear: no nested quantifiers",
            )
        ) from error


def _rule_edits(rule: Rule, text: str) -> Iterator[Edit]:
    if rule.action.replace is None:
        return
    for match in _matches(rule, text):
        before = match.group()
        try:
            after = _keep_capital(before, match.expand(rule.action.replace))
        except (IndexError, KeyError) as error:
            what = f"rule {rule.id}: {rule.action.replace!r} names a group its regex does not have"
            raise MhxError(Problem(what, "fix action.replace")) from error
        if after == before:
            continue
        start, end = match.span()
        yield Edit(
            start=start,
            end=end,
            operation=operation_of(before, after),
            rule=rule.id,
            before=before,
            after=after,
            depth=rule.depth,
            nature=rule.nature,
        )


def _keep_capital(before: str, after: str) -> str:
    return after[:1].upper() + after[1:] if before[:1].isupper() and after else after


def _rule_findings(active: Active, text: str) -> Iterator[Finding]:
    near = set(active.checkers.near(text))
    for number, rule in enumerate(active.checking):
        spans = [match.span() for match in _matches(rule, text)] if number in near else []
        message = rule.action.message or rule.reason
        if rule.kind == "require":
            spans = [] if spans else [(0, len(text))]
        for start, end in spans:
            yield Finding(f"rule.{rule.id}", start, end, message, rule.severity)


def _hook_findings(active: Active, findings: Sequence[Finding]) -> list[Finding]:
    """Findings of the hooks; a card rule for their feature sets how severe they are."""
    return [
        Finding(
            item.code,
            item.start,
            item.end,
            item.message,
            item.severity
            if item.severity == "warn"
            else active.severity.get(_feature(item.code), item.severity),
        )
        for item in findings
    ]


def _feature(code: str) -> Any:
    return code.partition(".")[0]


# ---------------------------------------------------------------- tests of a card


def plan_from_test(test: TestPlan | None, address: Mapping[Any, str]) -> Plan:
    """The dialogue plan a golden case describes; what it leaves out is the language's default."""
    test = test or TestPlan()
    entities = [
        Entity(src=src, tgt=tgt, kind="person_name", rule="test") for src, tgt in test.names.items()
    ]
    return Plan(
        dialogue="test",
        seeker=Participant(gender=test.seeker, known="assigned"),
        supporter=Participant(gender=test.supporter, known="assigned"),
        seeker_to_supporter=test.seeker_to_supporter or address["seeker_to_supporter"],
        supporter_to_seeker=test.supporter_to_seeker or address["supporter_to_seeker"],
        entities=entities,
    )


def run_rule_tests(card: Card, hooks: Hooks, address: Mapping[Any, str]) -> list[tuple[str, str]]:
    """Run every rule's tests, the rule alone. Returns (rule id, what failed) for each failure."""
    failures: list[tuple[str, str]] = []
    for rule in card.rules:
        with_hooks = rule.match.regex is None
        for test in rule.tests:
            try:
                done = adapt_segment(
                    test.text,
                    role=test.role,
                    risk=test.risk,
                    plan=plan_from_test(test.plan, address),
                    rules=[rule],
                    hooks=hooks,
                    use_hooks=with_hooks,
                )
            except MhxError as error:
                failures.append((rule.id, str(error)))
                continue
            failures += [(rule.id, what) for what in _test_failures(rule, test, done)]
    return failures


def _test_failures(rule: Rule, test: Any, done: Adapted) -> Iterator[str]:
    prefix = f"{rule.match.feature}." if rule.match.feature else f"rule.{rule.id}"
    flagged = any(item.code.startswith(prefix) for item in done.findings)
    if test.out is not None and done.adapted != test.out:
        yield f"{test.text!r} gives {done.adapted!r}, wanted {test.out!r}"
    for piece in test.must:
        if piece not in done.adapted:
            yield f"{test.text!r} gives {done.adapted!r}, which lacks {piece!r}"
    for piece in test.must_not:
        if piece in done.adapted:
            yield f"{test.text!r} gives {done.adapted!r}, which holds {piece!r}"
    if test.flagged is not None and flagged != test.flagged:
        yield f"{test.text!r} is {'' if flagged else 'not '}flagged, wanted the contrary"
