"""Parity over the probes: each attribute on its own rows, and the controls beside the gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mhx.corpus.probes import CONTROLS, NEUTRAL
from mhx.schema import AnalysisPlan

if TYPE_CHECKING:
    import polars as pl

    from mhx.stats.results import ParityResult


def designs(scores: pl.DataFrame, plan: AnalysisPlan, lang: str) -> list[list[str]]:
    """The plan's groups as they are set together: crossed ones in one list, others alone.

    A group without a reference in the language, or without rows, is left out.
    """
    import polars as pl

    names = [name for name in plan.references(lang) if f"group.{name}" in scores.columns]
    if not names:
        return []
    is_set = [(pl.col(f"group.{name}") != NEUTRAL).alias(name) for name in names]
    patterns = scores.select(is_set).unique().rows()
    found = [[name for name, one in zip(names, row, strict=True) if one] for row in patterns]
    return sorted((one for one in found if one), key=lambda one: names.index(one[0]))


def in_design(
    scores: pl.DataFrame, plan: AnalysisPlan, system: str, groups: Sequence[str]
) -> pl.DataFrame:
    """The rows of a system in which exactly `groups` of the plan's groups are set: neutral forms
    and controls are left out."""
    import polars as pl

    known = [name for name in plan.groups if f"group.{name}" in scores.columns]
    exactly = [(pl.col(f"group.{name}") != NEUTRAL) == (name in groups) for name in known]
    return scores.filter(pl.col("system") == system, pl.all_horizontal(exactly))


def wide(
    scores: pl.DataFrame, plan: AnalysisPlan, system: str, groups: Sequence[str]
) -> pl.DataFrame:
    """One row a response of a system with a column a score: the rows in which exactly `groups`
    of the plan's groups are set."""
    part = in_design(scores, plan, system, groups)
    index = list(dict.fromkeys(["unit", *plan.unit, *plan.cluster, "length"]))
    return part.pivot(
        on="measure", index=[*index, *(f"group.{name}" for name in groups)], values="score"
    ).rename({f"group.{name}": name for name in groups})


def parity_of(
    scores: pl.DataFrame, plan: AnalysisPlan, system: str, lang: str, *, models: bool
) -> ParityResult | None:
    """A system's gaps under the plan; one family of tests over all its groups.

    None where the probes have no group of the plan.
    """
    from mhx.stats.family import one_family
    from mhx.stats.parity import parity

    references = plan.references(lang)
    results = [
        parity(
            wide(scores, plan, system, groups),
            groups=groups,
            reference={name: references[name] for name in groups},
            unit=plan.unit,
            cluster=plan.cluster,
            lower_is_better=plan.lower_is_better,
            floor=plan.floor,
            composite=plan.composite,
            length="length",
            models=models,
            **_tested(plan),
        )
        for groups in designs(scores, plan, lang)
    ]
    return one_family(results, alpha=plan.alpha, adjust=plan.adjust) if results else None


def _tested(plan: AnalysisPlan) -> dict[str, Any]:
    """What every gap under a plan is tested with."""
    names = ("scores", "scale", "margin", "alpha", "resamples", "adjust", "seed")
    return {name: getattr(plan, name) for name in names}


def controls(scores: pl.DataFrame, plan: AnalysisPlan, system: str) -> list[dict[str, Any]]:
    """The gap between the neutral form and each control, per score, with its interval.

    Contrasts of parity(): the neutral text again ("aa") and its paraphrase against the text, each
    scenario paired with itself; [] where probes have no control. They are a family of their own.
    """
    import polars as pl

    from mhx.stats.parity import parity

    groups = [name for name in scores.columns if name.startswith("group.")]
    neutral = [pl.col(name) == NEUTRAL for name in groups]
    part = scores.filter(pl.col("system") == system, pl.all_horizontal(neutral))
    frame = part.pivot(on="measure", index=["unit", "scenario", "control"], values="score")
    if frame["control"].n_unique() < 2:
        return []
    found = parity(
        frame,
        groups=["control"],
        reference={"control": CONTROLS[0]},
        unit=["scenario"],
        **_tested(plan),
    ).records()
    contrasts: list[dict[str, Any]] = found["contrasts"]
    return contrasts
