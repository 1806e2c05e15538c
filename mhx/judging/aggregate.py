"""Ratings as scores: items reversed and averaged, repeats and judges joined, spread, coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from mhx.contracts import Status
from mhx.judging.engine import Rating
from mhx.schema import Rubric
from mhx.schema.rubric import RubricItem

TIE: tuple[Status, str] = ("missing", "tie")


@dataclass(frozen=True)
class Score:
    """A score of a text over judges and repeats: `n` of `asked` ratings were legal.

    `spread` is their standard deviation, None of fewer than two.
    """

    unit: str
    score: str
    value: float | None
    status: Status
    n: int
    asked: int
    spread: float | None
    detail: str = ""


def points(item: RubricItem, rubric: Rubric, answer: str) -> float:
    """The answer in points of its score: of a reversed item, as far from the other end."""
    values = item.values or rubric.values
    return float(values[0] + values[-1] - int(answer) if item.reverse else int(answer))


def scores(units: Sequence[str], ratings: Iterable[Rating], rubric: Rubric) -> list[Score]:
    """Every score of every unit; a unit that no judge rated is missing.

    A judge's repeat counts for a score when all of the score's items have a legal answer: the
    mean of the items. A nominal item counts for the category most answers name; a tie is missing.
    """
    held: dict[str, dict[tuple[str, int], dict[str, Rating]]] = {unit: {} for unit in units}
    for one in ratings:
        held[one.unit].setdefault((one.judge, one.repeat), {})[one.item] = one
    out: list[Score] = []
    for unit, sittings in held.items():
        for name in rubric.scores:
            items = [item for item in rubric.items if name in item.scores]
            out.append(_level(unit, name, items, list(sittings.values()), rubric))
        for item in rubric.items:
            if item.categories:
                out += _category(unit, item, list(sittings.values()))
    return out


def _level(
    unit: str,
    name: str,
    items: list[RubricItem],
    sittings: list[dict[str, Rating]],
    rubric: Rubric,
) -> Score:
    given: list[float] = []
    wrong: list[Rating] = []
    for sitting in sittings:
        rated = [(item, sitting[item.id]) for item in items]
        bad = [one for _, one in rated if one.value is None]
        if bad:
            wrong.append(bad[0])
        else:
            given.append(fmean(points(item, rubric, str(one.value)) for item, one in rated))
    return _joined(unit, name, given, wrong, len(sittings))


def _category(unit: str, item: RubricItem, sittings: list[dict[str, Rating]]) -> list[Score]:
    answers = [sitting[item.id] for sitting in sittings]
    wrong = [one for one in answers if one.value is None]
    counts = Counter(one.value for one in answers if one.value is not None)
    top = counts.most_common(2)
    asked, n = len(answers), counts.total()
    if not top or (len(top) > 1 and top[0][1] == top[1][1]):
        status, detail = TIE if top else _why(wrong)
        return [Score(unit, name, None, status, n, asked, None, detail) for name in item.scores]
    return [Score(unit, name, float(code == top[0][0]), "scored", n, asked, None)
            for name, code in zip(item.scores, item.categories, strict=True)]


def _joined(unit: str, name: str, given: list[float], wrong: list[Rating], asked: int) -> Score:
    if not given:
        status, detail = _why(wrong)
        return Score(unit, name, None, status, 0, asked, None, detail)
    spread = stdev(given) if len(given) > 1 else None
    return Score(unit, name, fmean(given), "scored", len(given), asked, spread)


def _why(wrong: list[Rating]) -> tuple[Status, str]:
    if not wrong:
        return "missing", "no judge may rate it"
    (found, _), = Counter((one.status, one.detail) for one in wrong).most_common(1)
    return found


def coverage(found: Sequence[Score]) -> list[dict[str, Any]]:
    """A row a score: units, how many have it, why the others have none, mean and spread.

    `spread` is the root mean square of the units' standard deviations over judges and repeats;
    `legal` of the `ratings` asked for hold a legal answer.
    """
    rows = []
    for name in dict.fromkeys(one.score for one in found):
        mine = [one for one in found if one.score == name]
        done = [one.value for one in mine if one.value is not None]
        spreads = [one.spread for one in mine if one.spread is not None]
        why = Counter(one.status if not one.detail else f"{one.status} ({one.detail})"
                      for one in mine if one.value is None)
        rows.append({
            "score": name, "units": len(mine), "scored": len(done),
            "coverage": len(done) / len(mine) if mine else None,
            "mean": fmean(done) if done else None,
            "spread": fmean(one**2 for one in spreads) ** 0.5 if spreads else None,
            "ratings": sum(one.asked for one in mine), "legal": sum(one.n for one in mine),
            "why": dict(why),
        })
    return rows
