"""Scoring shared by measures: the long frame, sacrebleu's metrics, edit matching, tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.contracts import Measure, MeasureSettings
from mhx.errors import MhxError, Problem
from mhx.files import load_model
from mhx.schema import MeasureManifest

if TYPE_CHECKING:
    import polars as pl

    from mhx.shelves import Shelves

MECHANISMS = ("emotional_reactions", "interpretations", "explorations")


def long_frame(rows: Iterable[tuple[str, str, float | None, str]], scorer: str) -> pl.DataFrame:
    """(unit, measure, score, status) rows as the frame every measure returns."""
    import polars as pl

    return pl.DataFrame(
        [(*row, scorer) for row in rows],
        schema={
            "unit": pl.String,
            "measure": pl.String,
            "score": pl.Float64,
            "status": pl.String,
            "scorer": pl.String,
        },
        orient="row",
    )


def open_measure(
    name: str, settings: MeasureSettings, shelves: Shelves
) -> tuple[MeasureManifest, Measure]:
    """A measure of the eval shelf, opened. Raises MhxError for an unknown or incomplete one."""
    manifest = measure_manifest(name, shelves)
    plugin = shelves.get("eval", name)
    module = shelves.module(plugin, "measure.py")
    if module is None:
        raise MhxError(Problem("no measure.py", "a measure needs one", path=plugin.folder))
    measure: Measure = module.open(settings)
    return manifest, measure


def measure_manifest(name: str, shelves: Shelves) -> MeasureManifest:
    """The manifest of a measure; a suite's name is an error."""
    plugin = shelves.get("eval", name)
    if plugin.manifest.name != "measure.yaml":
        raise MhxError(
            Problem(f"{name} is a suite, not a measure", "name a measure", path=plugin.folder)
        )
    return load_model(plugin.manifest, MeasureManifest)


class Overlap:
    """A sacrebleu metric: sentence scores as rows, the corpus score with its signature."""

    def __init__(self, name: str, corpus: Any, sentence: Any) -> None:
        self.name, self.corpus, self.sentence = name, corpus, sentence
        self.signature = name

    def score(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Sentence-level scores; a unit without response or reference is missing."""
        rows: list[tuple[str, str, float | None, str]] = []
        for unit, response, reference in zip(
            frame["unit"], frame["response"], frame["reference"], strict=True
        ):
            if not response or not reference:
                rows.append((str(unit), self.name, None, "missing"))
                continue
            value = float(self.sentence.sentence_score(response, [reference]).score)
            rows.append((str(unit), self.name, value, "scored"))
        return long_frame(rows, self.signature)

    def agreement(self) -> dict[str, Any]:
        """Not measured here."""
        return {}

    def summary(self, frame: pl.DataFrame) -> dict[str, Any]:
        """The corpus score over units that have both texts, with sacrebleu's signature."""
        pairs = [
            (response, reference)
            for response, reference in zip(frame["response"], frame["reference"], strict=True)
            if response and reference
        ]
        if not pairs:
            return {"score": None, "units": 0, "signature": None}
        result = self.corpus.corpus_score([one for one, _ in pairs], [[two for _, two in pairs]])
        signature = str(self.corpus.get_signature())
        return {"score": float(result.score), "units": len(pairs), "signature": signature}


# ---------------------------------------------------------------- adaptation edits

Edits = Sequence[Sequence[Mapping[str, Any]]]


def match_edits(made: Edits, listed: Edits) -> dict[str, Counter[str]]:
    """Counts of matched, made and listed edits: ``all``, ``exact``, each operation, each depth.

    `made` and `listed` are parallel: one list of edits a segment of the same faithful text. A
    made edit matches a listed one when the spans overlap (or touch, for insertions) and the
    operation is the same; each listed edit is matched once. ``exact`` asks for the same adapted
    words as well.
    """
    out: dict[str, Counter[str]] = {"all": Counter(), "exact": Counter()}

    def add(kind: str, edit: Mapping[str, Any]) -> None:
        for name in ("all", f"operation {edit['operation']}", f"depth {edit['depth']}"):
            out.setdefault(name, Counter())[kind] += 1
        if kind in ("made", "listed"):
            out["exact"][kind] += 1

    for made_here, listed_here in zip(made, listed, strict=True):
        free = list(listed_here)
        for edit in listed_here:
            add("listed", edit)
        for edit in made_here:
            add("made", edit)
            partner = next((other for other in free if _same_place(edit, other)), None)
            if partner is None:
                continue
            free.remove(partner)
            add("matched", partner)
            add("confirmed", edit)
            same = _words(edit["after"]) == _words(partner["after"])
            out["exact"].update({"matched": same, "confirmed": same})
    return out


def _same_place(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    if one["operation"] != two["operation"]:
        return False
    if one["start"] == one["end"] or two["start"] == two["end"]:
        return bool(one["start"] <= two["end"] and two["start"] <= one["end"])
    return bool(one["start"] < two["end"] and two["start"] < one["end"])


def _words(text: str) -> str:
    return " ".join(str(text).lower().split())


def prf(counts: Mapping[str, int]) -> dict[str, Any]:
    """Precision, recall and F1 of match counts; null where nothing was made or listed.

    `matched` counts listed edits that were found, `confirmed` made edits that are listed: the
    same number in all, not by depth, which the rule and the author may judge differently.
    """
    matched, made, listed = (counts.get(name, 0) for name in ("matched", "made", "listed"))
    confirmed = counts.get("confirmed", 0)
    precision = confirmed / made if made else None
    recall = matched / listed if listed else None
    f1 = 0.0 if made + listed else None
    if precision and recall:
        f1 = 2 * precision * recall / (precision + recall)
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "made": made,
        "listed": listed,
        "matched": matched,
    }


# ---------------------------------------------------------------- the user's own table


def score_table(
    frame: pl.DataFrame,
    *,
    path: Path,
    measure: str,
    lang: str,
    columns: Mapping[str, str | None],
    shelves: Shelves,
) -> tuple[pl.DataFrame, dict[str, Any], str]:
    """(scores, agreement, signature) of a measure on a table's columns.

    Raises MhxError naming every column that is not there or that the measure needs.
    """
    import polars as pl

    folder = shelves.get("languages", lang).folder
    manifest = measure_manifest(measure, shelves)
    wanted = {name: column for name, column in columns.items() if column is not None}
    problems = [
        Problem(
            f"no column {column!r}", f"--{name} COL; columns: {', '.join(frame.columns)}", path=path
        )
        for name, column in wanted.items()
        if column not in frame.columns
    ]
    if "reference" in manifest.needs and "reference" not in wanted:
        problems.append(Problem(f"{measure} needs a reference", "--reference COL", path=path))
    if set(manifest.needs) & {"model", "edits"}:
        problems.append(Problem(f"{measure} is scored inside a run", "mhx adapt", path=path))
    if problems:
        raise MhxError(problems)
    settings = MeasureSettings(lang=lang, language_folder=folder)
    opened = open_measure(measure, settings, shelves)[1]
    unit = (
        frame[wanted["unit"]].cast(pl.String)
        if "unit" in wanted
        else pl.Series([str(number) for number in range(1, frame.height + 1)], dtype=pl.String)
    )
    given = {name: frame[column] for name, column in wanted.items() if name != "unit"}
    scored = opened.score(pl.DataFrame({"unit": unit, **given}))
    return scored, opened.agreement(), opened.signature
