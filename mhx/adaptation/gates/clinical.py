"""Gate: the clinical invariants of the base card, by the languages' cues."""

from __future__ import annotations

from collections.abc import Iterator

from mhx.adaptation.conservation import Found, changed, risk_across, unlisted
from mhx.adaptation.gates.records import Code, Gate, GateContext, Reason, Segment, Talk, spoken_by
from mhx.schema import Plan


def check(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """What adaptation changed beyond its edits, or changed of what is clinical."""
    faithful, adapted = segment.faithful or "", segment.adapted or ""
    yield from unlisted(faithful, adapted, segment.edits)
    yield from changed(
        segment.source,
        faithful,
        adapted,
        segment.role,
        spoken=context.source_cues,
        cues=context.target_cues,
    )


def across(talk: Talk, context: GateContext) -> Iterator[Reason]:
    """The seeker's turns whose risk the translation lost or changed, by both languages' cues."""
    turns, first = {}, {}
    for turn, parts in spoken_by(talk, "seeker").items():
        segments = [segment for _, segment in parts]
        if all(segment.adapted is not None for segment in segments):
            first[turn] = parts[0][0]
            turns[turn] = (
                " ".join(segment.source for segment in segments),
                " ".join(segment.adapted or "" for segment in segments),
            )
    for turn, message in risk_across(turns, context.source_cues, context.target_cues):
        yield Reason("conservation.risk", first[turn], "review", message)


GATE = Gate(
    name="clinical",
    holds="the clinical invariants of the base card, as far as cues see them",
    codes=(
        Code("conservation.edits", ("block",), "the adapted text has a change that no edit lists"),
        Code("conservation.risk", ("block", "review", "warn"),
             "risk was silenced, opened or veiled: by adaptation it blocks, by the engine it asks; "
             "an idiom that newly names indirect risk is only said"),
        Code("conservation.negation", ("block",), "adaptation changed how often is negated"),
        Code("conservation.degree", ("block",), "adaptation changed a degree or a frequency"),
        Code("conservation.symptoms", ("block",), "adaptation lost or added a symptom"),
        Code("conservation.facts", ("block",), "adaptation lost or added a fact, or lost kin"),
        Code("conservation.technique", ("block",),
             "adaptation made a question a statement, an open one closed, or back"),
    ),
    segment=check,
    dialogue=across,
)
