"""chrF by sacrebleu's own code, with its signature."""

from __future__ import annotations

from mhx.contracts import Measure, MeasureSettings
from mhx.scoring import Overlap


def open(settings: MeasureSettings) -> Measure:
    """sacrebleu's metric with its defaults; the option ``seed`` decides its intervals."""
    from sacrebleu.metrics import CHRF

    return Overlap("chrf", CHRF(), CHRF(), seed=settings.options.get("seed", 0))
