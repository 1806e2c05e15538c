"""What no entity edit may touch: doses, drugs, dates of events, ages, slots, numbers to dial."""

from __future__ import annotations

from collections.abc import Sequence

from mhx.adaptation.resolver import SLOT
from mhx.adaptation.rules import CUE_TIMEOUT, compiled
from mhx.corpus.privacy import phones
from mhx.errors import MhxError, Problem


def sensitive_spans(text: str, patterns: Sequence[str]) -> list[tuple[int, int]]:
    """Spans of the text that stay as they are, by the localization's patterns (case ignored).

    Slots, bracketed placeholders and what reads as a phone number are among them in any
    language. Raises MhxError for a bad pattern or one that runs too long.
    """
    spans = [match.span() for match in SLOT.finditer(text)]
    spans += phones(text)
    for pattern in (*patterns, r"\[\w+\]"):
        try:
            found = compiled(pattern, ignore_case=True).finditer(text, timeout=CUE_TIMEOUT)
            spans += [match.span() for match in found]
        except TimeoutError as error:
            what = f"the sensitive pattern {pattern!r} ran over {CUE_TIMEOUT} s"
            raise MhxError(Problem(what, "make it linear: no nested quantifiers")) from error
    return sorted(spans)


def touches(start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a place shares a character with one of the spans."""
    return any(start < stop and first < end for first, stop in spans)
