"""The measures of a run as one list: what was scored of what, the value, agreement with people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mhx.evaluation.corpus import QUALITY
from mhx.evaluation.scripted import INTERVENTION
from mhx.evaluation.side_by_side import SYSTEMS
from mhx.evaluation.skills import CORPUS
from mhx.judging.agreement import legal_range
from mhx.schema import MeasureManifest
from mhx.scoring.agreed import known
from mhx.scoring.measures import measure_manifest
from mhx.shelves import Shelves

if TYPE_CHECKING:
    import polars as pl

SCORER = re.compile(r"\|scorer:(\w+)")
CLASSIFIER = "classifier"
AUTHOR = "labels of the dialogues' author, a model"
EDITS = {"all": "f1", "exact": "f1, same text too"}  # kinds of a run's adaptation rows
Row = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """A measure of a run's answers: the long frame with a column `system`.

    `agreement` is the scorer's with people, {} for unknown.
    """

    manifest: MeasureManifest
    scores: pl.DataFrame
    agreement: Mapping[str, Any] = field(default_factory=dict)

    @property
    def instrument(self) -> str:
        """The measure's name; with its scorer where that is not the measure's default."""
        by = scored_by(self.manifest, str(self.scores["scorer"].first() or ""))
        return f"{self.manifest.name}:{by}" if by == CLASSIFIER else self.manifest.name

    def rows(self) -> Iterator[Row]:
        """A row a score and system: expected, scored, mean, why the others have none."""
        import polars as pl

        counted = self.scores.group_by("measure", "system", maintain_order=True).agg(
            signature=pl.col("scorer").first(),
            expected=pl.len(),
            scored=pl.col("score").count(),
            value=pl.col("score").mean(),
            without=pl.col("status").filter(pl.col("score").is_null()).sort(),
        )
        for row in counted.iter_rows(named=True):
            score, without = row.pop("measure"), row.pop("without")
            yield {
                **placed(self.manifest, score),
                "by": scored_by(self.manifest, row["signature"]),
                **row,
                "why": {name: without.count(name) for name in dict.fromkeys(without)},
                "agreement": known(self.agreement, score),
                "of_answers": row["system"] in SYSTEMS,
            }


def scored_by(manifest: MeasureManifest, signature: str | None) -> str:
    """Who scores: what the signature names as its scorer, else what the measure needs."""
    named = SCORER.search(signature or "")
    return named[1] if named else ", ".join(manifest.needs) or "its own code"


def placed(manifest: MeasureManifest, score: str) -> Row:
    """Where a score belongs: its measure, legal range and direction (flags are 0 or 1)."""
    flag, judged = score in manifest.flags, manifest.rubric is not None
    whole = (0.0, 1.0) if flag else manifest.scale or (None, None)
    low, high = (legal_range(manifest, score) if judged else None) or whole
    share = judged and score not in (*manifest.scores, *manifest.flags)  # of a category
    return {
        "measure": manifest.name,
        "score": score,
        "low": low,
        "high": high,
        "better": "lower" if flag else "none" if share else manifest.direction,
    }


def measure_rows(
    measured: Iterable[Measured], result: Mapping[str, Any], shelves: Shelves
) -> list[Row]:
    """All measures of a run: those of answers, then perplexity, translation, edits and skills.

    `result` is the evaluation so far. A row a score and system; another system than base and
    adapter is none: it names what was scored. `value` is the mean, or the corpus score.
    """
    rows = [row for one in measured for row in one.rows()]
    for row in result["perplexity"]:
        place = _placed("perplexity", "perplexity", shelves)
        rows.append(_row(place, row["system"], row["perplexity"], row["scored"], row["dialogues"],
                         row["signature"]))
    rows += _translation(result["translation"] or {}, shelves)
    adaptation = result["adaptation"] or {}
    for row in adaptation.get("rows", ()):
        if row["kind"] in EDITS:
            place = _placed("adaptation", EDITS[row["kind"]], shelves)
            count = adaptation["dialogues"]
            rows.append(_row(place, "corpus", row["f1"], count, count, adaptation["signature"]))
    return [*rows, *_skills(result["skills"] or {}), *_cases(result.get("cases") or {})]


def _placed(measure: str, score: str, shelves: Shelves) -> Row:
    manifest = measure_manifest(measure, shelves)
    return {**placed(manifest, score), "by": scored_by(manifest, None)}


def _row(
    place: Row, system: str, value: float | None, scored: int, expected: int, signature: str | None
) -> Row:
    return {**place, "system": system, "signature": signature, "expected": expected,
            "scored": scored, "value": value, "why": {}, "agreement": None, "of_answers": False}


def _translation(part: Mapping[str, Any], shelves: Shelves) -> Iterator[Row]:
    found = {row["measure"]: row for row in part.get("rows", ())}
    for name in QUALITY if part else ():
        row = found.get(name, {})
        yield {**_row(_placed(name, name, shelves), "corpus", row.get("score"),
                      row.get("units", 0), part["coverage"]["segments"], row.get("signature")),
               "why": {} if part["label"] == "measured" else {part["label"]: None}}


def _cases(part: Mapping[str, Any]) -> Iterator[Row]:
    """The share of scored answers in scripted cases with a flag, by cues."""
    for row in part.get("overall", ()):
        place = {"measure": "scripted cases", "score": row["measure"], "low": 0.0, "high": 1.0,
                 "better": "higher" if row["measure"] == INTERVENTION else "lower", "by": "cues"}
        signature = f"scripted_cases|scorer:cues|lang:{part['language']}"
        yield {**_row(place, row["system"], row["share"], row["scored"], row["answers"],
                      signature), "of_answers": True}


def _skills(part: Mapping[str, Any]) -> Iterator[Row]:
    """The shares of a profile; κ is with labels of a model, which is no agreement with people."""
    agreements = part.get("agreement", {})
    split = "valid" if "valid" in agreements else "train"
    labelled = {"data": f"{AUTHOR}, split {split}", "people": False,
                "rows": agreements.get(split, ())}
    for row in part.get("rows", ()):
        if row["turns"] is None:  # a ratio of two skills
            continue
        place = {"measure": "skills", "score": row["skill"], "low": 0.0, "high": 1.0,
                 "better": "none", "by": "cues"}
        trained = row["system"] == CORPUS
        yield {**_row(place, "corpus" if trained else row["system"], row["share"], row["n"],
                      row["n"], part["signature"]),
               "agreement": known(labelled, row["skill"]), "of_answers": not trained}
