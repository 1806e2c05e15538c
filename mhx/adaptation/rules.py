"""Card rules executed on one segment: edits with provenance, findings with severity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from mhx.contracts import Finding, Hooks
from mhx.errors import MhxError, Problem
from mhx.schema import Card, Edit, Entity, Participant, Plan, Rule
from mhx.schema.base import Role
from mhx.schema.card import TestPlan
from mhx.schema.dialogue import apply_edits

TIMEOUT = 0.1  # seconds a card pattern may run on one segment
CUE_TIMEOUT = 2.0  # seconds a cue may run on one text, which may be long


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
    the rules in the card's order; where two want the same place, the first one has it. Findings
    refer to the adapted text.
    """
    edits: list[Edit] = []
    if use_hooks:
        edits = list(hooks.realize(text, role, plan))
    active = [rule for rule in rules if _in_scope(rule, role, risk=risk)]
    for rule in active:
        for edit in _rule_edits(rule, text):
            if not any(_overlap(edit, other) for other in edits):
                edits.append(edit)
    edits.sort(key=lambda edit: (edit.start, edit.end))
    adapted = apply_edits(text, edits)
    findings = list(_rule_findings(active, adapted))
    if use_hooks:
        findings += _hook_findings(active, hooks.analyze(adapted, role, plan))
    return Adapted(text, adapted, tuple(edits), tuple(findings))


def _in_scope(rule: Rule, role: Role, *, risk: bool) -> bool:
    when = rule.scope.when
    return rule.scope.role in ("any", role) and (when == "always" or (when == "risk") == risk)


def _overlap(one: Edit, two: Edit) -> bool:
    if one.start == one.end or two.start == two.end:
        return one.start <= two.end and two.start <= one.end
    return one.start < two.end and two.start < one.end


@lru_cache(maxsize=4096)
def compiled(pattern: str, *, ignore_case: bool) -> Any:
    """The card's pattern in the `regex` module. Raises MhxError for a bad one."""
    import regex

    try:
        return regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
    except regex.error as error:
        raise MhxError(Problem(f"bad regex {pattern!r}: {error}", "fix match.regex")) from error


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
    return any(True for pattern in patterns for _ in _cue_matches(pattern, text))


def count(patterns: Iterable[str], text: str) -> int:
    """How often cue patterns (case ignored) match in the text. Raises as `finds` does."""
    return sum(1 for pattern in patterns for _ in _cue_matches(pattern, text))


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
        operation: Literal["insert", "replace", "delete"] = (
            "insert" if not before else "replace" if after else "delete"
        )
        yield Edit(
            start=start,
            end=end,
            operation=operation,
            rule=rule.id,
            before=before,
            after=after,
            depth=rule.depth,
            nature=rule.nature,
        )


def _keep_capital(before: str, after: str) -> str:
    return after[:1].upper() + after[1:] if before[:1].isupper() and after else after


def _rule_findings(rules: Sequence[Rule], text: str) -> Iterator[Finding]:
    for rule in rules:
        if rule.kind not in ("forbid", "prefer", "require") or rule.action.replace is not None:
            continue
        spans = [match.span() for match in _matches(rule, text)]
        message = rule.action.message or rule.reason
        if rule.kind == "require":
            spans = [] if spans else [(0, len(text))]
        for start, end in spans:
            yield Finding(f"rule.{rule.id}", start, end, message, rule.severity)


def _hook_findings(rules: Sequence[Rule], findings: Sequence[Finding]) -> list[Finding]:
    """Findings of the hooks; a card rule for their feature sets how severe they are."""
    severity = {rule.match.feature: rule.severity for rule in rules if rule.match.feature}
    return [
        Finding(
            item.code,
            item.start,
            item.end,
            item.message,
            item.severity
            if item.severity == "warn"
            else severity.get(_feature(item.code), item.severity),
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
