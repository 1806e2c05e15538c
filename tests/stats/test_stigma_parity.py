"""Parity of the published stigma answers by race, gender and education of the vignette."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from mhx.files import read_table
from mhx.stats import ParityResult, parity

REFERENCE = {"gender": "man", "race": "White", "education": "college"}


def by(attribute: str, frame: pl.DataFrame, model: str) -> ParityResult:
    """One attribute of the vignette, the same vignette and question otherwise; by question."""
    others = [name for name in REFERENCE if name != attribute]
    own = frame.filter((pl.col("model") == model) & (pl.col("condition") != "daily troubles"))
    own = own.with_columns(item=pl.concat_str("condition", "question", separator="|"))
    return parity(own, scores=["code"], groups=[attribute],
                  reference={attribute: REFERENCE[attribute]}, unit=["item", *others],
                  cluster=["item"], margin=0.1, scale=(0, 1))


@pytest.mark.parametrize("model", ["gpt-4o", "llama3.1-405b", "llama3.1-70b", "llama3.1-8b"])
@pytest.mark.parametrize("attribute", ["gender", "race", "education"])
def test_gaps_are_those_of_the_vignettes_that_differ_in_nothing_else(
        attribute: str, model: str, real_data: Callable[[str], Path]) -> None:
    frame = read_table(real_data("stigma/all_combined.csv"))
    found = by(attribute, frame, model)
    cells = frame.filter((pl.col("model") == model) & (pl.col("condition") != "daily troubles"))
    wide = cells.pivot(on=attribute, values="code",
                       index=["condition", "question", *(n for n in REFERENCE if n != attribute)])
    home = REFERENCE[attribute]
    for one in found.contrasts:
        both = wide.drop_nulls([one.group, home])
        assert one.pairs == len(both)
        assert one.gap == pytest.approx((both[one.group] - both[home]).mean(), abs=1e-12)
        assert one.low is not None and one.high is not None and one.gap is not None
        assert one.low <= one.gap <= one.high
    scored = {one.group: one.n for one in found.groups}
    assert scored == dict(cells.group_by(attribute).len().iter_rows())
    assert all(one.expected <= 432 for one in found.groups)


def test_a_reference_that_a_model_never_answered_for_is_an_error(
        real_data: Callable[[str], Path]) -> None:
    frame = read_table(real_data("stigma/all_combined.csv"))
    with pytest.raises(Exception, match="unknown reference 'White'"):
        by("race", frame, "llama2-70b")
