"""Shared scoring: edits matched, precision and recall, sacrebleu's own numbers, users' tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sacrebleu
from sacrebleu.metrics import BLEU, CHRF, TER

from mhx.contracts import MeasureSettings
from mhx.errors import MhxError
from mhx.scoring import match_edits, open_measure, prf, score_table
from mhx.shelves import Shelves

HYPOTHESES = ["nie mogę spać w nocy", "to brzmi bardzo ciężko", "kot", "mam 3 psy i kota"]
REFERENCES = ["nie mogę w nocy spać", "to musi być bardzo ciężkie", "pies", "mam 3 psy i kota"]


def edit(start: int, end: int, after: str = "x", **more: Any) -> dict[str, Any]:
    operation = "insert" if start == end else "replace" if after else "delete"
    return {
        "start": start,
        "end": end,
        "after": after,
        "operation": operation,
        "depth": "surface",
        **more,
    }


@pytest.mark.parametrize(
    ("made", "listed", "matched"),
    [
        ([edit(0, 5)], [edit(0, 5)], 1),
        ([edit(0, 5)], [edit(4, 9)], 1),
        ([edit(0, 5)], [edit(5, 9)], 0),
        ([edit(3, 3)], [edit(3, 3)], 1),
        ([edit(0, 5)], [edit(0, 5, after="")], 0),
        ([edit(0, 5), edit(2, 4)], [edit(0, 5)], 1),
        ([edit(0, 5)], [edit(0, 2), edit(3, 5)], 1),
        ([], [edit(0, 5)], 0),
        ([edit(0, 5)], [], 0),
    ],
)
def test_a_made_edit_matches_one_listed_edit_by_place_and_operation(
    made: list, listed: list, matched: int
) -> None:
    counts = match_edits([made], [listed])["all"]
    assert (counts["matched"], counts["made"], counts["listed"]) == (
        matched,
        len(made),
        len(listed),
    )


def test_an_exact_match_asks_for_the_same_words() -> None:
    made, listed = [edit(0, 5, "Some  Words")], [edit(1, 4, "some words")]
    assert match_edits([made], [listed])["exact"]["matched"] == 1
    assert match_edits([made], [[edit(1, 4, "other")]])["exact"]["matched"] == 0


def test_segments_are_matched_one_by_one_and_counted_by_depth_and_operation() -> None:
    made = [[edit(0, 5)], [edit(0, 5, "", depth="deep")]]
    counts = match_edits(made, [[edit(0, 5, "", depth="deep")], [edit(0, 5, "", depth="deep")]])
    assert counts["all"]["matched"] == 1
    assert counts["depth deep"] == {"listed": 2, "made": 1, "matched": 1, "confirmed": 1}
    assert counts["operation replace"] == {"made": 1}
    with pytest.raises(ValueError, match=r"shorter|longer"):
        match_edits([[]], [[], []])


@pytest.mark.parametrize(
    ("matched", "made", "listed", "wanted"),
    [
        (2, 4, 8, (0.5, 0.25, 1 / 3)),
        (0, 0, 0, (None, None, None)),
        (0, 0, 3, (None, 0.0, 0.0)),
        (0, 2, 0, (0.0, None, 0.0)),
        (3, 3, 3, (1.0, 1.0, 1.0)),
        (0, 3, 3, (0.0, 0.0, 0.0)),
    ],
)
def test_precision_recall_and_f1(matched: int, made: int, listed: int, wanted: tuple) -> None:
    done = prf({"matched": matched, "confirmed": matched, "made": made, "listed": listed})
    assert (done["precision"], done["recall"], done["f1"]) == pytest.approx(wanted)


def test_precision_counts_made_edits_of_a_depth_and_recall_listed_ones() -> None:
    counts = match_edits([[edit(0, 5, depth="deep")]], [[edit(0, 5)]])
    assert (prf(counts["depth deep"])["precision"], prf(counts["depth deep"])["recall"]) == (
        1.0,
        None,
    )
    assert (prf(counts["depth surface"])["precision"], prf(counts["depth surface"])["recall"]) == (
        None,
        1.0,
    )


@pytest.mark.parametrize(
    ("name", "metric", "corpus"),
    [
        ("bleu", BLEU(), sacrebleu.corpus_bleu),
        ("chrf", CHRF(), sacrebleu.corpus_chrf),
        ("ter", TER(), sacrebleu.corpus_ter),
    ],
)
def test_overlap_scores_are_sacrebleus_own(
    shelves: Shelves, name: str, metric: Any, corpus: Any
) -> None:
    _, measure = open_measure(name, MeasureSettings(lang="pl", language_folder=Path()), shelves)
    frame = pl.DataFrame(
        {"unit": [str(n) for n in range(4)], "response": HYPOTHESES, "reference": REFERENCES}
    )
    summary = measure.summary(frame)
    assert summary["score"] == pytest.approx(corpus(HYPOTHESES, [REFERENCES]).score, abs=0)
    metric.corpus_score(HYPOTHESES, [REFERENCES])
    assert summary["signature"] == str(metric.get_signature())
    sentence = {
        "bleu": sacrebleu.sentence_bleu,
        "chrf": sacrebleu.sentence_chrf,
        "ter": sacrebleu.sentence_ter,
    }[name]
    own = [sentence(one, [two]).score for one, two in zip(HYPOTHESES, REFERENCES, strict=True)]
    assert measure.score(frame)["score"].to_list() == pytest.approx(own, abs=0)


def test_a_unit_without_a_text_is_missing_not_zero(shelves: Shelves) -> None:
    _, measure = open_measure("chrf", MeasureSettings(lang="pl", language_folder=Path()), shelves)
    frame = pl.DataFrame(
        {"unit": ["a", "b", "c"], "response": ["x y", None, ""], "reference": ["x y", "x", "x"]}
    )
    scored = measure.score(frame)
    assert scored["status"].to_list() == ["scored", "missing", "missing"]
    assert scored["score"].null_count() == 2
    assert measure.summary(frame)["units"] == 1
    assert measure.summary(frame.tail(2))["score"] is None


def test_every_wrong_column_of_a_users_table_is_named(shelves: Shelves, tmp_path: Path) -> None:
    frame = pl.DataFrame({"answer": ["x"]})
    columns = {"response": "respons", "reference": None, "unit": "id", "prompt": None}
    with pytest.raises(MhxError) as caught:
        score_table(
            frame,
            path=tmp_path / "t.csv",
            measure="chrf",
            lang="en",
            columns=columns,
            shelves=shelves,
        )
    text = str(caught.value)
    assert len(caught.value.problems) == 3
    for piece in ("'respons'", "'id'", "--reference COL", "columns: answer"):
        assert piece in text


def test_a_suite_is_not_a_measure(shelves: Shelves) -> None:
    with pytest.raises(MhxError, match="suite, not a measure"):
        open_measure("empathy", MeasureSettings(lang="en", language_folder=Path()), shelves)
