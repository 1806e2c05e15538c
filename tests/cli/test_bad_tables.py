"""parity on tables as they come: each fault has its stated behaviour (docs/parity.md)."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

Mhx = Callable[..., Any]
OPTIONS = ("--score", "y", "--group", "g", "--reference", "g=a", "--margin", "0.5")


def rows(count: int = 40, groups: str = "ab", seed: int = 0) -> list[dict[str, Any]]:
    """Scenarios scored 0-2 in every group."""
    draw = random.Random(seed)
    return [{"unit": f"s{number:02d}", "g": group, "y": draw.choice([0, 1, 1, 2])}
            for number in range(count) for group in groups]


@pytest.fixture
def ask(mhx: Mhx, here: Path) -> Callable[..., Any]:
    """The command on a table of these rows."""
    def run(table: list[dict[str, Any]] | pl.DataFrame, *options: str, name: str = "t.csv") -> Any:
        frame = table if isinstance(table, pl.DataFrame) else pl.DataFrame(
            table, infer_schema_length=None)
        path = here / name
        if name.endswith(".parquet"):
            frame.write_parquet(path)
        else:
            frame.write_csv(path)
        return mhx("parity", path, *OPTIONS, *options)
    return run


def entry(done: Any) -> dict[str, Any]:
    assert done.code == 0, done.err
    found: dict[str, Any] = done.json["scores"][0]
    return found


def test_a_group_of_one_has_a_mean_and_no_interval(ask: Callable[..., Any]) -> None:
    found = entry(ask([*rows(), {"unit": "s99", "g": "c", "y": 2}], "--json"))
    lone = next(one for one in found["groups"] if one["value"] == "c")
    pair = next(one for one in found["pairs"] if one["value"] == "c")
    assert (lone["n"], lone["mean"], lone["ci"]) == (1, 2.0, None)
    assert (pair["gap"] is not None, pair["ci"], pair["p"], pair["verdict"]) == (
        True, None, None, "inconclusive")
    assert "fewer than two units" in pair["note"]


def test_constant_scores_decide_nothing(ask: Callable[..., Any]) -> None:
    found = entry(ask([{**row, "y": 1} for row in rows()], "--unit", "unit", "--json"))
    assert found["pairs"][0]["verdict"] == "inconclusive: floor"
    assert found["pairs"][0]["ci"] is None


def test_all_missing_is_coverage_zero_and_not_an_error(ask: Callable[..., Any]) -> None:
    frame = pl.DataFrame(rows()).with_columns(
        y=pl.when(pl.col("g") == "b").then(None).otherwise(pl.col("y")))
    found = entry(ask(frame, "--unit", "unit", "--json"))
    empty = next(one for one in found["groups"] if one["value"] == "b")
    assert (empty["n"], empty["expected"], empty["coverage"], empty["mean"]) == (0, 40, 0.0, None)
    assert found["pairs"][0]["verdict"] == "inconclusive"
    nothing = entry(ask(frame.with_columns(y=pl.lit(None, dtype=pl.Float64)), "--json"))
    assert [one["coverage"] for one in nothing["groups"]] == [0.0, 0.0]
    assert nothing["max_gap"] is None


def test_a_group_that_is_a_copy_of_another_is_named(ask: Callable[..., Any]) -> None:
    one = rows(groups="a")
    done = ask([*one, *({**row, "g": "b"} for row in one)], "--unit", "unit", "--json")
    assert "identical in all 40 pairs" in entry(done)["pairs"][0]["note"]
    assert any("a and b hold the same scores row by row" in note for note in done.json["notes"])
    apart = ask([*one, *({**row, "g": "b", "unit": row["unit"] + "x"} for row in one)], "--json")
    assert any("parity is by construction" in note for note in apart.json["notes"])
    assert not any("row by row" in note for note in ask(rows(), "--json").json["notes"])


def test_a_unit_in_two_groups_of_an_uncrossed_design_is_named(ask: Callable[..., Any]) -> None:
    table = [{**row, "unit": row["unit"] + row["g"]} for row in rows()]
    table.append({"unit": "s00a", "g": "b", "y": 1})
    done = ask(table, "--unit", "unit", "--json")
    assert entry(done)["overlap"] == [
        {"first": "a", "second": "b", "shared": 1, "n_first": 40, "n_second": 41}]
    assert "1 units are in both a (of 40) and b (of 41)" in " ".join(done.json["notes"])


def test_scores_off_the_scale_are_counted_and_missing(ask: Callable[..., Any]) -> None:
    table = rows()
    table[0]["y"], table[3]["y"] = 9, -1
    done = ask(table, "--unit", "unit", "--range", "0:2", "--json")
    assert "y: 2 scores lie outside 0:2 (-1, 9) and count as missing" in done.json["notes"]
    assert [one["n"] for one in entry(done)["groups"]] == [39, 39]
    assert ask(table, "--range", "2:0").code == 2


@pytest.mark.parametrize("bad", ["inf", "-inf"])
def test_infinite_values_are_refused(bad: str, ask: Callable[..., Any]) -> None:
    done = ask([{**row, "y": float(bad) if row["unit"] == "s03" else row["y"]} for row in rows()])
    assert (done.code, done.out) == (1, "")
    assert "y: holds infinity" in done.err


def test_nan_is_missing(ask: Callable[..., Any]) -> None:
    found = entry(ask([{**row, "y": float("nan") if row["unit"] == "s03" else row["y"]}
                       for row in rows()], "--unit", "unit", "--json"))
    assert [one["n"] for one in found["groups"]] == [39, 39]


def test_mixed_types_are_refused_with_an_example(ask: Callable[..., Any]) -> None:
    done = ask([{**row, "y": "n/a" if row["unit"] == "s03" else str(row["y"])} for row in rows()])
    assert done.code == 1
    assert "y: scores must be numbers" in done.err
    assert "'n/a'" in done.err


def test_a_header_with_more_names_than_fields_is_refused(mhx: Mhx, here: Path) -> None:
    path = here / "short.csv"
    path.write_text("g,y,extra\na,1\nb,2\n")
    done = mhx("parity", path, *OPTIONS)
    assert done.code == 1
    assert "short.csv:2: 2 fields where the header has 3 names" in done.err


def test_rows_with_more_fields_than_the_header_are_refused(mhx: Mhx, here: Path) -> None:
    path = here / "long.csv"
    path.write_text("g,y\na,1\nb,2,3\n")
    done = mhx("parity", path, *OPTIONS)
    assert (done.code, done.out) == (1, "")
    assert "long.csv:3: 3 fields where the header has 2 names" in done.err


def test_copied_rows_are_counted(ask: Callable[..., Any]) -> None:
    done = ask([*rows(), *rows()[:6]], "--unit", "unit", "--json")
    assert any(note.startswith("6 rows are exact copies") for note in done.json["notes"])


def test_group_labels_that_a_spreadsheet_made_dates_are_refused(ask: Callable[..., Any]) -> None:
    table = pl.DataFrame(rows()).with_columns(
        g=pl.when(pl.col("g") == "a").then(date(2026, 10, 14)).otherwise(date(2026, 12, 1)))
    done = ask(table, name="t.parquet")
    assert done.code == 1
    assert "g: holds dates" in done.err
    assert "10-14" in done.err


def test_dates_in_a_score_are_refused(ask: Callable[..., Any]) -> None:
    done = ask(pl.DataFrame(rows()).with_columns(y=pl.lit(date(2026, 2, 1))), name="t.parquet")
    assert done.code == 1
    assert "scores must be numbers; this column is Date" in done.err


def test_small_cells_are_named_and_not_shown(ask: Callable[..., Any]) -> None:
    table = [*rows(), *({"unit": f"s{number:02d}", "g": "c", "y": number % 3}
                        for number in range(6))]
    done = ask(table, "--min-cell", "10", "--json")
    found = entry(done)
    small = next(one for one in found["groups"] if one["value"] == "c")
    assert (small["n"], small["mean"], small["ci"]) == (6, None, None)
    assert next(one for one in found["pairs"] if one["value"] == "c")["gap"] is None
    assert any("fewer than 10 rows, not shown: c (6)" in note for note in done.json["notes"])
    assert found["floor"]["worst"] != "c"


def test_where_less_is_better_the_worst_group_is_the_highest(ask: Callable[..., Any]) -> None:
    table = [{**row, "y": row["y"] + (1 if row["g"] == "b" else 0)} for row in rows()]
    up = entry(ask(table, "--floor", "0.5", "--json"))["floor"]
    down = entry(ask(table, "--floor", "1.5", "--lower-is-better", "y", "--json"))["floor"]
    assert (up["worst"], up["verdict"]) == ("a", "met")
    assert (down["worst"], down["verdict"]) == ("b", "missed")
    assert down["bound"] > down["mean"] > 1.5
    assert ask(table, "--lower-is-better", "z").code == 1


def test_two_scores_of_one_measure_in_a_row_are_refused(mhx: Mhx, here: Path) -> None:
    path = here / "long.csv"
    pl.DataFrame([{**row, "measure": "y"} for row in [*rows(), rows()[0]]]).rename(
        {"y": "score"}).write_csv(path)
    done = mhx("parity", path, "--measure", "measure", "--group", "g", "--reference", "g=a")
    assert done.code == 1
    assert "1 rows have several scores of one measure" in done.err


@pytest.mark.parametrize("label", ["2026-10-14", "2026-10-14 00:00:00", "14-Oct", "oct-14"])
def test_a_date_among_the_labels_of_a_group_is_refused(ask: Callable[..., Any],
                                                       label: str) -> None:
    done = ask([{**row, "g": label if row["g"] == "b" else "a"} for row in rows()])
    assert done.code == 1
    assert f"t.csv: g: holds dates ('{label}')" in done.err


def test_infinity_among_whole_numbers_is_named_with_its_row(ask: Callable[..., Any]) -> None:
    table = pl.DataFrame(rows()).with_columns(pl.col("y").cast(pl.String))
    done = ask(pl.concat([table, pl.DataFrame([{"unit": "s99", "g": "a", "y": "inf"}])]))
    assert done.code == 1
    assert "t.csv: y: holds infinity, first in data row 81 — " in done.err


def test_problems_of_columns_name_the_table_and_those_of_options_do_not(
    ask: Callable[..., Any]
) -> None:
    done = ask(rows(), "--unit", "scene", "--resamples", "5")
    assert done.code == 1
    assert "t.csv: unit: unknown column 'scene'" in done.err
    assert ask(rows(), "--resamples", "5").err.startswith("resamples: 5 is too few")
    assert ask(rows(), "--seed", "-1").code == 2


def test_differences_that_are_all_the_same_have_no_interval_of_the_largest_gap(
    ask: Callable[..., Any]
) -> None:
    copies = [{"unit": f"s{k}", "g": g, "y": k % 3} for k in range(30) for g in "ab"]
    assert entry(ask(copies, "--unit", "unit", "--json"))["max_gap"]["ci"] is None


def test_the_terminal_says_why_a_pair_has_no_test_and_that_a_margin_is_from_the_data(
    ask: Callable[..., Any]
) -> None:
    one = [*rows(), {"unit": "s99", "g": "c", "y": 2}]
    assert "note: y by g, c − a: fewer than two units" in ask(one).out
    done = ask(rows(), "--margin", "0.3sd")
    assert "the margin 0.3sd is taken from these data" in done.out
