"""COMET by a worker in its own environment: segment scores, their mean, two systems compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mhx.contracts import Measure, MeasureSettings
from mhx.errors import MhxError, Problem
from mhx.quality.comet import Comet, Scored
from mhx.scoring import long_frame
from mhx.scoring.overlap import NOTHING, clusters_of

if TYPE_CHECKING:
    import polars as pl

    from mhx.stats.overlap import Tally
    from mhx.stats.randomization import SystemContrast

COLUMNS = {"src": "prompt", "mt": "response", "ref": "reference"}
OPTIONS = {"src": "--prompt COL, the source text", "ref": "--reference COL"}


def open(settings: MeasureSettings) -> Measure:
    """Options: `model` (a checkpoint's folder, file or name), `batch_size`, `seed`, and
    `reference_free`, which refuses a checkpoint that needs references.

    Raises MhxError without a model or an installed environment, and for no COMET checkpoint.
    """
    model = settings.options.get("model")
    if not model:
        raise MhxError(Problem("comet needs a checkpoint", "--comet-model PATH_OR_NAME"))
    client = Comet(str(model), device=settings.device,
                   **{name: int(settings.options[name]) for name in ("batch_size",)
                      if name in settings.options})
    if settings.options.get("reference_free") and client.needs_reference:
        client.close()
        raise MhxError(Problem(
            f"{model} needs a reference, which a run does not have",
            "name a reference-free checkpoint, such as Unbabel/wmt22-cometkiwi-da"))
    return Segments(client, seed=int(settings.options.get("seed", 0)))


class Segments:
    """COMET's segment scores of a frame with ``unit, prompt, response`` and maybe ``reference``.

    The prompt is the source. A checkpoint that can do without a reference gets none unless the
    frame has the column. The corpus score is the mean of the segments that have a score; whole
    clusters are resampled.
    """

    def __init__(self, client: Comet, *, seed: int = 0) -> None:
        self.client, self.seed = client, seed
        self.signature = client.signature
        self._known: dict[tuple[str, ...], Scored] = {}

    def score(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A row a unit; one without all of its texts, or that the worker lost, is missing."""
        return long_frame(
            [(str(unit), "comet", one.score, "missing" if one.score is None else "scored")
             for unit, one in zip(frame["unit"], self.segments(frame), strict=True)],
            self.signature)

    def agreement(self) -> dict[str, Any]:
        """Not measured here."""
        return {}

    def summary(self, frame: pl.DataFrame) -> dict[str, Any]:
        """The mean with its interval, se, n and signature; `missing` counts each reason."""
        from mhx.stats.corpus_score import corpus_interval

        found = self.segments(frame)
        missing = dict(Counter(one.why for one in found if one.score is None))
        kept = frame.filter([one.score is not None for one in found])
        if not kept.height:
            return {**NOTHING, "missing": missing}
        return {**asdict(corpus_interval(self._tally(found), clusters=clusters_of(kept),
                                         seed=self.seed)), "missing": missing}

    def compare(self, frame: pl.DataFrame, *, margin: float | None = None) -> SystemContrast:
        """``response`` less ``baseline`` on the units of which both have a score.

        Raises MhxError where no unit has.
        """
        from mhx.stats.randomization import compare_systems

        one, two = self.segments(frame), self.segments(frame, response="baseline")
        both = [a.score is not None and b.score is not None
                for a, b in zip(one, two, strict=True)]
        chosen = ([found for found, wanted in zip(part, both, strict=True) if wanted]
                  for part in (one, two))
        return compare_systems(*(self._tally(part) for part in chosen), margin=margin,
                               clusters=clusters_of(frame.filter(both)), seed=self.seed)

    def segments(self, frame: pl.DataFrame, *, response: str = "response") -> list[Scored]:
        """A score or a reason for each row, equal rows scored once.

        Raises MhxError naming every column that the checkpoint reads and the frame lacks.
        """
        names = {text: COLUMNS[text] if text != "mt" else response for text in self._texts(frame)}
        given = list(zip(*(frame[name].fill_null("").to_list() for name in names.values()),
                         strict=True))
        todo = [key for key in dict.fromkeys(given) if key not in self._known and all(key)]
        rows = [dict(zip(names, key, strict=True)) for key in todo]
        found = (one for part in self.client.scores(rows) for one in part)
        self._known.update(zip(todo, found, strict=True))
        return [self._known.get(key) or Scored(None, "a text is empty") for key in given]

    def _texts(self, frame: pl.DataFrame) -> list[str]:
        inputs = self.client.inputs
        if not self.client.needs_reference and "reference" not in frame.columns:
            inputs = tuple(name for name in inputs if name != "ref")
        lacking = [name for name in inputs if name in OPTIONS
                   and COLUMNS[name] not in frame.columns]
        if lacking:
            raise MhxError([Problem(f"this checkpoint reads the {COLUMNS[name]} as well",
                                    OPTIONS[name], field="comet") for name in lacking])
        return list(inputs)

    def _tally(self, found: Sequence[Scored]) -> Tally:
        from mhx.stats.segment_mean import mean_tally

        return mean_tally([one.score for one in found if one.score is not None], self.signature)
