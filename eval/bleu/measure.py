"""BLEU by sacrebleu's own code, with its signature."""

from __future__ import annotations

from mhx.contracts import Measure, MeasureSettings
from mhx.scoring import Overlap


def open(settings: MeasureSettings) -> Measure:
    """sacrebleu's defaults (a sentence: effective order); the option ``seed`` is its draws'."""
    from sacrebleu.metrics import BLEU

    return Overlap("bleu", BLEU(), BLEU(effective_order=True), seed=settings.options.get("seed", 0))
