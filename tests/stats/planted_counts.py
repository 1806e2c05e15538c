"""chrF counts of systems with a known skill, drawn without texts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics import CHRF

from mhx.stats.overlap import Tally

Floats = NDArray[np.float64]
METRIC = CHRF()


def segments(rng: np.random.Generator, n: int, *, per_text: int = 1) -> tuple[Floats, Floats]:
    """Ease and length of `n` segments; those of one text are equally easy."""
    ease = np.repeat(rng.normal(0, 0.8, -(-n // per_text)), per_text)[:n]
    return ease, rng.integers(15, 120, n).astype(float)


def system(rng: np.random.Generator, parts: tuple[Floats, Floats], *, skill: float = 0.0,
           noise: float = 0.7, per_text: int = 1) -> Tally:
    """A system's counts on the segments; its noise is common to a text."""
    ease, length = parts
    own = np.repeat(rng.normal(0, noise, -(-len(ease) // per_text)), per_text)[: len(ease)]
    hit = 1 / (1 + np.exp(-(0.4 + ease + skill + own)))
    columns = []
    for order in range(6):
        wanted = np.maximum(length - order, 0)
        made = np.maximum(length + rng.integers(-4, 5, len(ease)) - order, 1)
        matched = rng.binomial(np.minimum(made, wanted).astype(int), hit ** (1 + 0.4 * order))
        columns += [made, wanted, matched]
    return Tally(METRIC, np.stack(columns, axis=1).astype(float), "planted")
