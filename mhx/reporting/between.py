"""Runs of several languages: the licence to compare them, and the gaps that it licenses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mhx.files import read_table
from mhx.reporting.combine import identities, system_name
from mhx.reporting.evaluation import Evaluation, Row

if TYPE_CHECKING:
    import polars as pl

    from mhx.schema.anchors import AnchorCertificate
    from mhx.stats.results import ParityResult

SCORES = "scores.parquet"
NEUTRAL = "neutral"  # a form without a cue is in no group


def add_languages(evaluation: Evaluation, folders: Sequence[Path],
                  certificate: AnchorCertificate | None) -> None:
    """Put the licences, and the gaps between languages they allow, into a combined evaluation.

    Languages are compared where base, system and plan are the same, from the scores of the runs.
    Nothing is added for trial models and where there is one language.
    """
    names = identities(evaluation.sources)
    groups: dict[tuple[str, str], list[tuple[Evaluation, Path]]] = {}
    for one, folder in zip(evaluation.sources, folders, strict=True):
        for system in one.systems:
            name = system_name(system, names[one.sha256])
            if name in evaluation.systems and (folder / SCORES).is_file():
                groups.setdefault((name, system), []).append((one, folder))
    for (name, system), runs in groups.items():
        plan = runs[0][0].part("meta", "analysis")
        same = all(one.part("meta", "analysis") == plan for one, _ in runs)
        spoken = {str(one.meta.get("lang")): one.meta.get("language") for one, _ in runs}
        if len(spoken) > 1 and same and not evaluation.pipeline_check:
            found = _compared([folder for _, folder in runs], system, plan, certificate)
            _add(evaluation.data["parity"][name], found, spoken)


def _compared(folders: Sequence[Path], system: str, plan: Row,
              certificate: AnchorCertificate | None) -> ParityResult:
    import polars as pl

    from mhx.stats.parity import parity
    from mhx.stats.request import pivot, signatures

    groups = [str(name) for name in plan["groups"]]
    long = pl.concat([_rows(read_table(folder / SCORES), system, groups, plan)
                      for folder in folders])
    wide, _ = pivot(long.drop("scorer"), folders[0] / SCORES, "measure", "score", plan["scores"])
    return parity(
        wide, scores=plan["scores"], groups=groups, reference=plan["reference"],
        unit=plan["unit"], margin=plan["margin"], alpha=plan["alpha"], adjust=plan["adjust"],
        resamples=plan["resamples"], seed=plan["seed"], composite=plan["composite"],
        cluster=plan.get("cluster"), scale=tuple(plan["scale"]) if plan.get("scale") else None,
        lower_is_better=plan.get("lower_is_better") or (), floor=plan.get("floor"),
        language="language", certificate=certificate,
        scorers=signatures(long, "measure", "language"))


def _rows(frame: pl.DataFrame, system: str, groups: Sequence[str], plan: Row) -> pl.DataFrame:
    """The scored answers of one system, with groups under the plan's names."""
    import polars as pl

    named = [pl.col(f"group.{name}").alias(name) for name in groups]
    part = frame.filter((pl.col("system") == system) & (pl.col(f"group.{groups[0]}") != NEUTRAL))
    return part.select("language", "measure", "score", "scorer", pl.col("unit").alias("answer"),
                       *dict.fromkeys([*plan["unit"], *(plan.get("cluster") or ())]), *named)


def _add(records: Row, found: ParityResult, spoken: dict[str, object]) -> None:
    """Licences and gaps of the languages by name; a record's tag is no name for a reader."""
    plain = found.records()
    for key, rows in (("cross_language", plain["cross_language"]),
                      *((kind, [row for row in plain[kind] if row["kind"] == "language"])
                        for kind in ("contrasts", "corrected"))):
        records.setdefault(key, []).extend(
            {name: spoken.get(value, value) if name in ("language", "reference", "group") else value
             for name, value in row.items()} for row in rows)
