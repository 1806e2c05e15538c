"""What `mhx parity` and `mhx report --table` are asked: a table, options, perhaps a frozen plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.errors import MhxError, Problem, UsageError, unknown
from mhx.files import hash_file, load_model, read_table
from mhx.schema import AnalysisPlan
from mhx.schema.anchors import AnchorCertificate
from mhx.stats.anchors.certificate import read_certificate
from mhx.stats.columns import SCORER_COLUMN, UNNAMED, language_columns

if TYPE_CHECKING:
    import polars as pl

    from mhx.stats.results import ParityResult

NOT_INDEX = ("status", SCORER_COLUMN, "seconds")  # columns of a long table that do not name the row


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options of a comparison as a person writes them; unset ones come from the plan.

    `reference` and `baseline` are ``COL=VALUE``, `scale` is ``LOW:HIGH``; `measure` names the
    column of a long table that says which score a row holds, `value` the column of the score.
    `human` is ``COL``, or ``SCORE=COL`` where there are several scores.
    """

    table: Path
    scores: list[str] = field(default_factory=list)
    measure: str | None = None
    value: str = "score"
    groups: list[str] = field(default_factory=list)
    reference: list[str] = field(default_factory=list)
    unit: list[str] = field(default_factory=list)
    cluster: list[str] = field(default_factory=list)
    language: str | None = None
    anchors: Path | None = None
    baseline: str | None = None
    composite: str | None = None
    margin: str | None = None
    floor: float | None = None
    scale: str | None = None
    lower_is_better: list[str] = field(default_factory=list)
    smallest: int = 1
    models: bool = False
    length: str | None = None
    human: list[str] = field(default_factory=list)
    inclusion: str | None = None
    reliability: float | None = None
    plan: Path | None = None
    resamples: int | None = None
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The result, the plan it followed (None: exploratory), and names and hashes of the files."""

    result: ParityResult
    plan: AnalysisPlan | None
    certificate: AnchorCertificate | None
    source: dict[str, str | None]
    deviations: list[str]

    def to_dict(self) -> dict[str, Any]:
        """The answer of `mhx parity --json`."""
        return {**self.result.to_dict(), "source": self.source, "deviations": self.deviations}


def compare(asked: Request) -> Answered:
    """Read the table and the plan, and run parity().

    Raises UsageError where nothing is asked for, MhxError with every problem of the table.
    """
    plan = load_model(asked.plan, AnalysisPlan) if asked.plan is not None else None
    frame = read_table(asked.table)
    scores = list(asked.scores or (plan.scores if plan else []))
    certificate = read_certificate(asked.anchors) if asked.anchors is not None else None
    scorers = None
    if asked.measure is not None:
        scorers = signatures(frame, asked.measure, asked.language, asked.value)
        frame, scores = pivot(frame, asked.table, asked.measure, asked.value, scores)
    table_sha256 = hash_file(asked.table)
    with about(asked.table, frame.columns):
        result = _run(asked, frame, scores, plan, certificate=certificate, scorers=scorers,
                      table_sha256=table_sha256)
    return Answered(result=result, plan=plan, certificate=certificate, source={
        "table": asked.table.name, "table_sha256": table_sha256,
        "plan": asked.plan.name if asked.plan else None,
        "plan_sha256": hash_file(asked.plan) if asked.plan else None,
    }, deviations=deviations(asked, plan, frame.columns))


@contextmanager
def about(table: Path, columns: Sequence[str]) -> Iterator[None]:
    """Problems of the table's columns raised inside name the table; those of options do not."""
    try:
        yield
    except UsageError:
        raise
    except MhxError as error:
        raise MhxError([
            replace(one, path=table) if one.path is None and (
                one.what.startswith("unknown column")
                or {*one.field.split(", ")} <= {"", *columns}) else one
            for one in error.problems]) from error


def _run(asked: Request, frame: pl.DataFrame, scores: list[str],
         plan: AnalysisPlan | None, **licensed: Any) -> ParityResult:
    from mhx.stats.parity import parity

    groups = list(asked.groups or (plan.groups if plan else []))
    if not scores or not groups:
        raise UsageError("what to compare is missing",
                         "give --score COL (or --measure COL) and --group COL, or --plan FILE")
    named = assignments(asked.reference, "--reference") or (dict(plan.reference) if plan else {})
    lacking = [name for name in groups if name not in named]
    if lacking:
        raise UsageError(f"no reference for {', '.join(lacking)}",
                         f"add --reference {lacking[0]}=VALUE")
    planned: dict[str, Any] = {} if plan is None else {
        "margin": plan.margin, "floor": plan.floor, "composite": plan.composite,
        "unit": [name for name in plan.unit if name in frame.columns], "cluster": plan.cluster,
        "scale": plan.scale, "lower_is_better": plan.lower_is_better, "seed": plan.seed,
        "resamples": plan.resamples, "adjust": plan.adjust, "alpha": plan.alpha,
    }
    given = {name: value for name, value in _own(asked).items() if value not in (None, [])}
    return parity(
        frame, scores=scores, groups=groups, reference=named, language=asked.language,
        smallest=asked.smallest, models=asked.models,
        length=asked.length, human=ratings_of(asked.human, scores), inclusion=asked.inclusion,
        reliability=asked.reliability,
        baseline=assignments([asked.baseline] if asked.baseline else [], "--baseline"),
        **licensed, **{**planned, **given},
    )


def _own(asked: Request) -> dict[str, Any]:
    """What the options say of things that a plan says too; None or empty: nothing."""
    return {"margin": asked.margin, "floor": asked.floor, "composite": asked.composite,
            "unit": asked.unit, "cluster": asked.cluster, "seed": asked.seed,
            "scale": legal_range(asked.scale, "--range"), "resamples": asked.resamples,
            "lower_is_better": asked.lower_is_better}


def deviations(asked: Request, plan: AnalysisPlan | None, columns: list[str]) -> list[str]:
    """What is done otherwise than planned, in words: such a result is exploratory.

    `columns` are the table's: a planned unit that is none of them pairs nothing.
    """
    if plan is None:
        return []
    named = assignments(asked.reference, "--reference")
    own = {"scores": asked.scores, "groups": asked.groups, "reference": named, **_own(asked)}
    planned = plan.model_dump()
    lost = [] if asked.unit else [name for name in plan.unit if name not in columns]
    return [f"the planned unit {name!r} is no column of the table" for name in lost] + [
        f"{name} is {value!r}, planned was {planned[name]!r}" for name, value in own.items()
            if value not in (None, [], {}) and str(value) != str(planned[name])]


def signatures(frame: pl.DataFrame, measure: str, language: str | None,
               value: str = "score") -> dict[str, dict[str, set[str]]]:
    """Measure -> language -> signatures of a long table's scored rows; empty where it does not
    record them."""
    tongue = language or next(iter(language_columns(frame.columns)), None)
    named = (measure, tongue, SCORER_COLUMN)
    if tongue is None or any(name not in frame.columns for name in named):
        return {}
    out: dict[str, dict[str, set[str]]] = {}
    scored = frame.drop_nulls([measure, tongue, *([value] if value in frame.columns else [])])
    for score, spoken, scorer in scored.select(named).unique().iter_rows():
        out.setdefault(str(score), {}).setdefault(str(spoken), set()).add(str(scorer or UNNAMED))
    return out


def pivot(frame: pl.DataFrame, path: Path, measure: str, value: str,
          wanted: list[str]) -> tuple[pl.DataFrame, list[str]]:
    """A long table with a column a measure; the rest of the columns name the row.

    Raises MhxError for unknown columns and for a row that has two scores of one measure.
    """
    import polars as pl

    missing = [problem for name in (measure, value) if name not in frame.columns
               for problem in unknown("column", name, frame.columns).problems]
    if missing:
        raise MhxError([Problem(one.what, one.fix, path=path) for one in missing])
    names = [str(name) for name in frame[measure].unique(maintain_order=True).to_list()]
    lost = [one for name in wanted if name not in names
            for one in unknown(f"{measure}", name, names).problems]
    if lost:
        raise MhxError([Problem(one.what, one.fix, path=path, field=measure) for one in lost])
    index = [name for name in frame.columns if name not in (measure, value, *NOT_INDEX)]
    again = frame.group_by([*index, measure]).len().filter(pl.col("len") > 1)
    if again.height:
        raise MhxError(Problem(
            f"{again.height} rows have several scores of one {measure}",
            "keep one, or add a column that tells the rows apart (a unit, a realization)",
            path=path, field=measure))
    return frame.pivot(on=measure, index=index, values=value), wanted or names


def assignments(items: list[str], option: str) -> dict[str, str]:
    """``COL=VALUE`` options as a mapping. Raises UsageError for anything else."""
    out = {}
    for item in items:
        name, equals, text = item.partition("=")
        if not equals:
            raise UsageError(f"{option} {item!r}", f"write {option} COL=VALUE")
        out[name] = text
    return out


def ratings_of(items: list[str], scores: list[str]) -> dict[str, list[str]]:
    """``COL`` or ``SCORE=COL`` options as score -> columns of ratings.

    Raises UsageError for a column alone where there are several scores.
    """
    out: dict[str, list[str]] = {}
    for item in items:
        name, equals, column = item.partition("=")
        if not equals and len(scores) != 1:
            raise UsageError(f"--human {item!r} with {len(scores)} scores",
                             f"write --human {scores[0]}={item}")
        out.setdefault(name if equals else scores[0], []).append(column if equals else item)
    return out


def legal_range(text: str | None, option: str) -> tuple[float, float] | None:
    """``LOW:HIGH`` as numbers. Raises UsageError for anything else."""
    if text is None:
        return None
    low, _, high = text.partition(":")
    try:
        found = float(low), float(high)
    except ValueError as error:
        raise UsageError(f"{option} {text!r}", f"write {option} LOW:HIGH, such as 1:5") from error
    if not (found[0] < found[1] and all(map(isfinite, found))):
        raise UsageError(f"{option} {text!r}", f"write {option} LOW:HIGH, such as 1:5")
    return found
