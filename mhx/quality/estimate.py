"""Estimated quality of translations in a run: a measure of the shelf that needs no reference."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mhx.contracts import Measure, MeasureSettings, Reply
from mhx.corpus.cache import ReplyCache
from mhx.environments import environment, names, require
from mhx.errors import MhxError, Problem
from mhx.files import hash_file, hash_folder, hash_json
from mhx.quality.comet import is_path
from mhx.scoring import measure_manifest, open_measure

if TYPE_CHECKING:
    import polars as pl

    from mhx.run import Run
    from mhx.shelves import Shelves

CHUNK = 512  # segments between two writes of the cache
DIGITS = 6  # the next ones depend on which segments a batch was filled up with
COLUMNS = ("quality", "quality_by")
Texts = tuple[str, str]


@dataclass(frozen=True)
class Spec:
    """``--quality MEASURE:MODEL``, taken apart."""

    measure: str
    model: str


def parse(text: str) -> Spec:
    """The measure and its model. Raises MhxError where one is missing."""
    measure, _, model = text.partition(":")
    if not measure or not model:
        raise MhxError(Problem(f"--quality {text!r}", "write MEASURE:MODEL, as comet:PATH_OR_NAME"))
    return Spec(measure, model)


def absolute(text: str) -> str:
    """The same with a checkpoint's path from the root: a run is gone on with from anywhere."""
    spec = parse(text)
    if not is_path(spec.model):
        return text
    return f"{spec.measure}:{Path(spec.model).expanduser().resolve()}"


def problems(text: str, shelves: Shelves) -> list[Problem]:
    """What would stop the estimate, found before the first stage: names, files, environment."""
    try:
        spec = parse(text)
        manifest = measure_manifest(spec.measure, shelves)
        if manifest.unit != "segment" or manifest.needs or len(manifest.scores) != 1:
            what = f"{spec.measure} does not estimate translations without a reference"
            return [Problem(what, "--quality comet:PATH_OR_NAME")]
        if is_path(spec.model) and not Path(spec.model).expanduser().exists():
            return [Problem("no such checkpoint (--quality)", "check the path", path=spec.model)]
        if spec.measure in names():
            require(environment(spec.measure))
    except MhxError as error:
        return error.problems
    return []


def plugin_hash(text: str, shelves: Shelves) -> str:
    """The hash of what decides an estimate: the measure's folder and a local checkpoint."""
    spec = parse(text)
    parts = [hash_folder(shelves.get("eval", spec.measure).folder)]
    path = Path(spec.model).expanduser()
    if is_path(spec.model):
        parts.append(hash_file(path) if path.is_file() else hash_folder(path))
    return hash_json(parts)


class Estimator:
    """The measure of `--quality`, opened once for all dialogues of a run."""

    def __init__(self, run: Run) -> None:
        """Raises MhxError where the measure cannot work."""
        spec = parse(run.settings.quality or "")
        settings = MeasureSettings(
            lang=run.language.tag, language_folder=run.language.folder, cache=run.cache,
            device=run.settings.device, options={"model": spec.model, "reference_free": True},
        )
        self._run = run
        self._measure = open_measure(spec.measure, settings, run.shelves)[1]

    def with_quality(self, frame: pl.DataFrame) -> pl.DataFrame:
        """adapt's rows with ``quality`` and ``quality_by`` (a signature)."""
        import polars as pl

        found = self.estimate(frame)
        signature = pl.lit(self._measure.signature)
        by = pl.when(found.is_not_null()).then(signature).otherwise(None)
        return frame.with_columns(found).with_columns(by.alias(COLUMNS[1]))

    def estimate(self, frame: pl.DataFrame) -> pl.Series:
        """A score for each row's ``faithful`` against its ``text``, or null.

        It is the translation that is estimated, after the language's repairs and before the
        card's adaptation, which departs from the source on purpose. Equal pairs are scored once
        and kept in the run's cache by their text and the signature.
        """
        import polars as pl

        run, signature = self._run, self._measure.signature
        pairs: list[Texts | None] = [
            (source, target) if source and target else None
            for source, target in frame.select("text", "faithful").iter_rows()
        ]
        wanted = [pair for pair in pairs if pair]
        with closing(ReplyCache(run.cache, f"quality|{signature}")) as cache:
            known = _scores(run, self._measure, [*dict.fromkeys(wanted)], cache)
        values = [None if pair is None else known.get(pair) for pair in pairs]
        count = sum(value is not None for value in values)
        run.log("quality", signature=signature, segments=len(wanted), estimated=count)
        if count < len(wanted):
            run.reporter.say(f"  quality estimated for {count} of {len(wanted)} segments")
        return pl.Series(COLUMNS[0], values, pl.Float64)


def _scores(
    run: Run, measure: Measure, pairs: list[Texts], cache: ReplyCache
) -> dict[Texts, float]:
    """The scores of the pairs that have one; fresh ones are stored after every chunk."""
    import polars as pl

    known = {pair: float(reply.text or "") for pair, reply in cache.known(pairs).items()}
    todo = [pair for pair in pairs if pair not in known]
    why: Counter[str] = Counter()
    chunks = [todo[start : start + CHUNK] for start in range(0, len(todo), CHUNK)]
    for chunk in run.reporter.track(chunks, f"estimating {len(todo)} segments"):
        frame = pl.DataFrame(
            {"unit": [str(place) for place in range(len(chunk))],
             "prompt": [source for source, _ in chunk],
             "response": [target for _, target in chunk]})
        scores = measure.score(frame)["score"].to_list()
        fresh = {pair: round(score, DIGITS) for pair, score in zip(chunk, scores, strict=True)
                 if score is not None}
        cache.put({pair: Reply(repr(score), measure.signature, "")
                   for pair, score in fresh.items()})
        known.update(fresh)
        if len(fresh) < len(chunk):
            why.update(measure.summary(frame).get("missing") or {"no score": len(chunk)})
    for reason, count in why.items():
        run.reporter.say(f"  {count} segments without an estimate: {reason}")
        run.log("not estimated", segments=count, why=reason)
    return known
