"""A published equivalence test: Lakens (2017) on Moery & Calin-Jageman (2016, study 2).

Control n = 95, mean 5.25, SD .95; organic food n = 89, mean 5.22, SD .83; bounds d = +-.43
(.384 raw points): t(182) = -2.69, p = .004.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import polars as pl
import pytest

from mhx.stats import parity

BOUND = 0.43 * sqrt((0.95**2 + 0.83**2) / 2)  # d times the root of the mean variance


def drawn(size: int, mean: float, sd: float, seed: int) -> np.ndarray:
    """Normal scores with exactly this mean and standard deviation."""
    raw = np.random.default_rng(seed).normal(size=size)
    return mean + sd * (raw - raw.mean()) / raw.std(ddof=1)


@pytest.fixture
def study() -> pl.DataFrame:
    groups = {"control": drawn(95, 5.25, 0.95, 1), "organic": drawn(89, 5.22, 0.83, 2)}
    return pl.DataFrame({"food": [name for name, scores in groups.items() for _ in scores],
                         "harsh": np.concatenate(list(groups.values()))})


def test_the_published_equivalence_is_found(study: pl.DataFrame) -> None:
    found = parity(study, scores=["harsh"], groups=["food"], reference={"food": "organic"},
                   margin=BOUND, resamples=20_000).contrasts[0]
    assert found.gap == pytest.approx(0.03)
    assert found.se is not None
    assert (found.gap - BOUND) / found.se == pytest.approx(-2.69, abs=0.005)
    assert found.tost_p == pytest.approx(0.004, abs=0.001)
    assert found.verdict == "equivalent"


def test_a_narrower_bound_is_not_shown(study: pl.DataFrame) -> None:
    found = parity(study, scores=["harsh"], groups=["food"], reference={"food": "organic"},
                   margin=0.2, resamples=20_000).contrasts[0]
    assert found.tost_p is not None and found.tost_p > 0.05
    assert found.verdict == "inconclusive"
