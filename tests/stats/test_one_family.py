"""Several parity results as one: p values adjusted over all contrasts, records side by side."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mhx.stats.effects import holm
from mhx.stats.family import one_family
from mhx.stats.parity import parity
from mhx.stats.results import ParityResult


def result(
    name: str, gap: float, *, seed: int, levels: tuple[str, ...] = ("a", "b")
) -> ParityResult:
    rng = np.random.default_rng(seed)
    effect = rng.normal(0, 0.3, 30)
    rows = [{"unit": f"u{n}", name: level, "y": 1 + effect[n] + gap * k + rng.normal(0, 0.4)}
            for n in range(30) for k, level in enumerate(levels)]
    return parity(pl.DataFrame(rows), scores=["y"], groups=[name], reference={name: "a"},
                  unit=["unit"], margin=0.25, resamples=400)


def test_p_values_are_adjusted_over_all_contrasts() -> None:
    parts = [result("g", 0.25, seed=1), result("h", 0.0, seed=2), result("k", 0.3, seed=3)]
    joined = one_family(parts, alpha=0.05, adjust="holm")
    raw = [one.p for part in parts for one in part.contrasts]
    assert [one.p for one in joined.contrasts] == raw
    assert [one.p_adjusted for one in joined.contrasts] == pytest.approx(holm(raw))
    assert [one.p_adjusted for part in parts for one in part.contrasts] == pytest.approx(raw)


def test_a_verdict_follows_the_family_and_not_the_call() -> None:
    alone = result("g", 0.21, seed=4)
    assert alone.contrasts[0].verdict == "different"
    others = [result(f"n{k}", 0.0, seed=10 + k) for k in range(30)]
    joined = one_family([alone, *others], alpha=0.05, adjust="holm")
    first = joined.contrasts[0]
    assert first.p_adjusted is not None
    assert first.p_adjusted > 0.05
    assert first.verdict != "different"


def test_records_and_settings_stand_side_by_side() -> None:
    parts = [result("g", 0.2, seed=1), result("h", 0.0, seed=2, levels=("a", "b", "c"))]
    joined = one_family(parts, alpha=0.05, adjust="holm")
    assert [one.attribute for one in joined.groups] == ["g", "g", "h", "h", "h"]
    assert joined.settings["groups"] == ["g", "h"]
    assert joined.settings["reference"] == {"g": "a", "h": "a"}
    assert one_family(parts[:1], alpha=0.05, adjust="holm") == parts[0]


def test_nothing_to_join_is_an_error() -> None:
    with pytest.raises(ValueError, match="no result"):
        one_family([], alpha=0.05, adjust="holm")
