"""Gates of what the language's hooks and the card's rules found: address, gender, and so on."""

from __future__ import annotations

from collections.abc import Iterator

from mhx.adaptation.conservation import Found
from mhx.adaptation.gates.records import (
    Code,
    Gate,
    GateContext,
    Reason,
    Segment,
    SegmentCheck,
    Talk,
)
from mhx.schema import Plan

FAMILIES = ("address.", "gender.", "register.", "orthography.")


def family(prefix: str) -> SegmentCheck:
    """A check that passes on the findings whose code begins with `prefix`."""

    def check(segment: Segment, plan: Plan, context: GateContext) -> Found:
        for item in segment.findings:
            if item.code.startswith(prefix):
                yield item.code, item.severity, item.message

    return check


def gendered(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """Gender findings; in a user's text a form that nobody stated goes to a person."""
    avoid = context.target.grammar.unknown_gender == "avoid"
    for code, severity, message in family("gender.")(segment, plan, context):
        unstated = context.user_text and avoid and code == "gender.unknown"
        yield code, "review" if unstated else severity, message


def of_rules(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """Every other finding: the card's rules, and what a plugin names itself."""
    for item in segment.findings:
        if not item.code.startswith(FAMILIES):
            yield item.code, item.severity, item.message


def wavering(talk: Talk, context: GateContext) -> Iterator[Reason]:
    """Address findings in one role's turns say once for the dialogue that its form wavers."""
    places = [
        number
        for number, segment in enumerate(talk.segments)
        if segment.adapted is not None
        for item in segment.findings
        if item.code.startswith("address.") and item.severity != "warn"
    ]
    if places:
        message = f"{len(places)} segments break the planned address"
        yield Reason("address", places[0], "review", message)


ADDRESS = Gate(
    name="address",
    holds="the planned form of address, one through the dialogue",
    codes=(
        Code("address.*", ("block", "review", "warn"),
             "the language's hook: a form other than planned (`level`, `mixed`, `slash`, "
             "`addressee_gender`, `endearment`)"),
        Code("address", ("review",), "how many segments of the dialogue break it"),
    ),
    segment=family("address."),
    dialogue=wavering,
)
GENDER = Gate(
    name="gender",
    holds="the planned gender of speaker and addressee",
    codes=(
        Code("gender.*", ("block", "review", "warn"),
             "the language's hook: a form of another gender (`speaker`, `addressee`, `noun`), or "
             "of one nobody stated (`unknown`; in a user's text it asks)"),
    ),
    segment=gendered,
)
REGISTER = Gate(
    name="register",
    holds="one register, spoken or written",
    codes=(Code("register.*", ("block", "review", "warn"), "the language's hook: both at once"),),
    segment=family("register."),
)
ORTHOGRAPHY = Gate(
    name="orthography",
    holds="the language's letters, digits, joiners and marks",
    codes=(
        Code("orthography.*", ("block", "review", "warn"),
             "the language's hook: another script's letter or digit, a missing joiner, a mark"),
    ),
    segment=family("orthography."),
)
RULES = Gate(
    name="rules",
    holds="what the culture card checks",
    codes=(
        Code("rule.*", ("block", "review", "warn"),
             "a `check` rule of the card met its pattern; the severity is the rule's"),
        Code("*", ("block", "review", "warn"), "whatever else a hook names, under its own code"),
    ),
    segment=of_rules,
)
