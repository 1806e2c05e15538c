"""Gate: forbidden clinical terms are blocked; a clinical concept without its term is said."""

from __future__ import annotations

from mhx.adaptation.conservation import Found
from mhx.adaptation.gates.records import Code, Gate, GateContext, Segment
from mhx.schema import Plan

OWN_WORDS = ("stigmatizing", "archaic")  # a person may say so of themselves; a supporter may not


def check(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """Forbidden terms by their reason, and concepts of the source that have no term here."""
    terms = context.terms
    if terms is None:
        return
    adapted = segment.adapted or ""
    named = terms.concepts(segment.source)
    for match in terms.forbidden(adapted):
        if match.why in OWN_WORDS and segment.role != "supporter":
            continue
        if match.why == "false_friend" and match.concept not in named:
            continue
        # the sense of a false friend cannot be told from the text alone
        severity = "warn" if match.why == "false_friend" else "block"
        said = f"{adapted[match.start : match.end]}: {match.why} for {match.concept}"
        yield "terms.forbidden", severity, said
    for concept in sorted(named):
        if terms.expects(concept) and not terms.has(concept, adapted):
            yield "terms.missing", "warn", f"no term of the term base for {concept}"


GATE = Gate(
    name="terms",
    holds="clinical terms, in all their forms, by the languages' term bases",
    codes=(
        Code("terms.forbidden", ("block", "warn"), "a forbidden term: a calque anywhere, a "
             "stigmatizing or archaic one of a supporter; a false friend where the source has its "
             "concept is only said"),
        Code("terms.missing", ("warn",), "the source names a disorder, therapy, medication or "
             "profession, and no term of the concept is in the target"),
    ),
    segment=check,
)
