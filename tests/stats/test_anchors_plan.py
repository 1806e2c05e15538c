"""How many anchors: the reference's figure, what a licence needs beyond it, and who does it."""

from __future__ import annotations

import numpy as np
import pytest
from anchor_study import World, draw

from mhx.stats.anchors.invariance import invariance
from mhx.stats.anchors.need import Linking, anchors_for, linked_power, tost_power
from mhx.stats.anchors.plan import assumed_noise, plan_anchors
from mhx.stats.anchors.severity import fit
from mhx.stats.effects import anchors_needed

LANGUAGES = ("pl", "en")
NOISE = assumed_noise(0.6, human_sd=0.6)


def test_the_bias_alone_needs_the_number_of_the_reference() -> None:
    found = plan_anchors(LANGUAGES, margin=0.25, noise=NOISE, slope=False)
    assert found.anchors == found.anchors_for_bias == anchors_needed(0.25, 0.6) == 198
    assert found.bound == 0.125
    assert found.half_width == pytest.approx(1.645 * 0.6 / np.sqrt(198), rel=1e-3)


def test_a_licence_needs_more_for_its_slopes_and_its_raters() -> None:
    found = plan_anchors(LANGUAGES, margin=0.25, noise=NOISE)
    assert found.anchors is not None
    assert found.anchors > 400
    assert found.texts_per_rater == int(np.ceil(2 * 2 * found.anchors / 3))
    wider = plan_anchors(LANGUAGES, margin=0.5, noise=NOISE)
    assert wider.anchors is not None
    assert wider.anchors < found.anchors / 3.5
    noisy = plan_anchors(LANGUAGES, margin=0.25,
                         noise=assumed_noise(0.6, human_sd=0.6, reliability=0.6))
    assert noisy.anchors is not None
    assert noisy.anchors > 1.3 * found.anchors


def test_severity_that_differs_by_language_asks_for_raters_and_not_for_anchors() -> None:
    few = plan_anchors(LANGUAGES, margin=0.25, noise=NOISE, drift=0.1)
    assert few.anchors is None
    assert few.raters_needed is not None
    assert few.raters_needed > few.raters
    enough = plan_anchors(LANGUAGES, margin=0.25, noise=NOISE, drift=0.1,
                          raters=few.raters_needed)
    assert enough.anchors is not None
    assert plan_anchors(LANGUAGES, margin=0.25, noise=NOISE, drift=0.5).raters_needed is None


@pytest.mark.parametrize("n", [96, 198, 400])
def test_the_power_of_tost_is_that_of_a_simulation(n: int) -> None:
    """20,000 estimates: Monte Carlo error .003."""
    se = 0.6 / np.sqrt(n)
    drawn = np.random.default_rng(n).normal(0.02, se, 20_000)
    simulated = float((np.abs(drawn) + 1.6449 * se < 0.125).mean())
    assert tost_power(0.125, se, 0.05, truth=0.02) == pytest.approx(simulated, abs=0.012)


def test_with_many_agreeing_raters_the_linked_power_is_the_plain_one() -> None:
    many = Linking(raters=500, drift=0.0, error=0.0)
    assert linked_power(0.125, 0.36, 0.05, 5000, many) == pytest.approx(
        tost_power(0.125, 0.6 / np.sqrt(5000), 0.05), abs=1e-6)
    assert anchors_for(0.36, None, bound=0.125, alpha=0.05, power=0.8) == 198


def test_an_unbiased_scorer_is_certified_as_often_as_planned() -> None:
    """300 studies of the planned size: Monte Carlo error .023, bound three of it."""
    planned = plan_anchors(LANGUAGES, margin=0.25, noise=NOISE)
    assert planned.anchors is not None
    world = World(items=planned.anchors)
    passed = []
    for seed in range(300):
        scores, ratings = draw(world, [5, seed])
        found = invariance(scores, (fit(ratings[:, 0]), fit(ratings[:, 1])), reach=2.0)
        assert found is not None
        passed.append(max(found.bias.p_equivalent(0.125), found.slope.p_equivalent(0.125)) < 0.05)
    assert np.mean(passed) == pytest.approx(0.8, abs=0.07)
