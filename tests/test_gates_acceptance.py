"""Acceptance by group: units, intervals, crisis dialogues, small groups of a user's text."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from scipy import stats

from mhx.adaptation.rules import plan_from_test
from mhx.evaluation.acceptance import OTHER, SMALLEST, acceptance
from mhx.reporting.accounting import acceptance_rows, tables
from mhx.reporting.evaluation import Evaluation
from mhx.schema.card import TestPlan
from mhx.stats.distributions import wilson

ADDRESS = {"seeker_to_supporter": "pan", "supporter_to_seeker": "pan"}


def plan(gender: str) -> str:
    test = TestPlan(seeker=gender)  # type: ignore[arg-type]
    return plan_from_test(test, ADDRESS).model_dump_json()


def frame(dialogues: list[tuple[str, str, str, str]]) -> pl.DataFrame:
    """Two segments a dialogue of (topic, risk, gender, decision); review asks at the last."""
    rows = [
        {"dialogue": f"d{number}", "topic": topic, "risk": risk, "plan": plan(gender),
         "decision": decision, "role": role, "engine": engine,
         "asked": "length" if decision == "review" and role == "supporter" else ""}
        for number, (topic, risk, gender, decision) in enumerate(dialogues)
        for role, engine in (("seeker", "memory:exact"), ("supporter", "hf:x"))
    ]
    return pl.DataFrame(rows)


def run(table: pl.DataFrame, source: str | None) -> Any:
    return SimpleNamespace(table=lambda _: table, settings=SimpleNamespace(source=source))


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (7, 10), (10, 10), (1, 1), (300, 1000)])
def test_the_interval_is_wilsons(hits: int, n: int) -> None:
    theirs = stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert wilson(hits, n, 0.95) == pytest.approx((theirs.low, theirs.high))


def test_nothing_observed_says_nothing() -> None:
    assert wilson(0, 0, 0.95) == (0.0, 1.0)


GIVEN = [("grief", "none", "female", "accepted")] * 6 + [
    ("grief", "explicit", "male", "review"), ("work", "none", "male", "author_draft"),
    ("work", "none", "male", "review"), ("work", "none", "male", "held_out")]


def test_dialogues_by_decision_and_segments_by_what_is_asked_of_them() -> None:
    found = acceptance(run(frame(GIVEN), None))
    assert [(row["topic"], row["dialogues"], row["accepted"]) for row in found["topic"]] == [
        ("grief", 7, 6), ("work", 2, 1)]
    assert {row["role"]: (row["segments"], row["accepted"]) for row in found["role"]} == {
        "seeker": (9, 9), "supporter": (9, 7)}
    assert {row["engine"]: row["accepted"] for row in found["engine"]} == {
        "memory:exact": 9, "hf:x": 7}


def test_crisis_dialogues_are_counted_by_themselves() -> None:
    crisis = acceptance(run(frame(GIVEN), None))["crisis"]
    assert [(row["topic"], row["dialogues"], row["accepted"]) for row in crisis["topic"]] == [
        ("grief", 1, 0)]


def test_small_groups_of_a_users_text_are_not_told_apart() -> None:
    found = acceptance(run(frame(GIVEN), "mine.csv"))
    assert [row["topic"] for row in found["topic"]] == ["grief"]
    assert found["crisis"]["topic"] == []
    many = GIVEN + [("shame", "none", "male", "accepted")] * 3
    together = acceptance(run(frame(many), "mine.csv"))["topic"]
    assert [(row["topic"], row["dialogues"]) for row in together] == [("grief", 7), (OTHER, 5)]
    assert all(row["dialogues"] >= SMALLEST for row in together)


def test_the_report_shows_both_tables_with_intervals() -> None:
    found = acceptance(run(frame(GIVEN), None))
    evaluation = Evaluation({"acceptance": found}, "x" * 64)
    shown = {table.label: table for table in tables(evaluation)}
    assert {row["of"] for row in shown["acceptance"].rows} == {"dialogues", "segments"}
    assert all(row["low"] <= row["share"] <= row["high"] for row in shown["acceptance"].rows)
    (grief,) = (row for row in shown["acceptance_crisis"].rows if row["by"] == "topic")
    assert (grief["dialogues"], grief["accepted"]) == (1, 0)
    assert acceptance_rows(evaluation, "crisis") == list(shown["acceptance_crisis"].rows)
