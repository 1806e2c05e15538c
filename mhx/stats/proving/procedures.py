"""The procedures that are compared: parity() in its forms, a plain Welch test, fairlearn."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mhx.errors import MhxError, unknown
from mhx.stats.distributions import t_quantile, two_sided
from mhx.stats.parity import parity
from mhx.stats.proving.licensed import by_licensed
from mhx.stats.proving.task import Answer, Procedure, Task
from mhx.stats.results import ParityResult

if TYPE_CHECKING:
    import polars as pl

BOOTS = 100  # resamples of fairlearn, at 8 ms each


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A procedure with its rule for claiming parity, and when it is run.

    `needs` names Task fields that must be given; `at_most` caps the replicates of a slow one;
    `package` must be installed. A procedure that is not `usual` runs only when it is named.
    """

    name: str
    title: str
    claim: str
    answer: Procedure
    needs: tuple[str, ...] = ()
    only: str | None = None
    at_most: int | None = None
    package: str | None = None
    usual: bool = True

    def fits(self, task: Task) -> bool:
        """Whether the task's tables have what the procedure needs."""
        kind = "languages" if task.group == task.language else task.estimand
        return all(getattr(task, name) for name in self.needs) and self.only in (None, kind)

    @property
    def absent(self) -> str:
        """How to get the package that is missing; empty where nothing is."""
        if self.package is None or importlib.util.find_spec(self.package) is not None:
            return ""
        return f"not installed: pip install {self.package}"


def by_parity(frame: pl.DataFrame, task: Task) -> Answer:
    """parity() as its documentation says: paired by unit, clustered, languages apart."""
    result = _parity(frame, task)
    if task.estimand == "largest":
        found = result.largest[0]
        return Answer(gap=found.gap, low=found.low, high=found.high, p=found.p, unsigned=True,
                      equivalent=_below(found.tost_p, task.alpha))
    for one in result.contrasts:
        if one.group == task.value and one.language == task.within:
            return Answer(gap=one.gap, low=one.low, high=one.high, p=one.p,
                          equivalent=_below(one.tost_p, task.alpha))
    return Answer(refused=result.cross_language[0].verdict)


def by_parity_unpaired(frame: pl.DataFrame, task: Task) -> Answer:
    """parity() that is not told what pairs: Welch's interval and test."""
    return by_parity(frame, replace(task, unit=()))


def by_corrected(frame: pl.DataFrame, task: Task) -> Answer:
    """parity()'s gap on the human scale, from all scores and the rated random subsample."""
    result = _parity(frame, _unsampled(task), human={task.score: task.human},
                     inclusion=task.inclusion)
    for one in result.corrected:
        if one.group == task.value and one.language == task.within:
            return Answer(gap=one.corrected, low=one.low, high=one.high, p=one.p,
                          equivalent=_below(one.tost_p, task.alpha),
                          refused="" if one.corrected is not None else one.note)
    return Answer(refused="no correction")


def by_length(frame: pl.DataFrame, task: Task) -> Answer:
    """parity()'s gap at equal length; it stands beside the raw gap and claims no parity."""
    result = _parity(frame, _unsampled(task), length=task.length)
    for one in result.lengths:
        if one.group == task.value and one.language == task.within:
            return Answer(gap=one.adjusted, low=one.low, high=one.high, p=one.p,
                          refused="" if one.adjusted is not None else one.note)
    return Answer(refused="no adjustment")


def by_welch(frame: pl.DataFrame, task: Task) -> Answer:
    """Welch's t test on rows; "not significant" is read as parity, as is often done.

    For the largest gap it tests the highest against the lowest mean, uncorrected.
    """
    values = _values(frame, task)
    reference, value = task.reference, task.value
    if task.estimand == "largest":
        order = sorted(values, key=lambda name: float(values[name].mean()))
        reference, value = order[0], order[-1]
    a, b = values[value], values[reference]
    parts = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    gap, se = float(a.mean() - b.mean()), float(np.sqrt(sum(parts)))
    if se == 0:
        return Answer(gap=gap, refused="no spread")
    df = sum(parts) ** 2 / sum(part**2 / (len(one) - 1) for part, one in
                               zip(parts, (a, b), strict=True))
    half, p = -t_quantile(task.alpha / 2, float(df)) * se, two_sided(gap / se, float(df))
    return Answer(gap=gap, low=gap - half, high=gap + half, p=p, equivalent=p >= task.alpha,
                  unsigned=task.estimand == "largest")


def by_fairlearn(frame: pl.DataFrame, task: Task) -> Answer:
    """fairlearn's MetricFrame.difference() with its bootstrap interval.

    The difference is that of the highest and lowest group mean; a difference below the margin
    is read as parity, the usual use of a threshold.
    """
    from fairlearn.metrics import MetricFrame, mean_prediction

    values = _values(frame, task)
    if task.estimand == "pair":
        values = {name: values[name] for name in (task.reference, task.value)}
    scores = np.concatenate(list(values.values()))
    labels = np.repeat(list(values), [len(one) for one in values.values()])
    found = MetricFrame(metrics=mean_prediction, y_true=scores, y_pred=scores,
                        sensitive_features=labels, n_boot=BOOTS, random_state=task.seed,
                        ci_quantiles=[task.alpha / 2, 1 - task.alpha / 2])
    gap, (low, high) = float(found.difference()), found.difference_ci()
    return Answer(gap=gap, low=float(low), high=float(high), equivalent=gap < task.margin,
                  unsigned=True)


PROCEDURES: dict[str, Entry] = {entry.name: entry for entry in (
    Entry(name="mhx", title="mhx parity", claim="TOST within the margin", answer=by_parity),
    Entry(name="mhx-unpaired", title="mhx parity without units", claim="TOST within the margin",
          answer=by_parity_unpaired, needs=("unit",), usual=False),
    Entry(name="mhx-corrected", title="mhx, corrected by people's ratings of a random sample",
          claim="TOST within the margin", answer=by_corrected, needs=("human", "inclusion"),
          only="pair"),
    Entry(name="mhx-licensed", title="mhx between languages, by bilingual raters' anchors",
          claim="TOST within the margin, if licensed", answer=by_licensed,
          needs=("human",), only="languages", at_most=100),
    Entry(name="mhx-length", title="mhx at equal length", claim="none", answer=by_length,
          needs=("length",)),
    Entry(name="welch", title="Welch test on rows", claim="p above alpha", answer=by_welch),
    Entry(name="fairlearn", title="fairlearn MetricFrame", claim="difference below the margin",
          answer=by_fairlearn, at_most=60, package="fairlearn", usual=False),
)}


def entry(name: str) -> Entry:
    """A built-in procedure. Raises MhxError for a name nobody knows."""
    if name not in PROCEDURES:
        raise unknown("procedure", name, PROCEDURES, fix="or FILE.py:function")
    return PROCEDURES[name]


def _parity(frame: pl.DataFrame, task: Task, **options: Any) -> ParityResult:
    reference = {task.group: task.reference}
    return parity(frame, scores=[task.score], groups=[task.group], reference=reference,
                  unit=task.unit or None, cluster=task.cluster or None, language=task.language,
                  margin=task.margin, alpha=task.alpha, resamples=task.resamples, seed=task.seed,
                  **options)


def _unsampled(task: Task) -> Task:
    """The task with the fewest resamples: jackknife intervals do not use them."""
    return replace(task, resamples=100)


def _values(frame: pl.DataFrame, task: Task) -> dict[str, Any]:
    """Scored rows by group, in the task's language."""
    scored = frame.drop_nulls(task.score)
    if task.within is not None and task.language is not None:
        scored = scored.filter(scored[task.language] == task.within)
    groups = scored.partition_by(task.group, as_dict=True)
    found = {str(key[0]): part[task.score].to_numpy() for key, part in sorted(groups.items())}
    if min((len(one) for one in found.values()), default=0) < 2:
        raise MhxError("a group has fewer than two scores")
    return found


def _below(p: float | None, alpha: float) -> bool | None:
    return None if p is None else p < alpha
