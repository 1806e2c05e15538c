"""Published numbers from public tables (../shared/data; skipped where it is absent)."""

from __future__ import annotations

from ast import literal_eval
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from mhx.files import read_table
from mhx.stats import agree, parity

UNIT = ["condition", "race", "gender", "education", "question"]
PUBLISHED_STIGMA = {"gpt-4o": 0.382550, "llama3.1-405b": 0.748366, "llama3.1-70b": 0.538700,
                    "llama3.1-8b": 0.885246}
# dataset -> (item column, annotator column); polars renames the repeated annotator columns
KUMAR = {
    "Lend an Ear": ("lend_an_ear_conversation_id", "annotation_method"),
    "Perceived Empathy": ("perceived_conversation_id", "annotation_method_duplicated_0"),
    "Empathetic Dialogues": ("empathetic_conversation_id", "annotation_method_duplicated_1"),
    "EPITOME": ("epitome_conversation_id", "annotation_method_duplicated_2"),
}


def test_stigma_coverage_is_against_the_432_cells_of_the_design(
        real_data: Callable[[str], Path]) -> None:
    frame = read_table(real_data("stigma/all_combined.csv"))
    found = parity(frame, scores=["code"], groups=["model"], reference={"model": "llama3.1-70b"},
                   unit=UNIT, margin=0.1)
    assert {one.group: (one.n, one.expected) for one in found.groups} == {
        "gpt-4o": (257, 432), "llama2-70b": (99, 432), "llama3.1-405b": (414, 432),
        "llama3.1-70b": (431, 432), "llama3.1-8b": (413, 432)}
    assert any("coverage runs from 23% (llama2-70b)" in note for note in found.notes)
    assert {one.test for one in found.contrasts} == {"sign-flip"}
    assert found.largest[0].method.startswith("max-T")


def test_stigma_means_are_the_published_ones(real_data: Callable[[str], Path]) -> None:
    frame = read_table(real_data("stigma/all_combined.csv")).filter(
        pl.col("condition") != "daily troubles")
    found = parity(frame, scores=["code"], groups=["model"], reference={"model": "gpt-4o"},
                   unit=UNIT)
    means = {one.group: one.mean for one in found.groups}
    for model, mean in PUBLISHED_STIGMA.items():
        assert means[model] == pytest.approx(mean, abs=5e-7)


def quadratic_kappa(long: pl.DataFrame) -> float:
    """What agree() finds for the two raters of a table."""
    found = agree(long, item="item", rater="rater", rating="rating", level="interval",
                  resamples=100)
    assert found.categories_from == "observed values"
    return found.pairs[0].statistics["kappa_quadratic"].value or 0.0


def test_published_kappas_and_why_some_differ(real_data: Callable[[str], Path]) -> None:
    """63 expert pairs, then experts, crowd and model: each published kappa is reproduced.

    Distances of the values themselves give 62 of 63 expert pairs and 20 of 21 of experts with the
    model. The others took positions among the values used for distances: the same where no value
    between was left out, but of crowd means each distinct unrounded mean was a position.
    """
    wide = read_table(real_data("kumar_empathy/combined_annotations.csv"))
    published = read_table(real_data("kumar_empathy/published_table_kappa.csv"))
    assert len(published) == 126
    differ: list[tuple[str, str, tuple[str, ...]]] = []
    for row in published.iter_rows(named=True):
        item, annotator = KUMAR[row["Dataset"]]
        raters = literal_eval(row["Annotator Pair"])
        long = wide.select(item=pl.col(item).cast(pl.String), rater=annotator,
                           rating=row["Dimension"]).filter(pl.col("rater").is_in(raters))
        wanted = pytest.approx(row["Weighted Cohen's Kappa"], abs=0.0051)
        if quadratic_kappa(long) != wanted:
            differ.append((row["Dataset"], row["Dimension"], raters))
            positions = long.drop_nulls().with_columns(pl.col("rating").rank("dense"))
            assert quadratic_kappa(positions) == wanted, differ[-1]
    kinds = Counter("experts" if raters[0][-1].isdigit() else "–".join(raters)
                    for _, _, raters in differ)
    assert kinds == {"experts": 1, "experts–llm": 1, "experts–crowd": 15, "llm–crowd": 15}
    assert differ[0] == ("Lend an Ear", "self_oriented", ("expert1", "expert2"))


def test_labels_copied_to_another_language_get_no_cross_language_gap(
        real_data: Callable[[str], Path]) -> None:
    """The Chinese labels are the English ones row by row: a zero gap would be a copy's."""
    frames = []
    for name in ("EN", "ZH"):
        frame = read_table(real_data(f"empathetic_personas/EP_rewritings_{name}.csv"))
        frames.append(frame.select("gender", "emotion", score=frame["rewriting"].str.len_chars(),
                                   language=pl.lit(name)))
    both = pl.concat(frames).drop_nulls("gender")
    reference = both["gender"].mode().sort()[0]
    found = parity(both, scores=["score"], groups=["gender"], reference={"gender": reference},
                   margin=0.25)
    assert {one.verdict for one in found.cross_language} == {"insufficient anchors"}
    assert {one.language for one in found.contrasts} == {"EN", "ZH"}
