"""chrF, BLEU and TER as measures: sentence scores as rows, corpus scores with intervals."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mhx.scoring.measures import long_frame

if TYPE_CHECKING:
    import polars as pl

    from mhx.stats.overlap import Tally
    from mhx.stats.randomization import SystemContrast

NOTHING = {"score": None, "low": None, "high": None, "se": None, "units": 0, "clusters": 0,
           "resamples": 0, "signature": None}


class Overlap:
    """A sacrebleu metric on a frame with ``unit, response, reference`` and maybe ``cluster``.

    `corpus` gives the counts and the corpus score with its signature, `sentence` reads a row's
    counts as a sentence score. Rows of one cluster (segments of one text) are resampled together;
    `seed` decides the draws.
    """

    def __init__(self, name: str, corpus: Any, sentence: Any, *, seed: int = 0) -> None:
        self.name, self.corpus, self.sentence, self.seed = name, corpus, sentence, seed
        sentence.num_refs = 1
        self.signature = f"{name}|{sentence.get_signature()}"
        self._last: tuple[pl.DataFrame, Tally] | None = None

    def score(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Sentence-level scores; a unit without response or reference is missing."""
        done = _complete(frame, "response")
        found = iter(self._tally(done).sentences(self.sentence).tolist() if done.height else ())
        rows: list[tuple[str, str, float | None, str]] = [
            (str(unit), self.name, next(found), "scored") if response and reference
            else (str(unit), self.name, None, "missing")
            for unit, response, reference in zip(
                frame["unit"], frame["response"], frame["reference"], strict=True)
        ]
        return long_frame(rows, self.signature)

    def agreement(self) -> dict[str, Any]:
        """Not measured here."""
        return {}

    def summary(self, frame: pl.DataFrame) -> dict[str, Any]:
        """The corpus score over units that have both texts: interval, se, n, signature."""
        from mhx.stats.corpus_score import corpus_interval

        done = _complete(frame, "response")
        if not done.height:
            return dict(NOTHING)
        return asdict(
            corpus_interval(self._tally(done), clusters=clusters_of(done), seed=self.seed))

    def compare(self, frame: pl.DataFrame, *, margin: float | None = None) -> SystemContrast:
        """``response`` less ``baseline``, two systems on the units that both answered.

        Raises MhxError where no unit has all three texts.
        """
        from mhx.stats.overlap import tally
        from mhx.stats.randomization import compare_systems

        done = _complete(frame, "response", "baseline")
        references = [done["reference"].to_list()]
        one, two = (tally(self.corpus, done[name].to_list(), references)
                    for name in ("response", "baseline"))
        return compare_systems(one, two, clusters=clusters_of(done), margin=margin,
                               seed=self.seed)

    def _tally(self, done: pl.DataFrame) -> Tally:
        """The counts of the complete rows; kept, since `score` and `summary` read the same."""
        from mhx.stats.overlap import tally

        texts = done.select("response", "reference")
        if self._last is None or not self._last[0].equals(texts):
            found = tally(self.corpus, texts["response"].to_list(), [texts["reference"].to_list()])
            self._last = texts, found
        return self._last[1]


def _complete(frame: pl.DataFrame, *texts: str) -> pl.DataFrame:
    import polars as pl

    return frame.filter(pl.all_horizontal(
        (pl.col(name).fill_null("") != "") for name in (*texts, "reference")))


def clusters_of(done: pl.DataFrame) -> Any:
    """Codes (rows,) of the texts that the rows are from, or None where each is its own."""
    return done["cluster"].rank("dense").to_numpy() if "cluster" in done.columns else None
