"""What the gates let through, by topic, risk, gender, role and engine: a filter's bias shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mhx.adaptation.gates import ACCEPTED
from mhx.corpus.frames import plan_of
from mhx.run import Run
from mhx.stats.distributions import wilson

if TYPE_CHECKING:
    import polars as pl

SMALLEST = 5  # rows: a smaller group of a user's text is not told apart
MOST = 20  # groups of one table
BY_DIALOGUE, BY_SEGMENT = ("topic", "risk", "seeker_gender"), ("role", "engine")
OTHER = "groups too small to show"
Groups = dict[str, list[dict[str, Any]]]


def acceptance(run: Run) -> dict[str, Any]:
    """Counts by group, each with the 95 % Wilson interval of its accepted share; `crisis`: the
    same of the dialogues with a risk.

    Dialogues count as accepted by their decision (by topic, risk, seeker's gender), segments where
    no gate asks a person about them (by role, engine). The held-out test split is left out: it was
    not offered to the gate. In a user's text groups of fewer than five are added together.
    """
    import polars as pl

    frame = run.table("gate").filter(pl.col("decision") != "held_out")
    smallest = 1 if run.settings.source is None else SMALLEST
    return {
        **_groups(frame, smallest),
        "crisis": _groups(frame.filter(pl.col("risk") != "none"), smallest),
        "smallest": smallest,
    }


def _groups(frame: pl.DataFrame, smallest: int) -> Groups:
    import polars as pl

    dialogues = frame.unique("dialogue", maintain_order=True)
    genders = [plan_of(text).seeker.gender for text in dialogues["plan"].to_list()]
    dialogues = dialogues.with_columns(
        pl.Series("seeker_gender", genders, pl.String),
        pl.col("decision").is_in(ACCEPTED).alias("kept"),
    )
    found = {key: _rows(dialogues, key, "dialogues", smallest) for key in BY_DIALOGUE}
    if "asked" not in frame.columns:  # the gate's table of an earlier version, reused
        return found
    segments = frame.with_columns(
        (pl.col("asked") == "").alias("kept"), pl.col("engine").fill_null("none")
    )
    return found | {key: _rows(segments, key, "segments", smallest) for key in BY_SEGMENT}


def _rows(frame: pl.DataFrame, key: str, unit: str, smallest: int) -> list[dict[str, Any]]:
    """The largest groups first; `dialogues` (or `segments`), `accepted`, `low`, `high`."""
    import polars as pl

    counted = (
        frame.group_by(key)
        .agg(pl.len().alias(unit), pl.col("kept").sum().alias("accepted"))
        .sort(unit, key, descending=[True, False])
        .to_dicts()
    )
    small = [row for row in counted if row[unit] < smallest]
    shown = [row for row in counted if row[unit] >= smallest][:MOST]
    total = sum(row[unit] for row in small)
    if total >= smallest:
        shown.append({key: OTHER, unit: total, "accepted": sum(row["accepted"] for row in small)})
    for row in shown:
        row["low"], row["high"] = wilson(row["accepted"], row[unit], 0.95)
    return shown
