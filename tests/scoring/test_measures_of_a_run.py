"""A run's answers by all measures of its suite, by a classifier and by judges when asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from judge_server import legal, serving

from mhx.api import open_run
from mhx.corpus.probes import compose
from mhx.errors import MhxError
from mhx.evaluation import played
from mhx.evaluation.answers import Scores, score_answers
from mhx.evaluation.at_risk import crisis
from mhx.evaluation.judged import judged
from mhx.evaluation.measured import Measured, measure_rows
from mhx.evaluation.wanted import Wanted, listed
from mhx.files import load_model
from mhx.run import Run
from mhx.schema import SuiteManifest
from mhx.shelves import Shelves, discover, shipped_root

TODAY = date(2026, 11, 21)
STEPS_IN = "Napisz teraz: {{service:suicide_adult}}."
PLAIN = "To musi być trudne."


@pytest.fixture(scope="module")
def shelves() -> Shelves:
    return discover(cwd=shipped_root())


def opened(shelves: Shelves, out: Path, **more: Any) -> Run:
    return open_run("pl", shelves=shelves, out=out / "runs", today=TODAY, device="cpu", **more)


def answers(run: Run, adapter: str = STEPS_IN) -> pl.DataFrame:
    """Two scenarios, one at risk; the base answers plainly, the adapter with `adapter`."""
    probes = run.language.probes
    assert probes is not None
    chosen = [next(one for one in probes.scenarios if one.risk is risk) for risk in (True, False)]
    rows = [
        {**row, "spans": json.dumps(row["spans"]), "system": system, "response": text,
         "length": len(text.split())}
        for system, text in (("base", PLAIN), ("adapter", adapter))
        for row in compose(probes, chosen, seed=0, attributes=["gender", "age"])
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def scored(run: Run, responses: pl.DataFrame) -> Scores:
    suite = load_model(run.shelves.get("eval", "empathy").folder / "suite.yaml", SuiteManifest)
    run.folder.mkdir(parents=True, exist_ok=True)  # as the first stage does
    return score_answers(run, suite, responses)


@pytest.fixture(scope="module")
def plain(shelves: Shelves, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Scores]:
    run = opened(shelves, tmp_path_factory.mktemp("plain"))
    return run, scored(run, answers(run))


def rows_of(found: Scores, shelves: Shelves) -> list[dict[str, Any]]:
    nothing = {"perplexity": [], "translation": None, "adaptation": None, "skills": None}
    return measure_rows(found.measured, nothing, shelves)


def test_every_measure_of_the_suite_that_reads_answers_is_listed(
    plain: tuple[Run, Scores], shelves: Shelves
) -> None:
    rows = rows_of(plain[1], shelves)
    assert list(dict.fromkeys(row["measure"] for row in rows)) == [
        "epitome", "safety_floor", "local_forms", "crisis"]
    assert all(row["agreement"] is None for row in rows)  # no Polish labels are stored
    assert all(row["scored"] + sum(row["why"].values()) == row["expected"] for row in rows)
    (one,) = [row for row in rows if (row["score"], row["system"]) == ("recognized", "adapter")]
    assert (one["scored"], one["value"], one["low"], one["high"]) == (8, 1.0, 0.0, 1.0)


def test_misses_of_risk_are_counted_by_group_with_the_bound_of_their_number(
    plain: tuple[Run, Scores]
) -> None:
    rows = plain[1].parts["crisis"]["rows"]
    by = {(row["system"], row["attribute"], row["group"]): row
          for row in rows if row["measure"] == "recognized"}
    base, adapter = (by[name, "all", "all"] for name in ("base", "adapter"))
    assert (base["n"], base["missed"], base["upper"]) == (8, 8, 1.0)
    assert (adapter["n"], adapter["missed"]) == (8, 0)
    assert adapter["upper"] == pytest.approx(1 - 0.05 ** (1 / 8))
    # eight variants of one scenario are one scenario, of which no bound says much
    assert (adapter["scenarios"], adapter["scenarios_missed"]) == (1, 0)
    assert adapter["scenarios_upper"] == pytest.approx(0.95)
    assert (base["scenarios_missed"], base["scenarios_upper"]) == (1, 1.0)
    assert {row["severity"] for row in rows} == {"indirect"}
    assert by["adapter", "gender", "female"]["n"] == 2  # young and older
    assert by["adapter", "gender", "female"]["upper"] == pytest.approx(1 - 0.05 ** (1 / 2))


def test_the_screen_of_the_messages_is_counted_once_for_both_systems(
    plain: tuple[Run, Scores], shelves: Shelves
) -> None:
    screened = [row for row in rows_of(plain[1], shelves) if row["score"] == "screened"]
    assert [(row["system"], row["expected"], row["of_answers"]) for row in screened] == [
        ("risk cues", 8, False)]


def test_the_table_of_scores_tells_instruments_apart_and_parity_reads_empathy_alone(
    plain: tuple[Run, Scores]
) -> None:
    run, found = plain
    table = found.table(run.language.tag)
    assert set(table["instrument"]) == {"epitome", "safety_floor", "crisis", "local_forms"}
    mine = table.filter(pl.col("instrument") == "epitome").drop("instrument")
    assert mine.height == found.empathy.height
    assert set(found.empathy["measure"]) <= {
        "emotional_reactions", "interpretations", "explorations", "invalidation",
        "over_validation", "claims_of_feeling"}


def test_the_same_text_asked_again_counts_no_miss_twice(plain: tuple[Run, Scores]) -> None:
    (crisis,) = [one for one in plain[1].measured if one.manifest.name == "crisis"]
    assert not crisis.scores.filter(pl.col("unit").str.ends_with("|aa")).height


# ---------------------------------------------------------------- judges

@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A judge that gives the second legal answer; it does not understand the adapter."""
    def answer(prompt: str) -> str:
        return "I would rather not." if STEPS_IN in prompt else json.dumps(legal(prompt, 1))

    with serving(answer) as found:
        yield found


def wanted(url: str, *rubrics: str) -> Wanted:
    return Wanted((f"openai:judge-1@{url}",), rubrics or ("judged_epitome",))


def rated(run: Run, responses: pl.DataFrame) -> list[dict[str, Any]]:
    run.folder.mkdir(parents=True, exist_ok=True)
    return [row for one in judged(run, responses, ["unit", "system"]).measured
            for row in one.rows()]


def test_judged_scores_are_further_measures_with_coverage_and_cost(
    server: tuple[str, list[str]], shelves: Shelves, tmp_path: Path
) -> None:
    url, asked = server
    run = opened(shelves, tmp_path, wanted=wanted(url))
    responses = answers(run)
    found = scored(run, responses)
    rows = [row for row in rows_of(found, shelves) if row["measure"] == "judged_epitome"]
    kept = responses.filter(pl.col("control") != "aa").height // 2
    assert {(row["system"], row["scored"], row["expected"]) for row in rows} == {
        ("base", kept, kept), ("adapter", 0, kept)}
    assert {row["value"] for row in rows if row["system"] == "base"} == {1.0}
    assert {row["value"] for row in rows if row["system"] == "adapter"} == {None}
    assert {tuple(row["why"].items()) for row in rows if row["system"] == "adapter"} == {
        (("unparsable", kept),)}
    assert all(row["by"] == "judge" and row["agreement"] is None for row in rows)
    cost = {row["system"]: row for row in found.parts["judged"]["cost"]}
    assert (cost["base"]["planned"], cost["base"]["asked"], cost["base"]["failed"]) == (kept,
                                                                                     kept, 0)
    table = found.table("pl").filter(pl.col("instrument") == "judged_epitome")
    assert table.height == 3 * 2 * kept
    assert {"scenario", "group.gender", "system"} <= set(table.columns)
    assert len(asked) == 2 * kept
    again = scored(run, responses)  # as after a kill: nothing is asked twice
    assert len(asked) == 2 * kept
    assert again.table("pl").equals(found.table("pl"))


def test_a_budget_holds_for_all_rubrics_together_and_costs_coverage(
    server: tuple[str, list[str]], shelves: Shelves, tmp_path: Path
) -> None:
    url, asked = server
    run = opened(shelves, tmp_path, request_budget=5,
                 wanted=wanted(url, "judged_epitome", "mentalalign"))
    rows = rated(run, answers(run, "Rozumiem."))
    assert len(asked) == 5
    assert {row["system"]: row["scored"] for row in rows
            if row["score"] == "emotional_reactions"} == {"base": 5, "adapter": 0}
    assert sum(row["scored"] for row in rows if row["measure"] == "mentalalign") == 0
    assert {why for row in rows for why in row["why"]} == {"missing"}


def test_ratings_by_people_that_are_stored_stand_beside_the_judged_score(
    server: tuple[str, list[str]], shelves: Shelves, tmp_path: Path
) -> None:
    from mhx.judging.agreement import store

    url, _ = server
    run = opened(shelves, tmp_path, wanted=wanted(url))
    responses = answers(run, PLAIN)
    signature = rated(run, responses)[0]["signature"]
    store(run.cache / "judging/agreement", signature, {"rows": [
        {"score": "explorations", "n": 40, "kappa_quadratic": 0.5,
         "interval": {"kappa_quadratic": [0.3, 0.7]}}]})
    rows = {row["score"]: row["agreement"] for row in rated(run, responses)}
    assert rows["explorations"]["value"] == 0.5 and rows["explorations"]["low"] == 0.3
    assert rows["interpretations"] is None


def test_agreement_holds_for_the_system_whose_scorer_was_compared_with_people(
    server: tuple[str, list[str]], shelves: Shelves, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dataclasses import replace

    from mhx.evaluation import judged as module
    from mhx.judging.agreement import store

    real = module.score_items

    def one_judge_less(items: Any, *given: Any) -> Any:
        done = real(items, *given)
        later = any(one.response == "Rozumiem." for one in items)
        return replace(done, signature=f"{done.signature}|less") if later else done

    monkeypatch.setattr(module, "score_items", one_judge_less)
    run = opened(shelves, tmp_path, wanted=wanted(server[0]))
    responses = answers(run, "Rozumiem.")
    signature = {row["system"]: row["signature"] for row in rated(run, responses)}
    store(run.cache / "judging/agreement", signature["adapter"], {"rows": [
        {"score": "explorations", "n": 40, "kappa_quadratic": 0.5}]})
    found = {row["system"]: row["agreement"] for row in rated(run, responses)
             if row["score"] == "explorations"}
    assert found["adapter"]["value"] == 0.5 and found["base"] is None


def test_wrong_wishes_are_all_said_before_the_first_stage(shelves: Shelves, tmp_path: Path) -> None:
    wrong = Wanted(("gpt", "hf:mhx-tiny", "hf:mhx-tiny"), ("ctrs_cactus", "chrf", "nothing"),
                   str(tmp_path / "no-such-folder"))
    with pytest.raises(MhxError) as caught:
        opened(shelves, tmp_path, wanted=wrong)
    said = " ".join(problem.what for problem in caught.value.problems)
    for part in ("is no judge", "two judges of one name", "rates a dialogue", "chrf has no rubric",
                 "nothing", "no such folder"):
        assert part in said, part
    with pytest.raises(MhxError, match="--judge without --rubric"):
        opened(shelves, tmp_path, wanted=Wanted(("hf:mhx-tiny",)))
    assert not (tmp_path / "runs").exists()


def test_what_is_asked_for_decides_the_run_and_nothing_asked_for_changes_nothing(
    shelves: Shelves, tmp_path: Path
) -> None:
    one, two = opened(shelves, tmp_path), opened(
        shelves, tmp_path, wanted=Wanted(("hf:mhx-tiny",), listed(["psychocounsel, mentalalign"])))
    assert two.settings.rubrics == ["psychocounsel", "mentalalign"]
    assert one.settings.identity() != two.settings.identity()
    assert "judging" in two.settings.plugin_sha256
    assert {"judging", "classifier"}.isdisjoint(one.settings.plugin_sha256)


def test_a_measure_without_rows_has_its_own_name(shelves: Shelves) -> None:
    from mhx.scoring import long_frame, measure_manifest

    empty = Measured(measure_manifest("crisis", shelves), long_frame([], "").with_columns(
        system=pl.lit("base")))
    assert (empty.instrument, list(empty.rows())) == ("crisis", [])


# ---------------------------------------------------------------- scripted cases, stimuli

def test_cases_and_stimuli_are_played_to_both_systems_when_asked(
    server: tuple[str, list[str]], shelves: Shelves, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def answerers(job: Any, language: Any) -> list[Any]:
        return [("base", lambda asked: [PLAIN] * len(asked)),
                ("adapter", lambda asked: [STEPS_IN] * len(asked))]

    monkeypatch.setattr(played, "answerers", answerers)
    url, asked = server
    run = opened(shelves, tmp_path, request_budget=3, wanted=Wanted(
        (f"openai:judge-1@{url}",), ("escalation",), cases=True))
    run.folder.mkdir(parents=True)
    found = played.play_in_run(run, cost=[{"judge": "judge-1", "asked": 1, "tokens_in": 0,
                                           "tokens_out": 0}])
    from mhx.judging.agreement import store

    assert len(asked) == 2  # what is left of the budget
    shares = {(row["system"], row["measure"]): row["share"] for row in found.record["overall"]}
    assert (shares["base", "intervention"], shares["adapter", "intervention"]) == (0.0, 1.0)
    levels = [row for one in found.measured for row in one.rows() if row["system"] == "base"]
    assert {(row["measure"], row["score"]) for row in levels} == {
        ("escalation", name) for name in ("confirmation", "enablement", "intervention")}
    assert {row["scored"] for row in levels} == {2}
    store(run.cache / "judging/agreement", levels[0]["signature"], {"rows": [
        {"score": "enablement", "n": 30, "kappa_quadratic": 0.4}]})
    again = [row for one in played.play_in_run(run).measured for row in one.rows()]
    assert {row["agreement"]["value"] for row in again
            if (row["system"], row["score"]) == ("base", "enablement")} == {0.4}
    of = {row["score"]: row["high"] for row in levels}
    assert (of["confirmation"], of["intervention"]) == (2.0, 1.0)
    done = crisis(run, answers(run), found.stimuli)
    assert done is not None
    missed = {(row["messages"], row["system"]): (row["n"], row["missed"]) for row in done[1]
              if row["measure"] == "recognized" and row["group"] == "all"}
    assert missed == {("probes", "base"): (8, 8), ("probes", "adapter"): (8, 0),
                      ("stimuli", "base"): (6, 6), ("stimuli", "adapter"): (6, 0)}


def test_the_rubric_of_cases_is_refused_without_cases(shelves: Shelves, tmp_path: Path) -> None:
    with pytest.raises(MhxError, match="rates scripted cases"):
        opened(shelves, tmp_path, wanted=Wanted(("hf:mhx-tiny",), ("escalation",)))
