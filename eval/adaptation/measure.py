"""Edits made by the card's rules against edits listed by the corpus's author."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mhx.contracts import Measure, MeasureSettings
from mhx.scoring import long_frame, match_edits, prf

if TYPE_CHECKING:
    import polars as pl


def open(settings: MeasureSettings) -> Measure:
    """Nothing to load."""
    return Adaptation()


class Adaptation:
    """`response` and `reference` hold JSON lists (one a segment) of lists of edits."""

    signature = "adaptation|match:overlap+operation|exact:same text too"

    def score(self, frame: pl.DataFrame) -> pl.DataFrame:
        """F1 of each dialogue; a dialogue without any edit on either side is missing."""
        rows: list[tuple[str, str, float | None, str]] = []
        for unit, made, listed in zip(
            frame["unit"], frame["response"], frame["reference"], strict=True
        ):
            counts = match_edits(json.loads(made), json.loads(listed))
            f1 = prf(counts["all"])["f1"]
            rows.append((str(unit), "f1", f1, "missing" if f1 is None else "scored"))
        return long_frame(rows, self.signature)

    def agreement(self) -> dict[str, Any]:
        """The listed edits are one author's; agreement between authors is not known."""
        return {}

    def summary(self, frame: pl.DataFrame) -> dict[str, Any]:
        """Precision, recall and F1 over all dialogues: in all, and by operation and depth."""
        made = [segment for text in frame["response"] for segment in json.loads(text)]
        listed = [segment for text in frame["reference"] for segment in json.loads(text)]
        counts = match_edits(made, listed)
        return {name: prf(value) for name, value in counts.items()} | {"signature": self.signature}
