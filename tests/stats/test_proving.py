"""The proving ground counts right, runs what it is given, and goes on where it stopped."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from mhx.errors import MhxError
from mhx.stats.proving import ground, quick, quick_proof
from mhx.stats.proving.designs import DESIGNS
from mhx.stats.proving.foreign import load
from mhx.stats.proving.ground import prove, settings
from mhx.stats.proving.procedures import PROCEDURES, by_parity, by_welch
from mhx.stats.proving.responders import draw, task
from mhx.stats.proving.results import Rates, rate_error, summarize
from mhx.stats.proving.task import Answer, Task, as_answer

OWN = """
def median_gap(frame, task):
    medians = {name: frame.filter(frame[task.group] == name)[task.score].median()
               for name in (task.reference, task.value)}
    gap = medians[task.value] - medians[task.reference]
    return {"gap": gap, "low": gap - 1, "high": gap + 1, "p": 0.5, "equivalent": abs(gap) < 0.5}


def three(frame, task):
    return 0.1, -0.2, 0.4


def breaks(frame, task):
    if task.seed % 2:
        raise ValueError("no idea")
    return {"gap": 0.0}


def wrong(frame, task):
    return {"gab": 0.0}
"""


def asked(name: str, **changes: Any) -> Task:
    return replace(task(DESIGNS[name], margin=0.25, alpha=0.05, resamples=200, seed=0), **changes)


def row(found: list[Rates], procedure: str, gap: float) -> Rates:
    return next(one for one in found if one.procedure == procedure and one.gap == gap)


# ---------------------------------------------------------------- counting


def test_rates_are_those_counted_by_hand() -> None:
    answers = [Answer(gap=0.1, low=0.0, high=0.3, p=0.04, equivalent=False),
               Answer(gap=0.4, low=0.3, high=0.5, p=0.01, equivalent=False),
               Answer(gap=0.2, low=-0.1, high=0.5, p=0.3, equivalent=True),
               Answer(refused="too few"), Answer(refused="too few")]
    found = summarize(answers, gap=0.2, alpha=0.05)
    assert found["answered"] == pytest.approx(3 / 5)
    assert found["answered_se"] == pytest.approx(np.sqrt((5 / 9) * (4 / 9) / 9))
    assert found["coverage"] == pytest.approx(2 / 3)
    assert found["rejected"] == pytest.approx(2 / 5)  # no answer claims nothing
    assert found["claimed"] == pytest.approx(1 / 5)
    assert found["bias"] == pytest.approx((-0.1 + 0.2 + 0.0) / 3)
    assert found["bias_se"] == pytest.approx(np.std([-0.1, 0.2, 0.0], ddof=1) / np.sqrt(3))
    assert found["width"] == pytest.approx((0.3 + 0.2 + 0.6) / 3)
    assert found["note"] == "too few"


def test_a_gap_without_a_sign_is_held_against_the_size_of_the_true_one() -> None:
    largest = [Answer(gap=0.3, low=0.1, high=0.5, unsigned=True)]
    assert summarize(largest, gap=-0.2, alpha=0.05)["coverage"] == 1
    assert summarize([replace(largest[0], unsigned=False)], gap=-0.2, alpha=0.05)["coverage"] == 0


def test_without_a_p_an_interval_that_leaves_out_zero_says_different() -> None:
    answers = [Answer(gap=0.3, low=0.1, high=0.5), Answer(gap=0.1, low=-0.1, high=0.3)]
    assert summarize(answers, gap=0.0, alpha=0.05)["rejected"] == 0.5


def test_where_nothing_is_answered_nothing_is_claimed() -> None:
    found = summarize([Answer(refused="insufficient anchors")] * 3, gap=0.0, alpha=0.05)
    assert found["answered"] == found["rejected"] == found["claimed"] == 0
    assert found["coverage"] is found["bias"] is found["width"] is None
    assert all(value is None or value == "" for value in summarize([], gap=0, alpha=0.05).values())


def test_a_procedure_that_never_speaks_of_parity_has_no_rate_of_it() -> None:
    answers = [Answer(gap=0.1, low=0.0, high=0.3, p=0.04), Answer(refused="too few")]
    found = summarize(answers, gap=0.0, alpha=0.05)
    assert (found["claimed"], found["rejected"]) == (None, 0.5)


def test_the_monte_carlo_error_is_that_of_agresti_and_coull() -> None:
    assert rate_error(190, 200) == pytest.approx(np.sqrt((192 / 204) * (12 / 204) / 204))
    assert rate_error(200, 200) > 0


def test_a_rate_is_named_by_what_is_true() -> None:
    base = Rates(design="d", title="d", estimand="pair", procedure="p", gap=0.0, margin=0.25,
                 replicates=10, rejected=0.1, claimed=0.4)
    names = ("type_1", "power", "false_parity", "true_parity")

    def named(gap: float) -> tuple[float | None, ...]:
        return tuple(getattr(replace(base, gap=gap), name) for name in names)

    assert named(0.0) == (0.1, None, None, 0.4)
    assert named(0.1) == (None, 0.1, None, 0.4)
    assert named(0.25) == named(-0.3) == (None, 0.1, 0.4, None)


# ---------------------------------------------------------------- procedures


def test_the_welch_row_is_scipys() -> None:
    frame = draw(DESIGNS["unpaired"], 0.25, seed=3, replicate=1)
    one, two = (frame.filter(pl.col("group") == name)["score"].to_numpy() for name in "ba")
    peer = stats.ttest_ind(one, two, equal_var=False)
    found = by_welch(frame, asked("unpaired"))
    assert found.p == pytest.approx(peer.pvalue, abs=1e-12)
    assert (found.low, found.high) == pytest.approx(tuple(peer.confidence_interval(0.95)))
    assert found.gap == pytest.approx(one.mean() - two.mean())


def test_welch_takes_the_highest_and_the_lowest_of_many_groups() -> None:
    frame = draw(DESIGNS["eight-groups"], 0.0, seed=3, replicate=1)
    means = frame.group_by("group").agg(pl.col("score").mean())["score"]
    found = by_welch(frame, asked("eight-groups"))
    assert found.unsigned
    assert found.gap == pytest.approx(float(means.max() - means.min()))  # type: ignore[operator]


def test_no_gap_between_languages_without_anchors() -> None:
    frame = draw(DESIGNS["language-bias"], 0.25, seed=3, replicate=1)
    found = by_parity(frame, asked("language-bias"))
    assert found.gap is None
    assert found.refused == "insufficient anchors"


def test_the_answer_is_that_of_the_language_that_was_asked_about() -> None:
    found = prove(settings(designs=["group-by-language"], procedures=["mhx"], gaps=[0.5],
                           replicates=25)).rows[0]
    assert found.bias is not None and abs(found.bias) < 0.12  # the other language has no gap


def test_a_biased_scorer_misleads_every_procedure_but_the_corrected_one() -> None:
    found = list(prove(settings(designs=["biased-scorer"], gaps=[0.25], replicates=60)).rows)
    raw, corrected, welch = (row(found, name, 0.25) for name in ("mhx", "mhx-corrected", "welch"))
    assert raw.coverage is not None and raw.coverage < 0.6
    assert welch.false_parity is not None and welch.false_parity > 0.8
    assert corrected.coverage is not None and corrected.coverage > 0.85
    assert corrected.false_parity is not None and corrected.false_parity < 0.14


def test_equal_length_takes_out_what_length_added() -> None:
    found = list(prove(settings(designs=["length-bias"], gaps=[0.0], replicates=60)).rows)
    raw, adjusted = row(found, "mhx", 0.0), row(found, "mhx-length", 0.0)
    assert raw.bias == pytest.approx(0.24, abs=0.07)
    assert adjusted.bias == pytest.approx(0.0, abs=0.07)
    assert adjusted.coverage is not None and adjusted.coverage > 0.85


def test_anchors_license_a_fair_scorer_and_no_biased_one() -> None:
    fair, biased = (prove(settings(designs=[name], procedures=["mhx-licensed", "welch"],
                                   gaps=[0.25], replicates=10)).rows
                    for name in ("language-fair", "language-bias"))
    assert fair[0].answered is not None and fair[0].answered >= 0.6
    assert fair[0].power == fair[0].answered
    assert biased[0].answered == 0
    assert set(biased[0].note.split("; ")) <= {"correctable", "insufficient anchors",
                                               "not comparable"}
    assert biased[1].false_parity is not None and biased[1].false_parity > 0.7


def test_a_missing_package_is_said_and_nothing_is_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = replace(PROCEDURES["fairlearn"], package="no_such_package_here")
    monkeypatch.setitem(PROCEDURES, "fairlearn", absent)
    found = prove(settings(designs=["paired"], procedures=["welch", "fairlearn"], gaps=[0.0],
                           replicates=5)).rows
    assert [one.replicates for one in found] == [5, 0]
    assert found[1].note == "not installed: pip install no_such_package_here"
    assert found[1].coverage is found[1].answered is None


# ---------------------------------------------------------------- a user's own function


def test_a_users_function_runs_only_when_it_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("raise SystemExit('it ran')", encoding="utf-8")
    with pytest.raises(MhxError, match="--allow-code"):
        settings(procedures=[f"{path}:median_gap"])


def test_a_users_function_answers_with_a_mapping_or_a_tuple(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(OWN, encoding="utf-8")
    names = [f"{path}:{name}" for name in ("median_gap", "three", "breaks", "wrong")]
    found = prove(settings(designs=["paired"], procedures=names, gaps=[0.0], replicates=10,
                           allow_code=True)).rows
    median, three, breaks, wrong = found
    assert median.procedure == names[0]
    assert (median.coverage, median.type_1) == (1, 0)
    assert (three.coverage, three.width, three.claimed) == (1, pytest.approx(0.6), None)
    assert (breaks.answered, breaks.note) == (0.5, "ValueError: no idea")
    assert wrong.answered == 0
    assert "unknown key 'gab'" in wrong.note


@pytest.mark.parametrize(("value", "message"), [
    (0.3, "returned float"), ({"gap": float("nan")}, "gap is nan"), ("abc", "returned str"),
    ((1.0, 2.0), "returned tuple")])
def test_an_answer_that_is_none_says_what_one_is(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        as_answer(value)


def test_a_file_without_the_function_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("x = 1", encoding="utf-8")
    for name, message in ((f"{path}:f", "no function"), (f"{path}x.py:f", "no such file")):
        with pytest.raises(MhxError, match=message):
            load(name, allow_code=True)
    path.write_text("1 / 0", encoding="utf-8")
    with pytest.raises(MhxError, match="ZeroDivisionError"):
        load(f"{path}:f", allow_code=True)


# ---------------------------------------------------------------- settings, resuming, sharing


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(MhxError) as caught:
        settings(designs=["piared"], procedures=["welsh"], margin=0, replicates=1)
    told = str(caught.value)
    assert "did you mean 'paired'" in told and "did you mean 'welch'" in told
    assert "margin" in told and "replicates" in told


def test_the_full_run_has_more_of_everything() -> None:
    short, full = settings(), settings(full=True)
    assert {name for name, _ in full.cells} == set(DESIGNS)
    assert {name for name, _ in short.cells} < set(DESIGNS)
    assert full.replicates == 1000
    assert {gap for _, gap in full.cells} == {0.0, 0.25, 0.5}


def test_what_is_known_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = settings(designs=["paired", "unpaired"], procedures=["welch"], replicates=20)
    seen: list[tuple[dict[str, Any], str, int, int]] = []
    whole = prove(chosen, report=lambda proof, *rest: seen.append((proof.to_dict(), *rest)))
    assert [(name, left) for _, name, left, _ in seen] == [
        ("paired, gap 0", 3), ("paired, gap 0.25", 2), ("unpaired, gap 0", 1),
        ("unpaired, gap 0.25", 0)]
    halfway = json.loads(json.dumps(seen[1][0]))["rows"]
    drawn: list[str] = []

    def watched(design: Any, *args: Any, **options: Any) -> pl.DataFrame:
        drawn.append(design.name)
        return draw(design, *args, **options)

    monkeypatch.setattr(ground, "draw", watched)
    assert prove(chosen, known=halfway).to_dict() == whole.to_dict()
    assert set(drawn) == {"unpaired"}
    drawn.clear()
    prove(replace(chosen, seed=1), known=whole.to_dict()["rows"])
    assert set(drawn) == {"paired", "unpaired"}


def test_more_processes_find_the_same_numbers() -> None:
    chosen = settings(designs=["paired", "unpaired"], procedures=["welch"], gaps=[0.0],
                      replicates=10)
    assert prove(chosen, jobs=2).to_dict() == prove(chosen).to_dict()


def test_the_quick_proof_is_the_same_for_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "REPLICATES", 8)
    first, same, other = (json.dumps(quick_proof(seed)) for seed in (3, 3, 4))
    assert first == same != other
    assert '"key"' not in first


def test_the_quick_proof_is_quick_and_right() -> None:
    start = time.process_time()
    first = quick_proof(3)
    elapsed = time.process_time() - start
    assert elapsed < 15  # 3 to 4 s of one slow core; the bound only catches a change of kind
    rates = {(one["design"], one["gap"], one["procedure"]): one for one in first["rows"]}
    assert {gap for _, gap, _ in rates} == {0.0, 0.25}
    for name, gap in (("paired", 0.0), ("paired", 0.25), ("missing-hard", 0.0)):
        one = rates[name, gap, "mhx"]
        assert one["coverage"] > 0.95 - 3.3 * 0.0244  # Monte Carlo error of .95 over 80 tables
        assert (one["type_1"] or 0) < 0.05 + 3.3 * 0.0244
        assert (one["false_parity"] or 0) < 0.05 + 3.3 * 0.0244
    assert rates["paired", 0.25, "welch"]["false_parity"] > 0.15
    assert rates["biased-scorer", 0.25, "mhx"]["coverage"] < 0.6
    assert rates["biased-scorer", 0.25, "mhx-corrected"]["coverage"] > 0.95 - 3.3 * 0.0244
