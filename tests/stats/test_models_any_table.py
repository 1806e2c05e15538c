"""Small random tables with holes: every check answers with finite numbers or says why not."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl
import pytest

from mhx.stats import parity

MAIN = ("estimate", "adjusted", "difference", "corrected")


def holes(rng: np.random.Generator, values: Any, share: float) -> Any:
    return np.where(rng.random(len(values)) < share, np.nan, values)


def table(seed: int) -> pl.DataFrame:
    """4 to 60 rows, two of which make sure that every reference occurs."""
    rng = np.random.default_rng([seed, 99])
    n = int(rng.integers(4, 60))
    first = {"u": [0, 0], "g": ["g0", "g1"], "e": ["e0", "e1"], "s": ["s0", "s1"], "y": [1.0, 0.0],
             "words": [3.0, 4.0], "a": [1.0, 1.0], "b": [1.0, 0.0], "p": [0.6, 0.6], "c": [0, 1]}
    rest = {"u": rng.integers(0, max(2, n // 3), n),
            "g": [f"g{k}" for k in rng.integers(0, 3, n)],
            "e": [f"e{k}" for k in rng.integers(0, 2, n)],
            "s": [f"s{k}" for k in rng.integers(0, 2, n)],
            "y": holes(rng, rng.integers(0, 3, n), 0.2),
            "words": holes(rng, np.round(rng.lognormal(2, 1, n)), 0.1),
            "a": holes(rng, rng.integers(0, 3, n), 0.5),
            "b": holes(rng, rng.integers(0, 3, n), 0.5), "p": np.full(n, 0.6),
            "c": rng.integers(0, 4, n)}
    return pl.concat([pl.DataFrame(first), pl.DataFrame(rest)])


@pytest.mark.parametrize("options", [
    {"unit": ["u"]}, {}, {"unit": ["u"], "cluster": ["c"]}, {"cluster": ["c"]},
    {"unit": ["u"], "baseline": {"s": "s0"}}, {"smallest": 8}], ids=str)
def test_numbers_are_finite_or_there_is_a_note(options: dict[str, Any]) -> None:
    for seed in range(10):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = parity(
                table(seed), scores=["y"], groups=["g", "e"], reference={"g": "g0", "e": "e0"},
                margin=0.3, length="words", human={"y": ["a", "b"] if seed % 2 else ["a"]},
                inclusion="p", reliability=0.8 if seed % 3 == 0 else None, models=seed < 2,
                resamples=100, **options)
        checks = [asdict(one) for one in (*found.models, *found.lengths, *found.conditional,
                                          *found.corrected)]
        assert checks
        json.dumps(checks, allow_nan=False)
        for one in checks:
            value = next(one[name] for name in MAIN if name in one)
            assert value is not None or one["note"]
            low, high = one["low"], one["high"]
            assert (low is None) == (high is None)
            assert low is None or low <= value <= high
