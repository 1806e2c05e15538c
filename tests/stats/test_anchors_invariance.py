"""The invariance test holds its level and its intervals cover, also where naive ones do not."""

from __future__ import annotations

import numpy as np
import pytest
from anchor_study import World, draw
from scipy import stats
from statsmodels.miscmodels.ordinal_model import OrderedModel

from mhx.stats.anchors.cumulative import cumulative_logit
from mhx.stats.anchors.dif import dif_row, size_of
from mhx.stats.anchors.invariance import Invariance, invariance
from mhx.stats.anchors.severity import drift, fit

RUNS = 300
BOUND = 0.125
SLACK = 3 * np.sqrt(0.05 * 0.95 / RUNS)  # three Monte Carlo standard errors of a level of .05
WIDE = 3 * np.sqrt(0.1 * 0.9 / RUNS)  # and of a coverage of .90


def examined(world: World, seed: int) -> Invariance:
    scores, ratings = draw(world, [3, seed])
    found = invariance(scores, (fit(ratings[:, 0]), fit(ratings[:, 1])), reach=2.0)
    assert found is not None
    return found


AT_BOUND = {
    "paired": World(bias=BOUND),
    "levels differ": World(bias=BOUND, shift=(0.4, 0.0)),
    "levels differ the other way": World(bias=BOUND, shift=(-0.4, 0.0)),
    "ordinal ratings, levels differ": World(bias=BOUND, shift=(0.4, 0.0), ordinal=True),
    "other items in each language": World(bias=BOUND, items=1600, paired=False, shift=(0.3, 0.0)),
    "severity differs by language": World(bias=BOUND, drift=0.1, raters=4),
    "large": World(bias=BOUND, items=1200),
}


@pytest.mark.parametrize("name", AT_BOUND)
def test_a_bias_at_the_bound_is_rarely_certified_and_the_interval_covers_it(name: str) -> None:
    found = [examined(AT_BOUND[name], seed).bias for seed in range(RUNS)]
    assert np.mean([one.p_equivalent(BOUND) < 0.05 for one in found]) < 0.05 + SLACK
    limits = np.array([one.limits(0.05) for one in found])
    covered = np.mean((limits[:, 0] <= BOUND) & (limits[:, 1] >= BOUND))
    # .03: the share that a drift between four raters costs (the t approximation)
    assert covered > 0.9 - WIDE - (0.03 if "severity" in name else 0.0)


def test_a_slope_at_the_bound_is_rarely_certified() -> None:
    found = [examined(World(slope=BOUND, ordinal=True), seed).slope for seed in range(RUNS)]
    assert np.mean([one.p_equivalent(BOUND) < 0.05 for one in found]) < 0.05 + SLACK
    limits = np.array([one.limits(0.05) for one in found])
    assert np.mean((limits[:, 0] <= BOUND) & (limits[:, 1] >= BOUND)) > 0.9 - WIDE


def test_rating_error_is_not_taken_for_bias_where_the_levels_differ() -> None:
    """The regression on raw means, as everybody runs it, is off by (1 - reliability) x slope x
    difference of the levels; ours is not (Monte Carlo error .009)."""
    world = World(shift=(0.8, 0.0), rating_sd=0.8, items=600)
    naive, ours = [], []
    for seed in range(60):
        scores, ratings = draw(world, [4, seed])
        rated = fit(ratings[:, 0]), fit(ratings[:, 1])
        human = np.stack([one.mean for one in rated], axis=1)
        center = human.mean()
        at = [stats.linregress(human[:, k] - center, scores[:, k]).intercept for k in (0, 1)]
        naive.append(at[0] - at[1])
        found = invariance(scores, rated, reach=2.0)
        assert found is not None
        ours.append(found.bias.value)
    assert abs(np.mean(ours)) < 0.03
    assert np.mean(naive) > 0.25


def test_pairs_of_an_item_give_the_interval_its_width() -> None:
    together = examined(World(items=400), 0).bias.se
    apart = examined(World(items=800, paired=False), 0).bias.se
    assert together < 0.85 * apart


def test_without_rating_error_the_lines_are_those_of_least_squares() -> None:
    rng = np.random.default_rng(1)
    human = rng.normal(1, 0.5, (80, 2))
    scores = 0.3 + 0.7 * human + rng.normal(0, 0.2, (80, 2))
    ratings = np.repeat(human[:, :, None], 2, axis=2)
    found = invariance(scores, (fit(ratings[:, 0]), fit(ratings[:, 1])), reach=2.0)
    assert found is not None
    center = human.mean(0).mean()
    for side in (0, 1):
        line = stats.linregress(human[:, side] - center, scores[:, side])
        assert found.lines.slope[side] == pytest.approx(line.slope, abs=1e-9)
        assert found.lines.intercept[side] == pytest.approx(line.intercept, abs=1e-9)


def test_severity_is_that_of_least_squares_with_dummies() -> None:
    rng = np.random.default_rng(2)
    ratings = rng.normal(size=(30, 4)) + np.array([0.5, 0.0, -0.5, 0.2])
    ratings[rng.random(ratings.shape) < 0.4] = np.nan
    item, rater = np.nonzero(np.isfinite(ratings))
    design = np.zeros((len(item), 34))
    design[np.arange(len(item)), item] = 1
    design[np.arange(len(item)), 30 + rater] = 1
    exact = np.linalg.lstsq(design, ratings[item, rater], rcond=None)
    found = fit(ratings)
    severity = exact[0][30:] - exact[0][30:].mean()
    assert found.severity == pytest.approx(severity, abs=1e-9)
    left = ((ratings[item, rater] - design @ exact[0]) ** 2).sum()
    used = len(np.unique(item))
    assert found.error == pytest.approx(left / (len(item) - used - 3))


def test_raters_who_share_no_item_are_not_connected() -> None:
    ratings = np.full((10, 4), np.nan)
    ratings[:5, :2], ratings[5:, 2:] = 1.0, 2.0
    assert not fit(ratings).connected
    ratings[0, 2] = 1.0
    assert fit(ratings).connected


def test_drift_is_found_where_it_is_and_not_where_it_is_not() -> None:
    """Twelve raters, 100 studies: the mean variance is .01 within its Monte Carlo error."""
    seen = {}
    for sd in (0.0, 0.1):
        world = World(drift=sd, raters=12)
        rated = [draw(world, [9, seed])[1] for seed in range(100)]
        seen[sd] = [drift(fit(one[:, 0]), fit(one[:, 1])) for one in rated]
    assert np.mean([one.variance for one in seen[0.1]]) == pytest.approx(0.01, abs=0.003)
    assert np.mean([one.p < 0.05 for one in seen[0.0]]) < 0.05 + 3 * 0.022


def test_the_cumulative_logit_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    y = np.digitize(x @ [1.0, 0.5, 0.0] + rng.logistic(size=300), [-1.0, 0.0, 1.5])
    found = cumulative_logit(y, x)
    other = OrderedModel(y, x, distr="logit").fit(method="newton", disp=0)
    assert found is not None
    assert found.b == pytest.approx(np.asarray(other.params[:3]), abs=1e-6)
    assert (found.log_likelihood, found.null) == pytest.approx((other.llf, other.llnull))
    values = np.array([0.0, 1.0, 2.0, 3.0])
    assert found.expected(x, values) == pytest.approx(other.predict(x) @ values, abs=1e-6)


def test_a_covariate_that_separates_the_categories_has_no_fit() -> None:
    x = np.linspace(-1, 1, 60)[:, None]
    assert cumulative_logit((x[:, 0] > 0).astype(np.int64), x) is None
    assert cumulative_logit(np.zeros(60, dtype=np.int64), x) is None


def test_dif_is_uniform_for_a_bias_and_non_uniform_for_a_slope() -> None:
    rows = {}
    for name, world in {"none": World(items=600), "bias": World(items=600, bias=0.5),
                        "slope": World(items=600, slope=0.5)}.items():
        scores, ratings = draw(world, 8)
        rated = fit(ratings[:, 0]), fit(ratings[:, 1])
        found = invariance(scores, rated, reach=2.0)
        assert found is not None
        rows[name] = dif_row(np.clip(scores, 0, 2), rated, found, score="empathy",
                             languages=("pl", "en"), scale=(0.0, 2.0), rating_scale=(0.0, 2.0))
    p = {name: (row.uniform_p or 0.0, row.nonuniform_p or 0.0) for name, row in rows.items()}
    assert min(p["none"]) > 0.05
    assert p["bias"][0] < 1e-6
    assert p["slope"][1] < 1e-3
    assert rows["none"].size == "negligible"
    assert rows["bias"].size == "large"
    assert rows["bias"].difference == pytest.approx(0.38, abs=0.1)  # 0.5 less what 0 and 2 cut off
    assert rows["bias"].categories == [0.0, 1.0, 2.0]
    assert len(rows["bias"].curves) == 18


def test_the_classes_of_dif_are_those_of_jodoin_and_gierl() -> None:
    assert [size_of(x) for x in (0.0349, 0.035, 0.07)] == ["negligible", "moderate", "large"]
