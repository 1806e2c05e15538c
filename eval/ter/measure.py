"""Translation edit rate by sacrebleu's own code, with its signature."""

from __future__ import annotations

from mhx.contracts import Measure, MeasureSettings
from mhx.scoring import Overlap


def open(settings: MeasureSettings) -> Measure:
    """sacrebleu's metric with its defaults; the option ``seed`` decides its intervals."""
    from sacrebleu.metrics import TER

    return Overlap("ter", TER(), TER(), seed=settings.options.get("seed", 0))
