"""What a multiple-choice test shows: balanced accuracy with an interval, letters, topics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mhx.scoring.choice_models import Given

if TYPE_CHECKING:
    import polars as pl

    from mhx.stats.results import ParityResult

ALPHA, RESAMPLES = 0.05, 2000


def summary(given: Sequence[Given], *, seed: int = 0) -> list[dict[str, Any]]:
    """A row a language: balanced accuracy of single-answer questions, and what was not answered.

    Balanced accuracy is the mean, over letters, of the share of questions answered correctly among
    those where this letter is correct: always saying one letter gives chance. Its 95 % interval
    resamples questions (all orders of one together). Unanswered ones are in `coverage`, and in
    `accuracy_all`, where they count as not correct.
    """
    rows = []
    for language in dict.fromkeys(one.shown.question.language for one in given):
        mine = [one for one in given if one.shown.question.language == language]
        single = [one for one in mine if one.shown.question.single]
        several = [one for one in mine if not one.shown.question.single]
        done = [one for one in single if one.correct is not None]
        rows.append({
            "language": language,
            "questions": len({one.shown.question.id for one in single}),
            "asked": len(single), "answered": len(done),
            "coverage": len(done) / len(single) if single else None,
            **_balanced(done, seed),
            "accuracy": _share(done),
            "accuracy_all": sum(bool(one.correct) for one in single) / len(single)
            if single else None,
            "chance": sum(1 / len(one.shown.order) for one in single) / len(single)
            if single else None,
            "same_in_all_orders": _consistent(done),
            "several_asked": len(several),
            "several_exact": _share([one for one in several if one.correct is not None]),
            "why": dict(Counter(f"{one.status}: {one.detail}" for one in mine
                                if one.letters is None)),
        })
    return rows


def letters(given: Sequence[Given]) -> list[dict[str, Any]]:
    """A row a language and letter: how often it was given and how often it was correct.

    Of answered single-answer questions. `difference` is the position bias: given less correct.
    """
    rows = []
    done = [one for one in given if one.correct is not None and one.shown.question.single]
    for language in dict.fromkeys(one.shown.question.language for one in done):
        mine = [one for one in done if one.shown.question.language == language]
        said = Counter(letter for one in mine for letter in one.letters or ())
        right = Counter(letter for one in mine for letter in one.shown.right)
        for letter in sorted({*said, *right}):
            shares = said[letter] / len(mine), right[letter] / len(mine)
            rows.append({"language": language, "letter": letter, "n": len(mine),
                         "given": shares[0], "correct": shares[1],
                         "difference": shares[0] - shares[1]})
    return rows


def table(given: Sequence[Given], scorer: str) -> pl.DataFrame:
    """A row a question as shown: ``unit, language, topic, order, correct, status, scorer``."""
    import polars as pl

    return pl.DataFrame([
        {"unit": one.shown.question.id, "language": one.shown.question.language,
         "topic": one.shown.question.topic, "order": one.shown.number,
         "given": "".join(sorted(one.letters)) if one.letters is not None else None,
         "right": "".join(sorted(one.shown.right)),
         "correct": None if one.correct is None else float(one.correct), "status": one.status,
         "detail": one.detail, "scorer": scorer}
        for one in given
    ], schema_overrides={"correct": pl.Float64, "given": pl.String})


def by_topic(rows: pl.DataFrame, *, reference: str | None = None, seed: int = 0
             ) -> ParityResult | None:
    """Gaps between topics within each language, and what may be said across languages.

    The reference is the topic with most questions where none is named; None where one topic is
    all there is. Questions differ between topics, so nothing is paired; all orders of a question
    are one cluster.
    """
    import polars as pl

    from mhx.stats.parity import parity

    counts = rows.unique(["unit", "topic"])["topic"].value_counts().sort(
        ["count", "topic"], descending=[True, False])
    if counts.height < 2:
        return None
    languages = rows["language"].n_unique() > 1
    frame = rows.with_columns(pl.concat_str(["topic", "unit"], separator="|").alias("unit"))
    # with the order, a question asked twice is no copy of a row
    columns = ["unit", "order", "topic", "correct", *(["language", "scorer"] if languages else [])]
    return parity(
        frame.select(columns),
        scores=["correct"], groups=["topic"],
        reference={"topic": reference or str(counts["topic"][0])}, unit=["unit"],
        language="language" if languages else None, scale=(0.0, 1.0), alpha=ALPHA,
        resamples=RESAMPLES, seed=seed,
    )


def _balanced(done: Sequence[Given], seed: int) -> dict[str, float | None]:
    import numpy as np

    from mhx.stats.distributions import share_lower_bound, share_upper_bound
    from mhx.stats.estimate import small_sample
    from mhx.stats.resample import bootstrap_sums, percentile_interval

    places = sorted({letter for one in done for letter in one.shown.right})
    units = list(dict.fromkeys(one.shown.question.id for one in done))
    nothing: dict[str, float | None] = {"balanced_accuracy": None, "low": None, "high": None}
    if not places:
        return nothing
    sums = np.zeros((len(units), 2 * len(places)))
    row_of = {unit: row for row, unit in enumerate(units)}
    for one in done:
        (letter,) = one.shown.right
        row, column = row_of[one.shown.question.id], places.index(letter)
        sums[row, column] += bool(one.correct)
        sums[row, len(places) + column] += 1

    def mean(total: Any) -> Any:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.nanmean(total[..., : len(places)] / total[..., len(places) :], axis=-1)

    value = float(mean(sums.sum(0)))
    if len(units) < 2:
        return {**nothing, "balanced_accuracy": value}
    if value in (0.0, 1.0):  # no draw differs: the exact bounds of as many equal answers
        hits = len(units) if value else 0
        return {"balanced_accuracy": value,
                "low": share_lower_bound(hits, len(units), ALPHA / 2),
                "high": share_upper_bound(hits, len(units), ALPHA / 2)}
    draws = mean(bootstrap_sums(sums, resamples=RESAMPLES, seed=seed)[0])
    low, high = percentile_interval(draws, tail=ALPHA / 2, df=len(units) - 1,
                                    inflate=small_sample(len(units)))
    return {"balanced_accuracy": value, "low": float(low), "high": float(high)}


def _share(done: Sequence[Given]) -> float | None:
    return sum(bool(one.correct) for one in done) / len(done) if done else None


def _consistent(done: Sequence[Given]) -> float | None:
    """Share of questions, asked in two orders or more, whose answer is the same option in all."""
    held: dict[str, list[int]] = {}
    for one in done:
        place = one.shown.order[one.shown.letters.index(next(iter(one.letters or "A")))]
        held.setdefault(one.shown.question.id, []).append(place)
    several = [places for places in held.values() if len(places) > 1]
    return sum(len(set(places)) == 1 for places in several) / len(several) if several else None
