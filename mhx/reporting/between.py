"""Runs of several languages: the licence to compare them, and the gaps that it licenses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mhx.evaluation.groups import designs, in_design
from mhx.files import read_table
from mhx.reporting.combine import identities, system_name
from mhx.reporting.evaluation import Evaluation, Row
from mhx.schema import AnalysisPlan

if TYPE_CHECKING:
    import polars as pl

    from mhx.schema.anchors import AnchorCertificate
    from mhx.stats.results import ParityResult

SCORES = "scores.parquet"
INSTRUMENT, EMPATHY = "instrument", "epitome"
CUES = "cues"  # the group column: all cues of a probe


def add_languages(evaluation: Evaluation, folders: Sequence[Path],
                  certificate: AnchorCertificate | None) -> None:
    """Put the licences, and the gaps between languages they allow, into a combined evaluation.

    Languages are compared where base, system and plan are the same, from the scores of the runs:
    on the probes of attributes that every run's `compares_across_languages` names.
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
            found = _compared(runs, system, AnalysisPlan.model_validate(plan), certificate)
            if found is not None:
                _add(evaluation.data["parity"][name], found, spoken)


def _compared(runs: Sequence[tuple[Evaluation, Path]], system: str, plan: AnalysisPlan,
              certificate: AnchorCertificate | None) -> ParityResult | None:
    """The comparison on the probes that mean the same in all languages; None without any.

    Gaps between groups are each run's own: here a probe's cues are one group, so that rows of
    several attributes stand in one gap between languages.
    """
    import polars as pl

    from mhx.stats.parity import parity
    from mhx.stats.request import pivot, signatures

    names = [name for name in plan.groups if all(
        name in one.meta.get("compares_across_languages", ()) for one, _ in runs)]
    wanted = {name: {plan.references(str(one.meta.get("lang"))).get(name) for one, _ in runs}
              for name in names}
    reference = {name: str(next(iter(known))) for name, known in wanted.items()
                 if len(known) == 1 and None not in known}
    found = [_rows(read_table(folder / SCORES), str(one.meta.get("lang")), system, reference, plan)
             for one, folder in runs]
    shared = set.intersection(*(set(one) for one in found))
    if not shared:
        return None
    first = next(name for name in found[0] if name in shared)
    long = pl.concat([rows for one in found for name, rows in one.items() if name in shared])
    wide, _ = pivot(long.drop("scorer"), runs[0][1] / SCORES, "measure", "score", plan.scores)
    return parity(
        wide, scores=plan.scores, groups=[CUES],
        reference={CUES: ", ".join(f"{name}={reference[name]}" for name in first)},
        unit=plan.unit, margin=plan.margin, alpha=plan.alpha, adjust=plan.adjust,
        resamples=plan.resamples, seed=plan.seed, composite=plan.composite,
        cluster=plan.cluster, scale=plan.scale, lower_is_better=plan.lower_is_better,
        floor=plan.floor, language="language", certificate=certificate,
        scorers=signatures(long, "measure", "language"))


def _rows(frame: pl.DataFrame, lang: str, system: str, comparable: Collection[str],
          plan: AnalysisPlan) -> dict[tuple[str, ...], pl.DataFrame]:
    """The scored answers of one system by design, of those with comparable attributes alone."""
    import polars as pl

    if INSTRUMENT in frame.columns:  # other scorers may give scores of the same names
        frame = frame.filter(pl.col(INSTRUMENT) == EMPATHY)
    scores = frame.filter(pl.col("measure").is_in(plan.scores))
    columns = dict.fromkeys([*plan.unit, *plan.cluster])
    return {
        tuple(groups): in_design(scores, plan, system, groups).select(
            "language", "measure", "score", "scorer", pl.col("unit").alias("answer"), *columns,
            pl.concat_str([pl.format(f"{name}={{}}", f"group.{name}") for name in groups],
                          separator=", ").alias(CUES))
        for groups in designs(scores, plan, lang) if set(groups) <= set(comparable)
    }


def _add(records: Row, found: ParityResult, spoken: dict[str, object]) -> None:
    """Licences and gaps of the languages by name; a record's tag is no name for a reader."""
    plain = found.records()
    for key, rows in (("cross_language", plain["cross_language"]),
                      *((kind, [row for row in plain[kind] if row["kind"] == "language"])
                        for kind in ("contrasts", "corrected"))):
        records.setdefault(key, []).extend(
            {name: spoken.get(value, value) if name in ("language", "reference", "group") else value
             for name, value in row.items()} for row in rows)
