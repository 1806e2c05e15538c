"""Gaps corrected by a rated random subsample: formulas, coverage, refusals.

The scorer's scale is flatter than people's and it favours the second group by .3. The Monte
Carlo standard error of a coverage of .95 over 80 runs is .024.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from mhx.errors import MhxError
from mhx.files import read_table
from mhx.stats import parity
from mhx.stats.results import Contrast, CorrectedGap

Array = NDArray[np.float64]
RUNS = 80
SLACK = 3 * np.sqrt(0.05 * 0.95 / RUNS)


def answers(rng: np.random.Generator, *, gap: float, units: int = 150, noise: float = 0.4,
            shared: bool = True) -> tuple[Array, Array]:
    """People's ratings, whose second group is `gap` higher, and a scorer's, (units, 2)."""
    human = (rng.normal(0, 0.7, (units, 1 if shared else 2)) + rng.normal(0, 0.5, (units, 2))
             + np.array([0, gap]))
    return human, 0.8 * human + rng.normal(0, noise, (units, 2)) + np.array([0, 0.3])


def draw(rng: np.random.Generator, score: Array, how: str,
         share: float = 0.25) -> tuple[Array, Array]:
    """Inclusion probabilities and who is rated: rows at random, by score, or whole units."""
    chance = np.full(score.shape, share)
    if how == "by score":
        chance = np.clip(2 * share / (1 + np.exp(-2 * (score - score.mean()))), 0.03, 1)
    if how == "units":
        return chance, np.repeat(rng.random((len(score), 1)) < share, 2, axis=1)
    return chance, rng.random(score.shape) < chance


def table(score: Array, human: Array, chance: Array, rated: Array) -> pl.DataFrame:
    units, groups = score.shape
    return pl.DataFrame({"u": np.repeat(np.arange(units), groups),
                         "g": [f"g{k}" for k in range(groups)] * units, "y": score.ravel(),
                         "human": np.where(rated, human, np.nan).ravel(), "p": chance.ravel()})


def corrected(frame: pl.DataFrame, **options: Any) -> tuple[CorrectedGap, Contrast]:
    settings: dict[str, Any] = {"unit": ["u"], "margin": 0.3, "resamples": 100, **options}
    found = parity(frame, scores=["y"], groups=["g"], reference={"g": "g0"},
                   human={"y": ["human"]}, inclusion="p", **settings)
    return found.corrected[0], found.contrasts[0]


def holds(low: float | None, value: float, high: float | None) -> bool:
    assert low is not None and high is not None
    return low <= value <= high


@pytest.mark.parametrize("gap, how, unit", [
    (0.0, "rows", ["u"]), (0.3, "by score", ["u"]), (0.3, "rows", []), (0.0, "units", ["u"])])
def test_a_biased_scorer_is_corrected(gap: float, how: str, unit: list[str]) -> None:
    held, raw, equivalent = [], [], []
    for seed in range(RUNS):
        rng = np.random.default_rng([seed, 1])
        human, score = answers(rng, gap=gap, shared=bool(unit))
        one, contrast = corrected(table(score, human, *draw(rng, score, how)), unit=unit)
        held.append(holds(one.low, gap, one.high))
        raw.append(holds(contrast.low, gap, contrast.high))
        assert one.tost_p is not None
        equivalent.append(one.tost_p < 0.05)
    assert np.mean(held) > 0.95 - SLACK
    assert np.mean(raw) < 0.4
    if gap == 0.3:  # the margin itself: false equivalence at most at the level
        assert np.mean(equivalent) < 0.05 + SLACK


@pytest.mark.parametrize("design", ["users in one group", "names crossing units"])
def test_clustered_rows_keep_the_coverage(design: str) -> None:
    """Five rows a user, or six names a group over all units; 60 runs, Monte Carlo error .028."""
    held = []
    for seed in range(60):
        rng = np.random.default_rng([seed, 12])
        crossed = design == "names crossing units"
        shape = (25, 2, 6) if crossed else (24, 2, 5)
        human = rng.normal(0, 0.5, shape) + np.array([0, 0.3])[:, None]
        human += rng.normal(0, 0.6, (25, 1, 1) if crossed else (24, 2, 1))
        score = 0.8 * human + rng.normal(0, 0.4, shape) + np.array([0, 0.2])[:, None]
        own = (1, 2, 6) if crossed else (24, 2, 1)
        human, score = human + rng.normal(0, 0.3, own), score + rng.normal(0, 0.3, own)
        unit, group, name = np.indices(shape).reshape(3, -1)
        rated = rng.random(shape) < 0.4
        frame = pl.DataFrame({
            "u": unit, "g": [f"g{k}" for k in group], "y": score.ravel(), "p": 0.4,
            "human": np.where(rated, human, np.nan).ravel(),
            "user": unit * 2 + group, "name": group * 6 + name})
        one, _ = corrected(frame, unit=["u"] if crossed else [],
                           cluster=["name" if crossed else "user"])
        held.append(holds(one.low, 0.3, one.high))
    assert np.mean(held) > 0.95 - 3 * 0.028


def test_a_language_models_ratings_are_corrected_to_the_experts(
        real_data: Callable[[str], Path]) -> None:
    """Fifty conversations rated on two dimensions by three experts and a language model, which
    sees no difference where the experts see .8. Half of the conversations' expert ratings give
    the experts' own gap back, in ten draws of ten."""
    dimensions = ("advice_giving", "dismissing_emotions")
    experts = ["expert1", "expert2", "expert3"]
    wide = read_table(real_data("kumar_empathy/combined_annotations.csv"))
    long = wide.select(u="lend_an_ear_conversation_id", rater="annotation_method",
                       **{name: pl.col(name) for name in dimensions}).unpivot(
        on=dimensions, index=["u", "rater"], variable_name="g", value_name="rating")
    frame = long.pivot(on="rater", index=["u", "g"], values="rating").sort("u", "g")
    given = frame.select(pl.mean_horizontal(experts)).to_series().to_numpy().reshape(-1, 2)
    truth = float((given[:, 1] - given[:, 0]).mean())
    assert truth == pytest.approx(-0.8, abs=0.005)
    for seed in range(10):
        drawn = np.repeat(np.random.default_rng(seed).random(50) < 0.5, 2)
        part = frame.with_columns(
            pl.lit(0.5).alias("p"),
            *(pl.when(pl.Series(drawn)).then(pl.col(name)).alias(name) for name in experts))
        found = parity(part, scores=["gpt"], groups=["g"], reference={"g": "advice_giving"},
                       unit=["u"], human={"gpt": experts}, inclusion="p", resamples=200)
        raw, one = found.contrasts[0], found.corrected[0]
        assert holds(one.low, truth, one.high)
        assert raw.low is not None and raw.low > -0.4


def test_with_a_good_scorer_it_is_narrower_than_the_ratings_alone() -> None:
    """Against the t interval of the rated pairs alone; a useless scorer does no harm."""
    from scipy import stats

    ratios: dict[float, list[float]] = {0.2: [], 5.0: []}
    for noise, found in ratios.items():
        for seed in range(10):
            rng = np.random.default_rng([seed, 2])
            human, score = answers(rng, gap=0.0, units=300, noise=noise)
            chance, rated = draw(rng, score, "units", 0.2)
            one, _ = corrected(table(score, human, chance, rated))
            ci = stats.ttest_rel(*human[rated[:, 0]].T).confidence_interval(0.95)
            assert one.low is not None and one.high is not None
            found.append((one.high - one.low) / (ci.high - ci.low))
    assert np.mean(ratios[0.2]) < 0.8
    assert 0.9 < np.mean(ratios[5.0]) < 1.05


def test_a_fixed_anchor_set_with_another_mix_misses_the_more_the_larger_it_is() -> None:
    """Anchors are mostly of the topic where the scorer is fair; nothing in the table tells."""
    share = {}
    for units in (100, 800):
        held, honest = [], []
        for seed in range(30):
            rng = np.random.default_rng([seed, 3])
            human, score = answers(rng, gap=0.0, units=units)
            hard = rng.random((units, 1)) < 0.5
            score[:, 1:] += np.where(hard, 0.3, -0.3)  # .6 in the hard topics, 0 in the others
            chance = np.full(score.shape, 0.25)
            anchors = np.repeat(rng.random((units, 1)) < np.where(hard, 0.1, 0.4), 2, axis=1)
            one, _ = corrected(table(score, human, chance, anchors))
            two, _ = corrected(table(score, human, *draw(rng, score, "units")))
            held.append(holds(one.low, 0.0, one.high))
            honest.append(holds(two.low, 0.0, two.high))
        share[units] = np.mean(held), np.mean(honest)
    assert share[800][0] < 0.3 < share[100][0]
    assert min(share[100][1], share[800][1]) > 0.95 - 3 * 0.04


def test_all_rated_it_is_the_paired_t_test_of_the_ratings() -> None:
    from scipy import stats

    rng = np.random.default_rng(4)
    human, score = answers(rng, gap=0.2, units=40)
    one, _ = corrected(table(score, human, np.ones_like(score), np.ones_like(score)))
    test = stats.ttest_rel(human[:, 1], human[:, 0])
    ci = test.confidence_interval(0.95)
    assert (one.corrected, one.low, one.high, one.p) == pytest.approx(
        (human[:, 1].mean() - human[:, 0].mean(), ci.low, ci.high, test.pvalue))


def test_estimate_weight_and_error_are_those_of_the_paper() -> None:
    """Angelopoulos, Duchi & Zrnic 2023 for a mean: n labelled rows beside N others.

    Their weight w' = cov / var / (1 + n / N) goes with the mean of the N others; here the mean is
    of all rows, w = w' (1 + n / N). Their variance: w'^2 var(score) / N + var(rating - w' score)
    / n.
    """
    rng = np.random.default_rng(5)
    human, score = answers(rng, gap=0.0, units=4000, shared=False)
    chance, rated = draw(rng, score, "rows")
    one, contrast = corrected(table(score, human, chance, rated), unit=[])
    assert one.weight is not None
    means, variances = [], []
    for k in (0, 1):
        inside, outside = rated[:, k], ~rated[:, k]
        part = one.weight * outside.mean()
        rest = human[inside, k] - part * score[inside, k]
        means.append(part * score[outside, k].mean() + rest.mean())
        variances.append(part**2 * score[outside, k].var(ddof=1) / outside.sum()
                         + rest.var(ddof=1) / inside.sum())
    assert one.corrected == pytest.approx(means[1] - means[0])
    assert one.se == pytest.approx(np.sqrt(sum(variances)), rel=0.01)
    cov = sum(np.cov(human[rated[:, k], k], score[rated[:, k], k]) for k in (0, 1))
    assert one.weight == pytest.approx(min(1.0, cov[0, 1] / cov[1, 1]), abs=0.02)
    assert one.raw == pytest.approx(contrast.gap)


def test_several_raters_count_with_their_mean() -> None:
    rng = np.random.default_rng(6)
    human, score = answers(rng, gap=0.0, units=60)
    frame = table(score, human, *draw(rng, score, "rows", 0.5))
    apart = frame.with_columns(a=pl.col("human") - 0.2, b=pl.col("human") + 0.2)
    found = parity(apart, scores=["y"], groups=["g"], reference={"g": "g0"}, unit=["u"],
                   human={"y": ["a", "b"]}, inclusion="p", resamples=100).corrected[0]
    assert found.corrected == pytest.approx(corrected(frame)[0].corrected)


def test_too_few_ratings_say_how_many_are_missing() -> None:
    human, score = answers(np.random.default_rng(7), gap=0.0, units=40)
    rated = np.zeros_like(score, dtype=bool)
    rated[:20, 0], rated[:7, 1] = True, True
    one, _ = corrected(table(score, human, np.where(rated, 0.5, 0.2), rated))
    assert one.corrected is None and one.verdict == "inconclusive"
    assert one.note == "g1 has 7 rated units, 3 more are needed"


def test_ratings_that_contradict_their_probabilities_are_no_sample() -> None:
    human, score = answers(np.random.default_rng(8), gap=0.0, units=100)
    rated = np.zeros_like(score, dtype=bool)
    rated[:60] = True
    one, _ = corrected(table(score, human, np.full_like(score, 0.2), rated))
    assert one.corrected is None
    assert "60 rated rows, 20 expected from the inclusion probabilities" in one.note
    unrecorded = table(score, human, np.where(rated, 0.2, np.nan), rated)
    one, _ = corrected(unrecorded)
    assert one.corrected is None and "300 rows stood for by the rated ones" in one.note


@pytest.mark.parametrize("chance, says", [(np.nan, "no inclusion probability"),
                                          (0.0, "no probability"), (1.5, "no probability")])
def test_what_is_no_probability_is_refused(chance: float, says: str) -> None:
    rng = np.random.default_rng(9)
    human, score = answers(rng, gap=0.0, units=40)
    given, rated = draw(rng, score, "rows", 0.5)
    rated[0, 0], given[0, 0] = True, chance
    with pytest.raises(MhxError, match=says):
        corrected(table(score, human, given, rated))


@pytest.mark.parametrize("case, says", [("nobody rated", "10 more are needed"),
                                        ("one row", "more are needed"),
                                        ("constant ratings", "constant")])
def test_degenerate_tables_have_a_note_and_no_number(case: str, says: str) -> None:
    rng = np.random.default_rng(10)
    human, score = answers(rng, gap=0.0, units=40)
    chance, rated = draw(rng, score, "rows", 0.5)
    if case == "nobody rated":
        rated[:] = False
    if case == "constant ratings":
        human[:] = 2.0
    frame = table(score, human, chance, rated)
    if case == "one row":
        frame = frame.filter((pl.col("g") == "g0") | (pl.col("u") == 0))
    one, _ = corrected(frame)
    assert (one.corrected, one.low, one.p, one.tost_p) == (None, None, None, None)
    assert says in one.note


def test_constant_scores_leave_the_ratings_alone() -> None:
    rng = np.random.default_rng(11)
    human, score = answers(rng, gap=0.0, units=80)
    chance, rated = draw(rng, score, "rows", 0.5)
    one, _ = corrected(table(np.ones_like(score), human, chance, rated))
    assert one.weight == 0
    means = [human[rated[:, k], k].mean() for k in (0, 1)]
    assert one.corrected == pytest.approx(means[1] - means[0])
