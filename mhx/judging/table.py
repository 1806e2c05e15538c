"""A judged measure on a table: items from its columns, scores, signature, what to store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.corpus.names import NameFinder
from mhx.errors import MhxError, Problem
from mhx.judging.aggregate import Score, coverage, scores
from mhx.judging.engine import Judged, JudgeSettings, Say, Spent, calls, judge
from mhx.judging.judges import Judge
from mhx.judging.prompt import Item
from mhx.judging.rubrics import Worded
from mhx.schema import MeasureManifest
from mhx.scoring.measures import long_frame

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Scored:
    """What judging a table gives; `agreement` {} is unknown."""

    measure: str
    lang: str
    signature: str
    scores: list[Score]
    judged: Judged
    note: str
    agreement: dict[str, Any] = field(default_factory=dict)

    def frame(self) -> pl.DataFrame:
        """The long frame of every measure."""
        return long_frame(((one.unit, one.score, one.value, one.status) for one in self.scores),
                          self.signature)

    def record(self) -> dict[str, Any]:
        """Everything but the rows, as JSON."""
        return {
            "measure": self.measure, "language": self.lang, "signature": self.signature,
            "note": self.note, "coverage": coverage(self.scores),
            "spent": {name: asdict(one) for name, one in self.judged.spent.items()},
            "own_family_left_out": self.judged.excluded, "down": self.judged.down,
            "agreement": self.agreement or "unknown",
        }


def items_of(
    frame: pl.DataFrame, columns: Mapping[str, str | None], *, path: Path, by: str = ""
) -> list[Item]:
    """Items of a table; `columns` maps unit, response, prompt, context to the table's names.

    `by` is the model that wrote the responses: a column of the table, or one name for all.
    Raises MhxError for columns that are not there and for a unit that occurs twice.
    """
    import polars as pl

    wanted = {name: column for name, column in columns.items() if column is not None}
    fix = f"columns: {', '.join(frame.columns)}"
    problems = [Problem(f"no column {column!r}", f"--{name} COL; {fix}", path=path)
                for name, column in wanted.items() if column not in frame.columns]
    if problems:
        raise MhxError(problems)
    if by in frame.columns:
        wanted["by"] = by
    texts = {name: frame[column].cast(pl.String).fill_null("").to_list()
             for name, column in wanted.items()}
    units = texts.pop("unit", [str(number) for number in range(1, frame.height + 1)])
    if len(set(units)) < len(units):
        twice = next(unit for unit in units if units.count(unit) > 1)
        raise MhxError(Problem(f"the unit {twice!r} occurs twice", "one row a unit; judge one "
                               "system after the other", path=path, field=wanted["unit"]))
    if by and "by" not in texts:
        texts["by"] = [by] * len(units)
    return [Item(unit, **{name: values[row] for name, values in texts.items()})
            for row, unit in enumerate(units)]


def signature_of(
    manifest: MeasureManifest, lang: str, presentations: Sequence[Worded],
    judges: Sequence[Judge], settings: JudgeSettings, spent: Mapping[str, Spent] | None = None,
) -> str:
    """What the scores depend on: rubric and wording, judges, mode, repeats, draws.

    `spent` of the judges, once they answered: a parameter that a server refused was not sent, and
    its judge is another scorer than one that took it.
    """
    shown = "+".join(f"{one.tag}:{one.digest[:8]}" for one in presentations)
    heat = settings.way.temperature if settings.temperature is None else settings.temperature
    return (f"{manifest.name}|scorer:judge|lang:{lang}|judges:"
            f"{'+'.join(_asked(one, spent or {}) for one in judges)}|mode:{settings.mode}|"
            f"repeats:{settings.repeats}|temperature:{heat:g}|presented:{shown}|"
            f"seed:{settings.seed}")


def _asked(one: Judge, spent: Mapping[str, Spent]) -> str:
    unsent = spent[one.name].unsent if one.name in spent else ()
    return f"{one.signature} without {','.join(unsent)}" if unsent else one.signature


def score_items(
    items: Sequence[Item],
    manifest: MeasureManifest,
    lang: str,
    presentations: Sequence[Worded],
    judges: Sequence[Judge],
    settings: JudgeSettings,
    say: Say | None = None,
    finder: NameFinder | None = None,
) -> Scored:
    """Judge items and join the ratings; an empty response is missing and nobody is asked.

    The signature names the judges that answered, and what of the settings they were not sent.
    Raises as :func:`mhx.judging.judge`.
    """
    if manifest.rubric is None:
        raise ValueError(f"{manifest.name} has no rubric")
    full = [item for item in items if item.response.strip()]
    if say is not None:
        say(f"{manifest.name}: at most {calls(len(full), len(judges), settings)} calls "
            f"(texts {len(full)} × judges {len(judges)} × repeats {settings.repeats} × calls "
            f"of the mode {settings.mode} {settings.way.calls}); answers in the cache cost none")
    done = judge(full, presentations, judges, settings, say, finder)
    found = scores([item.unit for item in items], done.ratings, manifest.rubric)
    up = [one for one in judges if one.name not in done.down]
    signature = signature_of(manifest, lang, presentations, up, settings, done.spent)
    return Scored(manifest.name, lang, signature, found, done, manifest.rubric.note)
