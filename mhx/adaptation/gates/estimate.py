"""Gates: an estimate of quality without a reference, and the text translated back."""

from __future__ import annotations

from mhx.adaptation.conservation import Found
from mhx.adaptation.gates.records import Code, Gate, GateContext, Segment
from mhx.schema import Plan

# sentence chrF: 95 % of unrelated sentences lie under 31, there and back by rules (FLORES, en-es)
BACK_FLOOR = 30.0
BACK_LETTERS = 20  # a shorter source's chrF says nothing


def estimated(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """An estimate under the floor; nothing where none was made or no floor is named."""
    floor = context.quality_floor
    if floor is not None and segment.quality is not None and not segment.quality >= floor:
        yield "quality", "review", f"estimated {segment.quality:.2f}, under {floor:g}"


def back(segment: Segment, plan: Plan, context: GateContext) -> Found:
    """A text that comes back unlike its source; a screen, never a proof."""
    score = segment.back_chrf
    if score is None:
        return
    long = sum(letter.isalpha() for letter in segment.source) >= BACK_LETTERS
    if long and not score >= BACK_FLOOR:
        yield "back_translation", "review", f"chrF {score:.0f} after translating back"


QUALITY = Gate(
    name="quality",
    holds="an estimate of translation quality, where `--quality` names a model and "
    "`--quality-floor` its least",
    codes=(Code("quality", ("review",), "the estimate is under `--quality-floor`"),),
    segment=estimated,
)
BACK = Gate(
    name="back-translation",
    holds="the text translated back, where `--back-translator` names an engine",
    codes=(
        Code("back_translation", ("review",),
             f"chrF against the source under {BACK_FLOOR:g}, sources of {BACK_LETTERS} letters up"),
    ),
    segment=back,
)
