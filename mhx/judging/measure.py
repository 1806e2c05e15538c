"""A rubric as a measure of the eval shelf: opened like one that brings Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.contracts import MeasureSettings
from mhx.corpus.names import name_finder
from mhx.endpoint import Limits
from mhx.errors import MhxError, Problem
from mhx.judging.agreement import stored
from mhx.judging.engine import JudgeSettings
from mhx.judging.judges import Judge, open_judge
from mhx.judging.rubrics import worded
from mhx.judging.table import Scored, items_of, score_items, signature_of
from mhx.language import load_language
from mhx.schema import MeasureManifest
from mhx.shelves import Shelves

if TYPE_CHECKING:
    import polars as pl


def folders(cache: Path | None) -> tuple[Path | None, Path | None]:
    """Below the cache of runs: where judges' answers and their agreement are kept."""
    base = cache / "judging" if cache else None
    return base, base / "agreement" if base else None


class JudgedMeasure:
    """Options: `judges` (specs), `families` (spec to family), `mode`, `repeats`, `seed`,
    `present` (language tags), `limits`, `by` (who wrote the responses)."""

    def __init__(
        self, manifest: MeasureManifest, settings: MeasureSettings, shelves: Shelves
    ) -> None:
        """Raises MhxError where no judge is named, or the rubric is not worded."""
        options = settings.options
        specs: Sequence[str] = options.get("judges", ())
        if not specs:
            raise MhxError(Problem(f"{manifest.name} needs a judge",
                                   f"mhx judge TABLE --rubric {manifest.name} --lang "
                                   f"{settings.lang} --judge openai:MODEL@URL"))
        self.manifest, self.lang, self.by = manifest, settings.lang, options.get("by", "")
        self.presentations = [
            worded(manifest, tag, shelves) for tag in options.get("present") or [settings.lang]
        ]
        answers, self._agreements = folders(settings.cache)
        self.finder = name_finder(load_language(settings.lang, shelves=shelves))
        limits: Limits = options.get("limits") or Limits()
        self.judges: list[Judge] = [
            open_judge(spec, family=options.get("families", {}).get(spec, ""), cache=answers,
                       limits=limits, device=settings.device, screened=self.finder is not None)
            for spec in specs
        ]
        self.settings = JudgeSettings(
            mode=options.get("mode", "single"), repeats=options.get("repeats", 1),
            seed=options.get("seed", 0), temperature=options.get("temperature"),
            skip_family=options.get("skip_family", True),
        )
        self._say = options.get("say")
        self.signature = signature_of(
            manifest, self.lang, self.presentations, self.judges, self.settings)
        self.last: Scored | None = None

    def score(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Scores of ``unit, response`` and, where there are, ``prompt, context, by``.

        From then on the signature is that of the judges that answered, as they were asked.
        """
        names = ("unit", "response", "prompt", "context")
        columns = {name: name if name in frame.columns else None for name in names}
        by = "by" if "by" in frame.columns else self.by
        items = items_of(frame, columns, path=Path("the table"), by=by)
        self.last = score_items(items, self.manifest, self.lang, self.presentations, self.judges,
                                self.settings, self._say, self.finder)
        self.signature = self.last.signature
        return self.last.frame()

    def agreement(self) -> dict[str, Any]:
        """What was measured of exactly these judges in this mode, or {}: unknown."""
        return stored(self._agreements, self.signature)

    def summary(self, frame: pl.DataFrame) -> dict[str, Any]:
        """Coverage, cost and spread of the last `score`."""
        return self.last.record() if self.last is not None else {}

    def close(self) -> None:
        """Close judges."""
        for one in self.judges:
            one.close()
