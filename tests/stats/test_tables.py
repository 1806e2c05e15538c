"""Rows for tables: the same keys in each, JSON values, nothing lost."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from mhx.stats import agree, parity, planted_gap
from mhx.stats import tables as rows


def frame(languages: tuple[str, ...] = ("pl",)) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    one = pl.DataFrame({"u": np.repeat(np.arange(30), 2), "g": ["a", "b"] * 30,
                        "y": rng.integers(0, 3, 60)})
    return pl.concat([one.with_columns(language=pl.lit(name)) for name in languages])


def same_keys(table: list[dict[str, Any]]) -> bool:
    json.dumps(table, allow_nan=False)
    return len({tuple(row) for row in table}) == 1


@pytest.mark.parametrize("languages", [("pl",), ("fa", "pl")])
def test_every_table_has_the_same_keys_in_each_row(languages: tuple[str, ...]) -> None:
    result = parity(frame(languages), scores=["y"], groups=["g"], reference={"g": "a"}, unit=["u"],
                    margin=0.3, floor=0.5)
    for make in (rows.group_rows, rows.contrast_rows, rows.largest_rows,
                 rows.worst_rows, rows.forest_rows):
        table = make(result)
        assert len(table) == len(languages) * (2 if make is rows.group_rows else 1)
        assert same_keys(table)
    assert len(rows.language_rows(result)) == (1 if len(languages) > 1 else 0)


def test_a_column_that_says_nothing_is_left_out() -> None:
    result = parity(frame().drop("language"), scores=["y"], groups=["g"], reference={"g": "a"})
    assert "language" not in rows.group_rows(result)[0]
    assert "system" not in rows.contrast_rows(result)[0]


def test_agreement_and_planted_results_become_rows() -> None:
    long = frame().rename({"u": "item", "g": "rater", "y": "rating"})
    result = agree(long, item="item", rater="rater", rating="rating", level="ordinal")
    table = rows.agreement_rows(result)
    assert same_keys(table)
    assert [row["raters"] for row in table] == ["a – b", "mean of pairs"]
    by = agree(long, item="item", rater="rater", rating="rating", level="ordinal", by="language")
    assert same_keys(rows.agreement_rows(by)) and same_keys(rows.system_rows(by))
    assert rows.planted_rows([planted_gap(replicates=5)])[0]["gap"] == 0.3
