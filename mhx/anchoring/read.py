"""Read what raters saved: checked against the key, every problem in one message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhx.anchoring.key import read_json, read_key
from mhx.errors import MhxError, Problem, unknown
from mhx.files import Lines, parse_model, read_yaml
from mhx.schema.anchors_form import AnchorKey, AnchorRatings

if TYPE_CHECKING:
    import polars as pl

COLUMNS = ("item", "language", "rater", "rating", "seconds", "repeat", "status")


@dataclass(frozen=True)
class _Saved:
    """One rater's file; the lines of its entries are looked for once something is wrong."""

    path: Path
    ratings: AnchorRatings

    @cached_property
    def lines(self) -> Lines:
        return _lines(self.path)

    @property
    def codes(self) -> set[str]:
        return {one.code for one in self.ratings.ratings}


def read_ratings(paths: Sequence[Path], key: Path) -> pl.DataFrame:
    """One row for each text of each rater who sent a file.

    Columns: item, language, rater (text), rating (float, null when skipped or missing), seconds
    (float, null when missing), repeat (a second showing, for intra-rater agreement), status
    ("rated", "skipped", "missing"). Of several files of one rater the last saved counts if it
    holds every text of the others. Raises MhxError with every problem of every file.
    """
    import polars as pl

    form = read_key(key)
    problems: list[Problem] = []
    saved: list[_Saved] = []
    for path in paths:
        try:
            found = _read(path)
        except MhxError as error:
            problems += error.problems
            continue
        problems += _problems(found, form)
        saved.append(found)
    latest = _latest(saved, problems)
    if not paths:
        problems.append(Problem("no file of ratings", "give the files that the raters saved"))
    if problems:
        raise MhxError(problems)
    kinds = dict.fromkeys(COLUMNS, pl.String) | {"rating": pl.Float64, "seconds": pl.Float64,
                                                 "repeat": pl.Boolean}
    rows = [row for one in latest for row in _rows(one.ratings, form)]
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _read(path: Path) -> _Saved:
    value = read_json(path)
    try:
        return _Saved(path, parse_model(value, AnchorRatings, path=path))
    except MhxError:  # once more with the lines, which a good file does not need
        return _Saved(path, parse_model(value, AnchorRatings, path=path, lines=_lines(path)))


def _lines(path: Path) -> Lines:
    """The line of every value (JSON is YAML); none where a document is one and not the other."""
    try:
        return read_yaml(path)[1]
    except MhxError:
        return {}


def _problems(saved: _Saved, key: AnchorKey) -> Iterator[Problem]:
    """What the file says that the key does not know."""
    found, path = saved.ratings, saved.path
    if found.form != key.sha256:
        yield Problem("ratings of another form", "give the key that was exported with their form",
                      path=path, line=saved.lines.get(("form",)), field="form")
        return
    orders = {one.id: one for one in key.raters}
    if found.rater not in orders:
        line = saved.lines.get(("rater",))
        for one in unknown("rater", found.rater, orders).problems:
            yield Problem(one.what, one.fix, path=path, line=line, field="rater")
        return
    codes, (low, high) = {one.code for one in key.items}, key.scale
    mine = set(orders[found.rater].order)
    first: dict[str, int] = {}
    for at, given in enumerate(found.ratings):
        def problem(field: str, what: str, fix: str, at: int = at) -> Problem:
            return Problem(what, fix, path=path, line=saved.lines.get(("ratings", at, field)),
                           field=f"ratings[{at}].{field}")

        if given.code not in codes:
            yield problem("code", f"unknown code {given.code!r}",
                          "save the file from the form again")
        elif given.code not in mine:
            yield problem("code", f"{given.code!r} is no text of rater {found.rater!r}",
                          "the ratings of two raters were mixed; ask for the file once more")
        if given.code in first:
            yield problem("code", f"{given.code!r} is rated twice (first in ratings"
                          f"[{first[given.code]}])", "keep the right one")
        first.setdefault(given.code, at)
        if given.value is not None and not low <= given.value <= high:
            yield problem("value", f"{given.value} is off the scale {low} to {high}",
                          "ask the rater; nothing is clipped")


def _latest(saved: Sequence[_Saved], problems: list[Problem]) -> list[_Saved]:
    """The last file of each rater; one that lacks texts of an earlier file is a problem."""
    people: dict[str, list[_Saved]] = {}
    for one in sorted(saved, key=lambda one: one.ratings.saved):
        people.setdefault(one.ratings.rater, []).append(one)
    for name, files in people.items():
        last = files[-1]
        for earlier in files[:-1]:
            lost = len(earlier.codes - last.codes)
            if lost:
                problems.append(Problem(
                    f"rater {name!r} saved {last.path} later, and it lacks {lost} texts of this "
                    "file", "load both into the form, one after the other, and save once more",
                    path=earlier.path))
    return [people[name][-1] for name in sorted(people)]


def _rows(found: AnchorRatings, key: AnchorKey) -> Iterator[tuple[Any, ...]]:
    texts = {one.code: one for one in key.items}
    given = {one.code: one for one in found.ratings}
    order = next(one.order for one in key.raters if one.id == found.rater)
    for code in order:
        text, rating = texts[code], given.get(code)
        status = "missing" if rating is None else "skipped" if rating.skipped else "rated"
        value = None if rating is None or rating.value is None else float(rating.value)
        yield (text.item, text.language, found.rater, value,
               None if rating is None else rating.seconds, text.repeat_of is not None, status)
