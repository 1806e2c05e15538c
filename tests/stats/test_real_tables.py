"""Published numbers from public tables (../shared/data; skipped where it is absent)."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from mhx.files import read_table
from mhx.stats import agree, parity
from mhx.stats.kappa import kappas

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
# The published kappa took positions among the values used (1, 2, 3, 5) for distances.
UNUSED_VALUE = ("Lend an Ear", "self_oriented", frozenset({"expert1", "expert2"}))


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


def test_expert_kappas_are_the_published_ones(real_data: Callable[[str], Path]) -> None:
    wide = read_table(real_data("kumar_empathy/combined_annotations.csv"))
    published = read_table(real_data("kumar_empathy/published_table_kappa.csv")).filter(
        pl.col("Annotator Pair").str.count_matches(r"expert\d") == 2)
    assert len(published) == 63
    differ = []
    for row in published.iter_rows(named=True):
        item, annotator = KUMAR[row["Dataset"]]
        raters = literal_eval(row["Annotator Pair"])
        long = wide.select(item=pl.col(item).cast(pl.String), rater=annotator,
                           rating=row["Dimension"]).filter(pl.col("rater").is_in(raters))
        found = agree(long, item="item", rater="rater", rating="rating", level="interval",
                      resamples=100)
        kappa = found.pairs[0].statistics[found.headline].value
        if kappa != pytest.approx(row["Weighted Cohen's Kappa"], abs=0.0051):
            differ.append((row["Dataset"], row["Dimension"], frozenset(raters)))
            table = long.pivot(on="rater", index="item", values="rating")
            cells = table.group_by(raters).len().sort(raters)
            used = sorted(set(cells[raters[0]]) | set(cells[raters[1]]))
            steps = pl.col(raters).replace_strict(used, [float(k) for k in range(len(used))])
            by_position = kappas(cells["len"].to_numpy().astype(float)[None],
                                 cells.select(steps).to_numpy(), True)["kappa_quadratic"][0]
            assert by_position == pytest.approx(row["Weighted Cohen's Kappa"], abs=0.0051)
    assert differ == [UNUSED_VALUE]


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
