"""The mixed and the ordinal model against t tests, likelihood fits and planted odds ratios."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from mhx.stats import parity
from mhx.stats.results import ModelCheck

Array = NDArray[np.float64]


def ordinal(rng: np.random.Generator, *, units: int = 100, groups: int = 2, shift: float = 0.6,
            topic: float = 0.7) -> Array:
    """0-2 scores (units, groups): the last group's latent score is `shift` higher."""
    latent = rng.normal(0, topic, (units, 1)) + rng.logistic(0, 1, (units, groups))
    latent[:, -1] += shift
    return (latent > -1.0).astype(float) + (latent > 1.0)


def table(score: Array) -> pl.DataFrame:
    units, groups = score.shape
    return pl.DataFrame({"u": np.repeat(np.arange(units), groups),
                         "g": [f"g{k}" for k in range(groups)] * units, "y": score.ravel()})


def checks(frame: pl.DataFrame, **options: Any) -> dict[tuple[str, str], ModelCheck]:
    settings: dict[str, Any] = {"unit": ["u"], "resamples": 200, **options}
    found = parity(frame, scores=["y"], groups=["g"], reference={"g": "g0"}, models=True,
                   **settings)
    return {(one.model, one.group): one for one in found.models}


def test_two_paired_groups_the_mixed_model_is_the_paired_t_test() -> None:
    from scipy import stats

    score = ordinal(np.random.default_rng(0), topic=2.0)
    one = checks(table(score))["mixed", "g1"]
    test = stats.ttest_rel(score[:, 1], score[:, 0])
    ci = test.confidence_interval(0.95)
    assert (one.estimate, one.low, one.high, one.p) == pytest.approx(
        ((score[:, 1] - score[:, 0]).mean(), ci.low, ci.high, test.pvalue), rel=1e-4)
    assert one.agrees is True and one.scale == "raw points" and one.n == 200


def test_several_paired_groups_have_the_error_of_the_two_way_analysis_of_variance() -> None:
    """REML of a balanced block design: var(gap) = 2 MS(residual) / units (Searle et al. 1992)."""
    score = ordinal(np.random.default_rng(1), groups=4)
    found = checks(table(score))
    rest = score - score.mean(1, keepdims=True) - score.mean(0) + score.mean()
    error = np.sqrt(2 * (rest**2).sum() / (99 * 3) / 100)
    for k in (1, 2, 3):
        one = found["mixed", f"g{k}"]
        assert one.estimate == pytest.approx((score[:, k] - score[:, 0]).mean(), abs=1e-6)
        assert one.se == pytest.approx(error, rel=1e-3)


def test_missing_cells_are_weighed_by_likelihood() -> None:
    """Between the paired and the unpaired difference, by generalized least squares."""
    rng = np.random.default_rng(2)
    score = rng.normal(0, 1, (200, 1)) + rng.normal(0, 0.6, (200, 2)) + np.array([0, 0.4])
    score[:60, 1] = np.nan
    one = checks(table(score))["mixed", "g1"]
    unit, side = np.nonzero(np.isfinite(score))
    y = score[unit, side]
    design = np.column_stack([np.ones(len(y)), side])

    def fitted(between: float) -> tuple[float, Array]:
        cov = between * (unit[:, None] == unit) + np.eye(len(y))
        inverse = np.linalg.inv(cov)
        info = design.T @ inverse @ design
        beta = np.linalg.solve(info, design.T @ inverse @ y)
        left = y - design @ beta
        scale = float(left @ inverse @ left) / (len(y) - 2)
        criterion = (np.linalg.slogdet(cov)[1] + np.linalg.slogdet(info)[1]
                     + (len(y) - 2) * np.log(scale))
        return criterion, beta

    best = min((fitted(ratio) for ratio in np.linspace(1, 8, 29)), key=lambda found: found[0])
    assert one.estimate == pytest.approx(best[1][1], abs=0.004)


def test_ordinal_estimates_are_those_of_an_ordered_logit() -> None:
    """Working independence estimates the marginal odds that maximum likelihood does, and its
    sandwich error on independent rows is close to that of the likelihood."""
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    score = ordinal(np.random.default_rng(3), units=300, topic=0.0)
    side = np.tile([0.0, 1.0], 300)[:, None]
    fit = OrderedModel(score.ravel(), side, distr="logit").fit(method="bfgs", disp=0)
    one = checks(table(score), unit=[])["ordinal", "g1"]
    assert one.estimate == pytest.approx(fit.params[0], abs=0.01)
    assert one.se == pytest.approx(fit.bse[0], rel=0.05)
    assert one.scale == "log odds" and one.estimate is not None and one.estimate > 0


def test_ordinal_intervals_hold_the_planted_log_odds() -> None:
    """60 tables, Monte Carlo error .028; without a topic effect the planted shift is marginal."""
    held, found = [], []
    for seed in range(60):
        score = ordinal(np.random.default_rng([seed, 4]), units=50, topic=0.0)
        one = checks(table(score), unit=[])["ordinal", "g1"]
        assert one.low is not None and one.high is not None
        held.append(one.low <= 0.6 <= one.high)
        found.append(one.estimate)
    assert np.mean(held) > 0.95 - 3 * 0.028
    assert np.mean(found) == pytest.approx(0.6, abs=3 * np.std(found) / np.sqrt(60))


def test_pairing_makes_the_ordinal_error_smaller() -> None:
    frame = table(ordinal(np.random.default_rng(5), topic=3.0))
    paired, apart = checks(frame)["ordinal", "g1"], checks(frame, unit=[])["ordinal", "g1"]
    assert paired.estimate == pytest.approx(apart.estimate)
    assert paired.se is not None and apart.se is not None and paired.se < 0.8 * apart.se


def test_crossed_names_go_into_the_ordinal_error_and_are_not_in_the_mixed_model() -> None:
    rng = np.random.default_rng(6)
    latent = (rng.normal(0, 0.7, (20, 1, 1)) + rng.normal(0, 1.0, (1, 2, 6))
              + rng.logistic(0, 1, (20, 2, 6)))
    score = (latent > -1.0).astype(float) + (latent > 1.0)
    index = np.indices(score.shape).reshape(3, -1)
    frame = pl.DataFrame({"u": index[0], "g": [f"g{k}" for k in index[1]],
                          "name": index[1] * 6 + index[2], "y": score.ravel()})
    crossed, plain = checks(frame, cluster=["name"]), checks(frame)
    one, two = crossed["ordinal", "g1"], plain["ordinal", "g1"]
    assert one.se is not None and two.se is not None and one.se > 1.3 * two.se
    assert crossed["mixed", "g1"].estimate is None
    assert "cross" in crossed["mixed", "g1"].note
    assert plain["mixed", "g1"].estimate is not None


def test_units_without_a_shared_effect_are_said() -> None:
    """Scores that repel each other within a unit: their variance is 0, the test Student's."""
    from scipy import stats

    rng = np.random.default_rng(7)
    first = rng.normal(0, 1, (60, 1))
    score = np.hstack([first, 0.3 - 0.2 * first + rng.normal(0, 1, (60, 1))])
    one = checks(table(score))["mixed", "g1"]
    assert one.note == "units do not differ beyond chance: as good as no random intercept"
    assert one.estimate is not None and one.se is not None
    assert one.estimate / one.se == pytest.approx(stats.ttest_ind(*score.T[::-1]).statistic,
                                                  rel=1e-3)
    opposed = checks(table(np.hstack([first, 0.3 - first])))["mixed", "g1"]
    assert (opposed.estimate, opposed.note) == (None, "did not converge")


@pytest.mark.parametrize("case, model, says", [
    ("constant", "mixed", "constant"), ("constant", "ordinal", "constant"),
    ("not paired", "mixed", "no unit has two scores"),
    ("many levels", "ordinal", "200 distinct scores"),
    ("one end", "ordinal", "all the same"), ("empty", "mixed", ""), ("empty", "ordinal", ""),
    ("one row", "ordinal", "all the same"),
])
def test_what_cannot_be_fitted_has_a_note_and_no_number(case: str, model: str, says: str) -> None:
    score = ordinal(np.random.default_rng(8))
    if case == "constant":
        score[:] = 1
    if case == "many levels":
        score += np.random.default_rng(9).normal(0, 0.1, score.shape)
    if case == "one end":
        score[:, 1] = 2
    if case == "empty":
        score[:, 1] = np.nan
    if case == "one row":
        score[1:, 1] = np.nan
    one = checks(table(score), unit=[] if case == "not paired" else ["u"])[model, "g1"]
    assert (one.estimate, one.se, one.low, one.p, one.agrees) == (None,) * 5
    assert one.note and says in one.note


def test_a_group_at_one_end_does_not_spoil_the_others() -> None:
    score = ordinal(np.random.default_rng(10), groups=3)
    alone = checks(table(score[:, [0, 2]]))["ordinal", "g1"]
    score[:, 1] = 0
    found = checks(table(score))
    assert found["ordinal", "g1"].estimate is None
    assert found["ordinal", "g2"].estimate == pytest.approx(alone.estimate)


def test_agreement_is_of_sign_and_of_significance() -> None:
    """A gap of few large outliers: the mean's test misses it, the ordinal model finds it."""
    clear = checks(table(ordinal(np.random.default_rng(11), shift=1.5)))
    assert clear["mixed", "g1"].agrees and clear["ordinal", "g1"].agrees
    score = np.zeros((60, 2))
    score[:40, 1], score[40:46, 0], score[46:, :] = 1, 9, 1
    frame = table(score)
    contrast = parity(frame, scores=["y"], groups=["g"], reference={"g": "g0"},
                      unit=["u"]).contrasts[0]
    one = checks(frame)["ordinal", "g1"]
    assert contrast.p is not None and one.p is not None
    assert (contrast.p < 0.05) != (one.p < 0.05) and one.agrees is False
