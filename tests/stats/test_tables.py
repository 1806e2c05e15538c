"""Rows for tables: the same keys in each, JSON values, nothing lost."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl

from mhx.stats import agree, parity
from mhx.stats.stacked import fits, stacked
from mhx.stats.tables import agreement_rows, system_rows
from mhx.stats.terminal import parity_tables


def frame(languages: tuple[str, ...] = ("pl",)) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    one = pl.DataFrame({"u": np.repeat(np.arange(30), 2), "g": ["a", "b"] * 30,
                        "y": rng.integers(0, 3, 60)})
    return pl.concat([one.with_columns(language=pl.lit(name)) for name in languages])


def same_keys(table: list[dict[str, Any]]) -> bool:
    json.dumps(table, allow_nan=False)
    return len({tuple(row) for row in table}) == 1


def test_the_terminals_tables_say_what_differs_and_leave_out_what_is_empty() -> None:
    options: dict[str, Any] = {"scores": ["y"], "groups": ["g"], "reference": {"g": "a"},
                               "unit": ["u"], "margin": 0.3, "floor": 0.5}
    one = dict(parity_tables(parity(frame(), **options)))
    two = dict(parity_tables(parity(frame(("fa", "pl")), **options)))
    assert list(one) == ["groups", "gaps: group minus reference, raw points",
                         "largest gap, calibrated for having been picked", "worst group"]
    assert list(two) == [*one, "across languages"]
    for tables, many in ((one, 1), (two, 2)):
        assert [len(rows) for rows in tables.values()][:4] == [2 * many, many, many, many]
        assert all(same_keys(rows) for rows in tables.values())
    assert "language" not in one["groups"][0]
    assert [row["language"] for row in two["groups"]] == ["fa", "fa", "pl", "pl"]
    assert two["across languages"][0]["verdict"] == "insufficient anchors"


def test_agreement_becomes_rows() -> None:
    long = frame().rename({"u": "item", "g": "rater", "y": "rating"})
    result = agree(long, item="item", rater="rater", rating="rating", level="ordinal")
    table = agreement_rows(result)
    assert same_keys(table)
    assert [row["raters"] for row in table] == ["a – b", "mean of pairs"]
    by = agree(long, item="item", rater="rater", rating="rating", level="ordinal", by="language")
    assert same_keys(agreement_rows(by)) and same_keys(system_rows(by))


def test_a_table_too_wide_for_the_terminal_becomes_paragraphs_without_a_cut() -> None:
    rows = [{"attribute": "gender", "group": "19-25 − other", "gap": "0.172 [0.080, 0.270]",
             "p": "<0.001", "verdict": "inconclusive", "note": ""}]
    assert fits(rows, ["gap"], 90)
    for width in (30, 40, 60):
        assert not fits(rows, ["gap"], width)
        lines = stacked(rows, width).splitlines()
        assert lines[0] == "gender, 19-25 − other"
        assert max(map(len, lines)) <= width
        assert " ".join(" ".join(lines[1:]).replace("·", " ").split()) == (
            "gap 0.172 [0.080, 0.270] p <0.001 verdict inconclusive")


def test_p_values_on_the_terminal_are_never_zero() -> None:
    result = parity(frame(("pl", "fa")).with_columns(y=pl.col("y") + 5 * (pl.col("g") == "b")),
                    scores=["y"], groups=["g"], reference={"g": "a"}, unit=["u"], margin=0.3,
                    resamples=5000)
    gaps = dict(parity_tables(result))["gaps: group minus reference, raw points"]
    assert {row["p Holm"] for row in gaps} == {"<0.001"}
    assert {row["TOST p Holm"] for row in gaps} == {"1.000"}
